import type { ServiceKey } from '../model/arn.ts';
import { type Deployment, primaryOf, type Service } from '../model/fleet.ts';
import type { Task } from './freshness.ts';

/** A service deployment as ListServiceDeployments shows it; `createdAt` in milliseconds. */
export type ServiceDeployment = { readonly createdAt: number; readonly status: string };

/** What ECS was asked beyond DescribeServices to decide about a service. */
export type Evidence = {
  /** The creation of the youngest deployment at the time of the question: the evidence covers no younger one. */
  readonly asOf?: number;
  readonly serviceDeployments?: readonly ServiceDeployment[];
  readonly tasks?: readonly Task[];
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

function youngestOf(deployments: readonly ServiceDeployment[]): ServiceDeployment | undefined {
  return deployments.reduce<ServiceDeployment | undefined>(
    (a, b) => (a === undefined || b.createdAt >= a.createdAt ? b : a),
    undefined,
  );
}

export function isRollingBack({ serviceDeployments = [] }: Evidence): boolean {
  return serviceDeployments.some(({ status }) => ROLLBACK_RUNNING.includes(status));
}

export function isDeploying({ serviceDeployments = [] }: Evidence): boolean {
  return serviceDeployments.some(({ status }) => RUNNING.includes(status));
}

/** A service deployment and the deployment that it makes are taken to belong together within this time. */
const TOGETHER_MS = 2_000;
const ROLLED_BACK = [...ROLLBACK_RUNNING, 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'];

/**
 * Whether a deployment that is younger than the change may be one that a rollback made: the last service deployment up to
 * then was rolled back, and that one may be older than the change. A rollback makes no service deployment of its own, and
 * the tasks that its deployment took over are as old as before.
 */
export function isOfRollback({ createdAt }: Deployment, evidence: Evidence, changedAt: number): boolean {
  const { asOf = 0, serviceDeployments = [] } = evidence;
  if (createdAt > asOf || createdAt <= changedAt) return false;
  const earlier = serviceDeployments.filter((one) => one.createdAt <= createdAt + TOGETHER_MS);
  const last = youngestOf(earlier);
  return last !== undefined && ROLLED_BACK.includes(last.status);
}

/** Whether the rollout state's reason mentions a rollback: ECS reports it only in that text. */
export function looksLikeRollback(service: Service): boolean {
  return /roll(?:ing|ed)[ -]?back/i.test(primaryOf(service)?.rolloutStateReason ?? '');
}

/** For a change that is older than this, ECS's lists of running tasks count as complete. */
export const TASKS_TELL_AFTER_MS = 120_000;
