import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod/mini';

const Expectation = z.strictObject({
  /** The queue to which the rules send the event; null if the rules hold it back. */
  rules: z.nullable(z.enum(['changes', 'cloudtrail'])),
  /** What the event means by itself. */
  meaning: z.enum(['change', 'notice', 'ignored']),
  /** What the change becomes when DescribeSecret was asked; absent if it stays a change. */
  confirmed: z.optional(z.literal('ignored')),
});
const SampleEvent = z.catchall(
  z.object({
    version: z.literal('0'),
    id: z.uuid(),
    'detail-type': z.string(),
    source: z.string(),
    account: z.literal('111122223333'),
    time: z.iso.datetime(),
    region: z.literal('eu-west-1'),
    resources: z.array(z.string()),
    detail: z.record(z.string(), z.json()),
  }),
  z.never(),
);

export type Sample = z.infer<typeof Expectation> & {
  readonly file: string;
  readonly event: z.infer<typeof SampleEvent>;
};

/** Every event of events/ with its expectation in expected.json. Paths are relative to the root of the project. */
export function sampleEvents(): readonly Sample[] {
  const expected = z.record(z.string(), Expectation).parse(readSample('expected.json'));
  return Object.entries(expected).map(([file, expectation]) => ({
    file,
    event: SampleEvent.parse(readSample(file)),
    ...expectation,
  }));
}

/** The content of one file of events/. */
export function readSample(file: string): unknown {
  return JSON.parse(readFileSync(`events/${file}`, 'utf8'));
}

/** The names of all JSON files of events/ except expected.json. */
export function sampleFiles(): readonly string[] {
  return readdirSync('events').filter((file) => file.endsWith('.json') && file !== 'expected.json');
}
