import { type FollowUp, followingOf, isKnown, matchAgain, openKey } from '../../core/follow-up/follow-up.ts';
import type { Seen } from '../../core/follow-up/progress.ts';
import type { Confirmed } from '../../core/follow-up/trigger.ts';
import { match } from '../../core/match/match.ts';
import { keyOf, type ServiceKey } from '../../core/model/arn.ts';
import { subjectsOf } from '../../core/model/change.ts';
import {
  type Fleet,
  isUnreadable,
  joinFleets,
  namesByCluster,
  type Service,
} from '../../core/model/fleet.ts';
import { concerns, startedEarlyFor } from '../../core/plan/early.ts';
import type { EarlierLooks } from '../../core/plan/waves.ts';
import type { Run } from '../run.ts';
import type { Observed } from './observed.ts';
import { type Early, idsIn, readFirst } from './scan.ts';

/** Reads no more of the fleet than is asked for: nothing for nothing, named or followed services alone, else all of it. */
export async function readFleet(confirmed: Confirmed, ahead: Early, run: Run): Promise<Observed> {
  const { parts, postponed } = await readFirst(confirmed, ahead, run);
  const { followUps } = confirmed;
  const later = await readFollowed(followUps, run);
  const done = await ahead.finish();
  const changes = parts.flatMap((part) => part.changes);
  const notices = parts.flatMap((part) => part.notices);
  const first = parts.flatMap((part) => match(part.fleet, subjectsOf(part), run.policy.pull));
  return {
    changes,
    notices,
    subjects: subjectsOf({ changes, notices }),
    fleet: together(parts.map(({ fleet }) => fleet)),
    matches: [...first, ...later.matches],
    followUps,
    earlier: earlierLooks(followUps, later.seen),
    seen: later.seen,
    early: done.filter((result) => concerns(result, idsIn({ changes, notices }))),
    started: parts.flatMap((part) => part.started),
    postponed: postponed.map(({ scan, notBefore }) => ({
      notBefore,
      scan: { ...scan, started: [...scan.started, ...startedEarlyFor(idsIn(scan), done)] },
    })),
    again: confirmed.redelivered,
    firstHandledAt: new Map(parts.flatMap((part) => [...part.firstHandledAt])),
  };
}

function earlierLooks(followUps: readonly FollowUp[], { refused }: Seen): EarlierLooks {
  const failed = followUps.flatMap(({ changeId, failedWave }) =>
    failedWave === null ? [] : [[changeId, failedWave] as const],
  );
  const unseen = followUps.filter(({ open }) => open.some((one) => refused.has(openKey(one))));
  return { failed: new Map(failed), unseen: new Set(unseen.map(({ changeId }) => changeId)) };
}

function together(fleets: readonly Observed['fleet'][]): Observed['fleet'] {
  const beganAt = Math.min(...fleets.map((fleet) => fleet.beganAt));
  return { ...joinFleets(beganAt, fleets), outOfScope: fleets.flatMap(({ outOfScope = [] }) => outOfScope) };
}

/** Ten services a call and no listing. What a followed deployment refers to was known when it began to be followed. */
async function readFollowed(
  followUps: readonly FollowUp[],
  run: Run,
): Promise<Pick<Observed, 'matches' | 'seen'>> {
  const open = new Map(followUps.flatMap((one) => one.open).map((one) => [openKey(one), one]));
  if (open.size === 0) return { matches: [], seen: { described: new Set(), refused: new Set() } };
  const mustBeMatched = (service: Service) =>
    followUps
      .map((one) => followingOf(one, service))
      .some((following) => following !== undefined && !isKnown(following));
  const fleet = await run.ports.ecs.readThese(namesByCluster(open.values()), mustBeMatched, run.reading);
  return {
    matches: followUps.flatMap((followUp) => matchAgain(followUp, fleet, run.policy.pull)),
    seen: { described: new Set(fleet.services.map(({ key }) => key)), refused: refusedIn(fleet) },
  };
}

/** ECS would not describe them, or not what they refer to: no reason to take them for gone. */
function refusedIn(fleet: Fleet): ReadonlySet<ServiceKey> {
  return new Set([
    ...fleet.unreadable.map(({ service, cluster }) => keyOf(cluster, service)),
    ...fleet.services.filter((service) => isUnreadable(service, fleet)).map(({ key }) => key),
  ]);
}
