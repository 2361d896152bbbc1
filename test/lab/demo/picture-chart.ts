import { isSame, type Line, type MetricUse, type Widget } from '../../infra/observability/stack.ts';
import type { Point } from '../../infra/observability/written.ts';
import { type Box, element, shortNumber, text } from './svg.ts';

/** The points of a run, and when it began and ended. */
export type Run = { readonly points: readonly Point[]; readonly from: number; readonly to: number };

type MetricWidget = Extract<Widget, { readonly type: 'metric' }>;

/** Takes the place of CloudWatch's period. */
export const STEP_MS = 500;
const LEFT = 44;
const TOP = 10;
const LEGEND_LINE = 15;
const LETTER = 5.9;
const GREY = '#5f6b7a';
const SMALL = { 'font-size': 10, fill: GREY };

export function chart({ lines, stacked }: MetricWidget, run: Run, { width, height }: Box): string {
  const legend = legendOf(lines, width);
  const plot = {
    x: LEFT,
    y: TOP,
    width: width - LEFT - (lines.some(({ axis }) => axis === 'right') ? LEFT : 16),
    height: height - TOP - 22 - legend.lines * LEGEND_LINE,
  };
  const series = lines.map((line) => ({ line, values: valuesOf(line, run) }));
  const left = series.filter(({ line }) => line.axis === 'left');
  const right = series.filter(({ line }) => line.axis === 'right');
  const draw = stacked ? bars : curves;
  const isEmpty = series.every(({ values }) => values.every((value) => value === undefined));
  return [
    axes(plot, run, topOf(left, stacked), right.length > 0 ? topOf(right, false) : undefined),
    ...draw(left, plot, topOf(left, stacked)),
    ...curves(right, plot, topOf(right, false)),
    ...(isEmpty
      ? [
          text(plot.x + plot.width / 2, plot.y + plot.height / 2 - 8, 'no data in the demo', {
            ...SMALL,
            'text-anchor': 'middle',
          }),
        ]
      : []),
    element('g', { transform: `translate(0 ${height - legend.lines * LEGEND_LINE})` }, [legend.drawn]),
  ].join('');
}

/** One number for each metric, over the whole run. */
export function numbers({ lines }: MetricWidget, { points }: Run, { width, height }: Box): string {
  const columns = 3;
  const rows = Math.ceil(lines.length / columns);
  return lines
    .map((line, index) => {
      const x = ((index % columns) + 0.5) * (width / columns);
      const y = (Math.floor(index / columns) + 0.5) * (height / rows);
      const value =
        statistic(
          line.stat,
          matching(line, points).flatMap(({ values }) => values),
        ) ?? 0;
      const middle = { 'text-anchor': 'middle' };
      return [
        text(x, y + 4, shortNumber(value), { ...middle, 'font-size': 32, fill: line.color }),
        text(x, y + 24, line.label, { ...middle, 'font-size': 11, fill: GREY }),
      ].join('');
    })
    .join('');
}

/** The points of one metric with exactly these dimensions. */
export function matching(use: MetricUse, points: readonly Point[]): readonly Point[] {
  return points.filter(
    ({ namespace, name, dimensions }) =>
      namespace === use.namespace && name === use.name && isSame(dimensions, use.dimensions),
  );
}

/** As CloudWatch computes it; undefined without values. */
export function statistic(name: string, values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  if (name === 'Sum') return values.reduce((sum, value) => sum + value, 0);
  if (name === 'Maximum') return Math.max(...values);
  const percent = /^p(\d+)$/.exec(name)?.[1];
  if (percent === undefined) throw new TypeError(`no statistic: ${name}`);
  return values.toSorted((a, b) => a - b)[Math.ceil((Number(percent) / 100) * values.length) - 1];
}

/** One value, or none, for each step of the run. */
type Values = readonly (number | undefined)[];
type Series = { readonly line: Line; readonly values: Values };
type Plot = Box & { readonly x: number; readonly y: number };

function valuesOf(line: Line, { points, from, to }: Run): Values {
  const own = matching(line, points);
  return Array.from({ length: Math.ceil((to - from) / STEP_MS) }, (_, step) => {
    const start = from + step * STEP_MS;
    const inStep = own.filter(({ at }) => at >= start && at < start + STEP_MS);
    return statistic(
      line.stat,
      inStep.flatMap(({ values }) => values),
    );
  });
}

/** A round number above all values. */
function topOf(series: readonly Series[], stacked: boolean): number {
  const steps = series[0]?.values.length ?? 0;
  const sums = Array.from({ length: steps }, (_, step) =>
    series.reduce((sum, { values }) => sum + (values[step] ?? 0), 0),
  );
  const most = stacked
    ? Math.max(...sums)
    : Math.max(0, ...series.flatMap(({ values }) => values.map((one) => one ?? 0)));
  if (most <= 1) return 1;
  const unit = 10 ** Math.floor(Math.log10(most));
  return Math.ceil((most * 1.05) / (unit / 2)) * (unit / 2);
}

function axes(
  { x, y, width, height }: Plot,
  { from, to }: Run,
  left: number,
  right: number | undefined,
): string {
  const levels = [0, 0.5, 1].flatMap((part) => {
    const at = y + height * (1 - part);
    return [
      element('line', { x1: x, x2: x + width, y1: at, y2: at, stroke: '#e3e8ee' }),
      text(x - 6, at + 3, shortNumber(left * part), { ...SMALL, 'text-anchor': 'end' }),
      ...(right === undefined ? [] : [text(x + width + 6, at + 3, shortNumber(right * part), SMALL)]),
    ];
  });
  const seconds = (to - from) / 1000;
  const times = Array.from({ length: Math.floor(seconds / 10) + 1 }, (_, index) => index * 10).map((second) =>
    text(x + (second / seconds) * width, y + height + 14, `${second} s`, {
      ...SMALL,
      'text-anchor': 'middle',
    }),
  );
  return [...levels, ...times].join('');
}

function bars(series: readonly Series[], plot: Plot, top: number): readonly string[] {
  const steps = series[0]?.values.length ?? 0;
  const step = plot.width / steps;
  return Array.from({ length: steps }, (_, index) => {
    let below = 0;
    return series.map(({ line, values }) => {
      const value = values[index] ?? 0;
      if (value === 0) return '';
      const height = (value / top) * plot.height;
      below += height;
      const y = plot.y + plot.height - below;
      return element('rect', { x: plot.x + index * step + 1, y, width: step - 2, height, fill: line.color });
    });
  }).flat();
}

function curves(series: readonly Series[], plot: Plot, top: number): readonly string[] {
  return series.flatMap(({ line, values }) => {
    const at = values.flatMap((value, index) =>
      value === undefined
        ? []
        : [
            {
              x: plot.x + ((index + 0.5) / values.length) * plot.width,
              y: plot.y + plot.height * (1 - value / top),
            },
          ],
    );
    const points = at.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
    return [
      element('polyline', { points, fill: 'none', stroke: line.color, 'stroke-width': 1.5 }),
      ...at.map(({ x, y }) => element('circle', { cx: x, cy: y, r: 2.5, fill: line.color })),
    ];
  });
}

function legendOf(lines: readonly Line[], width: number): { readonly lines: number; readonly drawn: string } {
  let x = 12;
  let row = 0;
  const drawn = lines.map(({ label, color }) => {
    const needed = 16 + label.length * LETTER + 10;
    if (x + needed > width && x > 12) {
      x = 12;
      row++;
    }
    const y = row * LEGEND_LINE;
    const entry = [
      element('rect', { x, y: y + 1, width: 9, height: 9, rx: 2, fill: color }),
      text(x + 14, y + 9, label, SMALL),
    ];
    x += needed;
    return entry.join('');
  });
  return { lines: row + 1, drawn: drawn.join('') };
}
