import type { Verdict } from '../model/decision.ts';
import { strengthOf } from './reasons.ts';

/**
 * The strongest verdict decides for several changes together. Among several reasons to wait, the strongest is the one
 * that holds up the redeploy. Among several reasons to skip a service, it is the one that a person should look at.
 */
export function strongest(verdicts: readonly Verdict[]): Verdict | undefined {
  return verdicts.toSorted((a, b) => strengthOf(b) - strengthOf(a))[0];
}

/** Whether the service is redeployed now, or as soon as the reason to wait is over. */
export function isToBeRedeployed(verdict: Verdict | undefined): boolean {
  if (verdict?.action === 'redeploy') return true;
  return verdict?.action === 'wait' && !['rolling-out', 'unreadable'].includes(verdict.reason);
}
