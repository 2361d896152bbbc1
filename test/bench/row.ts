import { z } from 'zod/mini';
import { METHODS } from './scenarios.ts';

const seconds = z.nullable(z.number());

/** One line of the table, as it also stands in the JSON file; times are seconds after the event. */
export const Row = z.object({
  method: z.enum(METHODS),
  services: z.number(),
  clusters: z.number(),
  affected: z.number(),
  firstUpdate: seconds,
  lastUpdate: seconds,
  /** The whole fleet was read. */
  fleetRead: seconds,
  /** The change was reported as settled: the last old task is gone. Nobody tells of the baseline. */
  settled: seconds,
  missed: z.number(),
  surplus: z.number(),
  calls: z.record(z.string(), z.number()),
  throttled: z.number(),
  invocations: z.number(),
  failedInvocations: z.number(),
  messagesThatCameBack: z.number(),
  environments: z.number(),
  peakRssMb: z.number(),
  peakHeapMb: z.number(),
  /** Seconds that one full read and the redeploys take at least. */
  bound: z.object({ configured: z.number(), published: z.number() }),
});
export type Row = z.infer<typeof Row>;

/** A scenario that could not be measured, and why. */
export const Missing = z.object({
  method: z.enum(METHODS),
  services: z.number(),
  affected: z.number(),
  missing: z.string(),
});
export type Missing = z.infer<typeof Missing>;
