import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { columnsOf, parseQuery, type Row, runCommands } from '../../infra/observability/insights.ts';
import {
  isArnOf,
  type Line,
  readStack,
  rings,
  type Stack,
  type Widget,
} from '../../infra/observability/stack.ts';
import { readLines, statistic, valuesOf, type Written } from '../../infra/observability/written.ts';
import { packageInto, removeFolder } from '../../infra/packaged.ts';
import { type Box, element, escaped, group, rect, short, text, tiles } from '../../support/svg.ts';
import { chart, MIDDLE, type Run, SMALL, STEP_MS } from './picture-chart.ts';
import { playDemo } from './picture-data.ts';

const FILE = 'infra/dashboard.svg';
const COLUMN = 52;
const ROW = 42;
const GAP = 4;
const NOTE = 30;
const LINE = 15.5;
const LETTER = 6.05;
const SANS = "'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif";
const INK = { fill: '#16202c' };
const MONO = { 'font-size': 10, 'font-family': "Menlo, Consolas, 'DejaVu Sans Mono', monospace", ...INK };

// `npm run picture`: plays the demo and draws the deployed dashboard with the data that the functions wrote.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
const folder = await mkdtemp(join(tmpdir(), 'picture-'));
try {
  const stack = readStack(await packageInto(folder));
  const { lines, points, from, to } = await playDemo();
  const written = readLines(lines);
  await writeFile(FILE, `${picture(stack, written, { points: [...written.points, ...points], from, to })}\n`);
  process.stdout.write(`${FILE}: ${stack.widgets.length} widgets, ${written.rows.length} lines of the log\n`);
} finally {
  await removeFolder(folder);
}

function picture(stack: Stack, written: Written, run: Run): string {
  const bottom = Math.max(...stack.widgets.map((one) => one.y + one.height));
  const page = { width: 24 * COLUMN + 2 * GAP, height: bottom * ROW + NOTE + GAP };
  const seconds = ((run.to - run.from) / 1000).toFixed(0);
  const note = `The demo, a sequel in which a new value is bad and a parameter deleted, and a sweep: ${seconds} seconds on the dashboard as it is deployed; one step is ${STEP_MS / 1000} s (deployed: five minutes). Drawn by "npm run picture".`;
  const viewBox = `0 0 ${page.width} ${page.height}`;
  return element('svg', { xmlns: 'http://www.w3.org/2000/svg', viewBox, ...page, 'font-family': SANS }, [
    element('title', {}, ['The dashboard, with what the demo wrote']),
    rect(0, 0, page, { fill: '#eef1f4' }),
    text(16, 20, note, { ...SMALL, 'font-size': 11.5 }),
    ...stack.widgets.map((widget) => card(widget, stack, written, run)),
  ]);
}

/** An inner svg element cuts off what is drawn outside of it, so that no widget runs into its neighbour. */
function card(widget: Widget, stack: Stack, written: Written, run: Run): string {
  const box = { width: widget.width * COLUMN - GAP, height: widget.height * ROW - GAP };
  const title = 'title' in widget ? widget.title : '';
  const top = title === '' ? 4 : 28;
  const inside = { width: box.width, height: box.height - top - 6 };
  return element('svg', { x: widget.x * COLUMN + GAP, y: widget.y * ROW + NOTE, ...box }, [
    element('title', {}, [escaped(title || 'What the words mean')]),
    rect(0, 0, box, { rx: 5, fill: '#fff', stroke: '#d5dbe1' }),
    text(12, 19, title, { 'font-size': 13, 'font-weight': 'bold', ...INK }),
    group(0, top, content(widget, stack, written, run, inside)),
  ]);
}

function content(widget: Widget, stack: Stack, written: Written, run: Run, box: Box): readonly string[] {
  switch (widget.type) {
    case 'text':
      return words(widget.markdown);
    case 'alarm':
      return tiles(widget.alarms, 7, box, (arn, cell) => alarm(arn, stack, run, cell));
    case 'metric':
      return widget.view === 'timeSeries'
        ? chart(widget, run, box)
        : tiles(widget.lines, 3, box, (line, cell) => number(line, run, cell));
    case 'log': {
      const { commands } = parseQuery(widget.query);
      return table(columnsOf(commands), runCommands(commands, written.rows), box, widget.view === 'bar');
    }
    default:
      return widget satisfies never;
  }
}

/** The words of the Markdown; its heading is larger. */
function words(markdown: string): readonly string[] {
  const plain = markdown.trim().replaceAll(/\*\*|`/g, '');
  return plain.split('\n').map((line, index) => {
    const size = line.startsWith('## ') ? { 'font-size': 18, 'font-weight': 'bold' } : { 'font-size': 12.5 };
    return text(12, 24 + index * 25, line.replace('## ', ''), { ...INK, ...size });
  });
}

/** An alarm in its state as if the whole run were one period. */
function alarm(arn: string, { alarms }: Stack, { points }: Run, { width, height }: Box): readonly string[] {
  const found = alarms.find((one) => isArnOf(one, arn));
  if (found === undefined) throw new Error(`no alarm: ${arn}`);
  const isRinging = rings(found, statistic(found.statistic, valuesOf(points, found)) ?? 0);
  const [said, fill, stroke] = isRinging ? ['In alarm', '#fdecea', '#d62728'] : ['OK', '#f1f8f1', '#2e7d32'];
  return [
    rect(4, 2, { width: width - 8, height: height - 6 }, { rx: 4, fill, stroke }),
    text(12, 17, found.alarmName.replace(/^ecs-secret-redeploy-prod-/, ''), { 'font-size': 11, ...INK }),
    text(12, 31, said, { 'font-size': 10, 'font-weight': 'bold', fill: stroke }),
  ];
}

/** A metric as one number, over the whole run. */
function number(line: Line, { points }: Run, { width, height }: Box): readonly string[] {
  const value = short(statistic(line.stat, valuesOf(points, line)) ?? 0);
  return [
    text(width / 2, height / 2 + 4, value, { ...MIDDLE, 'font-size': 32, fill: line.color }),
    text(width / 2, height / 2 + 24, line.label, { ...MIDDLE, 'font-size': 11 }),
  ];
}

/** As many rows as fit. Each column gets a share of the width and is cut there; a number can be a bar. */
function table(columns: readonly string[], rows: readonly Row[], { width, height }: Box, asBars: boolean) {
  const shown = rows.slice(0, Math.floor((height - 20) / LINE));
  const most = Math.max(...shown.flatMap((row) => [...row.values()].map(Number)).filter(Number.isFinite));
  const bar = (cell: string) =>
    Number(cell) > 0 ? `${'█'.repeat((Number(cell) / most) * 24)} ${cell}` : cell;
  const cells = shown.map((row) =>
    columns.map((name) => (asBars ? bar(cellOf(name, row)) : cellOf(name, row))),
  );
  const wide = columns.map(
    (name, at) => 2 + Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const share = Math.min(1, (width - 24) / LETTER / wide.reduce((sum, one) => sum + one, 0));
  const startOf = (at: number) => 12 + wide.slice(0, at).reduce((sum, one) => sum + one * share * LETTER, 0);
  return [columns, ...cells].map((row, line) =>
    group(
      0,
      12 + line * LINE,
      row.map((cell, at) => text(startOf(at), 0, cell.slice(0, (wide[at] ?? 0) * share - 1))),
      line === 0 ? { ...MONO, 'font-weight': 'bold' } : MONO,
    ),
  );
}

function cellOf(name: string, row: Row): string {
  const value = row.get(name) ?? '';
  if (name === '@timestamp') return String(value).slice(11, 23);
  return typeof value === 'number' ? String(Number(value.toFixed(3))) : String(value);
}
