import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { columnsOf, runCommands } from '../../infra/observability/insights.ts';
import { parseQuery } from '../../infra/observability/insights-syntax.ts';
import { isArnOf, readStack, rings, type Stack, type Widget } from '../../infra/observability/stack.ts';
import { readLines, type Written } from '../../infra/observability/written.ts';
import { packageInto, removeFolder } from '../../infra/packaged.ts';
import { chart, matching, numbers, type Run, STEP_MS, statistic } from './picture-chart.ts';
import { playDemo } from './picture-data.ts';
import { bars, table } from './picture-log.ts';
import { type Box, element, escaped, text } from './svg.ts';

const FILE = 'infra/dashboard.svg';
const COLUMN = 52;
const ROW = 42;
const GAP = 4;
const TITLE = 28;
const NOTE = 30;
const ALARMS_A_LINE = 7;
const SANS = "'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif";

// `npm run picture`: plays the demo and draws the deployed dashboard with the data that the functions wrote.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
const folder = await mkdtemp(join(tmpdir(), 'picture-'));
try {
  const stack = readStack(await packageInto(folder));
  const { lines, points, from, to } = await playDemo();
  const written = readLines(lines);
  const run = { points: [...written.points, ...points], from, to };
  await writeFile(FILE, `${picture(stack, written, run)}\n`);
  process.stdout.write(`${FILE}: ${stack.widgets.length} widgets, ${written.rows.length} lines of the log\n`);
} finally {
  await removeFolder(folder);
}

function picture(stack: Stack, written: Written, run: Run): string {
  const width = 24 * COLUMN + 2 * GAP;
  const height = Math.max(...stack.widgets.map((one) => one.y + one.height)) * ROW + NOTE + GAP;
  const seconds = ((run.to - run.from) / 1000).toFixed(0);
  const note = `The demo, a sequel in which a new value is bad and a parameter deleted, and a sweep: ${seconds} seconds on the dashboard as it is deployed; one step is ${STEP_MS / 1000} s (deployed: five minutes). Drawn by "npm run picture".`;
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      'font-family': SANS,
    },
    [
      element('title', {}, ['The dashboard, with what the demo wrote']),
      element('rect', { width, height, fill: '#eef1f4' }),
      text(GAP + 12, 20, note, { 'font-size': 11.5, fill: '#5f6b7a' }),
      ...stack.widgets.map((widget) => card(widget, stack, written, run)),
    ],
  );
}

/** An inner svg element cuts off what is drawn outside of it, so that no widget runs into its neighbour. */
function card(widget: Widget, stack: Stack, written: Written, run: Run): string {
  const x = widget.x * COLUMN + GAP;
  const y = widget.y * ROW + NOTE;
  const box = { width: widget.width * COLUMN - GAP, height: widget.height * ROW - GAP };
  const title =
    'title' in widget
      ? [text(12, 19, widget.title, { 'font-size': 13, 'font-weight': 'bold', fill: '#16202c' })]
      : [];
  const top = title.length === 0 ? 4 : TITLE;
  const inside = { width: box.width, height: box.height - top - 6 };
  const name = 'title' in widget ? widget.title : 'What the words mean';
  return element('svg', { x, y, ...box }, [
    element('title', {}, [escaped(name)]),
    element('rect', { width: box.width, height: box.height, rx: 5, fill: '#fff', stroke: '#d5dbe1' }),
    ...title,
    element('g', { transform: `translate(0 ${top})` }, [content(widget, stack, written, run, inside)]),
  ]);
}

function content(widget: Widget, stack: Stack, written: Written, run: Run, box: Box): string {
  switch (widget.type) {
    case 'text':
      return words(widget.markdown);
    case 'alarm':
      return alarms(widget.alarms, stack, run, box);
    case 'metric':
      return widget.view === 'singleValue' ? numbers(widget, run, box) : chart(widget, run, box);
    case 'log': {
      const { commands } = parseQuery(widget.query);
      const rows = runCommands(commands, written.rows);
      const draw = widget.view === 'bar' ? bars : table;
      return draw(columnsOf(commands), rows, box);
    }
    default:
      return widget satisfies never;
  }
}

/** Draws the parts of Markdown that the dashboard uses: a heading, bold words, code. */
function words(markdown: string): string {
  return markdown
    .trim()
    .split('\n')
    .map((line, index) => {
      const heading = line.startsWith('## ');
      const parts = line
        .replace('## ', '')
        .split(/(\*\*[^*]+\*\*|`[^`]+`)/)
        .map((part) => {
          if (part.startsWith('**'))
            return element('tspan', { 'font-weight': 'bold' }, [escaped(part.slice(2, -2))]);
          if (part.startsWith('`'))
            return element('tspan', { 'font-family': 'monospace' }, [escaped(part.slice(1, -1))]);
          return escaped(part);
        });
      const size = heading ? { 'font-size': 18, 'font-weight': 'bold' } : { 'font-size': 12.5 };
      return element('text', { x: 12, y: 24 + index * 25, fill: '#16202c', ...size }, parts);
    })
    .join('');
}

/** Draws each alarm in its state as if the whole run were one period. */
function alarms(shown: readonly string[], stack: Stack, { points }: Run, { width, height }: Box): string {
  const each = {
    width: (width - 16) / ALARMS_A_LINE,
    height: height / Math.ceil(shown.length / ALARMS_A_LINE),
  };
  return shown
    .map((reference, index) => {
      const alarm = stack.alarms.find((one) => isArnOf(one, reference));
      if (alarm === undefined) throw new Error(`no alarm: ${reference}`);
      const values = matching(alarm, points).flatMap((point) => point.values);
      const isRinging = rings(alarm, statistic(alarm.statistic, values) ?? 0);
      const x = 8 + (index % ALARMS_A_LINE) * each.width;
      const y = Math.floor(index / ALARMS_A_LINE) * each.height;
      const colours = isRinging
        ? { fill: '#fdecea', stroke: '#d62728' }
        : { fill: '#f1f8f1', stroke: '#9ccc9c' };
      const name = alarm.alarmName.replace(/^ecs-secret-redeploy-prod-/, '');
      return [
        element('rect', {
          x: x + 3,
          y: y + 2,
          width: each.width - 6,
          height: each.height - 6,
          rx: 4,
          ...colours,
        }),
        text(x + 12, y + 17, name, { 'font-size': 11, fill: '#16202c' }),
        text(x + 12, y + 31, isRinging ? 'In alarm' : 'OK', {
          'font-size': 10,
          'font-weight': 'bold',
          fill: isRinging ? '#b3261e' : '#2e7d32',
        }),
      ].join('');
    })
    .join('');
}
