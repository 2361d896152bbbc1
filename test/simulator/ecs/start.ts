import type { Aws } from '../aws.ts';
import { primaryOf } from './progress.ts';
import { say } from './service-events.ts';
import type { ServiceState, TaskState } from './state.ts';
import { addTask, markStarted } from './tasks.ts';
import { enter } from './truth.ts';

/** Begins PENDING tasks of PRIMARY. */
export function begin(aws: Aws, service: ServiceState, count: number, at: number): void {
  const tasks = Array.from({ length: count }, () => addTask(aws, service, primaryOf(service), at, undefined));
  if (count === 0) return;
  const ids = tasks.map(({ id }) => `(task ${id})`).join(' ');
  say(service, `has started ${count} tasks: ${ids}.`, at);
}

/**
 * Turns PENDING tasks of PRIMARY into RUNNING ones. From now on ECS counts no failed tasks of this deployment
 * ({@link https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html}).
 */
export function startAll(aws: Aws, service: ServiceState, pending: readonly TaskState[], at: number): void {
  for (const task of pending) markStarted(aws, task, at);
  if (pending.length === 0) return;
  Object.assign(primaryOf(service), { failedTasks: 0, hasRun: true });
  enter(service, 'progressing', at);
}
