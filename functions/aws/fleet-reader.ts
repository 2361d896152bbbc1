import {
  DescribeClustersCommand,
  DescribeServicesCommand,
  type DescribeServicesCommandOutput,
  type ECSClient,
  ListClustersCommand,
  ListServicesCommand,
} from '@aws-sdk/client-ecs';
import { type ClusterArn, clusterArn, nameOf, serviceArn } from '../core/arn.ts';
import {
  type Cluster,
  type Fleet,
  type NamedFleet,
  revisionsInUse,
  type Service,
  type Unreadable,
} from '../core/fleet.ts';
import { selects } from '../core/glob.ts';
import type { Clock, NamedService } from '../ports.ts';
import { callError, hasCode, isPermanent, readFailed } from './errors.ts';
import { findNamed } from './named-services.ts';
import { chunks, pages } from './pages.ts';
import type { Quota } from './quota.ts';
import type { Revisions } from './revisions.ts';
import { ourTags, serviceOf } from './service-of.ts';

/** What one call takes or gives at most (AWS-FACTS §6). */
const CLUSTERS_A_CALL = 100;
const SERVICES_A_PAGE = 100;
const SERVICES_A_CALL = 10;

type Globs = readonly (readonly string[])[];
type Described = { readonly services: readonly Service[]; readonly unreadable: readonly Unreadable[] };
type Listed = Described & { readonly unlisted?: { readonly cluster: string; readonly why: string } };

const NOTHING: Described = { services: [], unreadable: [] };

/** Reads clusters, services and what their revisions refer to, inside the quotas. */
export class FleetReader {
  readonly #ecs: ECSClient;
  readonly #quota: Quota;
  readonly #revisions: Revisions;
  readonly #tagPrefix: string;
  readonly #clock: Clock;

  constructor(ecs: ECSClient, quota: Quota, revisions: Revisions, tagPrefix: string, clock: Clock) {
    this.#ecs = ecs;
    this.#quota = quota;
    this.#revisions = revisions;
    this.#tagPrefix = tagPrefix;
    this.#clock = clock;
  }

  readFleet(globs: Globs, signal: AbortSignal): Promise<Fleet> {
    return this.#allOrNothing(signal, async (within) => {
      const beganAt = this.#clock.now();
      const clusters = await this.#describeClusters(
        selected(await this.#listClusters(within), globs),
        within,
      );
      const listed = await Promise.all(clusters.map((cluster) => this.#readCluster(cluster, within)));
      return this.#fleetOf(beganAt, listed, within);
    });
  }

  readNamed(named: readonly NamedService[], globs: Globs, signal: AbortSignal): Promise<NamedFleet> {
    return this.#allOrNothing(signal, async (within) => {
      const beganAt = this.#clock.now();
      const all = await this.#listClusters(within);
      const found = findNamed(named, all, selected(all, globs));
      const clusters = await this.#describeClusters([...found.clusters], within);
      const listed = await Promise.all(
        clusters.map((cluster) => {
          const names = found.namesIn.get(cluster.arn);
          return names === undefined
            ? this.#readCluster(cluster, within)
            : this.#describe(cluster, names, within);
        }),
      );
      const fleet = await this.#fleetOf(beganAt, listed, within);
      return { ...fleet, ...found.sorted(fleet) };
    });
  }

  readAgain(services: readonly Service[], signal: AbortSignal): Promise<Fleet> {
    return this.#allOrNothing(signal, async (within) => {
      const beganAt = this.#clock.now();
      const byCluster = new Map<ClusterArn, Service[]>();
      for (const service of services) {
        byCluster.set(service.cluster.arn, [...(byCluster.get(service.cluster.arn) ?? []), service]);
      }
      const clusters = await this.#describeClusters([...byCluster.keys()], within);
      const listed = await Promise.all(
        clusters.map((cluster) =>
          this.#describe(
            cluster,
            (byCluster.get(cluster.arn) ?? []).map(({ arn }) => arn),
            within,
          ),
        ),
      );
      return this.#fleetOf(beganAt, listed, within);
    });
  }

  async lookOnceMore(services: readonly Service[], signal: AbortSignal): Promise<readonly Service[]> {
    const [first] = services;
    if (first === undefined) return [];
    return this.#allOrNothing(signal, async (within) => {
      const arns = services.map(({ arn }) => arn);
      return (await this.#describe(first.cluster, arns, within)).services;
    });
  }

  /** One failed call makes the read fail; the others are not made any more. */
  async #allOrNothing<T>(signal: AbortSignal, read: (within: AbortSignal) => Promise<T>): Promise<T> {
    const failure = new AbortController();
    try {
      return await read(AbortSignal.any([signal, failure.signal]));
    } catch (error) {
      failure.abort(error);
      throw readFailed('read the fleet', error);
    }
  }

  async #listClusters(signal: AbortSignal): Promise<readonly ClusterArn[]> {
    const arns: ClusterArn[] = [];
    const listing = pages(({ nextToken }) =>
      this.#quota.read('cluster', signal, () =>
        this.#ecs.send(new ListClustersCommand({ maxResults: CLUSTERS_A_CALL, nextToken }), {
          abortSignal: signal,
        }),
      ),
    );
    for await (const { clusterArns = [] } of listing) arns.push(...clusterArns.map(clusterArn));
    return arns;
  }

  async #describeClusters(arns: readonly ClusterArn[], signal: AbortSignal): Promise<readonly Cluster[]> {
    const answers = await Promise.all(
      chunks(arns, CLUSTERS_A_CALL).map((clusters) =>
        this.#quota.read('cluster', signal, () =>
          this.#ecs.send(new DescribeClustersCommand({ clusters: [...clusters], include: ['TAGS'] }), {
            abortSignal: signal,
          }),
        ),
      ),
    );
    return answers.flatMap(({ clusters = [] }) =>
      clusters.map(({ clusterArn: arn = '', tags }) => ({
        arn: clusterArn(arn),
        name: nameOf(clusterArn(arn)),
        tags: ourTags(tags, this.#tagPrefix),
      })),
    );
  }

  /** Describes the services of one page while the next page is being listed. */
  async #readCluster(cluster: Cluster, signal: AbortSignal): Promise<Listed> {
    const described: Promise<Described>[] = [];
    const listing = pages(({ nextToken }) =>
      this.#quota.read('service', signal, () =>
        this.#ecs.send(
          new ListServicesCommand({ cluster: cluster.arn, maxResults: SERVICES_A_PAGE, nextToken }),
          {
            abortSignal: signal,
          },
        ),
      ),
    );
    try {
      for await (const { serviceArns = [] } of listing)
        described.push(handled(this.#describe(cluster, serviceArns, signal)));
    } catch (error) {
      if (hasCode(error, 'ClusterNotFoundException')) return NOTHING;
      if (!isPermanent(error)) throw readFailed(`list the services of cluster ${cluster.name}`, error);
      return {
        ...NOTHING,
        unlisted: { cluster: cluster.name, why: callError(error, 'ecs:ListServices').message },
      };
    }
    return together(await Promise.all(described));
  }

  async #describe(cluster: Cluster, services: readonly string[], signal: AbortSignal): Promise<Described> {
    const parts = chunks([...new Set(services)], SERVICES_A_CALL).map((ten) =>
      this.#describeTen(cluster, ten, signal),
    );
    return together(await Promise.all(parts));
  }

  /** If ECS refuses to describe several services in one call, each is asked for alone, so that one cannot hide the others. */
  async #describeTen(cluster: Cluster, services: readonly string[], signal: AbortSignal): Promise<Described> {
    try {
      const answer = await this.#quota.read('service', signal, () =>
        this.#ecs.send(
          new DescribeServicesCommand({ cluster: cluster.arn, services: [...services], include: ['TAGS'] }),
          { abortSignal: signal },
        ),
      );
      return this.#describedOf(answer, cluster, signal);
    } catch (error) {
      if (hasCode(error, 'ClusterNotFoundException')) return NOTHING;
      if (!isPermanent(error)) throw readFailed(`describe services of cluster ${cluster.name}`, error);
      const [only] = services;
      if (services.length > 1) {
        return together(await Promise.all(services.map((one) => this.#describeTen(cluster, [one], signal))));
      }
      return only?.startsWith('arn:')
        ? refused(only, cluster, callError(error, 'ecs:DescribeServices').message)
        : NOTHING;
    }
  }

  /** Starts to read the revisions at once; whoever needs them waits for the same answers. */
  #describedOf(
    { services = [], failures = [] }: DescribeServicesCommandOutput,
    cluster: Cluster,
    signal: AbortSignal,
  ): Described {
    const described = services.map((service) => serviceOf(service, cluster, this.#tagPrefix));
    for (const arn of described.flatMap(revisionsInUse)) void handled(this.#revisions.get(arn, signal));
    const denied = failures.filter(({ arn, reason }) => arn?.startsWith('arn:') && reason !== 'MISSING');
    const unreadable = denied.flatMap(
      ({ arn = '', reason = '' }) => refused(arn, cluster, reason).unreadable,
    );
    return { services: described, unreadable };
  }

  async #fleetOf(beganAt: number, listed: readonly Listed[], signal: AbortSignal): Promise<Fleet> {
    const { services, unreadable } = together(listed);
    const arns = [...new Set(services.flatMap(revisionsInUse))];
    const revisions = await Promise.all(
      arns.map(async (arn) => [arn, await this.#revisions.get(arn, signal)] as const),
    );
    return {
      beganAt,
      services,
      revisions: new Map(revisions),
      unreadable,
      unreadableClusters: listed.flatMap(({ unlisted }) => unlisted ?? []),
    };
  }
}

function selected(clusters: readonly ClusterArn[], globs: Globs): readonly ClusterArn[] {
  return clusters.filter((arn) => globs.every((list) => selects(list, nameOf(arn))));
}

function together(parts: readonly Described[]): Described {
  return {
    services: parts.flatMap(({ services }) => services),
    unreadable: parts.flatMap(({ unreadable }) => unreadable),
  };
}

function refused(service: string, cluster: Cluster, why: string): Described {
  return { ...NOTHING, unreadable: [{ service: serviceArn(service), cluster: cluster.name, why }] };
}

/** A promise that is awaited later: until then its rejection is no unhandled one. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
