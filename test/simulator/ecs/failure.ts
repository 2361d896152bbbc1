import type { Aws } from '../aws.ts';
import { emitEcsDeployment, emitTaskStopped } from '../events/native.ts';
import { newDeployment } from './new-deployment.ts';
import { end, plan, primaryOf, type Step, setRolloutState, settleRecord } from './progress.ts';
import { renderTask } from './render.ts';
import { startProblem } from './resolve.ts';
import { say } from './service-events.ts';
import type { DeploymentState, Rollout, RolloutOutcome, ServiceState, TaskState } from './state.ts';
import { addTask, markStarted, stopTask } from './tasks.ts';
import { enter } from './truth.ts';

/** The reason why the tasks that start now will fail; undefined if they will run. */
export function failureOf(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  pending: readonly TaskState[],
  share: number,
  at: number,
): { readonly problem: string | undefined } | undefined {
  const first = pending[0];
  if (first === undefined) return undefined;
  const readAt = first.createdAt + (at - first.createdAt) * aws.settings.readsAt;
  const problem = startProblem(aws, primaryOf(service), readAt);
  if (problem !== undefined) return { problem };
  const { outcome, failAfter, reason } = rollout.behaviour;
  if (rollout.rollingBack) return undefined;
  if (isFailingFirst(rollout)) return { problem: reason ?? UNHEALTHY };
  if (outcome === 'success' || outcome === 'cannot-place' || share < failAfter) return undefined;
  return { problem: outcome === 'keeps-failing' ? (reason ?? UNHEALTHY) : reason };
}

const UNHEALTHY = 'Task failed container health checks';

function isFailingFirst({ behaviour, failures }: Rollout): boolean {
  return failures < behaviour.failsFirst;
}

/** Lets tasks that are to fail run for a while first, if they do, and then lets them fail. */
export function letFail(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  pending: readonly TaskState[],
  problem: string | undefined,
  at: number,
  resume: Step,
): void {
  const { runsMs } = rollout.behaviour;
  if (runsMs === 0 || problem === undefined || neverStarts(problem)) {
    failTasks(aws, service, rollout, pending, problem, at, resume);
    return;
  }
  for (const task of pending) markStarted(aws, task, at);
  plan(aws, service, rollout, at + runsMs, (_aws, _service, _rollout, then) =>
    failTasks(aws, service, rollout, pending, problem, then, resume),
  );
}

/** Lets tasks fail, and then acts as the circuit breaker (or its absence) demands; `resume` is the step to repeat. */
function failTasks(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  pending: readonly TaskState[],
  problem: string | undefined,
  at: number,
  resume: Step,
): void {
  const outcome = outcomeOf(service, rollout);
  const recovers = isFailingFirst(rollout);
  // A rollout that is stuck without a problem has no capacity: its tasks stay PENDING for ever.
  if (outcome === 'stuck' && problem === undefined) {
    waitForEver(aws, service, rollout, resume);
    return;
  }
  const primary = primaryOf(service);
  const reason = problem ?? UNHEALTHY;
  for (const task of pending) stopFailed(aws, service, rollout, task, reason, at);
  enter(service, 'tasks-failing', at);
  const goesOn = recovers && rollout.failures < threshold(service);
  if (outcome === 'stuck' || outcome === 'keeps-failing' || goesOn) {
    rollout.attempts += 1;
    if (rollout.failures >= FAILING) say(service, INCONSISTENT, at, HOUR);
    plan(aws, service, rollout, at + pause(rollout), resume);
    return;
  }
  while (rollout.failures < threshold(service)) {
    stopFailed(aws, service, rollout, addTask(aws, service, primary, at, undefined), reason, at);
  }
  if (rollout.rollingBack || outcome === 'fail') giveUp(aws, service, rollout, BREAKER, at);
  else rollBack(aws, service, rollout, outcome, BREAKER, at, resume);
}

/** After so many failed tasks ECS says that the service cannot start tasks. */
const FAILING = 3;
/** ECS's own words (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html). */
const INCONSISTENT =
  'is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.';
const HOUR = 3_600_000;

/** Lets a rollout wait until a test continues it. */
export function waitForEver(aws: Aws, service: ServiceState, rollout: Rollout, step: Step): void {
  rollout.resume = (at) => plan(aws, service, rollout, at, step);
}

function outcomeOf(
  service: ServiceState,
  rollout: Rollout,
): Exclude<RolloutOutcome, 'success' | 'cannot-place'> {
  const { outcome, rollbackKind } = rollout.behaviour;
  if (outcome !== 'success' && outcome !== 'cannot-place') return outcome;
  if (!service.circuitBreaker.enable) return 'stuck';
  return service.circuitBreaker.rollback ? rollbackKind : 'fail';
}

/**
 * Lets a task fail and emits `ECS Task State Change` with its stopCode and stoppedReason. ECS counts it in `failedTasks`
 * if it never was RUNNING or failed its health checks, and not at all once a task of the deployment has run
 * successfully ({@link https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html}).
 */
function stopFailed(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  task: TaskState,
  reason: string,
  at: number,
): void {
  const { stopCode, containerReason, exitCode } = rollout.behaviour;
  stopTask(aws, task, at, 0, stopCode ?? codeFor(reason), reason);
  Object.assign(task, { containerReason, exitCode });
  rollout.failures += 1;
  const primary = primaryOf(service);
  const counts = task.startedAt === undefined || reason.includes('health check');
  if (counts && !primary.hasRun) primary.failedTasks += 1;
  emitTaskStopped(aws, renderTask(aws, service, task), at);
}

function codeFor(reason: string): string {
  return neverStarts(reason) ? 'TaskFailedToStart' : 'EssentialContainerExited';
}

/** Whether the task fails before its containers run, by the error that the agent names first. */
function neverStarts(reason: string): boolean {
  return /^(ResourceInitializationError|Cannot\w+Error)/.test(reason);
}

/** The circuit breaker's own limits: half of the desired count, but at least 3 and at most 200. */
function threshold(service: ServiceState): number {
  return Math.min(200, Math.max(3, Math.ceil(service.desired / 2)));
}

/** ECS starts failing tasks at growing intervals; here the interval doubles up to five minutes. */
export function pause(rollout: Rollout): number {
  return Math.min(300_000, Math.max(1000, rollout.stepMs ?? 0) * 2 ** Math.min(rollout.attempts, 12));
}

const BREAKER = {
  failed: 'ECS deployment circuit breaker: tasks failed to start.',
  back: 'ECS deployment circuit breaker: rolling back to deploymentId',
  event: 'deployment failed: tasks failed to start.',
};

function giveUp(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  { failed: reason, event }: typeof BREAKER,
  at: number,
): void {
  const primary = primaryOf(service);
  say(service, `(deployment ${primary.id}) ${event}`, at);
  setRolloutState(primary, 'FAILED', reason, at);
  settleRecord(aws, service, primary.id, 'failed', at);
  end(service, rollout, rollout.rollingBack ? 'ROLLBACK_FAILED' : 'STOPPED', reason, at);
  enter(service, 'failed', at);
  emitEcsDeployment(aws, service.arn, primary.id, 'SERVICE_DEPLOYMENT_FAILED', reason, at);
}

/** Returns to the last completed deployment, of which there may be none: then the rollout has failed. */
export function rollBack(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  kind: 'rollback-new-primary' | 'rollback-old-primary',
  why: typeof BREAKER,
  at: number,
  resume: Step,
): void {
  const target = rollout.lastCompleted;
  if (target === undefined) {
    giveUp(aws, service, rollout, why, at);
    return;
  }
  const failed = primaryOf(service);
  const { failed: reason } = why;
  say(service, `(deployment ${failed.id}) ${why.event}`, at);
  say(service, `rolling back to deployment ${target.id}.`, at);
  setRolloutState(failed, 'FAILED', reason, at);
  failed.status = 'ACTIVE';
  settleRecord(aws, service, failed.id, 'rolled-back', at);
  emitEcsDeployment(aws, service.arn, failed.id, 'SERVICE_DEPLOYMENT_FAILED', reason, at);

  const primary = kind === 'rollback-old-primary' ? target : successorOf(aws, service, target, at);
  primary.status = 'PRIMARY';
  const back = `${why.back} ${target.id}.`;
  setRolloutState(primary, 'IN_PROGRESS', back, at);
  const others = service.deployments.filter((deployment) => deployment !== target);
  service.deployments = [primary, ...others];
  if (service.taskDefinition !== undefined) service.taskDefinition = primary.taskDefinition;
  Object.assign(rollout.record, {
    status: 'ROLLBACK_IN_PROGRESS',
    statusReason: back,
    updatedAt: at,
    rollback: { reason, startedAt: at, deploymentId: primary.id },
    stage: undefined,
  });
  enter(service, 'rolled-back', at);
  Object.assign(rollout, { rollingBack: true, stepMs: undefined, attempts: 0, failures: 0 });
  plan(aws, service, rollout, at + 1, resume);
}

/** A new PRIMARY that takes over the surviving tasks: they keep their `startedBy` and their old values. */
function successorOf(aws: Aws, service: ServiceState, target: DeploymentState, at: number): DeploymentState {
  const successor = newDeployment(aws, service, {
    at,
    by: 'circuit-breaker',
    forced: false,
    taskDefinition: target.taskDefinition,
    serviceConnectSecrets: target.serviceConnectSecrets,
  });
  successor.tasks.push(...target.tasks);
  successor.dormant = target.dormant;
  emitEcsDeployment(
    aws,
    service.arn,
    successor.id,
    'SERVICE_DEPLOYMENT_IN_PROGRESS',
    `ECS deployment ${successor.id} in progress.`,
    at,
  );
  return successor;
}
