import type { Confirmed } from '../../core/follow-up/trigger.ts';
import type { ServiceArn } from '../../core/model/arn.ts';
import { type Change, subjectsOf } from '../../core/model/change.ts';
import { type Fleet, namesByCluster } from '../../core/model/fleet.ts';
import type { Origin } from '../../core/model/secret.ts';
import type { Result } from '../../core/plan/planned.ts';
import { addPart, type Postponed, type Scan, startScan } from '../../core/read/scan.ts';
import type { Run } from '../run.ts';
import type { Observed } from './observed.ts';

/** What is redeployed before everything has been read. */
export type Early = {
  /** To be told of every part of the fleet as soon as it is read. */
  readonly onPart: (part: Fleet) => void;
  /** Resolves when those who are known already have been looked at: scan all the others would only be in the way. */
  readonly hintsDone: Promise<void>;
  /** Makes no more calls; answers what was done, when the calls under way have been answered. */
  finish(): Promise<readonly Result[]>;
};

/** For whoever must not write, or not yet. */
export const NOTHING_EARLY: Early = {
  onPart: () => undefined,
  hintsDone: Promise.resolve(),
  finish: () => Promise.resolve([]),
};

export function idsIn({ changes, notices }: Pick<Scan, 'changes' | 'notices'>): ReadonlySet<string> {
  return new Set([...changes, ...notices].map(({ changeId }) => changeId));
}

export type FirstObserved = Pick<Observed, 'changes' | 'notices' | 'started' | 'firstHandledAt' | 'fleet'>;

export type First = { readonly parts: readonly FirstObserved[]; readonly postponed: readonly Postponed[] };

/** New changes, and changes whose fleet has been read in part; those for which the time ends once more are postponed. */
export async function readFirst(confirmed: Confirmed, ahead: Early, run: Run): Promise<First> {
  const [first] = confirmed.named;
  if (first !== undefined) return { parts: [await readNamed(confirmed, first.origin, run)], postponed: [] };
  const { changes, notices, scans } = confirmed;
  const now = run.ports.clock.now();
  const begun = startScan(changes, notices, now);
  const whole = [begun, ...scans.filter(({ remaining: left }) => left === 'all')].filter(
    (one) => idsIn(one).size > 0,
  );
  const { parts, postponed } = await readWhole(whole, ahead, run);
  const found = { parts: [...parts], postponed: [...postponed] };
  for (const scan of scans) {
    if (scan.remaining === 'all') continue;
    const next = addPart(scan, await run.fleets.readOn(scan.remaining, ahead.onPart, run));
    if (next.remaining.length > 0) found.postponed.push({ scan: next, notBefore: now });
    else found.parts.push(firstSight([next], await readMatched(next, run)));
  }
  return found;
}

/** One read for all of them. */
async function readWhole(scans: readonly Scan[], ahead: Early, run: Run): Promise<First> {
  const subjects = scans.flatMap(subjectsOf);
  if (subjects.length === 0) return { parts: [], postponed: [] };
  await ahead.hintsDone;
  const read = await run.fleets.read(subjects, ahead.onPart, run);
  if ('notBefore' in read) {
    return { parts: [], postponed: scans.map((scan) => ({ scan, notBefore: read.notBefore })) };
  }
  if (read.remaining.length > 0) {
    const postponed = scans.map((scan) => ({ scan: addPart(scan, read), notBefore: 0 }));
    return { parts: [], postponed };
  }
  return { parts: [firstSight(scans, read.fleet)], postponed: [] };
}

/** Readings that come to their end with the same fleet. */
function firstSight(scans: readonly Scan[], fleet: Fleet): FirstObserved {
  return {
    changes: scans.flatMap(({ changes }) => changes),
    notices: scans.flatMap(({ notices }) => notices),
    started: scans.flatMap(({ started }) => started),
    firstHandledAt: new Map(
      scans.flatMap((one) => one.changes.map(({ changeId }) => [changeId, one.firstHandledAt])),
    ),
    fleet,
  };
}

/** After the last part: those that matched in any of them, as they are now. */
function readMatched({ matched }: Scan, run: Run): Promise<Fleet> {
  return run.ports.ecs.readThese(namesByCluster(matched), () => true, run.reading);
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
async function readNamed({ named }: Confirmed, origin: Origin, run: Run): Promise<FirstObserved> {
  const { configured, narrowed } = run.scope;
  const services = named.map((one) => one.named);
  const fleet = await run.ports.ecs.readNamed(services, [configured, narrowed], run.reading);
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
