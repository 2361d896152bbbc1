import { z } from 'zod/mini';
import { type Row, rowOf } from './insights.ts';
import { isSame, type MetricUse } from './stack.ts';

/** What functions wrote: lines of their log, including metrics (EMF: a line of the log that CloudWatch counts). */
export type Written = {
  readonly rows: readonly Row[];
  readonly points: readonly Point[];
};

/** The values of one metric in one line, and their instant. */
export type Point = MetricUse & { readonly at: number; readonly values: readonly number[] };

export function readLines(lines: readonly string[]): Written {
  return { rows: lines.map(rowOf), points: lines.flatMap(pointsIn) };
}

/** The points of one metric with exactly these dimensions, as one list of values. */
export function valuesOf(points: readonly Point[], use: MetricUse): readonly number[] {
  return points
    .filter(
      ({ namespace, name, dimensions }) =>
        namespace === use.namespace && name === use.name && isSame(dimensions, use.dimensions),
    )
    .flatMap(({ values }) => values);
}

/** As CloudWatch computes it; undefined without values. */
export function statistic(name: string, values: readonly number[]): number | undefined {
  if (values.length === 0 || name === 'Maximum') return values.length === 0 ? undefined : Math.max(...values);
  if (name === 'Sum') return values.reduce((sum, value) => sum + value, 0);
  const percent = Number(/^p(\d+)$/.exec(name)?.[1]);
  if (Number.isNaN(percent)) throw new TypeError(`no statistic: ${name}`);
  return values.toSorted((a, b) => a - b)[Math.ceil((percent / 100) * values.length) - 1];
}

const Emf = z.looseObject({
  _aws: z.object({
    Timestamp: z.number(),
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});
const Values = z.union([z.number(), z.array(z.number())]);

function pointsIn(line: string): readonly Point[] {
  if (!line.startsWith('{"_aws"')) return [];
  const emf = Emf.parse(JSON.parse(line));
  return emf._aws.CloudWatchMetrics.flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name: name }) =>
      Dimensions.map((names) => ({
        namespace,
        name,
        dimensions: Object.fromEntries(names.map((dimension) => [dimension, String(emf[dimension])])),
        at: emf._aws.Timestamp,
        values: [Values.parse(emf[name])].flat(),
      })),
    ),
  );
}
