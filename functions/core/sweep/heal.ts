import { begin, type FollowUp, type OpenService } from '../follow-up/follow-up.ts';
import type { ServiceKey } from '../model/arn.ts';
import type { Change } from '../model/change.ts';
import type { Planned } from '../plan/planned.ts';
import { HOUR_MS } from '../plan/policy.ts';
import { isToBeRedeployed } from '../plan/precedence.ts';
import { idsOf, type Stale, type Sweep, type SweptService } from './sweep.ts';

/** A younger change is left to its event, which may still be on its way or in progress. */
const YOUNG_MS = 900_000;

/**
 * ECS keeps service deployments for 90 days (functions/README.md, Deployments). For an older change nothing tells whether a
 * rollout has failed since.
 */
const KEPT_MS = 90 * 24 * HOUR_MS;

/** What a sweep puts on the queue. */
export type Healing = {
  /** More services are stale for certain than one sweep may redeploy, so none is redeployed. */
  readonly overCap: boolean;
  /** One follow-up for each change, with the services that it looks at again. */
  readonly followUps: readonly FollowUp[];
  /** The changes that the sweep heals, for each service. */
  readonly changeIds: ReadonlyMap<ServiceKey, readonly string[]>;
};

type Due = { readonly one: SweptService; readonly stale: readonly Stale[] };

/**
 * What to heal: services that are stale for certain, for a change that is old enough and has had no failed rollout. A later
 * wave is healed only if everything was read: what was not may be what the wave has to wait for.
 */
export function healingOf(
  { swept, whole }: Pick<Sweep, 'swept' | 'whole'>,
  maxServices: number,
  now: number,
): Healing {
  const wanted = swept
    .filter(({ decision }) => isToBeRedeployed(decision))
    .flatMap((one): readonly Due[] => {
      const stale = one.certain.filter(
        ({ change, verdict }) => isToBeRedeployed(verdict) && isDue(change, now),
      );
      return stale.length === 0 ? [] : [{ one, stale }];
    });
  const due = wanted.filter(({ one }) => whole || one.decision.wave === 0);
  const stuck = swept.filter(
    ({ decision, certain }) => decision.reason === 'cannot-replace' && certain.length > 0,
  );
  const overCap = maxServices > 0 && wanted.length + stuck.length > maxServices;
  return {
    overCap,
    followUps: overCap ? [] : followUpsFor(due, swept, now),
    changeIds: new Map(due.map(({ one, stale }) => [one.planned.service.key, idsOf(stale)])),
  };
}

function isDue(change: Change, now: number): boolean {
  return !isYoung(change, now) && !isTooOld(change, now);
}

/** Whether the change is so old that a failed rollout no longer shows: its services are reported and never healed. */
export function isTooOld({ changedAt }: Change, now: number): boolean {
  return now - changedAt > KEPT_MS;
}

export function isYoung({ changedAt }: Change, now: number): boolean {
  return now - changedAt < YOUNG_MS;
}

function followUpsFor(due: readonly Due[], swept: readonly SweptService[], now: number): readonly FollowUp[] {
  const changes = new Map<string, Set<Change>>();
  for (const { change } of due.flatMap(({ stale }) => stale))
    changes.set(change.changeId, (changes.get(change.changeId) ?? new Set()).add(change));
  return [...changes].map(([changeId, ofId]) => {
    const stale = due.filter((one) => one.stale.some(({ change }) => ofId.has(change))).map(({ one }) => one);
    const underWay = swept.filter((one) => !stale.includes(one) && isRollingOut(one.planned, ofId));
    const open = [
      ...stale.map((one) => opened(one, 'wait healing')),
      ...underWay.map((one) => opened(one, 'wait rolling-out')),
    ];
    // The sweep was the first look.
    return { ...begin(changeId, [...ofId], now), hop: 1, open };
  });
}

/** Nothing is done about a service that is rolling out, but later waves wait for it. */
function isRollingOut({ verdicts }: Planned, changes: ReadonlySet<Change>): boolean {
  return verdicts.some(
    ({ match: { subject }, verdict }) =>
      verdict.reason === 'rolling-out' && subject.kind === 'change' && changes.has(subject.change),
  );
}

function opened({ planned: { service } }: SweptService, lastLogged: string): OpenService {
  return {
    cluster: service.cluster.arn,
    name: service.name,
    deploymentId: null,
    ours: false,
    lastLogged,
  };
}
