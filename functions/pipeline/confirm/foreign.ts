import { type Event, resourceOf } from '../../core/confirm/event.ts';
import type { Way } from '../../core/confirm/trust.ts';
import { parseArn } from '../../core/model/arn.ts';
import { isOfAws } from '../../core/model/reference.ts';
import type { Denial } from '../../ports.ts';
import type { StepContext } from '../context.ts';

/**
 * Why the event about a secret of another account is ignored; undefined if it is not. DescribeSecret was denied, and another try would
 * be denied as well. A denial for an event of this account is different: a permission of ours may be missing.
 */
export function deniedElsewhere(error: unknown, event: Event, run: StepContext): string | undefined {
  return isOfElsewhere(event, run) && isDenial(error) ? `${error.message}; ${ALLOW}` : undefined;
}

const ALLOW =
  'the event of another account is ignored; to have services redeployed for it, allow secretsmanager:DescribeSecret on the secret, in the role of on-change and in the policy of the secret';

/** Why an event about a secret of this account is ignored whose own policy hides it, and which says too little by itself. */
export function toldTooLittle(error: unknown): string | undefined {
  return isHidden(error) && isDenial(error) ? `${error.message}; ${NATIVE}` : undefined;
}

const NATIVE =
  'this event names no label with its version, so it is ignored; the native event of the same change is enough, and the sweep names the secret as unchecked';

/** What has not come over the event bus tells nothing by itself of another account or Region. */
export function isToBeBelieved(event: Event, way: Way, run: StepContext): boolean {
  return way === 'forwarded' || !isOfElsewhere(event, run);
}

/**
 * Whether an ARN is of another account or Region than this stack. That such a resource is not found says nothing: Secrets
 * Manager and Parameter Store know only their own Region, and of other accounts what these allow.
 */
export function isElsewhere(
  arn: string,
  { account, region }: Pick<StepContext, 'account' | 'region'>,
): boolean {
  const found = parseArn(arn);
  if (found === undefined) return false;
  return found.account !== (account ?? found.account) || found.region !== (region ?? found.region);
}

/** Whether Parameter Store describes nothing of it here, although it may exist. */
export function isNotShown(parameter: string, run: Pick<StepContext, 'account' | 'region'>): boolean {
  return isElsewhere(parameter, run) || isOfAws(parameter);
}

/** Secrets Manager of this Region describes no secret of another one. */
export function isOfOtherRegion(arn: string, { region }: Pick<StepContext, 'region'>): boolean {
  const found = parseArn(arn);
  return found !== undefined && region !== undefined && found.region !== region;
}

/** A call of ours on a secret of another account is recorded as an event of this one. */
function isOfElsewhere(event: Event, run: StepContext): boolean {
  const isForeign = event.account !== undefined && event.account !== (run.account ?? event.account);
  return isForeign || isElsewhere(resourceOf(event) ?? '', run);
}

export function isDenial(error: unknown): error is Error & Denial {
  return error instanceof Error && 'denied' in error && error.denied === true;
}

/**
 * Whether the policy of one resource denies what is allowed for others (functions/README.md, Other accounts and Regions). IAM says
 * so in its text; any other denial may be a permission that we lack.
 */
export function isHidden(error: unknown): boolean {
  return error instanceof Error && /\bresource-based policy\b/.test(error.message);
}
