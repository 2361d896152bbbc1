import { begin } from '../../core/follow-up/follow-up.ts';
import type { Confirmed, OpenScan } from '../../core/follow-up/trigger.ts';
import type { ServiceArn } from '../../core/model/arn.ts';
import { type Change, subjectsOf } from '../../core/model/change.ts';
import { type Fleet, namesByCluster } from '../../core/model/fleet.ts';
import type { Origin } from '../../core/model/secret.ts';
import type { Result } from '../../core/plan/planned.ts';
import { addPart, type Scan, type StartedEarly } from '../../core/read/scan.ts';
import type { Run } from '../run.ts';
import type { Observed, Postponed } from './observed.ts';

/** Redeploys that do not wait until everything has been read. */
export type Early = {
  /** Begins with the services that are known already. */
  begin(scans: readonly OpenScan[]): void;
  /** Is told of every part of the fleet as soon as it is read. */
  onPart(part: Fleet): void;
  /** Resolves when the services that are known already have been looked at: to read all the others would only be in the way. */
  hintsDone(): Promise<void>;
  /** Makes no more calls; answers what was done, when the calls under way have been answered. */
  finish(): Promise<readonly Result[]>;
};

/** For a run that must not write, or not yet. */
export const NOTHING_EARLY: Early = {
  begin: () => undefined,
  onPart: () => undefined,
  hintsDone: () => Promise.resolve(),
  finish: () => Promise.resolve([]),
};

/** What was read for some scans, or for services named by hand, as far as it came to an end. */
export type Scanned = Pick<Observed, 'attempts' | 'notices' | 'fleet'> & {
  readonly started: readonly StartedEarly[];
};

export type ScanResult = { readonly parts: readonly Scanned[]; readonly postponed: readonly Postponed[] };

/** New changes, and changes whose fleet has been read in part; those for which the time ends once more are postponed. */
export async function scanFleet({ named, scans }: Confirmed, early: Early, run: Run): Promise<ScanResult> {
  const [first] = named;
  if (first !== undefined) return { parts: [await readNamed(named, first.origin, run)], postponed: [] };
  const { parts, postponed } = await readWhole(scans.filter(isWhole), early, run);
  const found = { parts: [...parts], postponed: [...postponed] };
  for (const open of scans) {
    if (open.scan.remaining === 'all') continue;
    const part = await run.fleets.readOn(open.scan.remaining, (one) => early.onPart(one), run);
    const next = { ...open, scan: addPart(open.scan, part) };
    if (part.remaining.length > 0) found.postponed.push({ ...next, notBefore: run.ports.clock.now() });
    else found.parts.push(scanned([next], await readMatched(next.scan, run)));
  }
  return found;
}

const isWhole = ({ scan }: OpenScan): boolean => scan.remaining === 'all';

/** One read for all of them. */
async function readWhole(scans: readonly OpenScan[], early: Early, run: Run): Promise<ScanResult> {
  const subjects = scans.flatMap(({ scan }) => subjectsOf(scan));
  if (subjects.length === 0) return { parts: [], postponed: [] };
  await early.hintsDone();
  const read = await run.fleets.read(subjects, (part) => early.onPart(part), run);
  if ('notBefore' in read) return { parts: [], postponed: scans.map((open) => ({ ...open, ...read })) };
  if (read.remaining.length === 0) return { parts: [scanned(scans, read.fleet)], postponed: [] };
  const postponed = scans.map((open) => ({ ...open, scan: addPart(open.scan, read), notBefore: 0 }));
  return { parts: [], postponed };
}

/** Scans that come to their end with the same fleet. */
function scanned(scans: readonly OpenScan[], fleet: Fleet): Scanned {
  return {
    attempts: scans.flatMap(({ attempts }) => attempts),
    notices: scans.flatMap(({ scan }) => scan.notices),
    started: scans.flatMap(({ scan }) => scan.started),
    fleet,
  };
}

/** After the last part: the services that matched in any of them, as they are now. */
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
async function readNamed(named: Confirmed['named'], origin: Origin, run: Run): Promise<Scanned> {
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
  const followUp = begin(origin.changeId, changes, run.ports.clock.now());
  const attempts = changes.length === 0 ? [] : [{ ...followUp, messageIds: [], redelivered: false }];
  return { attempts, notices: [], started: [], fleet };
}

function serviceChange({ changeId, at, source }: Origin, arn: ServiceArn): Change {
  return { changeId, kind: 'service', arn, changedAt: at, source, optedOut: false };
}
