import type { Aws } from '../aws.ts';
import { failTasks, failureOf } from './failure.ts';
import { complete, oldTasks, plan, primaryOf, type Step } from './progress.ts';
import { roomOf } from './room.ts';
import type { Rollout, ServiceState, TaskState } from './state.ts';
import { addTask, isRunning, isWanted, markStarted, stopTask, tasksOf } from './tasks.ts';

/** Begins the next batch of a rolling deployment, or completes it. Without room for a batch the rollout is blocked. */
export const roll: Step = (aws, service, rollout, at) => {
  const fresh = freshTasks(aws, service);
  const old = oldTasks(aws, service);
  if (fresh.length >= service.desired && !fresh.some(isPending)) {
    for (const task of old) stopTask(aws, task, at, rollout.behaviour.drainMs);
    complete(aws, service, rollout, at);
    return;
  }
  const size = batchSize(service, fresh.length, old.length);
  if (size === 0 && !fresh.some(isPending)) {
    rollout.blocked = true;
    return;
  }
  makeRoom(aws, service, rollout, old, fresh.length + old.length + size, at);
  for (let i = 0; i < size; i++) addTask(aws, service, primaryOf(service), at, undefined);
  rollout.stepMs ??= stepOf(service, rollout, Math.max(size, old.length));
  plan(aws, service, rollout, at + rollout.stepMs, endBatch);
};

const endBatch: Step = (aws, service, rollout, at) => {
  const fresh = freshTasks(aws, service);
  const pending = fresh.filter(isPending);
  const share = (fresh.length - pending.length) / Math.max(1, service.desired);
  const failure = failureOf(aws, service, rollout, pending, share, at);
  if (failure !== undefined) {
    failTasks(aws, service, rollout, pending, failure.problem, at, roll);
    return;
  }
  for (const task of pending) markStarted(aws, task, at);
  const old = oldTasks(aws, service);
  const tooMany = Math.max(0, fresh.length + old.length - service.desired);
  for (const task of old.slice(0, tooMany)) stopTask(aws, task, at, rollout.behaviour.drainMs);
  roll(aws, service, rollout, at);
};

function freshTasks(aws: Aws, service: ServiceState): readonly TaskState[] {
  return tasksOf(aws, service, primaryOf(service)).filter(isWanted);
}

function isPending(task: TaskState): boolean {
  return !isRunning(task);
}

/** The replacement of a task needs room; a task that is missing needs none. */
function batchSize(service: ServiceState, fresh: number, old: number): number {
  const { spare, surplus } = roomOf(service);
  const wanted = Math.max(0, service.desired - fresh);
  const missing = Math.max(0, service.desired - fresh - old);
  return Math.max(missing, Math.min(wanted, spare + surplus));
}

/** Stops as many old tasks as the maximum demands before new ones can start. */
function makeRoom(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  old: readonly TaskState[],
  total: number,
  at: number,
): void {
  const limit = Math.floor((service.desired * service.maximumPercent) / 100);
  for (const task of old.slice(0, Math.max(0, total - limit))) {
    stopTask(aws, task, at, rollout.behaviour.drainMs);
  }
}

function stepOf(service: ServiceState, rollout: Rollout, work: number): number {
  const { spare, surplus } = roomOf(service);
  const batches = Math.max(1, Math.ceil(work / Math.max(1, spare + surplus)));
  return Math.max(1, rollout.behaviour.durationMs / batches);
}
