import type { ServiceKey } from '../core/model/arn.ts';
import type { StepContext } from './context.ts';
import type { FleetCache } from './read/fleet-cache.ts';

/** One invocation: what it may touch, what it was told to do, and how long it has. */
export type Run = StepContext & {
  readonly fleets: FleetCache;
  /** Services whose last UpdateService was not answered, and when that was. */
  readonly lostAnswers: Map<ServiceKey, number>;
  /** Milliseconds until the invocation ends; Infinity where nobody tells. */
  readonly remainingMs: () => number;
};
