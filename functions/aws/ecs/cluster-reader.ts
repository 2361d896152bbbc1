import { type ClusterArn, clusterArn, nameOf } from '../../core/model/arn.ts';
import type { Cluster, Refused, UnreadableCluster } from '../../core/model/fleet.ts';
import { chunks } from '../../core/model/lists.ts';
import { isRefusal, readFailed, refusalOf } from '../errors.ts';
import { type EcsReads, PAGE } from './calls.ts';
import { ourTags } from './service-of.ts';

/** A deleted cluster is in neither list. */
export type DescribedClusters = {
  readonly clusters: readonly Cluster[];
  readonly unread: readonly UnreadableCluster[];
};

const NOT_DESCRIBED = 'ECS did not describe the cluster';

function unread(arn: ClusterArn, refusal: Refused): UnreadableCluster {
  return { arn, cluster: nameOf(arn), ...refusal };
}

/** Lists and describes clusters. Throws the errors of the SDK, or ReadFailed. */
export class ClusterReader {
  readonly #reads: EcsReads;
  readonly #tagPrefix: string;

  constructor(reads: EcsReads, tagPrefix: string) {
    this.#reads = reads;
    this.#tagPrefix = tagPrefix;
  }

  async list(signal: AbortSignal): Promise<readonly ClusterArn[]> {
    const arns: ClusterArn[] = [];
    for await (const page of this.#reads.listClusters(signal)) arns.push(...page.map(clusterArn));
    return [...new Set(arns)];
  }

  /** In the order of `arns`, which the caller decides; a deleted cluster is in neither list. */
  async describe(arns: readonly ClusterArn[], signal: AbortSignal): Promise<DescribedClusters> {
    const calls = chunks(arns, PAGE).map((hundred) => this.#describeHundred(hundred, signal));
    const parts = await Promise.all(calls);
    const byArn = new Map(parts.flatMap(({ clusters }) => clusters).map((one) => [one.arn, one]));
    return {
      clusters: arns.flatMap((arn) => byArn.get(arn) ?? []),
      unread: parts.flatMap((part) => part.unread),
    };
  }

  /** If ECS refuses a call for several clusters, each is described alone, so that one cannot hide the others. */
  async #describeHundred(arns: readonly ClusterArn[], signal: AbortSignal): Promise<DescribedClusters> {
    try {
      const { clusters = [], failures = [] } = await this.#reads.describeClusters(arns, signal);
      const missing = new Set(failures.filter(({ reason }) => reason === 'MISSING').map(({ arn }) => arn));
      const described = clusters.map(({ clusterArn: text = '', tags }) => {
        const arn = clusterArn(text);
        return { arn, name: nameOf(arn), tags: ourTags(tags, this.#tagPrefix) };
      });
      const answered = new Set<string | undefined>([...described.map(({ arn }) => arn), ...missing]);
      const whyNot = (arn: ClusterArn) => failures.find((one) => one.arn === arn)?.reason ?? NOT_DESCRIBED;
      const others = arns.filter((arn) => !answered.has(arn));
      return { clusters: described, unread: others.map((arn) => unread(arn, { why: whyNot(arn) })) };
    } catch (error) {
      if (!isRefusal(error)) throw readFailed('describe the clusters', error);
      const [only, ...more] = arns;
      if (only === undefined) return { clusters: [], unread: [] };
      if (more.length === 0) return { clusters: [], unread: [unread(only, refusalOf(error))] };
      const alone = await Promise.all(arns.map((arn) => this.#describeHundred([arn], signal)));
      return {
        clusters: alone.flatMap(({ clusters }) => clusters),
        unread: alone.flatMap((one) => one.unread),
      };
    }
  }
}
