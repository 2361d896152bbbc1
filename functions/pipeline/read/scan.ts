import type { Confirmed } from '../../core/follow-up/trigger.ts';
import type { ServiceArn } from '../../core/model/arn.ts';
import { type Change, subjectsOf } from '../../core/model/change.ts';
import { type Fleet, namesByCluster } from '../../core/model/fleet.ts';
import type { Origin } from '../../core/model/secret.ts';
import type { Result } from '../../core/plan/planned.ts';
import { beginReading, type Postponed, type Reading, withPart } from '../../core/read/scan.ts';
import type { Run } from '../run.ts';
import type { Sight } from './observed.ts';

/** What is redeployed before everything has been read. */
export type Ahead = {
  /** To be told of every part of the fleet as soon as it is read. */
  readonly onPart: (part: Fleet) => void;
  /** Resolves when those who are known already have been looked at: reading all the others would only be in the way. */
  readonly headStart: Promise<void>;
  /** Makes no more calls; answers what was done, when the calls under way have been answered. */
  finish(): Promise<readonly Result[]>;
};

/** For whoever must not write, or not yet. */
export const NOTHING_AHEAD: Ahead = {
  onPart: () => undefined,
  headStart: Promise.resolve(),
  finish: () => Promise.resolve([]),
};

export function idsIn({ changes, notices }: Pick<Reading, 'changes' | 'notices'>): ReadonlySet<string> {
  return new Set([...changes, ...notices].map(({ changeId }) => changeId));
}

export type FirstSight = Pick<Sight, 'changes' | 'notices' | 'started' | 'firstHandledAt' | 'fleet'>;

export type First = { readonly parts: readonly FirstSight[]; readonly postponed: readonly Postponed[] };

/** New changes, and changes whose fleet has been read in part; those for which the time ends once more are postponed. */
export async function readFirst(confirmed: Confirmed, ahead: Ahead, run: Run): Promise<First> {
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
  const subjects = readings.flatMap(subjectsOf);
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
