import type { Aws } from '../aws.ts';
import { emitEcsDeployment, emitTaskStopped } from '../events/native.ts';
import { newDeployment } from './new-deployment.ts';
import { end, plan, primaryOf, type Step, setRolloutState, settleRecord } from './progress.ts';
import { renderTask } from './render.ts';
import { startProblem } from './resolve.ts';
import type { DeploymentState, Rollout, RolloutOutcome, ServiceState, TaskState } from './state.ts';
import { addTask, stopTask } from './tasks.ts';

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
  if (rollout.rollingBack || outcome === 'success' || share < failAfter) return undefined;
  return { problem: reason };
}

/** Lets tasks fail, and then acts as the circuit breaker (or its absence) demands; `resume` is the step to repeat. */
export function failTasks(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  pending: readonly TaskState[],
  problem: string | undefined,
  at: number,
  resume: Step,
): void {
  const outcome = outcomeOf(service, rollout);
  // A rollout that is stuck without a problem has no capacity: its tasks stay PENDING for ever.
  if (outcome === 'stuck' && problem === undefined) return;
  const primary = primaryOf(service);
  const reason = problem ?? 'Task failed container health checks';
  for (const task of pending) stopFailed(aws, service, task, reason, at);
  if (outcome === 'stuck') {
    rollout.attempts += 1;
    plan(aws, service, rollout, at + pause(rollout), resume);
    return;
  }
  while (primary.failedTasks < threshold(service)) {
    stopFailed(aws, service, addTask(aws, service, primary, at, undefined), reason, at);
  }
  if (rollout.rollingBack || outcome === 'fail') giveUp(aws, service, rollout, at);
  else rollBack(aws, service, rollout, outcome, at, resume);
}

function outcomeOf(service: ServiceState, rollout: Rollout): Exclude<RolloutOutcome, 'success'> {
  const { outcome, rollbackKind } = rollout.behaviour;
  if (outcome !== 'success') return outcome;
  if (!service.circuitBreaker.enable) return 'stuck';
  return service.circuitBreaker.rollback ? rollbackKind : 'fail';
}

/** Lets a task fail and emits `ECS Task State Change` with its stopCode and stoppedReason. */
function stopFailed(aws: Aws, service: ServiceState, task: TaskState, reason: string, at: number): void {
  const neverStarted = reason.startsWith('ResourceInitializationError') || reason.startsWith('CannotPull');
  const code = neverStarted ? 'TaskFailedToStart' : 'EssentialContainerExited';
  stopTask(aws, task, at, 0, code, reason);
  primaryOf(service).failedTasks += 1;
  emitTaskStopped(aws, renderTask(aws, service, task), at);
}

/** The circuit breaker's own limits: half of the desired count, but at least 3 and at most 200. */
function threshold(service: ServiceState): number {
  return Math.min(200, Math.max(3, Math.ceil(service.desired / 2)));
}

/** ECS starts failing tasks at growing intervals; here the interval doubles up to five minutes. */
function pause(rollout: Rollout): number {
  return Math.min(300_000, Math.max(1000, rollout.stepMs ?? 0) * 2 ** Math.min(rollout.attempts, 12));
}

function giveUp(aws: Aws, service: ServiceState, rollout: Rollout, at: number): void {
  const primary = primaryOf(service);
  const reason = 'ECS deployment circuit breaker: tasks failed to start.';
  setRolloutState(primary, 'FAILED', reason, at);
  settleRecord(aws, service, primary.id, 'failed', at);
  end(service, rollout, rollout.rollingBack ? 'ROLLBACK_FAILED' : 'STOPPED', reason, at);
  emitEcsDeployment(aws, service.arn, primary.id, 'SERVICE_DEPLOYMENT_FAILED', reason, at);
}

function rollBack(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  kind: 'rollback-new-primary' | 'rollback-old-primary',
  at: number,
  resume: Step,
): void {
  const target = rollout.lastCompleted;
  if (target === undefined) {
    giveUp(aws, service, rollout, at);
    return;
  }
  const failed = primaryOf(service);
  const reason = 'ECS deployment circuit breaker: tasks failed to start.';
  setRolloutState(failed, 'FAILED', reason, at);
  failed.status = 'ACTIVE';
  settleRecord(aws, service, failed.id, 'rolled-back', at);
  emitEcsDeployment(aws, service.arn, failed.id, 'SERVICE_DEPLOYMENT_FAILED', reason, at);

  const primary = kind === 'rollback-old-primary' ? target : successorOf(aws, service, target, at);
  primary.status = 'PRIMARY';
  const back = `ECS deployment circuit breaker: rolling back to deploymentId ${target.id}.`;
  setRolloutState(primary, 'IN_PROGRESS', back, at);
  const others = service.deployments.filter((deployment) => deployment !== target);
  service.deployments = [primary, ...others];
  if (service.taskDefinition !== undefined) service.taskDefinition = primary.taskDefinition;
  Object.assign(rollout.record, {
    status: 'ROLLBACK_IN_PROGRESS',
    statusReason: back,
    updatedAt: at,
    rollback: { reason, startedAt: at },
  });
  Object.assign(rollout, { rollingBack: true, stepMs: undefined, attempts: 0 });
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
