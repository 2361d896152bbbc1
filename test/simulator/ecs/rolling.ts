import type { Aws } from '../aws.ts';
import { failureOf, letFail } from './failure.ts';
import { pausedAt } from './hooks.ts';
import { cannotPlace, placeable, retryPlacement } from './placement.ts';
import { complete, oldTasks, plan, primaryOf, type Step } from './progress.ts';
import { isProtected, retire } from './protection.ts';
import { roomOf } from './room.ts';
import { begin, startAll } from './start.ts';
import type { Rollout, ServiceState, TaskState } from './state.ts';
import { isRunning, isWanted, tasksOf } from './tasks.ts';

/** Begins the next batch of a rolling deployment, or completes it. Without room for a batch the rollout is blocked. */
export const roll: Step = (aws, service, rollout, at) => {
  const fresh = freshTasks(aws, service);
  const old = oldTasks(aws, service);
  if (fresh.length >= service.desired && !fresh.some(isPending)) {
    if (pausedAt(aws, service, rollout, 'POST_SCALE_UP', at, { next: roll, back: roll })) return;
    for (const task of old) retire(aws, service, task, at, rollout.behaviour.drainMs);
    complete(aws, service, rollout, at);
    return;
  }
  const kept = old.filter((task) => isProtected(task, at));
  const wanted = batchSize(service, fresh.length, old.length);
  const size = Math.min(wanted, roomBeside(service, fresh.length, kept.length));
  if (size === 0 && !fresh.some(isPending)) {
    if (kept.length > 0) plan(aws, service, rollout, nextEnd(kept, at), roll);
    else rollout.blocked = true;
    return;
  }
  makeRoom(aws, service, rollout, old, fresh.length + old.length + size, at);
  const placed = placeable(service, rollout, fresh.length, size);
  if (placed === 0 && cannotPlace(rollout)) {
    retryPlacement(aws, service, rollout, at, roll);
    return;
  }
  begin(aws, service, placed, at);
  rollout.stepMs ??= stepOf(service, rollout, Math.max(size, old.length));
  plan(aws, service, rollout, at + rollout.stepMs, endBatch);
};

/** The maximum percent counts protected tasks, which cannot make room for new ones. */
function roomBeside({ desired, maximumPercent }: ServiceState, fresh: number, kept: number): number {
  if (kept === 0) return Infinity;
  return Math.max(0, Math.floor((desired * maximumPercent) / 100) - fresh - kept);
}

/** When to look again: at the end of a protection, and now and then, because a protection may end early. */
function nextEnd(kept: readonly TaskState[], at: number): number {
  return Math.min(at + 60_000, ...kept.map(({ protectedUntil = 0 }) => protectedUntil));
}

const endBatch: Step = (aws, service, rollout, at) => {
  const fresh = freshTasks(aws, service);
  const pending = fresh.filter(isPending);
  const share = (fresh.length - pending.length) / Math.max(1, service.desired);
  const failure = failureOf(aws, service, rollout, pending, share, at);
  if (failure !== undefined) {
    letFail(aws, service, rollout, pending, failure.problem, at, roll);
    return;
  }
  startAll(aws, service, pending, at);
  const old = oldTasks(aws, service);
  const tooMany = Math.max(0, fresh.length + old.length - service.desired);
  for (const task of old.slice(0, tooMany)) retire(aws, service, task, at, rollout.behaviour.drainMs);
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
  const stoppable = old.filter((task) => !isProtected(task, at));
  for (const task of stoppable.slice(0, Math.max(0, total - limit))) {
    retire(aws, service, task, at, rollout.behaviour.drainMs);
  }
}

function stepOf(service: ServiceState, rollout: Rollout, work: number): number {
  const { spare, surplus } = roomOf(service);
  const batches = Math.max(1, Math.ceil(work / Math.max(1, spare + surplus)));
  return Math.max(1, rollout.behaviour.durationMs / batches);
}
