import pMap from 'p-map';
import type { Origin } from '../../core/confirm/confirm.ts';
import { type FollowUp, followingOf, isKnown, matchAgain, openKey } from '../../core/follow-up/follow-up.ts';
import type { Result, Seen } from '../../core/follow-up/progress.ts';
import { type Match, match } from '../../core/match/match.ts';
import type { Subject } from '../../core/match/subject-index.ts';
import { keyOf, type ServiceArn, type ServiceKey } from '../../core/model/arn.ts';
import type { Change, Notice } from '../../core/model/change.ts';
import {
  type Fleet,
  isUnreadable,
  joinFleets,
  type NamedFleet,
  namesByCluster,
  type Service,
} from '../../core/model/fleet.ts';
import { concerns, startedFor } from '../../core/plan/early.ts';
import type { EvidenceByService, Question } from '../../core/plan/evidence.ts';
import type { EarlierLooks } from '../../core/plan/waves.ts';
import { beginReading, type Reading, type Started, withPart } from '../../core/read/scan.ts';
import type { Ahead } from '../apply/early.ts';
import type { Confirmed } from '../confirm/confirm.ts';
import type { Run } from '../run.ts';

/** What a plan is made from: the fleet, and all that it is to be held against. */
export type Sight = {
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  /** Changes and notices that are looked at for the first time. */
  readonly subjects: readonly Subject[];
  readonly fleet: Fleet & Partial<Pick<NamedFleet, 'outOfScope'>>;
  readonly matches: readonly Match[];
  readonly followUps: readonly FollowUp[];
  readonly earlier: EarlierLooks;
  readonly seen: Seen;
  /** What has been redeployed already, for these changes. */
  readonly ahead: readonly Result[];
  readonly started: readonly Started[];
  /** Changes for which the fleet could be read in part only, or not yet: nothing more is decided about them now. */
  readonly postponed: readonly Postponed[];
  /** Changes whose message has come back before. */
  readonly again: ReadonlySet<string>;
  /** By change, if that was not now. */
  readonly firstHandledAt: ReadonlyMap<string, number>;
};

const CONCURRENCY = 32;

/** A read that is gone on with by a later invocation, which may be due at once. */
export type Postponed = { readonly reading: Reading; readonly notBefore: number };

/** Reads no more of the fleet than is asked for: nothing for nothing, named or followed services alone, else all of it. */
export async function readFleet(confirmed: Confirmed, ahead: Ahead, run: Run): Promise<Sight> {
  const { parts, postponed } = await readFirst(confirmed, ahead, run);
  const { followUps } = confirmed;
  const later = await readFollowed(followUps, run);
  const done = await ahead.finish();
  const changes = parts.flatMap((part) => part.changes);
  const notices = parts.flatMap((part) => part.notices);
  const first = parts.flatMap((part) =>
    match(part.fleet, [...part.changes, ...part.notices], run.policy.pull),
  );
  return {
    changes,
    notices,
    subjects: [...changes, ...notices],
    fleet: together(parts.map(({ fleet }) => fleet)),
    matches: [...first, ...later.matches],
    followUps,
    earlier: earlierLooks(followUps, later.seen),
    seen: later.seen,
    ahead: done.filter((result) => concerns(result, idsIn({ changes, notices }))),
    started: parts.flatMap((part) => part.started),
    postponed: postponed.map(({ reading, notBefore }) => ({
      notBefore,
      reading: { ...reading, started: [...reading.started, ...startedFor(idsIn(reading), done)] },
    })),
    again: confirmed.again,
    firstHandledAt: new Map(parts.flatMap((part) => [...part.firstHandledAt])),
  };
}

function idsIn({ changes, notices }: Pick<Reading, 'changes' | 'notices'>): ReadonlySet<string> {
  return new Set([...changes, ...notices].map(({ changeId }) => changeId));
}

function earlierLooks(followUps: readonly FollowUp[], { refused }: Seen): EarlierLooks {
  const failed = followUps.flatMap(({ changeId, failedWave }) =>
    failedWave === null ? [] : [[changeId, failedWave] as const],
  );
  const unseen = followUps.filter(({ open }) => open.some((one) => refused.has(openKey(one))));
  return { failed: new Map(failed), unseen: new Set(unseen.map(({ changeId }) => changeId)) };
}

function together(fleets: readonly Sight['fleet'][]): Sight['fleet'] {
  const beganAt = Math.min(...fleets.map((fleet) => fleet.beganAt));
  return { ...joinFleets(beganAt, fleets), outOfScope: fleets.flatMap(({ outOfScope = [] }) => outOfScope) };
}

type FirstSight = Pick<Sight, 'changes' | 'notices' | 'started' | 'firstHandledAt' | 'fleet'>;
type First = { readonly parts: readonly FirstSight[]; readonly postponed: readonly Postponed[] };

/** New changes, and changes whose fleet has been read in part; those for which the time ends once more are postponed. */
async function readFirst(confirmed: Confirmed, ahead: Ahead, run: Run): Promise<First> {
  const [first] = confirmed.named;
  if (first !== undefined) return { parts: [await readNamed(confirmed, first.origin, run)], postponed: [] };
  const { changes, notices, readings } = confirmed;
  const now = run.world.clock.now();
  const begun = beginReading(changes, notices, now);
  const whole = [begun, ...readings.filter(({ left }) => left === 'all')].filter(
    (one) => idsIn(one).size > 0,
  );
  const { parts, postponed } = await readWhole(whole, ahead, run);
  const found = { parts: [...parts], postponed: [...postponed] };
  for (const reading of readings) {
    if (reading.left === 'all') continue;
    const next = withPart(reading, await run.fleets.readOn(reading.left, ahead.onPart, run));
    if (next.left.length > 0) found.postponed.push({ reading: next, notBefore: now });
    else found.parts.push(sightOf([next], await readMatched(next, run)));
  }
  return found;
}

/** One read for all of them. */
async function readWhole(readings: readonly Reading[], ahead: Ahead, run: Run): Promise<First> {
  const subjects = readings.flatMap((one) => [...one.changes, ...one.notices]);
  if (subjects.length === 0) return { parts: [], postponed: [] };
  await ahead.headStart;
  const read = await run.fleets.read(subjects, ahead.onPart, run);
  if ('notBefore' in read) {
    return { parts: [], postponed: readings.map((reading) => ({ reading, notBefore: read.notBefore })) };
  }
  if (read.left.length > 0) {
    const left = readings.map((reading) => ({ reading: withPart(reading, read), notBefore: 0 }));
    return { parts: [], postponed: left };
  }
  return { parts: [sightOf(readings, read.fleet)], postponed: [] };
}

/** Readings that come to their end with the same fleet. */
function sightOf(readings: readonly Reading[], fleet: Fleet): FirstSight {
  return {
    changes: readings.flatMap(({ changes }) => changes),
    notices: readings.flatMap(({ notices }) => notices),
    started: readings.flatMap(({ started }) => started),
    firstHandledAt: new Map(
      readings.flatMap((one) => one.changes.map(({ changeId }) => [changeId, one.firstHandledAt])),
    ),
    fleet,
  };
}

/** After the last part: those that matched in any of them, as they are now. */
function readMatched({ matched }: Reading, run: Run): Promise<Fleet> {
  return run.world.ecs.readThese(namesByCluster(matched), () => true, run.reading);
}

/** Ten services a call and no listing. What a followed deployment refers to was known when it began to be followed. */
async function readFollowed(
  followUps: readonly FollowUp[],
  run: Run,
): Promise<Pick<Sight, 'matches' | 'seen'>> {
  const open = new Map(followUps.flatMap((one) => one.open).map((one) => [openKey(one), one]));
  if (open.size === 0) return { matches: [], seen: { described: new Set(), refused: new Set() } };
  const mustBeMatched = (service: Service) =>
    followUps
      .map((one) => followingOf(one, service))
      .some((following) => following !== undefined && !isKnown(following));
  const fleet = await run.world.ecs.readThese(namesByCluster(open.values()), mustBeMatched, run.reading);
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

/** Asks ECS what DescribeServices does not tell, about those services only where it may change the decision. */
export async function readEvidence(questions: readonly Question[], run: Run): Promise<EvidenceByService> {
  const answers = await pMap(
    questions,
    async (question) => {
      const { key, deployments } = question.service;
      const asOf = Math.max(0, ...deployments.map(({ createdAt }) => createdAt));
      return [key, { ...(await run.world.ecs.answer(question, run.reading)), asOf }] as const;
    },
    { concurrency: CONCURRENCY },
  );
  return new Map(answers);
}

/** A service that a person named does not exist; nothing is done about the others either. */
export class NoSuchService extends Error {
  override readonly name = 'NoSuchService';

  constructor(asGiven: readonly string[]) {
    super(
      `wrong request, nothing was done: ${asGiven.map((given) => `services: there is no service ${given}`).join('; ')}`,
    );
  }
}

/** For services named by hand the request itself is the change. Throws NoSuchService. */
async function readNamed({ named }: Confirmed, origin: Origin, run: Run): Promise<FirstSight> {
  const { configured, narrowed } = run.scope;
  const services = named.map((one) => one.named);
  const fleet = await run.world.ecs.readNamed(services, [configured, narrowed], run.reading);
  if (fleet.missing.length > 0) throw new NoSuchService(fleet.missing);
  const arns = [
    ...fleet.services.map(({ arn }) => arn),
    ...fleet.unreadable.map(({ service }) => service),
    ...fleet.outOfScope.map(({ service }) => service),
  ];
  const changes = arns.map((arn) => serviceChange(origin, arn));
  for (const change of changes) run.journal.received(change);
  return { changes, notices: [], started: [], firstHandledAt: new Map(), fleet };
}

function serviceChange({ changeId, at, source }: Origin, arn: ServiceArn): Change {
  return { changeId, kind: 'service', arn, changedAt: at, source, optedOut: false };
}
