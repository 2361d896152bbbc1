import type { PullPolicy } from '../match/match.ts';

/** The settings that decisions depend on. */
export type Policy = {
  readonly select: 'all' | 'tagged';
  /** The part of the keys of tags before the colon. */
  readonly tagPrefix: string;
  /** Globs of cluster names, `!glob` excludes: a service of any other cluster is never redeployed. */
  readonly clusters: readonly string[];
  readonly pull: PullPolicy;
  /** With more stale services than this for one change, none is redeployed; 0 means no cap. */
  readonly maxServices: number;
  /** Whether it is asked before a redeploy if the execution role can read everything, and what is done if it cannot. */
  readonly preflight: 'off' | 'warn' | 'block';
  /** The least time between two deployments of a service, even if another process started the first. */
  readonly cooldownMs: number;
  /** The most deployments of a service in an hour, including those that other processes started. */
  readonly maxPerHour: number;
};

export const HOUR_MS = 3_600_000;
