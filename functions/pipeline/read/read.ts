import { mergedFirst } from '../../core/follow-up/merged.ts';
import type { Confirmed } from '../../core/follow-up/trigger.ts';
import { possibleMatches } from '../../core/match/match.ts';
import { joinFleets } from '../../core/model/fleet.ts';
import { concerns, startedEarlyFor } from '../../core/plan/early.ts';
import type { Result } from '../../core/plan/planned.ts';
import type { Scan } from '../../core/read/scan.ts';
import { withoutWrongGuesses } from '../living.ts';
import type { Run } from '../run.ts';
import { readFollowed, sightsOf } from './followed.ts';
import { newSubjects, type Observed, type Postponed } from './observed.ts';
import { type Early, type Scanned, scanFleet } from './scan.ts';

/** Reads the part of the fleet that is needed: nothing, only the named or followed services, or the whole fleet. */
export async function readFleet(confirmed: Confirmed, early: Early, run: Run): Promise<Observed> {
  early.begin(confirmed.scans);
  // The followed services come first: they are few, and a scan may use all the time there is.
  const followed = await readFollowed(confirmed.attempts, run);
  const { parts, postponed } = await scanFleet(confirmed, early, run);
  const results = await early.finish();
  const first = await withoutWrongGuesses(
    parts.flatMap((part) => possibleMatches(part.fleet, newSubjects(part), run.policy.pull)),
    run,
  );
  const decided = new Set(parts.flatMap((part) => [...part.attempts, ...part.notices].map(idOf)));
  const fleet = together(parts.map((part) => part.fleet));
  const attempts = [...confirmed.attempts, ...mergedFirst(parts.flatMap((part) => part.attempts))];
  return {
    attempts,
    notices: parts.flatMap(({ notices }) => notices),
    fleet,
    revisions: new Map([...fleet.revisions, ...followed.fleet.revisions]),
    matches: [...first, ...followed.matches],
    seen: followed.seen,
    sights: await sightsOf(attempts, fleet, followed, run),
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
