import type { ServiceArn } from './arn.ts';

/**
 * What became of a decision to redeploy. `gone`: the service was deleted in the meantime. `unknown`: the answer was
 * lost, and the call may or may not have had its effect.
 */
export type Outcome = { readonly service: ServiceArn } & (
  | { readonly result: 'accepted'; readonly deploymentId: string; readonly acceptedAt: number }
  | { readonly result: 'not-executed'; readonly why: 'plan' | 'observe' | 'out-of-time' }
  | { readonly result: 'gone' }
  | { readonly result: 'failed'; readonly error: CallError }
  | { readonly result: 'unknown'; readonly error: CallError }
);

/** An error that AWS returned, or that prevented an answer from AWS. */
export type CallError = {
  /** A code of AWS, such as `AccessDeniedException`, or of Node, such as `ECONNRESET`. */
  readonly code: string;
  readonly message: string;
  /** Whether the same call may succeed later although nothing, or nothing but a permission, was changed. */
  readonly retryable: boolean;
  /** AWS throttled the call, which had no effect: it may be repeated in this invocation if there is time. */
  readonly throttled: boolean;
  /** The IAM action that a denied call lacked. */
  readonly missingAction?: string;
};

/** Whether a permission must be granted first: the message that led to the call then ends in the dead-letter queue. */
export function isDenied(outcome: Outcome): boolean {
  return outcome.result === 'failed' && outcome.error.missingAction !== undefined;
}
