import type { Aws } from '../aws.ts';
import type { DeploymentState, ServiceState, TaskGroup, TaskState } from './state.ts';

/** The numbers of running and pending tasks of a group, dormant ones included. */
export function countTasks(group: TaskGroup): { readonly running: number; readonly pending: number } {
  let running = 0;
  let pending = 0;
  for (const { count, startedAt } of group.dormant) {
    if (startedAt === undefined) pending += count;
    else running += count;
  }
  for (const task of group.tasks) {
    if (task.stoppedAt !== undefined) continue;
    if (task.startedAt !== undefined) running += 1;
    else if (task.stoppingAt === undefined) pending += 1;
  }
  return { running, pending };
}

/** All tasks of a group as objects; the first call turns dormant tasks into objects. */
export function tasksOf(aws: Aws, service: ServiceState, group: TaskGroup): readonly TaskState[] {
  const asleep = group.dormant;
  group.dormant = [];
  for (const { count, createdAt, startedAt } of asleep) {
    for (let i = 0; i < count; i++) addTask(aws, service, group, createdAt, startedAt);
  }
  return group.tasks;
}

/** Starts one task; `startedAt` undefined leaves it PENDING. */
export function addTask(
  aws: Aws,
  service: ServiceState,
  group: TaskGroup,
  createdAt: number,
  startedAt: number | undefined,
): TaskState {
  const task: TaskState = {
    id: aws.ids.hex(32),
    startedBy: group.id,
    taskDefinition: group.taskDefinition,
    createdAt,
    serviceConnectSecrets: group.serviceConnectSecrets,
    startedAt: undefined,
    readAt: createdAt,
    stoppingAt: undefined,
    stoppedAt: undefined,
    stopCode: undefined,
    stoppedReason: undefined,
    containerReason: undefined,
    exitCode: undefined,
    protectedUntil: undefined,
    released: false,
  };
  group.tasks.push(task);
  service.seen.push(task);
  service.cluster.tasks.set(task.id, { task, service });
  if (startedAt !== undefined) markStarted(aws, task, startedAt);
  return task;
}

/** Turns a PENDING task into a RUNNING one, which has read its secrets meanwhile (see the option `readsAt`). */
export function markStarted(aws: Aws, task: TaskState, at: number): void {
  task.startedAt = at;
  task.readAt = task.createdAt + (at - task.createdAt) * aws.settings.readsAt;
}

/** Tells a task to stop; it runs on for `drainMs`. */
export function stopTask(
  aws: Aws,
  task: TaskState,
  at: number,
  drainMs: number,
  code = 'ServiceSchedulerInitiated',
  reason = 'Scaling activity initiated by deployment',
): void {
  if (task.stoppingAt !== undefined) return;
  task.stoppingAt = at;
  task.stopCode = code;
  task.stoppedReason = reason;
  const stop = (stoppedAt: number): void => {
    task.stoppedAt = stoppedAt;
  };
  if (drainMs > 0 && task.startedAt !== undefined) aws.agenda.at(at + drainMs, stop);
  else stop(at);
}

/** Whether the task is PENDING or RUNNING and has not been told to stop. */
export function isWanted(task: TaskState): boolean {
  return task.stoppingAt === undefined;
}

/** Whether the task still runs its containers, even if it has been told to stop. */
export function isRunning(task: TaskState): boolean {
  return task.startedAt !== undefined && task.stoppedAt === undefined;
}

/** Every task of a service, the stopped tasks of removed deployments included. */
export function everyTask(aws: Aws, service: ServiceState): readonly TaskState[] {
  for (const group of groupsOf(service)) tasksOf(aws, service, group);
  return service.seen;
}

/** Every group of a service that can have tasks. */
export function groupsOf(service: ServiceState): readonly TaskGroup[] {
  return [...service.deployments, ...service.taskSets];
}

/** Whether a deployment still has a task in any live state. */
export function hasTasks(deployment: DeploymentState): boolean {
  return deployment.dormant.length > 0 || deployment.tasks.some((task) => task.stoppedAt === undefined);
}
