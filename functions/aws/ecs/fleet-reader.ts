import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import { type ClusterArn, clusterArn, keyOf, nameOf, type ServiceKey } from '../../core/model/arn.ts';
import {
  type Cluster,
  type Fleet,
  joinFleets,
  type NamedFleet,
  type NamedService,
  revisionsInUse,
  type Service,
} from '../../core/model/fleet.ts';
import { selects } from '../../core/model/glob.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import { chunks } from '../../core/model/lists.ts';
import type { FleetPart } from '../../core/read/scan.ts';
import type { Clock, ReadOptions, Recheck } from '../../ports.ts';
import { readFailed } from '../errors.ts';
import { type EcsReads, PAGE } from './calls.ts';
import { namesToDescribe, onlyNamed, placesOf } from './named-services.ts';
import type { Revisions } from './revisions.ts';
import { ourTags } from './service-of.ts';
import { type Described, type ServiceReader, together } from './service-reader.ts';

type Globs = readonly (readonly string[])[];

/** Reads the fleet, or the part of it that is wanted. Throws ReadFailed. */
export class FleetReader {
  readonly #reads: EcsReads;
  readonly #services: ServiceReader;
  readonly #revisions: Revisions;
  readonly #tagPrefix: string;
  readonly #clock: Clock;

  constructor(
    reads: EcsReads,
    services: ServiceReader,
    revisions: Revisions,
    tagPrefix: string,
    clock: Clock,
  ) {
    this.#reads = reads;
    this.#services = services;
    this.#revisions = revisions;
    this.#tagPrefix = tagPrefix;
    this.#clock = clock;
  }

  listClusters(globs: Globs, signal: AbortSignal): Promise<readonly ClusterArn[]> {
    return allOrNothing(signal, async (within) => selected(await this.#listClusters(within), globs));
  }

  readFleet(globs: Globs, signal: AbortSignal, { only, onPart }: ReadOptions = {}): Promise<FleetPart> {
    return allOrNothing(signal, async (within) => {
      const beganAt = this.#clock.now();
      const wanted = only ?? selected(await this.#listClusters(within), globs);
      const clusters = await this.#describeClusters(wanted, within);
      const limit = pLimit(CONCURRENCY.clusters);
      const parts = await Promise.all(
        clusters.map((cluster) => {
          const onTen = (ten: Described) => {
            if (onPart !== undefined)
              void this.#fleetOf(beganAt, [ten], within).then(onPart, () => undefined);
          };
          return limit(() => this.#unlessTimeIsOver(beganAt, cluster, onTen, signal, within));
        }),
      );
      const remaining = clusters.filter((_, i) => parts[i] === undefined).map(({ arn }) => arn);
      if (remaining.length > 0 && remaining.length === clusters.length) signal.throwIfAborted();
      return {
        fleet: joinFleets(
          beganAt,
          parts.flatMap((part) => part ?? []),
        ),
        remaining,
      };
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
      const all = await this.#listClusters(within);
      const places = placesOf(named, all, selected(all, globs));
      const names = namesToDescribe(places);
      const clusters = await this.#describeClusters(
        names === undefined ? selected(all, globs) : [...names.keys()],
        within,
      );
      const described = clusters.map((cluster) => {
        const inCluster = names?.get(cluster.arn);
        if (inCluster === undefined) return this.#services.readCluster(cluster, within);
        return this.#services.describe(cluster, inCluster, within);
      });
      return onlyNamed(places, await this.#fleetOf(beganAt, await Promise.all(described), within));
    });
  }

  readThese(
    services: ReadonlyMap<ClusterArn, readonly string[]>,
    wantsRevisions: (service: Service) => boolean,
    signal: AbortSignal,
  ): Promise<Fleet> {
    return allOrNothing(signal, async (within) => {
      const beganAt = this.#clock.now();
      const clusters = await this.#describeClusters([...services.keys()], within);
      const described = clusters.map((cluster) =>
        this.#services.describe(cluster, services.get(cluster.arn) ?? [], within, wantsRevisions),
      );
      return this.#fleetOf(beganAt, await Promise.all(described), within, wantsRevisions);
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

  async #listClusters(signal: AbortSignal): Promise<readonly ClusterArn[]> {
    const arns: ClusterArn[] = [];
    for await (const page of this.#reads.listClusters(signal)) arns.push(...page.map(clusterArn));
    return arns;
  }

  async #describeClusters(arns: readonly ClusterArn[], signal: AbortSignal): Promise<readonly Cluster[]> {
    const calls = chunks(arns, PAGE).map((hundred) => this.#reads.describeClusters(hundred, signal));
    const described = (await Promise.all(calls)).flat().map(({ clusterArn: text = '', tags }) => {
      const arn = clusterArn(text);
      return [arn, { arn, name: nameOf(arn), tags: ourTags(tags, this.#tagPrefix) }] as const;
    });
    const byArn = new Map(described);
    // ECS answers in an order of its own; the caller decides the order in which clusters are read.
    return arns.flatMap((arn) => byArn.get(arn) ?? []);
  }

  async #fleetOf(
    beganAt: number,
    parts: readonly Described[],
    signal: AbortSignal,
    wantsRevisions: (service: Service) => boolean = () => true,
  ): Promise<Fleet> {
    const { services, unreadable } = together(parts);
    const arns = [...new Set(services.filter(wantsRevisions).flatMap(revisionsInUse))];
    const read = arns.map(async (arn) => [arn, await this.#revisions.get(arn, signal)] as const);
    return {
      beganAt,
      services,
      revisions: new Map(await Promise.all(read)),
      unreadable,
      unreadableClusters: parts.flatMap(({ unlisted }) => unlisted ?? []),
    };
  }
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

function selected(clusters: readonly ClusterArn[], globs: Globs): readonly ClusterArn[] {
  return clusters.filter((arn) => globs.every((list) => selects(list, nameOf(arn))));
}
