import type { Policy } from './core/verdict.ts';
import type { FleetMemory } from './fleet-memory.ts';
import type { Journal } from './journal.ts';
import type { World } from './ports.ts';

/** One invocation: what it may touch, what it was told to do, and how long it has. */
export type Run = {
  readonly world: World;
  readonly policy: Policy;
  /** Each list of globs must select a cluster: the configuration's and, where it narrows, a request's. */
  readonly clusters: readonly (readonly string[])[];
  readonly fleets: FleetMemory;
  readonly journal: Journal;
  /** Aborted 30 s before the invocation ends: what has not been read by then is left to the next one. */
  readonly reading: AbortSignal;
  /** Milliseconds until the invocation ends; Infinity where nobody tells. */
  remainingMs(): number;
};
