import { z } from 'zod/mini';
import { METHODS } from './scenarios.ts';

const seconds = z.nullable(z.number());

/** One line of the table and of the JSON file. Times are seconds after the event. */
export const Row = z.object({
  method: z.enum(METHODS),
  services: z.number(),
  clusters: z.number(),
  affected: z.number(),
  firstUpdate: seconds,
  lastUpdate: seconds,
  /** When every service of the fleet and every requested revision had been described. */
  fleetRead: seconds,
  /** When the change was reported as settled: the last old task is gone. The baseline does not report it. */
  settled: seconds,
  /** Affected services that were never redeployed. */
  missed: z.number(),
  /** Redeploys of services that are not affected, and second redeploys of affected ones. */
  surplus: z.number(),
  /** Calls by quota group, with AWS's names; `other` has no published limit. */
  calls: z.record(z.string(), z.number()),
  throttled: z.number(),
  invocations: z.number(),
  failedInvocations: z.number(),
  messagesThatCameBack: z.number(),
  environments: z.number(),
  peakRssMb: z.number(),
  peakHeapMb: z.number(),
  /** The least seconds that one full read and the redeploys take. */
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
