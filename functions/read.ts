import pMap from 'p-map';
import type { Confirmed } from './confirm.ts';
import { keyOf, type ServiceArn, type ServiceKey } from './core/arn.ts';
import type { Change, Notice } from './core/change.ts';
import type { Origin } from './core/confirm.ts';
import type { EvidenceByService, Question } from './core/evidence.ts';
import {
  type Fleet,
  isUnreadable,
  joinFleets,
  type NamedFleet,
  namesByCluster,
  type Service,
} from './core/fleet.ts';
import { type FollowUp, followingOf, isKnown, matchAgain, openKey } from './core/follow-up.ts';
import { type Match, match } from './core/match.ts';
import { type Reading, withPart } from './core/reading.ts';
import type { Seen } from './core/standing.ts';
import type { Subject } from './core/subject-index.ts';
import type { EarlierLooks } from './core/waves.ts';
import type { Run } from './run.ts';

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
  /** Changes for which the fleet could be read in part only: nothing is decided about them yet. */
  readonly postponed: readonly Reading[];
  /** Changes whose message has come back before. */
  readonly again: ReadonlySet<string>;
  /** By change, if that was not now. */
  readonly firstHandledAt: ReadonlyMap<string, number>;
};

const CONCURRENCY = 32;

/** Reads no more of the fleet than is asked for: nothing for nothing, named or followed services alone, else all of it. */
export async function readFleet(confirmed: Confirmed, run: Run): Promise<Sight> {
  const { parts, postponed } = await readFirst(confirmed, run);
  const { followUps, readings } = confirmed;
  const later = await readFollowed(followUps, run);
  const first = parts.flatMap(({ fleet, changes, notices }) =>
    match(fleet, [...changes, ...notices], run.policy.pull),
  );
  const changes = parts.flatMap((part) => part.changes);
  const notices = parts.flatMap((part) => part.notices);
  return {
    changes,
    notices,
    subjects: [...changes, ...notices],
    fleet: together(parts.map(({ fleet }) => fleet)),
    matches: [...first, ...later.matches],
    followUps,
    earlier: earlierLooks(followUps, later.seen),
    seen: later.seen,
    postponed,
    again: confirmed.again,
    firstHandledAt: new Map(
      readings.flatMap((one) => one.changes.map(({ changeId }) => [changeId, one.firstHandledAt])),
    ),
  };
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

type FirstSight = Pick<Sight, 'changes' | 'notices' | 'fleet'>;

/** New changes, and changes whose fleet has been read in part; those for which the time ends once more are postponed. */
async function readFirst(
  confirmed: Confirmed,
  run: Run,
): Promise<Pick<Sight, 'postponed'> & { readonly parts: readonly FirstSight[] }> {
  const { changes, notices, named, readings } = confirmed;
  const [first] = named;
  if (first !== undefined) return { parts: [await readNamed(confirmed, first.origin, run)], postponed: [] };
  const parts: FirstSight[] = [];
  const postponed: Reading[] = [];
  if (changes.length + notices.length > 0) {
    const read = await run.fleets.read([...changes, ...notices], run);
    const begun = { changes, notices, firstHandledAt: run.world.clock.now(), matched: [], left: [] };
    if (read.left.length === 0) parts.push({ changes, notices, fleet: read.fleet });
    else postponed.push(withPart(begun, read));
  }
  for (const reading of readings) {
    const { configured } = run.scope;
    const next = withPart(reading, await run.world.ecs.readFleet([configured], run.reading, reading.left));
    if (next.left.length > 0) postponed.push(next);
    else parts.push({ ...next, fleet: await readMatched(next, run) });
  }
  return { parts, postponed };
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
    async (question) => [question.service.key, await run.world.ecs.answer(question, run.reading)] as const,
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
  return { changes, notices: [], fleet };
}

function serviceChange({ changeId, at, source }: Origin, arn: ServiceArn): Change {
  return { changeId, kind: 'service', arn, changedAt: at, source, optedOut: false };
}
