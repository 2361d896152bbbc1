import type { PullPolicy } from '../match/match.ts';

/** The settings that decisions depend on (DESIGN §7). */
export type Policy = {
  readonly select: 'all' | 'tagged';
  readonly pull: PullPolicy;
  /** More stale services than this for one change: none is redeployed; 0: no cap. */
  readonly maxServices: number;
  /** At least this long between two deployments of a service, whoever made the first. */
  readonly cooldownMs: number;
  /** Deployments of a service, whoever made them, in the last hour. */
  readonly maxPerHour: number;
};

export const HOUR_MS = 3_600_000;
