import { isOverdue } from '../../core/follow-up/backoff.ts';
import { begin } from '../../core/follow-up/follow-up.ts';
import type { Confirmed, OpenScan } from '../../core/follow-up/trigger.ts';
import { type ClusterArn, nameOf, type ServiceArn } from '../../core/model/arn.ts';
import { type Change, subjectsOf } from '../../core/model/change.ts';
import { type Fleet, joinFleets, namesByCluster } from '../../core/model/fleet.ts';
import { selects } from '../../core/model/glob.ts';
import type { Origin } from '../../core/model/secret.ts';
import type { Result } from '../../core/plan/planned.ts';
import { addPart, type FleetPart, type Scan, type StartedEarly } from '../../core/read/scan.ts';
import type { Run } from '../run.ts';
import { leftUnread } from './followed.ts';
import type { Observed, Postponed } from './observed.ts';
import { forPartOfTheTime } from './part-of-the-time.ts';

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

/**
 * Begins or continues every scan with one read for all of them: first the clusters that earlier invocations left, then
 * the others. A scan that is still incomplete when the time for reading ends is postponed.
 */
export async function scanFleet(confirmed: Confirmed, early: Early, run: Run): Promise<ScanResult> {
  const { named, scans, attempts } = confirmed;
  const [first] = named;
  if (first !== undefined) return { parts: [await readNamed(named, first.origin, run)], postponed: [] };
  const continued = scans.flatMap((open) => {
    const { remaining } = open.scan;
    return remaining === 'all' ? [] : [{ ...open, left: selectedNow(remaining, run) }];
  });
  const left = [...new Set(continued.flatMap((one) => one.left))];
  const others = continued.length + attempts.length;
  const whole = await readWhole(scans.filter(isWhole), left, early, others > 0 ? withTimeLeft(run) : run);
  const found = { parts: [...whole.parts], postponed: [...whole.postponed] };
  if (continued.length === 0) return found;
  // What was found by the time limit is looked at once more, so the last read leaves time for it.
  const isLast = continued.some((one) => isLate(one, run));
  const within = isLast ? withTimeLeft(run) : run;
  const part = whole.read ?? (await readOn(left, early, isLast, within));
  for (const { left: wanted, ...open } of continued) {
    const remaining = part.remaining.filter((cluster) => wanted.includes(cluster));
    const next = { ...open, scan: addPart(open.scan, { ...part, remaining }) };
    const fleet = remaining.length === 0 || isLate(next, run) ? await readMatched(next.scan, run) : undefined;
    if (fleet !== undefined) found.parts.push(scanned([next], fleet));
    else found.postponed.push(later({ ...next, ...again(open, remaining) }, run));
  }
  return found;
}

/** How much of its time a read may take that begins in an invocation which has other changes to finish. */
const SHARE_OF_A_NEW_SCAN = 0.7;

function withTimeLeft(run: Run): Run {
  return { ...run, reading: forPartOfTheTime(run, SHARE_OF_A_NEW_SCAN) };
}

/** Reads these clusters. Where it is the last read that the changes get, even nothing is an answer. */
async function readOn(
  left: readonly ClusterArn[],
  early: Early,
  isLast: boolean,
  run: Run,
): Promise<FleetPart> {
  try {
    return await withProgress((onPart) => run.fleets.readOn(left, onPart, run), early);
  } catch (error) {
    if (!isLast || !run.reading.aborted) throw error;
    return { fleet: joinFleets(run.ports.clock.now(), []), remaining: left };
  }
}

/**
 * A read that the end of the time for reading may cut short. Throws if it has read nothing by then: AWS does not answer, and
 * SQS delivers the messages again, not at once and not for ever.
 */
async function withProgress<Part extends FleetPart | { readonly notBefore: number }>(
  read: (onPart: (part: Fleet) => void) => Promise<Part>,
  early: Early,
): Promise<Part> {
  let hasProgress = false;
  const part = await read((one) => {
    hasProgress = true;
    early.onPart(one);
  });
  if (!('notBefore' in part) && part.remaining.length > 0 && part.fleet.services.length === 0 && !hasProgress)
    throw new TimeIsOver('ECS showed no service within the time for reading');
  return part;
}

/** Throws TimeIsOver for a scan that has had all the time of its changes: its message ends in the dead-letter queue. */
function later(open: OpenScan, run: Run): Postponed {
  if (isLate(open, run)) throw new TimeIsOver(NOT_SEEN_AGAIN);
  return { ...open, notBefore: 0 };
}

const NOT_SEEN_AGAIN =
  'the services that were found could not be looked at again within the time limit of their change';

class TimeIsOver extends Error {
  override readonly name = 'TimeIsOver';
}

const isWhole = ({ scan }: OpenScan): boolean => scan.remaining === 'all';

/** The configuration may have been narrowed since the scan began. */
function selectedNow(clusters: readonly ClusterArn[], { scope }: Run): readonly ClusterArn[] {
  return clusters.filter((arn) => selects(scope.configured, nameOf(arn)));
}

/** There was no time left to look at the matched services again: the next invocation reads the last part once more. */
function again({ scan }: OpenScan, remaining: readonly ClusterArn[]): { readonly scan?: Scan } {
  return remaining.length > 0 ? {} : { scan };
}

/** The time limit of its changes is over: what is not read by now counts as unread. */
function isLate({ scan }: OpenScan, { ports, follow }: Run): boolean {
  return isOverdue(scan, ports.clock.now(), follow.limitMs);
}

type WholeRead = ScanResult & {
  /** What was read of the whole fleet; undefined if nothing had to be read. */
  readonly read?: FleetPart;
};

/** One read of the whole fleet for all scans that have not begun; it begins with the clusters in `first`. */
async function readWhole(
  scans: readonly OpenScan[],
  first: readonly ClusterArn[],
  early: Early,
  run: Run,
): Promise<WholeRead> {
  const subjects = scans.flatMap(({ scan }) => subjectsOf(scan));
  if (subjects.length === 0) return { parts: [], postponed: [] };
  await early.hintsDone();
  const read = await withProgress((onPart) => run.fleets.read(subjects, first, onPart, run), early);
  if ('notBefore' in read) return { parts: [], postponed: scans.map((open) => ({ ...open, ...read })) };
  const isRead = read.anew ? { read } : {};
  if (read.remaining.length === 0) return { parts: [scanned(scans, read.fleet)], postponed: [], ...isRead };
  const postponed = scans.map((open) => ({ ...open, scan: addPart(open.scan, read), notBefore: 0 }));
  return { parts: [], postponed, ...isRead };
}

/** When the time for reading is over, what was not read is left to the next invocation. */
async function orTimeOut<T>({ reading }: Run, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (reading.aborted) return undefined;
    throw error;
  }
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

/**
 * After the last part, reads the services that matched in any part again, as they are now; undefined: there was no time.
 * Clusters that are left by the time limit of the changes count as unread.
 */
async function readMatched({ matched, unread, remaining }: Scan, run: Run): Promise<Fleet | undefined> {
  const fleet = await orTimeOut(run, () =>
    run.ports.ecs.readThese(namesByCluster(matched), () => true, run.reading),
  );
  const left = remaining === 'all' ? [] : remaining;
  const unreadableClusters = [...unread, ...leftUnread(left)];
  return fleet && { ...fleet, unreadableClusters: [...unreadableClusters, ...fleet.unreadableClusters] };
}

/** A service that a request names does not exist; then the whole request is refused. */
export class NoSuchService extends Error {
  override readonly name = 'NoSuchService';
  /** As the request names them. */
  readonly asGiven: readonly string[];

  constructor(asGiven: readonly string[]) {
    super(
      `wrong request, nothing was done: ${asGiven.map((given) => `services: service ${given} does not exist`).join('; ')}`,
    );
    this.asGiven = asGiven;
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
  const attempts = changes.length === 0 ? [] : [{ ...followUp, messageIds: [] }];
  return { attempts, notices: [], started: [], fleet };
}

function serviceChange({ changeId, at, source }: Origin, arn: ServiceArn): Change {
  return { changeId, kind: 'service', arn, changedAt: at, source, optedOut: false };
}
