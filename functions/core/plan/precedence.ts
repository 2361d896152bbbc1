import type { Verdict } from '../model/decision.ts';
import { strengthOf } from './reasons.ts';

/**
 * Several changes, one decision: the strongest verdict. Of several reasons to wait it is the one that a redeploy is held up by,
 * and of several reasons to leave a service alone the one that a person should look at.
 */
export function strongest(verdicts: readonly Verdict[]): Verdict | undefined {
  return verdicts.toSorted((a, b) => strengthOf(b) - strengthOf(a))[0];
}

/** Now, or as soon as something else is over. */
export function isToBeRedeployed(verdict: Verdict | undefined): boolean {
  return verdict?.action === 'redeploy' || (verdict?.action === 'wait' && verdict.reason !== 'rolling-out');
}
