import type { Failure } from '../model/failure.ts';
import { type Deployment, hasTasks, primaryOf, type Service } from '../model/fleet.ts';
import { LONG_DRAIN_MS, type Rollout } from '../model/rollout.ts';
import { type Evidence, type ServiceDeployment, youngestOf } from './evidence.ts';

/** The state of PRIMARY as long as it has not replaced everything. */
export function rolloutOf(service: Service, evidence: Evidence, now: number): Rollout {
  const primary = primaryOf(service);
  const current = evidence.serviceDeployments?.find(({ status }) => status === 'IN_PROGRESS');
  if (primary === undefined) return { state: 'progressing' };
  return (
    failing(service, primary, evidence, now) ??
    paused(current) ??
    baking(service, current) ??
    unplaceable(service, primary, evidence) ??
    (keepsOld(service, evidence) ? undefined : draining(service, primary, now)) ?? {
      state: 'progressing',
    }
  );
}

/** ECS waits up to a quarter of an hour between two attempts to start a task (functions/README.md, Deployments). */
const RECENT_MS = 20 * 60_000;

/**
 * ECS counts failed tasks only until one task runs, and then counts from 0 again (functions/README.md, Deployments): the
 * stopped tasks of the deployment tell it, too.
 */
function failing(
  service: Service,
  primary: Deployment,
  evidence: Evidence,
  now: number,
): Rollout | undefined {
  const failed = stoppedBy(primary, evidence)
    .filter(({ stoppedAt }) => stoppedAt === null || now - stoppedAt < RECENT_MS)
    .flatMap(({ failure }) => failure ?? []);
  const failures = Math.max(failed.length, countedAsFailed(service, primary, evidence));
  if (failures === 0) return undefined;
  const failure = mostFrequent(failed);
  return { state: 'tasks-failing', failures, ...(failure && { failure }) };
}

/**
 * Where an event says that there is no place, ECS may have counted attempts to place tasks: so it has if it shows that no task
 * has stopped, and before it was asked for the stopped tasks nothing is known.
 */
function countedAsFailed({ placement }: Service, primary: Deployment, evidence: Evidence): number {
  const isRefused = evidence.stopped === 'refused';
  return placement !== undefined && !isRefused && stoppedBy(primary, evidence).length === 0
    ? 0
    : primary.failed;
}

function stoppedBy({ id }: Deployment, { stopped }: Evidence) {
  return stopped === undefined || stopped === 'refused'
    ? []
    : stopped.filter(({ startedBy }) => startedBy === id);
}

/** Of two reasons that are equally frequent, the one that was seen first. */
function mostFrequent(failures: readonly Failure[]): Failure | undefined {
  const counts = new Map<string, { readonly failure: Failure; count: number }>();
  for (const failure of failures) {
    const key = JSON.stringify(failure);
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { failure, count: 1 });
    else known.count++;
  }
  return [...counts.values()].toSorted((a, b) => b.count - a.count)[0]?.failure;
}

function paused(current: ServiceDeployment | undefined): Rollout | undefined {
  const approval = current?.approval;
  if (approval === undefined) return undefined;
  const { expiresAt } = approval;
  return { state: 'awaiting-approval', approval, ...(expiresAt !== undefined && { until: expiresAt }) };
}

/** While a linear or canary deployment shifts its traffic, it bakes after each step. */
function baking({ strategy }: Service, current: ServiceDeployment | undefined): Rollout | undefined {
  if (strategy === 'ROLLING' || current === undefined) return undefined;
  const { stage, stageEndsAt } = current;
  const bakes = stage === 'BAKE_TIME' || (stage === 'PRODUCTION_TRAFFIC_SHIFT' && strategy !== 'BLUE_GREEN');
  if (!bakes) return undefined;
  return { state: 'baking', ...(stageEndsAt !== undefined && { until: stageEndsAt }) };
}

/**
 * Until its last stage, a deployment that is not a rolling one keeps all old tasks, also while all new ones are up: only the
 * service deployment tells that they go, by this stage or because it has succeeded. One that was stopped or that has not
 * begun shows that what DescribeServices said is outdated.
 */
function keepsOld({ strategy }: Service, { serviceDeployments = [] }: Evidence): boolean {
  if (strategy === 'ROLLING') return false;
  const current = serviceDeployments.find(({ status }) => status === 'IN_PROGRESS');
  if (current !== undefined) return current.stage !== 'CLEAN_UP';
  return youngestOf(serviceDeployments)?.status !== 'SUCCESSFUL';
}

/** No task starts, and none has stopped. */
function unplaceable({ placement }: Service, primary: Deployment, evidence: Evidence): Rollout | undefined {
  const isShort = primary.running + primary.pending < primary.desired;
  const isShown = evidence.stopped !== undefined && evidence.stopped !== 'refused';
  if (placement === undefined || !isShort || !isShown) return undefined;
  return stoppedBy(primary, evidence).length === 0
    ? { state: 'cannot-place', failure: placement }
    : undefined;
}

/**
 * While ECS still waits for the health of the new tasks, it keeps old ones, too: only tasks that it has been told to stop,
 * or that have stayed for long, show that the new ones have proved themselves.
 */
function draining(service: Service, primary: Deployment, now: number): Rollout | undefined {
  if (primary.desired === 0) return undefined;
  const isUp = primary.running >= primary.desired && primary.pending === 0;
  const older = service.deployments.filter((one) => !one.primary && hasTasks(one));
  if (!isUp || older.length === 0) return undefined;
  const isLong = now - primary.createdAt >= LONG_DRAIN_MS;
  const isProved = isLong || older.every(({ desired }) => desired === 0);
  const oldTasks = older.reduce((sum, { running, pending }) => sum + running + pending, 0);
  return { state: 'draining', oldTasks, ...(isProved && { opensWaves: true }) };
}
