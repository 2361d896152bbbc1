import type { DescribeServicesCommandOutput } from '@aws-sdk/client-ecs';
import { nameOf, serviceArn, serviceIn } from '../../core/model/arn.ts';
import {
  type Cluster,
  type Refused,
  revisionsInUse,
  type Service,
  type Unreadable,
  type UnreadableCluster,
} from '../../core/model/fleet.ts';
import { SERVICES_A_CALL } from '../../core/model/limits.ts';
import { chunks } from '../../core/model/lists.ts';
import { isRefusal, isVanished, readFailed, refusalOf } from '../errors.ts';
import type { EcsReads } from './calls.ts';
import type { Revisions } from './revisions.ts';
import { serviceOf } from './service-of.ts';

/** The services that ECS described, and those it refused to describe; a deleted service is in neither list. */
export type Described = {
  readonly services: readonly Service[];
  readonly unreadable: readonly Unreadable[];
  /** The cluster, if ECS refused to list its services, or to list them to the end. */
  readonly unlisted?: UnreadableCluster;
};

const NO_REASON = 'no reason given';
const NOT_DESCRIBED = 'ECS did not describe the service';

const NOTHING: Described = { services: [], unreadable: [] };

/** Lists and describes the services of a cluster, and starts to read the revisions that they use. */
export class ServiceReader {
  readonly #reads: EcsReads;
  readonly #revisions: Revisions;
  readonly #tagPrefix: string;

  constructor(reads: EcsReads, revisions: Revisions, tagPrefix: string) {
    this.#reads = reads;
    this.#revisions = revisions;
    this.#tagPrefix = tagPrefix;
  }

  /** Every service of the cluster; the services of one page are described while the next page is listed. */
  async readCluster(
    cluster: Cluster,
    signal: AbortSignal,
    onTen: (ten: Described) => void = () => undefined,
  ): Promise<Described> {
    const described: Promise<Described>[] = [];
    const listed = new Set<string>();
    let unlisted: UnreadableCluster | undefined;
    try {
      for await (const page of this.#reads.listServices(cluster.arn, signal)) {
        const services = page.filter((arn) => !listed.has(arn));
        for (const arn of services) listed.add(arn);
        described.push(awaitedLater(this.describe(cluster, services, signal, () => true, onTen)));
      }
    } catch (error) {
      if (isVanished(error)) return NOTHING;
      if (!isRefusal(error)) throw readFailed(`list the services of cluster ${cluster.name}`, error);
      unlisted = { arn: cluster.arn, cluster: cluster.name, ...refusalOf(error) };
    }
    return { ...together(await Promise.all(described)), ...(unlisted && { unlisted }) };
  }

  /** These services of the cluster, by name or ARN. */
  async describe(
    cluster: Cluster,
    services: readonly string[],
    signal: AbortSignal,
    wantsRevisions: (service: Service) => boolean = () => true,
    onTen: (ten: Described) => void = () => undefined,
  ): Promise<Described> {
    const tens = chunks([...new Set(services)], SERVICES_A_CALL).map(async (names) => {
      const ten = await this.#describeTen(cluster, names, signal);
      for (const arn of ten.services.filter(wantsRevisions).flatMap(revisionsInUse)) {
        void awaitedLater(this.#revisions.readAhead(arn, signal));
      }
      onTen(ten);
      return ten;
    });
    return together(await Promise.all(tens));
  }

  /**
   * If ECS refuses a call for several services, each is described alone, so that one service cannot hide the others.
   */
  async #describeTen(cluster: Cluster, services: readonly string[], signal: AbortSignal): Promise<Described> {
    try {
      const answer = await this.#reads.describeServices(cluster.arn, services, signal);
      return this.#describedIn(answer, services, cluster);
    } catch (error) {
      if (isVanished(error)) return NOTHING;
      if (!isRefusal(error)) throw readFailed(`describe services of cluster ${cluster.name}`, error);
      const [only = '', ...more] = services;
      if (more.length === 0) return refused([only], cluster, refusalOf(error));
      return together(await Promise.all(services.map((one) => this.#describeTen(cluster, [one], signal))));
    }
  }

  /** What is neither described nor missing may be there: that ECS does not show it says nothing. */
  #describedIn(
    { services: shown = [], failures = [] }: DescribeServicesCommandOutput,
    asked: readonly string[],
    cluster: Cluster,
  ): Described {
    const services = shown.map((service) => serviceOf(service, cluster, this.#tagPrefix));
    const reasons = new Map(failures.map(({ arn = '', reason }) => [nameOf(arn), reason ?? NO_REASON]));
    const described = new Set(services.map(({ arn }) => nameOf(arn)));
    const whyNot = (one: string) => reasons.get(nameOf(one)) ?? reasons.get('') ?? NOT_DESCRIBED;
    const others = asked.filter((one) => !described.has(nameOf(one)) && whyNot(one) !== 'MISSING');
    return together([
      { services, unreadable: [] },
      ...others.map((one) => refused([one], cluster, { why: whyNot(one) })),
    ]);
  }
}

export function together(parts: readonly Described[]): Described {
  return {
    services: parts.flatMap(({ services }) => services),
    unreadable: parts.flatMap(({ unreadable }) => unreadable),
  };
}

/** Services, by name or ARN, that ECS does not show. */
export function refused(
  given: readonly string[],
  { arn, name }: Pick<Cluster, 'arn' | 'name'>,
  refusal: Refused,
): Described {
  const services = given.map((one) => (one.startsWith('arn:') ? serviceArn(one) : serviceIn(arn, one)));
  return { ...NOTHING, unreadable: services.map((service) => ({ service, cluster: name, ...refusal })) };
}

/** For a promise that other code awaits later: a rejection before that must not count as unhandled. */
function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
