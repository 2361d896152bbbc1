import type { Task as SdkTask } from '@aws-sdk/client-ecs';
import { type ClusterArn, keyOf, nameOf, type ServiceKey } from '../../core/model/arn.ts';
import type { Cluster, Refused, Service } from '../../core/model/fleet.ts';
import { chunks, grouped } from '../../core/model/lists.ts';
import type { Task } from '../../core/plan/freshness.ts';
import { isRefusal, isVanished, readFailed, refusalOf } from '../errors.ts';
import { type EcsReads, PAGE } from './calls.ts';

/** The group of a task that a service has started: this and the service's name. */
const OF_A_SERVICE = 'service:';

/**
 * The running tasks of all services of a cluster, a hundred a call; why ECS refused to show them; undefined: the cluster is
 * gone. Throws ReadFailed.
 */
export async function tasksInCluster(
  reads: EcsReads,
  cluster: ClusterArn,
  signal: AbortSignal,
): Promise<ReadonlyMap<ServiceKey, readonly Task[]> | Refused | undefined> {
  try {
    const running = await runningTasks(reads, { cluster: { arn: cluster } }, signal);
    const ofServices = running.filter(({ group }) => group.startsWith(OF_A_SERVICE));
    const byGroup = grouped(ofServices, ({ group }) => group);
    return new Map(
      [...byGroup].map(([group, tasks]) => [
        keyOf(nameOf(cluster), group.slice(OF_A_SERVICE.length)),
        tasks.map(({ task }) => task),
      ]),
    );
  } catch (error) {
    if (isVanished(error)) return undefined;
    if (!isRefusal(error)) throw readFailed(`read the tasks of cluster ${nameOf(cluster)}`, error);
    return refusalOf(error);
  }
}

/** The running tasks of one service. */
export async function tasksOf(
  reads: EcsReads,
  service: Service,
  signal: AbortSignal,
): Promise<readonly Task[]> {
  return (await runningTasks(reads, service, signal)).map(({ task }) => task);
}

/**
 * The reason of the first stopped task that gives one; tasks mostly fail for the same reason. ECS keeps stopped tasks
 * for about an hour (functions/README.md, Deployments).
 */
export async function stoppedReason(
  reads: EcsReads,
  service: Service,
  since: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    for await (const described of taskPages(reads, service, 'STOPPED', signal)) {
      const told = described.find((task) => (task.createdAt?.getTime() ?? 0) > since && task.stoppedReason);
      if (told !== undefined) return told.stoppedReason;
    }
    return undefined;
  } catch {
    // The reason only explains a failure, and the failure is reported without it, too.
    return undefined;
  }
}

type Running = { readonly task: Task; readonly group: string };

async function runningTasks(
  reads: EcsReads,
  place: PlaceOfTasks,
  signal: AbortSignal,
): Promise<readonly Running[]> {
  const tasks = new Map<string, Running>();
  for await (const described of taskPages(reads, place, 'RUNNING', signal)) {
    for (const { taskArn = '', createdAt, group = '' } of described)
      tasks.set(taskArn, { task: { createdAt: createdAt?.getTime() ?? 0 }, group });
  }
  return [...tasks.values()];
}

/** Without a name: all tasks of the cluster. */
type PlaceOfTasks = { readonly cluster: Pick<Cluster, 'arn'>; readonly name?: string };

async function* taskPages(
  reads: EcsReads,
  { name, cluster }: PlaceOfTasks,
  desiredStatus: 'RUNNING' | 'STOPPED',
  signal: AbortSignal,
): AsyncGenerator<readonly SdkTask[], void> {
  for await (const page of reads.listTasks(cluster.arn, name, desiredStatus, signal)) {
    for (const hundred of chunks(page, PAGE)) yield await reads.describeTasks(cluster.arn, hundred, signal);
  }
}
