import type { Decision } from '../model/decision.ts';
import { isToBeRedeployed } from '../plan/precedence.ts';
import { type Healing, isTooOld, isYoung } from '../sweep/heal.ts';
import { idsOf, isHarmless, type SweptService } from '../sweep/sweep.ts';

/** What happens to services that are stale for certain: they are reported, only observed, or put on the queue. */
export type How = 'report' | 'observe' | 'heal';

export type HealResult = {
  readonly how: How;
  readonly healing: Healing;
  /** Changes whose message could not be sent. */
  readonly unsent: ReadonlySet<string>;
};

/** What the log says about one service. */
export type SweepRecord = {
  readonly action: 'skip' | 'wait';
  readonly reason: string;
  readonly decision: Decision;
};

/** Undefined for a service that needs no attention, as most of five thousand services do hour after hour. */
export function recordOf(one: SweptService, healed: HealResult, now: number): SweepRecord | undefined {
  const { decision, certain } = one;
  if (isHarmless(decision)) return undefined;
  if (isToBeRedeployed(decision) && certain.length > 0) return recordOfStale(one, healed, now);
  return { action: decision.action === 'wait' ? 'wait' : 'skip', reason: decision.reason ?? '', decision };
}

function recordOfStale(
  { planned, decision, certain }: SweptService,
  { how, healing, unsent }: HealResult,
  now: number,
): SweepRecord {
  if (how !== 'heal') return { action: 'skip', reason: how, decision };
  const changeIds = healing.changeIds.get(planned.service.key);
  if (changeIds === undefined) {
    if (certain.every(({ change }) => isTooOld(change, now)))
      return { action: 'skip', reason: 'too-old', decision };
    const young = idsOf(certain.filter(({ change }) => isYoung(change, now)));
    if (young.length === 0 && decision.wave > 0)
      return { action: 'wait', reason: 'sweep-incomplete', decision };
    return { action: 'wait', reason: 'young-change', decision: { ...decision, changeIds: young } };
  }
  const due = { ...decision, changeIds };
  if (healing.overCap) return { action: 'skip', reason: 'over-cap', decision: due };
  const isOnItsWay = changeIds.some((changeId) => !unsent.has(changeId));
  return { action: 'wait', reason: isOnItsWay ? 'healing' : 'not-sent', decision: due };
}

export type SweepCounts = {
  readonly matched: number;
  readonly staleForCertain: number;
  /** The services among them that are stale only for changes whose events may still be in progress. */
  readonly young: number;
  readonly possiblyStale: number;
  readonly fresh: number;
  /** Services on the queue. */
  readonly healed: number;
};

export function countsOf(
  swept: readonly SweptService[],
  { how, healing, unsent }: HealResult,
  now: number,
): SweepCounts {
  const certain = swept.filter((one) => one.certain.length > 0);
  const onItsWay = [...healing.changeIds.values()].filter((ids) => ids.some((id) => !unsent.has(id)));
  return {
    matched: swept.length,
    staleForCertain: certain.length,
    young: certain.filter((one) => one.certain.every(({ change }) => isYoung(change, now))).length,
    possiblyStale: swept.filter((one) => one.certain.length === 0 && one.possibly.length > 0).length,
    fresh: swept.filter(({ decision }) => decision.reason === 'already-fresh').length,
    healed: how === 'heal' && !healing.overCap ? onItsWay.length : 0,
  };
}
