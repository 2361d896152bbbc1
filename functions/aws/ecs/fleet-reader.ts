import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import {
  type ClusterArn,
  keyOf,
  nameOf,
  type ServiceKey,
  type TaskDefinitionArn,
} from '../../core/model/arn.ts';
import {
  type Cluster,
  type Fleet,
  joinFleets,
  type NamedFleet,
  type NamedService,
  type Refused,
  revisionsInUse,
  type Service,
  type UnreadableCluster,
} from '../../core/model/fleet.ts';
import { selects } from '../../core/model/glob.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { FleetPart } from '../../core/read/scan.ts';
import type { Clock, ReadOptions, Recheck } from '../../ports.ts';
import { ReadFailed, readFailed } from '../errors.ts';
import type { ClusterReader } from './cluster-reader.ts';
import { namesToDescribe, onlyNamed, placesOf } from './named-services.ts';
import type { Revisions } from './revisions.ts';
import { type Described, refused, type ServiceReader, together } from './service-reader.ts';

type Globs = readonly (readonly string[])[];

/** Reads the fleet, or the part of it that is wanted. Throws ReadFailed. */
export class FleetReader {
  readonly #clusters: ClusterReader;
  readonly #services: ServiceReader;
  readonly #revisions: Revisions;
  readonly #clock: Clock;

  constructor(clusters: ClusterReader, services: ServiceReader, revisions: Revisions, clock: Clock) {
    this.#clusters = clusters;
    this.#services = services;
    this.#revisions = revisions;
    this.#clock = clock;
  }

  listClusters(globs: Globs, signal: AbortSignal): Promise<readonly ClusterArn[]> {
    return allOrNothing(signal, async (within) => selected(await this.#clusters.list(within), globs));
  }

  readFleet(
    globs: Globs,
    signal: AbortSignal,
    { only, first = [], onPart, continues }: ReadOptions = {},
  ): Promise<FleetPart> {
    return allOrNothing(signal, async (within) => {
      const beganAt = this.#clock.now();
      const wanted = only ?? inOrder(selected(await this.#clusters.list(within), globs), first);
      const { clusters, unread } = await this.#clusters.describe(wanted, within);
      const limit = pLimit(CONCURRENCY.clusters);
      const parts = await Promise.all(
        clusters.map((cluster) => {
          const onTen = (ten: Described) => {
            if (onPart !== undefined)
              void this.#fleetOf(beganAt, [ten], within, { ahead: true }).then(onPart, () => undefined);
          };
          return limit(() => this.#unlessTimeIsOver(beganAt, cluster, onTen, signal, within));
        }),
      );
      const remaining = clusters.filter((_, i) => parts[i] === undefined).map(({ arn }) => arn);
      const read = joinFleets(
        beganAt,
        parts.flatMap((part) => part ?? []),
      );
      const fleet = { ...read, unreadableClusters: [...unread, ...read.unreadableClusters] };
      if (!continues) failIfDenied(fleet, wanted.length);
      return { fleet, remaining };
    });
  }

  /** A cluster with everything its services refer to; undefined: the time for reading ended first. */
  async #unlessTimeIsOver(
    beganAt: number,
    cluster: Cluster,
    onTen: (ten: Described) => void,
    signal: AbortSignal,
    within: AbortSignal,
  ): Promise<Fleet | undefined> {
    try {
      return await this.#fleetOf(beganAt, [await this.#services.readCluster(cluster, within, onTen)], within);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  readNamed(named: readonly NamedService[], globs: Globs, signal: AbortSignal): Promise<NamedFleet> {
    return allOrNothing(signal, async (within) => {
      const beganAt = this.#clock.now();
      const all = await this.#clusters.list(within);
      const places = placesOf(named, all, selected(all, globs));
      const names = namesToDescribe(places);
      const { clusters, unread } = await this.#clusters.describe(
        names === undefined ? selected(all, globs) : [...names.keys()],
        within,
      );
      const described = clusters.map((cluster) => {
        const inCluster = names?.get(cluster.arn);
        if (inCluster === undefined) return this.#services.readCluster(cluster, within);
        return this.#services.describe(cluster, inCluster, within);
      });
      const parts = [...(await Promise.all(described)), ...unread.flatMap((one) => unseenIn(one, names))];
      const fleet = await this.#fleetOf(beganAt, parts, within);
      failIfDenied(fleet, names === undefined ? clusters.length + unread.length : Infinity);
      return onlyNamed(places, fleet);
    });
  }

  readThese(
    services: ReadonlyMap<ClusterArn, readonly string[]>,
    wantsRevisions: (service: Service) => boolean,
    signal: AbortSignal,
  ): Promise<Fleet> {
    return allOrNothing(signal, async (within) => {
      const beganAt = this.#clock.now();
      const { clusters, unread } = await this.#clusters.describe([...services.keys()], within);
      const described = clusters.map((cluster) =>
        this.#services.describe(cluster, services.get(cluster.arn) ?? [], within, wantsRevisions),
      );
      const parts = [...(await Promise.all(described)), ...unread.flatMap((one) => unseenIn(one, services))];
      const fleet = await this.#fleetOf(beganAt, parts, within, { wantsRevisions });
      failIfDenied(fleet, Infinity);
      return fleet;
    });
  }

  async recheck(
    services: readonly Service[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ServiceKey, Recheck>> {
    const [first] = services;
    if (first === undefined) return new Map();
    const arns = services.map(({ arn }) => arn);
    const { services: seen, unreadable } = await allOrNothing(signal, (within) =>
      this.#services.describe(first.cluster, arns, within, () => false),
    );
    return new Map<ServiceKey, Recheck>([
      ...unreadable.map(({ service, cluster, why }) => [keyOf(cluster, service), { refused: why }] as const),
      ...seen.map((service) => [service.key, { service }] as const),
    ]);
  }

  async #fleetOf(
    beganAt: number,
    parts: readonly Described[],
    signal: AbortSignal,
    { wantsRevisions = () => true, ahead = false }: Wanted = {},
  ): Promise<Fleet> {
    const { services, unreadable } = together(parts);
    const arns = [...new Set(services.filter(wantsRevisions).flatMap(revisionsInUse))];
    const revisionOf = (arn: TaskDefinitionArn) =>
      ahead ? this.#revisions.readAhead(arn, signal) : this.#revisions.get(arn, signal);
    const read = arns.map(async (arn) => [arn, await revisionOf(arn)] as const);
    return {
      beganAt,
      services,
      revisions: new Map(await Promise.all(read)),
      unreadable,
      unreadableClusters: parts.flatMap(({ unlisted }) => unlisted ?? []),
    };
  }
}

/** Of which services the revisions are read, and whether more of the fleet is still being read. */
type Wanted = { readonly wantsRevisions?: (service: Service) => boolean; readonly ahead?: boolean };

/** The named services of a cluster that ECS does not describe; without names, the cluster itself. */
function unseenIn(
  { arn, cluster, ...refusal }: UnreadableCluster,
  names: ReadonlyMap<ClusterArn, readonly string[]> | undefined,
): readonly Described[] {
  if (names === undefined) return [{ services: [], unreadable: [], unlisted: { arn, cluster, ...refusal } }];
  return [refused(names.get(arn) ?? [], { arn, name: cluster }, refusal)];
}

/**
 * A missing permission for one thing leaves that thing unread. If the same permission is missing for everything that was
 * asked for, nothing can be decided. Throws ReadFailed.
 */
function failIfDenied(
  { services, unreadable: unseen, unreadableClusters, revisions }: Fleet,
  clusters: number,
) {
  const read = [...revisions.values()].map((one) => (one.kind === 'unreadable' ? one : {}));
  const first =
    (unreadableClusters.length === clusters && services.length + unseen.length === 0
      ? denied(unreadableClusters)
      : undefined) ??
    (services.length === 0 ? denied(unseen) : undefined) ??
    denied(read);
  if (first !== undefined) throw new ReadFailed(`cannot read the fleet: AccessDenied: ${first.why}`);
}

/** The first refusal, if a permission is missing for all of them. */
function denied(all: readonly Partial<Refused>[]): Partial<Refused> | undefined {
  return all.length > 0 && all.every((one) => one.denied) ? all[0] : undefined;
}

/** If one call fails, the whole read fails, and the remaining calls are not made. */
async function allOrNothing<T>(signal: AbortSignal, read: (within: AbortSignal) => Promise<T>): Promise<T> {
  const failure = new AbortController();
  try {
    const within = AbortSignal.any([signal, failure.signal]);
    // Each pending call adds a listener to the signal: many listeners are expected here and no leak.
    setMaxListeners(0, within);
    return await read(within);
  } catch (error) {
    failure.abort(error);
    throw readFailed('read the fleet', error);
  }
}

function inOrder(clusters: readonly ClusterArn[], first: readonly ClusterArn[]): readonly ClusterArn[] {
  const head = new Set(first);
  return [...clusters.filter((arn) => head.has(arn)), ...clusters.filter((arn) => !head.has(arn))];
}

function selected(clusters: readonly ClusterArn[], globs: Globs): readonly ClusterArn[] {
  return clusters.filter((arn) => globs.every((list) => selects(list, nameOf(arn))));
}
