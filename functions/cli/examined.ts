import type { Blueprint } from '../core/doctor/blueprint.ts';
import type { Answer, FunctionSettings, QueueFact, StackFact, StackListing } from '../core/doctor/facts.ts';
import type { Examination } from '../runtime/connect-doctor.ts';
import type { FunctionName } from '../runtime/stack.ts';

/** Where the service is, what CloudFormation made of it, and what is asked only once. */
export type Found = Examination & {
  readonly signal: AbortSignal;
  readonly stage: string;
  readonly stack: Answer<StackFact>;
  readonly listing: StackListing;
  /** Undefined: AWS does not show the template, or it is of something else. */
  readonly blueprint: Blueprint | undefined;
  readonly functions: ReadonlyMap<FunctionName, Promise<Answer<FunctionSettings>>>;
  /** By their ids in the template. */
  readonly queues: ReadonlyMap<string, Promise<Answer<QueueFact>>>;
};
