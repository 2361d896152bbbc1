import type { ServiceKey } from '../core/model/arn.ts';
import type { Heard } from '../core/read/heard.ts';
import type { StepContext } from './context.ts';
import type { AccessAsked } from './read/access.ts';
import type { FleetCache } from './read/fleet-cache.ts';
import type { NeedsAsked } from './read/needs.ts';

/** One invocation: the context of its steps, what the process remembers, and the time that is left. */
export type Run = StepContext & {
  readonly fleets: FleetCache;
  /** Services whose last UpdateService was not answered, with the time of that call. */
  readonly lostAnswers: Map<ServiceKey, number>;
  /** What was asked in this invocation about the needs of services. */
  readonly needs: NeedsAsked;
  /** What was asked in this invocation about what execution roles may read. */
  readonly access: AccessAsked;
  /** What events told by now of secrets that AWS may not describe here. */
  readonly heard: () => Promise<readonly Heard[] | undefined>;
  /** Milliseconds until the invocation ends; Infinity if the end is unknown. */
  readonly remainingMs: () => number;
};
