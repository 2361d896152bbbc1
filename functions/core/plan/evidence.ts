import type { ServiceKey } from '../model/arn.ts';
import { type Deployment, primaryOf, type Service } from '../model/fleet.ts';
import type { Task } from './freshness.ts';

/** A service deployment as ListServiceDeployments shows it; `createdAt` in milliseconds. */
export type ServiceDeployment = { readonly createdAt: number; readonly status: string };

/** What had to be asked beyond DescribeServices to decide about a service. */
export type Evidence = {
  /** When the youngest deployment that there was then was created: of a younger one this tells nothing. */
  readonly asOf?: number;
  readonly serviceDeployments?: readonly ServiceDeployment[];
  readonly tasks?: readonly Task[];
  /** Why ECS would not tell. */
  readonly unreadable?: string;
};
export type EvidenceByService = ReadonlyMap<ServiceKey, Evidence>;

export type Question = {
  readonly service: Service;
  /** Service deployments created since this instant; undefined: need not be asked. */
  readonly deploymentsSince?: number;
  readonly askTasks: boolean;
  /** The decision stands without the answer, too: if ECS does not give one, none is needed. */
  readonly optional?: true;
};

const ROLLBACK_RUNNING = ['ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'];
const RUNNING = ['PENDING', 'IN_PROGRESS', 'STOP_REQUESTED', ...ROLLBACK_RUNNING];
const FAILED = ['STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'];

/** Whether the youngest deployment since the change ended neither successful nor running: a person must look. */
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

/** A service deployment and the deployment that it makes are created this close to each other. */
const TOGETHER_MS = 2_000;
const ROLLED_BACK = [...ROLLBACK_RUNNING, 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'];

/**
 * Whether a deployment younger than the change is what a rollback made: it has no service deployment of its own, and the
 * last one before it was rolled back, which may be older than the change. The tasks that it took over are as old as before.
 */
export function isOfRollback({ createdAt }: Deployment, evidence: Evidence, changedAt: number): boolean {
  const { asOf = 0, serviceDeployments = [] } = evidence;
  if (createdAt > asOf || createdAt <= changedAt) return false;
  const earlier = serviceDeployments.filter((one) => one.createdAt <= createdAt + TOGETHER_MS);
  const last = youngestOf(earlier);
  return last !== undefined && last.createdAt < createdAt - TOGETHER_MS && ROLLED_BACK.includes(last.status);
}

/** ECS says so only in words, in the rollout state's reason. */
export function looksLikeRollback(service: Service): boolean {
  return /roll(?:ing|ed)[ -]?back/i.test(primaryOf(service)?.rolloutStateReason ?? '');
}

/** From this age of a change on, ECS's lists of running tasks are taken as complete. */
export const TASKS_TELL_AFTER_MS = 120_000;
