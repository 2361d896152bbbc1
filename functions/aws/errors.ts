import type { Refused } from '../core/model/fleet.ts';
import type { CallError } from '../core/model/outcome.ts';
import type { Denial } from '../ports.ts';

/** AWS could not be read, so nothing may be decided; the caller has to try again. */
export class ReadFailed extends Error implements Denial {
  override readonly name = 'ReadFailed';
  /** AWS answered that a permission is missing; reading again does not help. */
  readonly denied: boolean;

  constructor(message: string, denied = false, options?: ErrorOptions) {
    super(message, options);
    this.denied = denied;
  }
}

const THROTTLED = [
  'ThrottlingException',
  'ThrottledException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'SlowDown',
];

/** A permission is missing. */
const DENIED = ['AccessDeniedException', 'AccessDenied', 'UnauthorizedOperation'];

/** AWS does not accept the credentials of the caller, or no longer accepts them. */
const UNKNOWN_CALLER = [
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'ExpiredTokenException',
  'MissingAuthenticationTokenException',
  'CredentialsProviderError',
];

/** What an error of the SDK tells about AWS's answer; `status` is undefined if there was no answer. */
type Answer = { readonly code: string; readonly status: number | undefined; readonly message: string };

export function isThrottled(error: unknown): boolean {
  const { code, status } = answerOf(error);
  return THROTTLED.includes(code) || status === 429;
}

/** Whether AWS refused the call for this one resource for good; calls for other resources may still succeed. */
export function isPermanent(error: unknown): boolean {
  const { code, status } = answerOf(error);
  return status !== undefined && status < 500 && !isThrottled(error) && !isRefused(code);
}

/** Whether AWS answered that the caller lacks a permission for this call. */
export function isDenied(error: unknown): boolean {
  return DENIED.includes(answerOf(error).code);
}

/**
 * Whether AWS refuses to show this one thing: for good, or because a permission is missing. What else is asked for may
 * still be shown.
 */
export function isRefusal(error: unknown): boolean {
  return isPermanent(error) || isDenied(error);
}

export function refusalOf(error: unknown): Refused {
  return { why: answerOf(error).message, ...(isDenied(error) && { denied: true }) };
}

/** Whether AWS gave an answer that tells what became of the call. */
export function isAnswered(error: unknown): boolean {
  const { status, code } = answerOf(error);
  return (status !== undefined && status < 500) || isRefused(code);
}

/** Whether the resource was deleted, or is being deleted, while it was handled. This is expected and no error. */
export function isVanished(error: unknown): boolean {
  return hasCode(error, 'ClusterNotFoundException', 'ServiceNotFoundException', 'ServiceNotActiveException');
}

/**
 * Whether ECS makes no deployment because five of the service are under way; it will once one of them has drained
 * (functions/README.md, Deployments). Only the message tells it.
 */
export function hasActiveDeployments(error: unknown): boolean {
  return isPermanent(error) && /\bactive deployments exist\b/i.test(answerOf(error).message);
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(answerOf(error).code);
}

/** The error as reports and records show it; `action` is the IAM action of the call, beside which it may need others. */
export function callError(error: unknown, action: string): CallError {
  const { code, message } = answerOf(error);
  const missingAction = deniedAction(error, action);
  const throttled = isThrottled(error);
  return {
    code,
    message,
    retryable: !isPermanent(error),
    throttled,
    ...(missingAction !== undefined && { missingAction }),
  };
}

function isRefused(code: string): boolean {
  return DENIED.includes(code) || UNKNOWN_CALLER.includes(code);
}

/** Wraps any error in a ReadFailed whose message names what was attempted and what AWS answered. */
export function readFailed(attempted: string, error: unknown): ReadFailed {
  if (error instanceof ReadFailed) return error;
  const { code, message } = answerOf(error);
  return new ReadFailed(`cannot ${attempted}: ${code}: ${message}`, isDenied(error), { cause: error });
}

function answerOf(error: unknown): Answer {
  if (!(error instanceof Error)) return { code: 'UnknownError', status: undefined, message: String(error) };
  const { name, message } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : name;
  const fault = '$fault' in error;
  return { code: fault ? name : code, message, status: fault ? statusOf(error) : undefined };
}

function statusOf(error: Error): number | undefined {
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined;
  const status: unknown =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : undefined;
  return typeof status === 'number' ? status : undefined;
}

/**
 * The IAM action without which AWS refused the call: the one that AWS names, or that of the call; undefined: it was not
 * refused for a missing permission.
 */
export function deniedAction(error: unknown, action: string): string | undefined {
  if (!isDenied(error)) return undefined;
  return /not authorized to perform: ([\w-]+:\w+)/.exec(answerOf(error).message)?.[1] ?? action;
}
