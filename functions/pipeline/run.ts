import type { ServiceKey } from '../core/model/arn.ts';
import type { Policy } from '../core/plan/verdict.ts';
import type { World } from '../ports.ts';
import type { Journal } from '../telemetry/journal.ts';
import type { FleetMemory } from './read/fleet-cache.ts';

/** One invocation: what it may touch, what it was told to do, and how long it has. */
export type Run = {
  readonly world: World;
  readonly policy: Policy;
  readonly scope: Scope;
  readonly fleets: FleetMemory;
  readonly journal: Journal;
  readonly follow: Follow;
  /** Services whose last UpdateService was not answered, and when that was. */
  readonly lostAnswers: Map<ServiceKey, number>;
  /** Aborted 30 s before the invocation ends: what has not been read by then is left to the next one. */
  readonly reading: AbortSignal;
  /** Milliseconds until the invocation ends; Infinity where nobody tells. */
  readonly remainingMs: () => number;
};

/** Globs of cluster names: the configuration's, and a request's, which can only narrow; none: it does not. */
export type Scope = { readonly configured: readonly string[]; readonly narrowed: readonly string[] };

/** Whether changes are followed until nothing waits for them, end with the first look, or are not spoken of at all. */
export type Follow = {
  readonly how: 'to-the-end' | 'first-look-only' | 'not-at-all';
  readonly firstSeconds: number;
  /** From the first handling of a change on, in milliseconds. */
  readonly limitMs: number;
};
