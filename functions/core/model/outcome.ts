import type { ServiceArn } from './arn.ts';

/**
 * What became of a decision to redeploy. `gone`: the service was deleted meanwhile. `unknown`: the call may have had
 * its effect, but the answer was lost.
 */
export type Outcome = { readonly service: ServiceArn } & (
  | { readonly result: 'accepted'; readonly deploymentId: string; readonly acceptedAt: number }
  | { readonly result: 'not-executed'; readonly why: 'plan' | 'observe' | 'out-of-time' }
  | { readonly result: 'gone' }
  | { readonly result: 'failed'; readonly error: CallError }
  | { readonly result: 'unknown'; readonly error: CallError }
);

/** An error that AWS answered, or that kept AWS from answering. */
export type CallError = {
  /** AWS's own, such as `AccessDeniedException`, or Node's, such as `ECONNRESET`. */
  readonly code: string;
  readonly message: string;
  /** Whether the same call may succeed later without anybody changing anything but permissions. */
  readonly retryable: boolean;
  /** AWS did nothing but ask for patience: the call may be repeated at once, in time. */
  readonly throttled: boolean;
  /** The IAM action that a denied call lacked. */
  readonly missingAction?: string;
};

/** Somebody must grant a permission first: the message that asked for it is to end in the dead-letter queue. */
export function isDenied(outcome: Outcome): boolean {
  return outcome.result === 'failed' && outcome.error.missingAction !== undefined;
}
