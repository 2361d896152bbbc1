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

/** Redeploys that do not wait until the whole fleet is read. */
export type Early = {
  /** Starts with the services that are already known. */
  begin(scans: readonly OpenScan[]): void;
  /** Called with every part of the fleet as soon as it is read. */
  onPart(part: Fleet): void;
  /** Resolves when the known services have been looked at, because the read of all others would only slow them down. */
  hintsDone(): Promise<void>;
  /** Starts no more calls, waits for the answers of pending calls, and answers what was done. */
  finish(): Promise<readonly Result[]>;
};

/** For an invocation that must not write, or must not write early. */
export const NOTHING_EARLY: Early = {
  begin: () => undefined,
  onPart: () => undefined,
  hintsDone: () => Promise.resolve(),
  finish: () => Promise.resolve([]),
};

/** What was read for scans that are complete, or for services named by hand. */
export type Scanned = Pick<Observed, 'attempts' | 'notices' | 'fleet'> & {
  readonly started: readonly StartedEarly[];
};

export type ScanResult = { readonly parts: readonly Scanned[]; readonly postponed: readonly Postponed[] };

/** Begins or continues every scan; a scan that is still incomplete when the time for reading ends is postponed. */
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

/** One read of the whole fleet for all scans that have not begun. */
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

/** Scans that were completed with the same fleet. */
function scanned(scans: readonly OpenScan[], fleet: Fleet): Scanned {
  return {
    attempts: scans.flatMap(({ attempts }) => attempts),
    notices: scans.flatMap(({ scan }) => scan.notices),
    started: scans.flatMap(({ scan }) => scan.started),
    fleet,
  };
}

/** After the last part, reads the services that matched in any part again, as they are now. */
function readMatched({ matched }: Scan, run: Run): Promise<Fleet> {
  return run.ports.ecs.readThese(namesByCluster(matched), () => true, run.reading);
}

/** A service that a request names does not exist; then the whole request is refused. */
export class NoSuchService extends Error {
  override readonly name = 'NoSuchService';

  constructor(asGiven: readonly string[]) {
    super(
      `wrong request, nothing was done: ${asGiven.map((given) => `services: service ${given} does not exist`).join('; ')}`,
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
