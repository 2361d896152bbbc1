import type { Aws } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { emitEcsDeployment } from '../events/native.ts';
import { pausedAt } from './hooks.ts';
import { type DeploymentRequest, newDeployment } from './new-deployment.ts';
import { end, plan, primaryOf, settleRecord } from './progress.ts';
import { protect } from './protection.ts';
import { roll } from './rolling.ts';
import { scaleUp } from './side-by-side.ts';
import type { DeploymentState, Rollout, ServiceDeploymentState, ServiceState } from './state.ts';
import { hasTasks, isWanted, stopTask } from './tasks.ts';
import { enter } from './truth.ts';

/** A service has so many deployments at most that have not been completed or still have tasks. */
const MOST_DEPLOYMENTS = 5;

/**
 * Starts a deployment as UpdateService does: it becomes PRIMARY and overtakes a rollout that is under way. With five
 * deployments that have not drained ECS refuses
 * ({@link https://github.com/aws/containers-roadmap/issues/2836}; the error's code is not told there, and is the one that
 * ECS uses for arguments that do not apply now).
 */
export function startDeployment(
  aws: Aws,
  service: ServiceState,
  request: DeploymentRequest,
): DeploymentState {
  const lastCompleted = service.deployments.find((deployment) => deployment.rolloutState === 'COMPLETED');
  refuseTooMany(service);
  overtake(aws, service, request.at);
  protect(aws, service, request.at);
  for (const deployment of service.deployments) deployment.status = 'ACTIVE';
  const primary = newDeployment(aws, service, request);
  service.deployments = [primary, ...service.deployments.filter(hasTasks)];
  if (!service.express) service.taskDefinition = primary.taskDefinition;
  const record = recordServiceDeployment(aws, service, primary, 'PENDING', request.at);
  emitEcsDeployment(
    aws,
    service.arn,
    primary.id,
    'SERVICE_DEPLOYMENT_IN_PROGRESS',
    `ECS deployment ${primary.id} in progress.`,
    request.at,
  );
  beginRollout(aws, service, record, lastCompleted, request.at);
  return primary;
}

function refuseTooMany({ deployments }: ServiceState): void {
  const unfinished = deployments.filter((one) => one.status === 'PRIMARY' || hasTasks(one));
  if (unfinished.length < MOST_DEPLOYMENTS) return;
  throw new AwsError(
    'InvalidParameterException',
    `${MOST_DEPLOYMENTS} active deployments exist, unable to create new deployment.`,
  );
}

/** Begins the rollout of PRIMARY at `at`, also for services that are built in the middle of a rollout. */
export function beginRollout(
  aws: Aws,
  service: ServiceState,
  record: ServiceDeploymentState,
  lastCompleted: DeploymentState | undefined,
  at: number,
): void {
  const rollout: Rollout = {
    cancelled: false,
    record,
    behaviour: service.behaviour,
    lastCompleted,
    rollingBack: false,
    stepMs: undefined,
    attempts: 0,
    failures: 0,
    resume: undefined,
    goBack: undefined,
    blocked: false,
  };
  service.rollout = rollout;
  enter(service, 'progressing', at);
  // The scheduler starts the first task after a moment.
  const moment = Math.min(500, service.behaviour.durationMs / 20);
  plan(aws, service, rollout, at + moment, (...step) => {
    record.status = 'IN_PROGRESS';
    const next = service.strategy === 'ROLLING' ? roll : scaleUp;
    const [, , , then] = step;
    if (!pausedAt(aws, service, rollout, 'PRE_SCALE_UP', then, { next, back: roll })) next(...step);
  });
}

/** Enters a service deployment, newest first. */
export function recordServiceDeployment(
  aws: Aws,
  service: ServiceState,
  deployment: DeploymentState,
  status: ServiceDeploymentState['status'],
  at: number,
): ServiceDeploymentState {
  const record: ServiceDeploymentState = {
    id: aws.ids.suffix(21),
    createdAt: deployment.createdAt,
    startedAt: deployment.createdAt,
    deploymentId: deployment.id,
    status,
    statusReason: undefined,
    stage: undefined,
    hooks: [],
    finishedAt: status === 'PENDING' || status === 'IN_PROGRESS' ? undefined : at,
    updatedAt: at,
    rollback: undefined,
  };
  service.serviceDeployments.unshift(record);
  return record;
}

/** Ends the rollout under way, if any, because a newer deployment takes its place. */
export function overtake(aws: Aws, service: ServiceState, at: number): void {
  const { rollout } = service;
  if (rollout === undefined) return;
  settleRecord(aws, service, primaryOf(service).id, 'superseded', at);
  end(service, rollout, 'STOPPED', 'A newer service deployment took its place.', at);
  for (const deployment of service.deployments) {
    for (const task of deployment.tasks) {
      if (isWanted(task) && task.startedAt === undefined) stopTask(aws, task, at, 0);
    }
  }
}
