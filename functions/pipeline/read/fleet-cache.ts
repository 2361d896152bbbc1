import type { Trigger } from '../../core/follow-up/trigger.ts';
import { isUnread, type Unread } from '../../core/follow-up/unread.ts';
import { match } from '../../core/match/match.ts';
import type { ClusterArn } from '../../core/model/arn.ts';
import { about, REQUEST, type Subject } from '../../core/model/change.ts';
import { type Fleet, isWhole, namesByCluster, type Service } from '../../core/model/fleet.ts';
import type { FleetPart } from '../../core/read/scan.ts';
import { hintedFleet } from '../../core/read/snapshot.ts';
import type { StepContext } from '../context.ts';
import type { SnapshotStore } from './snapshot-store.ts';

/** Clocks differ: a read counts as later than a change only if it began at least this much later. */
const SKEW_MS = 3_000;

/** After a read that matched no service, changes that concern no known service share one read, this much later. */
const COALESCE_MS = 60_000;

/** A fleet of so few services is read as quickly as the hinted part of it. */
const SMALL_FLEET = 40;

type OnPart = (part: Fleet) => void;

/** A read, made anew or taken from memory, or the time before which there will be none. */
export type Read = (FleetPart & { readonly anew: boolean }) | { readonly notBefore: number };

/**
 * Keeps the last read of the whole fleet. A read that began after a change shows every service that can be stale for
 * it: a service whose reference is newer has a younger deployment. (A reference by an `also` tag makes no deployment;
 * it counts from the next read on.) So only the services that matched then are read again. For a younger change, the
 * last read, or the snapshot of another process's read, is a hint at the services to look at first.
 */
export class FleetCache {
  readonly snapshot: SnapshotStore;
  #last: Fleet | undefined;
  /** When the last read began that matched no service. */
  #inVainAt = Number.NEGATIVE_INFINITY;

  constructor(snapshot: SnapshotStore) {
    this.snapshot = snapshot;
  }

  /** Services that are known to refer to one of the subjects; none if the whole fleet is read as quickly. */
  async hints(subjects: readonly Subject[], run: StepContext): Promise<readonly Service[]> {
    if (this.#current(subjects) !== undefined) return [];
    const known = this.#last ?? hintedFleet(await this.snapshot.load(run));
    return known.services.length > SMALL_FLEET ? matched(known, subjects, run) : [];
  }

  /** Fetches the snapshot while the changes are confirmed, if there are no other hints. */
  prefetch(asked: readonly Trigger[], run: StepContext): void {
    if (this.#last === undefined && asked.some(isNew)) void this.snapshot.load(run);
  }

  /** Whether the last read or the snapshot shows that something of what is unread now refers to one of the subjects. */
  async knows(subjects: readonly Subject[], unread: readonly Unread[], run: StepContext): Promise<boolean> {
    if (unread.length === 0) return false;
    const known = [
      hintedFleet(await this.snapshot.load(run)),
      ...(this.#last === undefined ? [] : [this.#last]),
    ];
    return known.some((fleet) => matched(fleet, subjects, run).some((service) => isUnread(unread, service)));
  }

  /** `first`: clusters that are read before all others. */
  async read(
    subjects: readonly Subject[],
    first: readonly ClusterArn[],
    onPart: OnPart,
    run: StepContext,
  ): Promise<Read> {
    const { ecs } = run.ports;
    const { configured, narrowed } = run.scope;
    if (narrowed.length > 0)
      return { ...(await ecs.readFleet([configured, narrowed], run.reading, { onPart })), anew: true };
    const current = this.#current(subjects);
    if (current !== undefined)
      return { fleet: await again(current, subjects, run), remaining: [], anew: false };
    const notBefore = this.#sharedFrom(subjects, run);
    if (notBefore > run.ports.clock.now()) return { notBefore };
    const read = await ecs.readFleet([configured], run.reading, { first, onPart });
    this.#last = read.remaining.length === 0 ? read.fleet : undefined;
    if (matched(read.fleet, subjects, run).length === 0) this.#inVainAt = read.fleet.beganAt;
    this.snapshot.stage(read.fleet, (cluster) => !read.remaining.includes(cluster));
    return { ...read, anew: true };
  }

  /** Reads the remaining clusters of a scan that another invocation began. */
  async readOn(left: readonly ClusterArn[], onPart: OnPart, run: StepContext): Promise<FleetPart> {
    const options = { only: left, onPart, continues: true } as const;
    const read = await run.ports.ecs.readFleet([run.scope.configured], run.reading, options);
    const isRead = (cluster: ClusterArn) => left.includes(cluster) && !read.remaining.includes(cluster);
    this.snapshot.stage(read.fleet, isRead);
    return read;
  }

  /** The last read, if it shows every service that can be stale for these subjects. */
  #current(subjects: readonly Subject[]): Fleet | undefined {
    const last = this.#last;
    if (last === undefined || !isWhole(last)) return undefined;
    return subjects.every((subject) => instantOf(subject) + SKEW_MS < last.beganAt) ? last : undefined;
  }

  /** The time of the shared read; 0 for requests and for changes that concern a known service, which do not wait. */
  #sharedFrom(subjects: readonly Subject[], run: StepContext): number {
    const last = this.#last;
    const mayWait = run.ports.queue !== undefined;
    if (last === undefined || !mayWait || subjects.some((subject) => about(subject).source === REQUEST))
      return 0;
    return matched(last, subjects, run).length > 0 ? 0 : this.#inVainAt + COALESCE_MS;
  }
}

const isNew = ({ kind: what }: Trigger): boolean => what !== 'follow-up' && what !== 'service';

function matched(fleet: Fleet, subjects: readonly Subject[], { policy }: StepContext): readonly Service[] {
  return [...new Set(match(fleet, subjects, policy.pull).map(({ service }) => service))];
}

async function again(last: Fleet, subjects: readonly Subject[], run: StepContext): Promise<Fleet> {
  const concerned = matched(last, subjects, run);
  if (concerned.length === 0) return { ...last, services: [] };
  const names = namesByCluster(concerned.map(({ cluster, name }) => ({ cluster: cluster.arn, name })));
  return run.ports.ecs.readThese(names, () => true, run.reading);
}

function instantOf(subject: Subject): number {
  if (subject.kind === 'notice') return subject.notice.at;
  return Math.max(subject.change.changedAt, subject.change.possiblyUntil ?? 0);
}
