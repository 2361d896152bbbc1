import type { Aws } from '../aws.ts';
import { say } from './service-events.ts';
import type { ServiceState, TaskState } from './state.ts';
import { isWanted, stopTask, tasksOf } from './tasks.ts';

/**
 * Protects tasks of the deployment that is about to be replaced: for so long ECS stops them neither for a deployment
 * nor for a smaller desired count
 * ({@link https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html}).
 */
export function protect(aws: Aws, service: ServiceState, at: number): void {
  const { protectMs, protectedTasks } = service.behaviour;
  const replaced = service.deployments[0];
  if (protectMs === 0 || replaced === undefined) return;
  const unprotected = tasksOf(aws, service, replaced).filter(
    (task) => isWanted(task) && task.startedAt !== undefined && !isProtected(task, at),
  );
  for (const task of unprotected.slice(0, protectedTasks)) task.protectedUntil = at + protectMs;
}

/** Whether ECS must not stop the task yet. */
export function isProtected({ protectedUntil = 0 }: TaskState, at: number): boolean {
  return protectedUntil > at;
}

/** Stops a task of an older deployment, at once or when its protection ends. */
export function retire(aws: Aws, service: ServiceState, task: TaskState, at: number, drainMs: number): void {
  if (!isProtected(task, at)) {
    stopTask(aws, task, at, drainMs);
    return;
  }
  if (task.released) return;
  task.released = true;
  say(service, underProtection(service, task.startedBy, at), at, 3_600_000);
  waitForProtection(aws, task, drainMs);
}

/** Ends the protection of all tasks of a service. */
export function unprotect(aws: Aws, service: ServiceState, at: number): void {
  for (const task of service.seen) {
    if (!isProtected(task, at)) continue;
    task.protectedUntil = at;
    if (task.released) stopTask(aws, task, at, service.behaviour.drainMs);
  }
}

function waitForProtection(aws: Aws, task: TaskState, drainMs: number): void {
  aws.agenda.at(task.protectedUntil ?? 0, (at) => {
    if (isProtected(task, at)) waitForProtection(aws, task, drainMs);
    else stopTask(aws, task, at, drainMs);
  });
}

/** ECS's words, recorded from a service with protected tasks. */
function underProtection({ seen }: ServiceState, startedBy: string, at: number): string {
  const count = seen.filter((task) => task.startedBy === startedBy && isProtected(task, at)).length;
  return `was unable to reach steady state because (taskSet ${startedBy}) was unable to scale in due to (reason ${count} tasks under protection)`;
}
