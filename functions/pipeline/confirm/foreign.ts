import { type Event, resourceOf } from '../../core/confirm/event.ts';
import { parseArn } from '../../core/model/arn.ts';
import type { Denial } from '../../ports.ts';
import type { StepContext } from '../context.ts';

/**
 * Why the event of another account is ignored; undefined if it is not. DescribeSecret was denied, and another try would
 * be denied as well. A denial for an event of this account is different: a permission of ours may be missing.
 */
export function deniedElsewhere(error: unknown, event: Event, run: StepContext): string | undefined {
  return isForeign(event, run) && isDenial(error) ? `${error.message}; ${ALLOW}` : undefined;
}

const ALLOW =
  'the event of another account is ignored; to have services redeployed for it, allow secretsmanager:DescribeSecret on the secret, in the role of on-change and in the policy of the secret';

function isForeign(event: Event, { account }: StepContext): boolean {
  const theirs = event.account ?? parseArn(resourceOf(event) ?? '')?.account;
  return account !== undefined && theirs !== undefined && theirs !== account;
}

function isDenial(error: unknown): error is Error & Denial {
  return error instanceof Error && 'denied' in error && error.denied === true;
}
