import { isInDoubt, type Match } from '../match/match.ts';
import type { ServiceKey } from '../model/arn.ts';
import { about } from '../model/change.ts';
import { skip } from '../model/decision.ts';
import type { Policy } from './policy.ts';
import { isToBeRedeployed } from './precedence.ts';
import type { MatchVerdict } from './verdict.ts';

/**
 * The cap counts all services and waves before any service is redeployed, and at a later look those that ECS shows only now.
 * Services named by hand do not count. Where there are too many, what ECS does not tell enough about is not redeployed at a
 * later look either.
 */
export function capped(
  judged: readonly MatchVerdict[],
  { maxServices }: Policy,
  counted: ReadonlyMap<string, number> = new Map(),
): readonly MatchVerdict[] {
  if (maxServices === 0) return judged;
  const stale = new Map<string, Set<ServiceKey>>();
  for (const { match, verdict } of judged) {
    const isStale = isToBeRedeployed(verdict) || verdict.reason === 'cannot-replace';
    if (!isStale || about(match.subject).kind === 'service' || isCounted(match)) continue;
    const { changeId } = about(match.subject);
    stale.set(changeId, (stale.get(changeId) ?? new Set()).add(match.service.key));
  }
  return judged.map(({ match, verdict }) => {
    const { changeId } = about(match.subject);
    const sum = (stale.get(changeId)?.size ?? 0) + (counted.get(changeId) ?? 0);
    const mayFollow = isToBeRedeployed(verdict) || (verdict.reason === 'unreadable' && !isInDoubt(match));
    const tooMany = sum > maxServices && stale.has(changeId) && !isCounted(match);
    return { match, verdict: tooMany && mayFollow ? skip('over-cap') : verdict };
  });
}

/** An earlier look has counted the service towards the cap. */
function isCounted({ following }: Match): boolean {
  return following !== undefined && following !== 'newly-read';
}
