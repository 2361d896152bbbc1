import type { Task as SdkTask } from '@aws-sdk/client-ecs';
import { type ClusterArn, keyOf, nameOf, type ServiceKey } from '../../core/model/arn.ts';
import { failureOf, type StoppedTask } from '../../core/model/failure.ts';
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
 * The stopped tasks of one service, which ECS keeps for about an hour (functions/README.md, Stopped tasks). Throws
 * ReadFailed.
 */
export async function stoppedTasks(
  reads: EcsReads,
  service: Service,
  signal: AbortSignal,
): Promise<readonly StoppedTask[] | Refused> {
  try {
    const stopped = new Map<string, StoppedTask>();
    for await (const described of taskPages(reads, service, 'STOPPED', signal))
      for (const task of described) stopped.set(task.taskArn ?? '', stoppedTask(task));
    return [...stopped.values()];
  } catch (error) {
    if (isVanished(error)) return [];
    if (!isRefusal(error)) throw readFailed(`read the stopped tasks of service ${service.arn}`, error);
    return refusalOf(error);
  }
}

/** The prose about the stop may hold a fragment of a value and goes no further. */
function stoppedTask(task: SdkTask): StoppedTask {
  const { startedBy, createdAt, stopCode, stoppedReason, containers } = task;
  return {
    startedBy: startedBy ?? null,
    createdAt: createdAt?.getTime() ?? 0,
    stoppedAt: stopOf(task)?.getTime() ?? null,
    failure: failureOf({ stopCode, stoppedReason, containers }),
  };
}

/** Undefined: it has not stopped yet. */
function stopOf({ stoppedAt, lastStatus, executionStoppedAt, stoppingAt }: SdkTask): Date | undefined {
  return stoppedAt ?? (lastStatus === 'STOPPED' ? (executionStoppedAt ?? stoppingAt) : undefined);
}

type Running = { readonly task: Task; readonly group: string };

async function runningTasks(
  reads: EcsReads,
  place: PlaceOfTasks,
  signal: AbortSignal,
): Promise<readonly Running[]> {
  const tasks = new Map<string, Running>();
  for await (const described of taskPages(reads, place, 'RUNNING', signal)) {
    // ListTasks is late: it may name a task as running that DescribeTasks shows as stopped.
    for (const { taskArn = '', createdAt, group = '', lastStatus } of described)
      if (lastStatus !== 'STOPPED')
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
