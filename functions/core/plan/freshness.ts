import type { Change } from '../model/change.ts';
import { type Deployment, hasTasks, primaryOf, type Service } from '../model/fleet.ts';

/** A running task. Instants are in milliseconds. */
export type Task = { readonly createdAt: number };

export type Freshness = 'fresh' | 'rolling-out' | 'possibly-stale' | 'stale';

/**
 * Whether every task of a service was started after the change. `tasks`, if given, are all its running tasks:
 * scaling, spot interruptions and crashes replace tasks without a deployment (functions/README.md, Task start). The
 * age of a deployment in `tookOver` proves nothing, because its tasks may be older than the deployment.
 */
export function freshness(
  service: Service,
  change: Change,
  tasks: readonly Task[] | undefined,
  tookOver: readonly Deployment[] = [],
): Freshness {
  const primary = primaryOf(service);
  // A list with fewer tasks than the service counts proves nothing.
  const byTasks =
    tasks !== undefined && tasks.length >= service.running + service.pending ? since(change, tasks) : 'stale';
  if (primary === undefined || primary.createdAt <= change.changedAt || tookOver.includes(primary))
    return byTasks;
  const isYoung = tookOver.length === 0 && isYoungThroughout(service, change);
  if (!isComplete(service, primary) && !isYoung) return 'rolling-out';
  if (byTasks === 'fresh') return 'fresh';
  // A task may be older than the deployment that has taken it over: then the task counts.
  return since(change, isOlder(tasks, change) ? (tasks ?? []) : [primary]);
}

/** Whether one of the tasks was created before the change, or perhaps before it. */
export function isOlder(
  tasks: readonly Task[] | undefined,
  { changedAt, possiblyUntil = changedAt }: Change,
): boolean {
  return tasks?.some(({ createdAt }) => createdAt <= possiblyUntil) === true;
}

/**
 * A young deployment replaces another young one: no task is older than the change, however frequent the deployments.
 */
function isYoungThroughout(
  { deployments }: Service,
  { changedAt, possiblyUntil = changedAt }: Change,
): boolean {
  const used = deployments.filter(hasTasks);
  return (
    used.some(({ primary, running }) => !primary && running > 0) &&
    used.every(({ createdAt }) => createdAt > possiblyUntil)
  );
}

function since({ changedAt, possiblyUntil = changedAt }: Change, started: readonly Task[]): Freshness {
  const oldest = Math.min(...started.map(({ createdAt }) => createdAt));
  if (oldest > possiblyUntil) return 'fresh';
  return oldest > changedAt ? 'possibly-stale' : 'stale';
}

/** Whether PRIMARY has replaced everything: no older deployment has a task left. */
export function isComplete(service: Service, primary: Deployment): boolean {
  const done =
    primary.rolloutState === null
      ? primary.running === primary.desired && primary.pending === 0
      : primary.rolloutState === 'COMPLETED';
  return done && !service.deployments.some((deployment) => !deployment.primary && hasTasks(deployment));
}
