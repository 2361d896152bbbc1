import {
  type Attempt,
  followingOf,
  isKnown,
  matchAgain,
  mergedFirst,
  openKey,
} from '../../core/follow-up/follow-up.ts';
import type { Confirmed } from '../../core/follow-up/trigger.ts';
import { match } from '../../core/match/match.ts';
import { keyOf, type ServiceKey } from '../../core/model/arn.ts';
import {
  type Fleet,
  isUnreadable,
  joinFleets,
  namesByCluster,
  type Service,
} from '../../core/model/fleet.ts';
import { concerns, startedEarlyFor } from '../../core/plan/early.ts';
import type { Result } from '../../core/plan/planned.ts';
import type { Scan } from '../../core/read/scan.ts';
import type { Run } from '../run.ts';
import { newSubjects, type Observed, type Postponed } from './observed.ts';
import { type Early, type Scanned, scanFleet } from './scan.ts';

/** Reads the part of the fleet that is needed: nothing, only the named or followed services, or the whole fleet. */
export async function readFleet(confirmed: Confirmed, early: Early, run: Run): Promise<Observed> {
  early.begin(confirmed.scans);
  const { parts, postponed } = await scanFleet(confirmed, early, run);
  const { matches, seen } = await readFollowed(confirmed.attempts, run);
  const results = await early.finish();
  const first = parts.flatMap((part) => match(part.fleet, newSubjects(part), run.policy.pull));
  const decided = new Set(parts.flatMap((part) => [...part.attempts, ...part.notices].map(idOf)));
  return {
    attempts: [...confirmed.attempts, ...mergedFirst(parts.flatMap(({ attempts }) => attempts))],
    notices: parts.flatMap(({ notices }) => notices),
    fleet: together(parts.map(({ fleet }) => fleet)),
    matches: [...first, ...matches],
    seen,
    early: {
      results: results.filter((result) => concerns(result, decided)),
      started: parts.flatMap(({ started }) => started),
    },
    postponed: postponed.map((one) => withStarted(one, results)),
  };
}

const idOf = ({ changeId }: { readonly changeId: string }): string => changeId;

function together(fleets: readonly Scanned['fleet'][]): Scanned['fleet'] {
  const beganAt = Math.min(...fleets.map((fleet) => fleet.beganAt));
  return { ...joinFleets(beganAt, fleets), outOfScope: fleets.flatMap(({ outOfScope = [] }) => outOfScope) };
}

/** The invocation that continues the scan needs to know which deployments were started for its changes. */
function withStarted(postponed: Postponed, results: readonly Result[]): Postponed {
  const { scan } = postponed;
  const started = [...scan.started, ...startedEarlyFor(idsIn(scan), results)];
  return { ...postponed, scan: { ...scan, started } };
}

function idsIn({ changes, notices }: Scan): ReadonlySet<string> {
  return new Set([...changes, ...notices].map(idOf));
}

/** Ten services a call and no listing. The references of a followed deployment were known before it was followed. */
async function readFollowed(
  attempts: readonly Attempt[],
  run: Run,
): Promise<Pick<Observed, 'matches' | 'seen'>> {
  const open = new Map(attempts.flatMap((one) => one.open).map((one) => [openKey(one), one]));
  if (open.size === 0) return { matches: [], seen: { described: new Set(), refused: new Set() } };
  const mustBeMatched = (service: Service) =>
    attempts
      .map((one) => followingOf(one, service))
      .some((following) => following !== undefined && !isKnown(following));
  const fleet = await run.ports.ecs.readThese(namesByCluster(open.values()), mustBeMatched, run.reading);
  return {
    matches: attempts.flatMap((attempt) => matchAgain(attempt, fleet, run.policy.pull)),
    seen: { described: new Set(fleet.services.map(({ key }) => key)), refused: refusedIn(fleet) },
  };
}

/** Services that ECS refused to describe, or whose revisions it refused to describe; they do not count as gone. */
function refusedIn(fleet: Fleet): ReadonlySet<ServiceKey> {
  return new Set([
    ...fleet.unreadable.map(({ service, cluster }) => keyOf(cluster, service)),
    ...fleet.services.filter((service) => isUnreadable(service, fleet)).map(({ key }) => key),
  ]);
}
