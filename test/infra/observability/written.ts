import { z } from 'zod/mini';
import { type Row, rowOf } from './insights.ts';
import type { MetricUse } from './stack.ts';

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
