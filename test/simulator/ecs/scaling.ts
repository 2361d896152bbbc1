import type { Aws } from '../aws.ts';
import { emitTaskStopped } from '../events/native.ts';
import { plan, primaryOf } from './progress.ts';
import { renderTask } from './render.ts';
import { startProblem } from './resolve.ts';
import { roll } from './rolling.ts';
import type { ServiceState, TaskGroup, TaskState, TrueState } from './state.ts';
import { addTask, groupsOf, isWanted, markStarted, stopTask, tasksOf } from './tasks.ts';
import { enter } from './truth.ts';

/** Changes the desired count without a deployment; a rollout under way continues with the new count. */
export function scale(aws: Aws, service: ServiceState, desired: number, at: number): void {
  service.desired = desired;
  // Task sets have their own scale, which does not follow the desired count.
  if (service.deployments.length === 0) return;
  const { rollout } = service;
  if (rollout !== undefined) {
    if (rollout.blocked) plan(aws, service, rollout, at, roll);
    rollout.blocked = false;
    return;
  }
  const primary = primaryOf(service);
  const tasks = tasksOf(aws, service, primary).filter(isWanted);
  for (const task of tasks.slice(desired)) stopTask(aws, task, at, service.behaviour.drainMs);
  for (let i = tasks.length; i < desired; i++) startTask(aws, service, primary, at, 0);
}

/** The effect of a crash, a spot interruption or a lost node: `count` tasks stop, new ones of the same group start. */
export function replaceTasks(
  aws: Aws,
  service: ServiceState,
  count: number,
  at: number,
): readonly TaskState[] {
  const running = groupsOf(service).flatMap((group) =>
    tasksOf(aws, service, group)
      .filter(isWanted)
      .map((task) => ({ task, group })),
  );
  return running.slice(0, count).map(({ task, group }) => {
    stopTask(aws, task, at, 0, 'EssentialContainerExited', 'Essential container in task exited');
    return startTask(aws, service, group, at, 0);
  });
}

/** Stops every task, as the deletion of a service does. */
export function stopAll(aws: Aws, service: ServiceState, at: number): void {
  for (const group of groupsOf(service)) {
    for (const task of tasksOf(aws, service, group)) stopTask(aws, task, at, service.behaviour.drainMs);
  }
}

function stateBeforeFailing({ transitions }: ServiceState): TrueState {
  return transitions.findLast(({ state }) => state !== 'tasks-failing')?.state ?? 'succeeded';
}

/** Starts a task outside of any rollout; a failed start is repeated at growing intervals. */
function startTask(
  aws: Aws,
  service: ServiceState,
  group: TaskGroup,
  at: number,
  attempt: number,
): TaskState {
  const task = addTask(aws, service, group, at, undefined);
  const takes = Math.min(1000, service.behaviour.durationMs / 2);
  aws.agenda.at(at + takes, (then) => {
    if (!isWanted(task)) return;
    const problem = startProblem(aws, group, at + takes * aws.settings.readsAt);
    // A rollout tells itself how its tasks fare.
    const { rollout } = service;
    if (problem === undefined) {
      markStarted(aws, task, then);
      if (rollout === undefined && attempt > 0) enter(service, stateBeforeFailing(service), then);
      return;
    }
    stopTask(aws, task, then, 0, 'TaskFailedToStart', problem);
    if (rollout === undefined) enter(service, 'tasks-failing', then);
    emitTaskStopped(aws, renderTask(aws, service, task), then);
    const pause = Math.min(300_000, 1000 * 2 ** Math.min(attempt, 9));
    aws.agenda.at(then + pause, (later) => {
      const still = groupsOf(service).includes(group) && service.status === 'ACTIVE';
      if (still && group.tasks.filter(isWanted).length < service.desired) {
        startTask(aws, service, group, later, attempt + 1);
      }
    });
  });
  return task;
}
