import type { ServiceKey } from './arn.ts';
import { primaryOf, type Service } from './fleet.ts';
import type { Task } from './freshness.ts';

/** A service deployment as ListServiceDeployments shows it; `createdAt` in milliseconds. */
export type ServiceDeployment = { readonly createdAt: number; readonly status: string };

/** What had to be asked beyond DescribeServices to decide about a service. */
export type Evidence = {
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
  const youngest = serviceDeployments
    .filter(({ createdAt }) => createdAt > changedAt)
    .reduce<ServiceDeployment | undefined>(
      (a, b) => (a === undefined || b.createdAt >= a.createdAt ? b : a),
      undefined,
    );
  return youngest !== undefined && FAILED.includes(youngest.status);
}

export function isRollingBack({ serviceDeployments = [] }: Evidence): boolean {
  return serviceDeployments.some(({ status }) => ROLLBACK_RUNNING.includes(status));
}

export function isDeploying({ serviceDeployments = [] }: Evidence): boolean {
  return serviceDeployments.some(({ status }) => RUNNING.includes(status));
}

/** ECS says so only in words, in the rollout state's reason. */
export function looksLikeRollback(service: Service): boolean {
  return /roll(?:ing|ed)[ -]?back/i.test(primaryOf(service)?.rolloutStateReason ?? '');
}
