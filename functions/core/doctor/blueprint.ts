import type { Need } from './facts.ts';

/**
 * What the template of the deployed stack says, with the names that its resources have there. `name`, `url`: undefined
 * where the stack does not have the resource.
 */
export type Blueprint = {
  readonly rules: readonly PlannedRule[];
  readonly queues: readonly PlannedQueue[];
  readonly sources: readonly PlannedSource[];
  readonly functions: readonly PlannedFunction[];
  /** The names of the alarms. */
  readonly alarms: readonly string[];
  /** The bucket of the snapshot; undefined: no snapshot is kept. */
  readonly bucket: { readonly name: string | undefined } | undefined;
};

export type PlannedRule = {
  readonly id: string;
  readonly name: string | undefined;
  /** Undefined: the default event bus. */
  readonly bus: string | undefined;
  readonly arn: string;
  readonly isEnabled: boolean;
  readonly pattern: unknown;
  readonly targets: readonly { readonly arn: string; readonly deadLetters: string | undefined }[];
};

export type PlannedQueue = {
  readonly id: string;
  readonly url: string | undefined;
  readonly arn: string;
  readonly deadLetters: string | undefined;
};

/** A queue from which Lambda takes messages for a function. */
export type PlannedSource = {
  readonly queue: string;
  readonly functionArn: string;
  readonly reportsItemFailures: boolean;
};

export type PlannedFunction = {
  readonly id: string;
  readonly name: string | undefined;
  readonly arn: string;
  readonly needs: readonly Need[];
};
