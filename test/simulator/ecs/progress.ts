import type { Aws } from '../aws.ts';
import { emitEcsDeployment } from '../events/native.ts';
import { say } from './service-events.ts';
import type { DeploymentState, Rollout, RolloutState, ServiceState, TaskState } from './state.ts';
import { hasTasks, isWanted, tasksOf } from './tasks.ts';
import { enter } from './truth.ts';

/** A step of a rollout: does its part of the work and plans the next one. */
export type Step = (aws: Aws, service: ServiceState, rollout: Rollout, at: number) => void;

/** Plans a step, which does not run if the rollout has been overtaken or has ended by then. */
export function plan(aws: Aws, service: ServiceState, rollout: Rollout, time: number, step: Step): void {
  aws.agenda.at(time, (at) => {
    if (!rollout.cancelled) step(aws, service, rollout, at);
  });
}

/** The deployment that the service moves its tasks to. */
export function primaryOf(service: ServiceState): DeploymentState {
  const primary = service.deployments[0];
  if (primary === undefined) throw new Error(`service ${service.arn} has no deployment`);
  return primary;
}

/** The tasks that PRIMARY is to replace, oldest first. */
export function oldTasks(aws: Aws, service: ServiceState): readonly TaskState[] {
  return service.deployments
    .slice(1)
    .flatMap((deployment) => tasksOf(aws, service, deployment).filter(isWanted))
    .sort((a, b) => a.createdAt - b.createdAt);
}

/** Changes the rolloutState of a deployment. */
export function setRolloutState(
  deployment: DeploymentState,
  state: RolloutState,
  reason: string,
  at: number,
): void {
  deployment.rolloutState = state;
  deployment.rolloutStateReason = reason;
  deployment.updatedAt = at;
}

/** Ends a rollout as successful once the last old task has stopped, or before that with `earlySuccess`. */
export const complete: Step = (aws, service, rollout, at) => {
  const drains = service.deployments.slice(1).some(hasTasks);
  if (drains && !rollout.rollingBack) enter(service, 'draining', at);
  if (drains && (rollout.rollingBack || !rollout.behaviour.earlySuccess)) {
    plan(aws, service, rollout, nextStop(service, rollout.behaviour.drainMs, at), complete);
    return;
  }
  if (drains) waitForCleanUp(aws, service, rollout.behaviour.drainMs, at);
  else service.deployments = [primaryOf(service)];
  succeed(aws, service, rollout, at);
  if (!drains && !rollout.rollingBack) enter(service, 'succeeded', at);
};

/** When to look again whether the old tasks have stopped. */
function nextStop({ deployments }: ServiceState, drainMs: number, at: number): number {
  const left = deployments.slice(1).flatMap(({ tasks }) => tasks.filter(isLeft));
  const ends = left.map(({ stoppingAt, protectedUntil = at }) => (stoppingAt ?? protectedUntil) + drainMs);
  return Math.max(at + 1, Math.min(...ends, at + Math.max(LONGEST_LOOK_MS, drainMs)));
}

/** A task's protection may end early: so often at least it is looked whether old tasks have stopped. */
const LONGEST_LOOK_MS = 60_000;

function isLeft({ stoppedAt }: TaskState): boolean {
  return stoppedAt === undefined;
}

/** The rollout has ended, and the old tasks go when they can. */
function waitForCleanUp(aws: Aws, service: ServiceState, drainMs: number, at: number): void {
  const primary = primaryOf(service);
  aws.agenda.at(nextStop(service, drainMs, at), (then) => {
    if (service.deployments[0] !== primary) return;
    if (service.deployments.slice(1).some(hasTasks)) waitForCleanUp(aws, service, drainMs, then);
    else enter(service, 'succeeded', then);
  });
}

function succeed(aws: Aws, service: ServiceState, rollout: Rollout, at: number): void {
  const primary = primaryOf(service);
  setRolloutState(primary, 'COMPLETED', `ECS deployment ${primary.id} completed.`, at);
  end(service, rollout, rollout.rollingBack ? 'ROLLBACK_SUCCESSFUL' : 'SUCCESSFUL', undefined, at);
  settleRecord(aws, service, primary.id, 'completed', at);
  const reason = `ECS deployment ${primary.id} completed.`;
  emitEcsDeployment(aws, service.arn, primary.id, 'SERVICE_DEPLOYMENT_COMPLETED', reason, at);
  say(service, `(deployment ${primary.id}) deployment completed.`, at);
  say(service, 'has reached a steady state.', at);
}

/** Ends a rollout with any status: its planned steps do not run any more. */
export function end(
  service: ServiceState,
  rollout: Rollout,
  status: Rollout['record']['status'],
  reason: string | undefined,
  at: number,
): void {
  rollout.cancelled = true;
  service.rollout = undefined;
  Object.assign(rollout.record, {
    status,
    statusReason: reason,
    finishedAt: at,
    updatedAt: at,
    stage: undefined,
  });
}

/** Records the end of a deployment in the ledger, unless the deployment had ended before. */
export function settleRecord(
  aws: Aws,
  service: ServiceState,
  deploymentId: string,
  outcome: 'completed' | 'failed' | 'rolled-back' | 'superseded',
  at: number,
): void {
  const record = aws.ledger.deployment(service.arn, deploymentId);
  if (record === undefined || record.outcome !== 'in-progress') return;
  record.outcome = outcome;
  record.finishedAt = at;
}
