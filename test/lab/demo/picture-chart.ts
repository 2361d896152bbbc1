import type { Line, Widget } from '../../infra/observability/stack.ts';
import { type Point as Metric, statistic, valuesOf } from '../../infra/observability/written.ts';
import { type Box, circle, curve, group, rect, short, text, tiles } from '../../support/svg.ts';

/** The points of a run, and when it began and ended. */
export type Run = { readonly points: readonly Metric[]; readonly from: number; readonly to: number };

type MetricWidget = Extract<Widget, { readonly type: 'metric' }>;

/** Takes the place of CloudWatch's period. */
export const STEP_MS = 500;
export const SMALL = { 'font-size': 10, fill: '#5f6b7a' };
export const MIDDLE = { ...SMALL, 'text-anchor': 'middle' };

/** Curves over a legend, with a scale on the left and, where it is used, another one on the right. */
export function chart({ lines, stacked }: MetricWidget, run: Run, { width, height }: Box): readonly string[] {
  const across = Math.floor(width / (26 + 5.9 * Math.max(...lines.map(({ label }) => label.length))));
  const legend = { width: width - 12, height: Math.ceil(lines.length / across) * 15 };
  const plot = { width: width - 88, height: height - legend.height - 32 };
  const seconds = (run.to - run.from) / 1000;
  const times = Array.from({ length: Math.ceil(seconds / 10) }, (_, index) => index * 10);
  const onSide = (side: Line['axis']) => lines.filter(({ axis }) => axis === side);
  return [
    group(44, 10, [
      ...curves(onSide('left'), run, plot, stacked, -22),
      ...curves(onSide('right'), run, plot, false, plot.width + 6),
      ...times.map((at) => text((at / seconds) * plot.width, plot.height + 14, `${at} s`, MIDDLE)),
    ]),
    group(
      12,
      height - legend.height,
      tiles(lines, across, legend, ({ label, color }) => [
        circle([4, 5], 4, color),
        text(14, 9, label, SMALL),
      ]),
    ),
  ];
}

/** One curve for each line; a stacked one is the sum of all lines up to it. */
function curves(
  lines: readonly Line[],
  { points, from, to }: Run,
  { width, height }: Box,
  stacked: boolean,
  x: number,
) {
  if (lines.length === 0) return [];
  const steps = Array.from({ length: Math.ceil((to - from) / STEP_MS) }, (_, step) =>
    points.filter(({ at }) => Math.floor((at - from) / STEP_MS) === step),
  );
  const series = lines.map((line) => steps.map((some) => statistic(line.stat, valuesOf(some, line))));
  const sums = series.map((values, index) =>
    values.map((value, step) =>
      stacked && value !== undefined
        ? series.slice(0, index).reduce((sum, other) => sum + (other[step] ?? 0), value)
        : value,
    ),
  );
  const most = 1.05 * Math.max(0.95, ...sums.flat().map((value) => value ?? 0));
  const unit = 10 ** Math.floor(Math.log10(most)) / 2;
  const top = Math.ceil(most / unit) * unit;
  const up = (value: number) => height * (1 - value / top);
  const places = sums.map((values) =>
    values.flatMap((value, step) =>
      value === undefined ? [] : [[((step + 0.5) * width) / steps.length, up(value)] as const],
    ),
  );
  return [
    ...[0, top / 2, top].flatMap((level) => [
      rect(0, up(level), { width, height: 1 }, { fill: '#e3e8ee' }),
      text(x, up(level) + 3, short(level), SMALL),
    ]),
    ...places.map((some, index) => curve(some, lines[index]?.color ?? '')),
    ...(places.flat().length > 0 ? [] : [text(width / 2, height / 2, 'no data in the demo', MIDDLE)]),
  ];
}
