import type { ServiceKey } from '../model/arn.ts';
import type { StoppedTask } from '../model/failure.ts';
import { type Deployment, primaryOf, type Service } from '../model/fleet.ts';
import type { Approval, BadEnd, ExposureEnd } from '../model/rollout.ts';
import type { Task } from './freshness.ts';

/** A service deployment as ListServiceDeployments shows it. Instants are in milliseconds. */
export type ServiceDeployment = {
  readonly createdAt: number;
  readonly status: string;
  readonly finishedAt?: number;
  /** The stage of its lifecycle, and when that ends by itself: only of one that runs, where it was asked for. */
  readonly stage?: string;
  readonly stageEndsAt?: number;
  /** It waits for a person. */
  readonly approval?: Approval;
  /** It runs, and ECS was asked for its stage and did not tell it. */
  readonly stageUnknown?: true;
};

/** What ECS was asked beyond DescribeServices to decide about a service. */
export type Evidence = {
  /** The creation of the youngest deployment at the time of the question: the evidence covers no younger one. */
  readonly asOf?: number;
  readonly serviceDeployments?: readonly ServiceDeployment[];
  readonly tasks?: readonly Task[];
  /** The tasks that stopped within the last hour, or are stopping, where they were asked for. */
  readonly stopped?: readonly StoppedTask[] | 'refused';
  /** Why ECS did not answer; `denied`: a permission is missing. */
  readonly unreadable?: string;
  readonly denied?: true;
};
export type EvidenceByService = ReadonlyMap<ServiceKey, Evidence>;

export type Question = {
  readonly service: Service;
  /** Ask for the service deployments created since this instant; undefined if they are not needed. */
  readonly deploymentsSince?: number;
  readonly askTasks: boolean;
  /** Ask for the stage of the service deployment that runs. */
  readonly askStage?: boolean;
  /** Ask for the tasks that stopped. */
  readonly askStopped?: boolean;
  /**
   * The service is about to end its part in a change of this instant: if ECS shows no stopped task from before it, the
   * end of the service deployment is asked for.
   */
  readonly endOf?: number;
  /**
   * What it means if ECS gives no answer: the decision stands without it, or the service counts as unreadable and is
   * looked at again. Undefined: nothing can be decided about any service.
   */
  readonly unanswered?: 'decide' | 'wait';
};

const ROLLBACK_RUNNING = ['ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'];
const RUNNING = ['PENDING', 'IN_PROGRESS', 'STOP_REQUESTED', ...ROLLBACK_RUNNING];
const FAILED = ['STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'];

/**
 * Whether the youngest deployment since the change failed, was stopped or was rolled back: a person must look at it.
 */
export function lastRolloutFailed({ serviceDeployments = [] }: Evidence, changedAt: number): boolean {
  const youngest = youngestOf(serviceDeployments.filter(({ createdAt }) => createdAt > changedAt));
  return youngest !== undefined && FAILED.includes(youngest.status);
}

export function youngestOf(deployments: readonly ServiceDeployment[]): ServiceDeployment | undefined {
  return deployments.reduce<ServiceDeployment | undefined>(
    (a, b) => (a === undefined || b.createdAt >= a.createdAt ? b : a),
    undefined,
  );
}

/** How the youngest deployment since the change came to its bad end. */
export function badEndOf(service: Service, evidence: Evidence, changedAt: number): BadEnd {
  const since = (evidence.serviceDeployments ?? []).filter(({ createdAt }) => createdAt > changedAt);
  const wasRolledBack = ROLLED_BACK.includes(youngestOf(since)?.status ?? '');
  return wasRolledBack || looksLikeRollback(service) ? 'rolled-back' : 'failed';
}

/** The end of the last task from before the change, and what shows it; undefined if ECS does not show it (any more). */
export function endOfLastOldTask(
  { stopped, serviceDeployments = [] }: Evidence,
  changedAt: number,
): ExposureEnd | undefined {
  const ends = oldOnesIn(stopped, changedAt).flatMap(({ stoppedAt }) => stoppedAt ?? []);
  if (ends.length > 0) return { at: Math.max(...ends), by: 'stopped-task' };
  const done = serviceDeployments.filter(
    ({ createdAt, status }) => createdAt > changedAt && status === 'SUCCESSFUL',
  );
  const finishedAt = youngestOf(done)?.finishedAt;
  return finishedAt === undefined ? undefined : { at: finishedAt, by: 'service-deployment' };
}

/** The stopped tasks that were created before the change. */
export function oldOnesIn(stopped: Evidence['stopped'], changedAt: number): readonly StoppedTask[] {
  if (stopped === undefined || stopped === 'refused') return [];
  return stopped.filter(({ createdAt }) => createdAt <= changedAt);
}

/** Whether a task from before the change has been told to stop and has not stopped yet. */
export function isStillStopping({ stopped }: Evidence, changedAt: number): boolean {
  return oldOnesIn(stopped, changedAt).some(({ stoppedAt }) => stoppedAt === null);
}

export function isRollingBack({ serviceDeployments = [] }: Evidence): boolean {
  return serviceDeployments.some(({ status }) => ROLLBACK_RUNNING.includes(status));
}

export function isDeploying({ serviceDeployments = [] }: Evidence): boolean {
  return serviceDeployments.some(({ status }) => RUNNING.includes(status));
}

/**
 * Whether a PAUSE hook holds the deployment up until a person continues it or its time is over, or may do so because ECS did
 * not tell what the deployment is doing.
 */
export function mayBePaused({ hasHooks }: Service, { serviceDeployments = [] }: Evidence): boolean {
  return serviceDeployments.some(
    ({ approval, stageUnknown }) => approval !== undefined || (hasHooks && stageUnknown === true),
  );
}

/** A service deployment and the deployment that it makes are taken to belong together within this time. */
const TOGETHER_MS = 2_000;
const ROLLED_BACK = [...ROLLBACK_RUNNING, 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'];

/**
 * Whether a deployment that is younger than the change may be one that a rollback made: the last service deployment up to
 * then was rolled back, and that one may be older than the change. A rollback makes no service deployment of its own, and
 * the tasks that its deployment took over are as old as before.
 */
export function isOfRollback(
  { createdAt }: Deployment,
  { deployments }: Service,
  evidence: Evidence,
  changedAt: number,
): boolean {
  const { asOf = 0, serviceDeployments = [] } = evidence;
  if (createdAt > asOf || createdAt <= changedAt) return false;
  const next = Math.min(...deployments.map((one) => one.createdAt).filter((at) => at > createdAt));
  // What was created closer to the next deployment has made that one.
  const until = Math.min(createdAt + TOGETHER_MS, (createdAt + next) / 2);
  const last = youngestOf(serviceDeployments.filter((one) => one.createdAt <= until));
  return last !== undefined && ROLLED_BACK.includes(last.status);
}

/** Whether the rollout state's reason mentions a rollback: ECS reports it only in that text. */
export function looksLikeRollback(service: Service): boolean {
  return /roll(?:ing|ed)[ -]?back/i.test(primaryOf(service)?.rolloutStateReason ?? '');
}

/** For a change that is older than this, ECS's lists of running tasks count as complete. */
export const TASKS_TELL_AFTER_MS = 120_000;
