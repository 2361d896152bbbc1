import type { Aws } from '../aws.ts';
import { findTaskDefinition } from '../ecs/lookup.ts';
import { newDeployment } from '../ecs/new-deployment.ts';
import { settleRecord } from '../ecs/progress.ts';
import { beginRollout, recordServiceDeployment } from '../ecs/rollouts.ts';
import type {
  DeploymentState,
  DormantTasks,
  RolloutState,
  ServiceState,
  TaskDefinitionState,
  TaskSetState,
} from '../ecs/state.ts';
import { enter } from '../ecs/truth.ts';
import type { Instant, OlderDeploymentSpec, ServiceSpec, TaskDefinitionRef, TaskSetSpec } from './specs.ts';

export const HOUR = 3_600_000;

/** How long a task of a built world takes from PENDING to RUNNING; less if RUNNING would be in the future. */
const START_MS = 5000;

/** Epoch milliseconds of an instant, or the default. */
export function instant(value: Instant | undefined, otherwise: number): number {
  return value === undefined ? otherwise : Number(value);
}

/** The registered revision behind a reference. */
export function needRevision(aws: Aws, id: string | TaskDefinitionRef): TaskDefinitionState {
  const arn = typeof id === 'string' ? id : id.arn;
  const found = findTaskDefinition(aws, arn);
  if (found === undefined) throw new Error(`no task definition ${arn} in this world; build it first`);
  return found;
}

/** PRIMARY and the older deployments that still have tasks, with their entries among the service deployments. */
export function addDeployments(
  aws: Aws,
  service: ServiceState,
  spec: ServiceSpec,
  revision: TaskDefinitionRef,
  startedAt: number,
  now: number,
): void {
  const older = (spec.older ?? []).map((item) => olderDeployment(aws, service, revision, item, startedAt));
  const unfinished = older.length > 0 || (spec.pending ?? 0) > 0;
  const rolloutState = spec.rolloutState ?? (unfinished ? 'IN_PROGRESS' : 'COMPLETED');
  const primary = deploymentOf(aws, service, {
    taskDefinition: revision.arn,
    startedAt,
    rolloutState,
    serviceConnectSecrets: spec.serviceConnectSecrets ?? [],
    dormant: primaryTasks(service, spec, startedAt, now),
    status: 'PRIMARY',
  });
  service.deployments = [primary, ...older];
  const statuses = { IN_PROGRESS: 'IN_PROGRESS', COMPLETED: 'SUCCESSFUL', FAILED: 'STOPPED' } as const;
  for (const deployment of older.toReversed()) {
    recordServiceDeployment(
      aws,
      service,
      deployment,
      statuses[deployment.rolloutState],
      deployment.createdAt,
    );
  }
  const record = recordServiceDeployment(aws, service, primary, statuses[rolloutState], startedAt);
  const states = { IN_PROGRESS: 'progressing', COMPLETED: 'succeeded', FAILED: 'failed' } as const;
  enter(service, states[rolloutState], startedAt);
  if (rolloutState === 'IN_PROGRESS' && service.behaviour.outcome !== 'stuck') {
    beginRollout(aws, service, record, older.find(isCompleted), now);
  }
}

function isCompleted(deployment: DeploymentState): boolean {
  return deployment.rolloutState === 'COMPLETED';
}

function primaryTasks(
  service: ServiceState,
  spec: ServiceSpec,
  startedAt: number,
  now: number,
): DormantTasks[] {
  const { tasksStartedAt } = spec;
  const pending = pendingTasks(spec.pending ?? 0, startedAt);
  if (Array.isArray(tasksStartedAt)) {
    return [...tasksStartedAt.flatMap((at: Instant) => runningTasks(1, Number(at), startedAt)), ...pending];
  }
  const olderRunning = (spec.older ?? []).reduce((sum, item) => sum + (item.running ?? 1), 0);
  const running = spec.running ?? Math.max(0, service.desired - (spec.pending ?? 0) - olderRunning);
  const at =
    typeof tasksStartedAt === 'number' || tasksStartedAt instanceof Date ? Number(tasksStartedAt) : undefined;
  return [...runningTasks(running, at ?? soonAfter(startedAt, now), startedAt), ...pending];
}

function soonAfter(startedAt: number, now: number): number {
  return startedAt + Math.min(START_MS, Math.max(0, now - startedAt) / 2);
}

/** Tasks that run since `at`. They were created a little earlier, but not before their deployment. */
function runningTasks(count: number, at: number, deploymentAt: number): DormantTasks[] {
  const earliest = at < deploymentAt ? Number.NEGATIVE_INFINITY : deploymentAt;
  return count === 0 ? [] : [{ count, createdAt: Math.max(earliest, at - START_MS), startedAt: at }];
}

function pendingTasks(count: number, createdAt: number): DormantTasks[] {
  return count === 0 ? [] : [{ count, createdAt, startedAt: undefined }];
}

function olderDeployment(
  aws: Aws,
  service: ServiceState,
  revision: TaskDefinitionRef,
  spec: OlderDeploymentSpec,
  primaryStartedAt: number,
): DeploymentState {
  const startedAt = instant(spec.startedAt, primaryStartedAt - HOUR);
  const taskDefinition =
    spec.taskDefinition === undefined ? revision : needRevision(aws, spec.taskDefinition);
  return deploymentOf(aws, service, {
    taskDefinition: taskDefinition.arn,
    startedAt,
    rolloutState: spec.rolloutState ?? 'COMPLETED',
    serviceConnectSecrets: spec.serviceConnectSecrets ?? [],
    dormant: [
      ...runningTasks(spec.running ?? 1, startedAt + START_MS, startedAt),
      ...pendingTasks(spec.pending ?? 0, startedAt),
    ],
    status: 'ACTIVE',
  });
}

function deploymentOf(
  aws: Aws,
  service: ServiceState,
  traits: Pick<
    DeploymentState,
    'taskDefinition' | 'rolloutState' | 'serviceConnectSecrets' | 'dormant' | 'status'
  > & {
    readonly startedAt: number;
  },
): DeploymentState {
  const { startedAt, taskDefinition, serviceConnectSecrets, ...rest } = traits;
  const fresh = newDeployment(aws, service, {
    at: startedAt,
    by: 'world',
    forced: false,
    taskDefinition,
    serviceConnectSecrets,
  });
  const outcomes = { IN_PROGRESS: undefined, COMPLETED: 'completed', FAILED: 'failed' } as const;
  const outcome = outcomes[rest.rolloutState];
  if (outcome !== undefined) settleRecord(aws, service, fresh.id, outcome, startedAt);
  const hasRun = rest.dormant.some(({ startedAt: at }) => at !== undefined);
  return { ...fresh, ...rest, hasRun, rolloutStateReason: reasonFor(fresh.id, rest.rolloutState) };
}

function reasonFor(id: string, state: RolloutState): string {
  return state === 'IN_PROGRESS'
    ? `ECS deployment ${id} in progress.`
    : `ECS deployment ${id} ${state.toLowerCase()}.`;
}

/** A task set of a CODE_DEPLOY or EXTERNAL service. */
export function taskSetOf(
  aws: Aws,
  service: ServiceState,
  revision: TaskDefinitionRef,
  spec: TaskSetSpec,
  index: number,
  now: number,
): TaskSetState {
  const startedAt = instant(spec.startedAt, now - HOUR);
  const taskDefinition =
    spec.taskDefinition === undefined ? revision : needRevision(aws, spec.taskDefinition);
  return {
    id: spec.id ?? `ecs-svc/${aws.ids.digits(19)}`,
    taskDefinition: taskDefinition.arn,
    createdAt: startedAt,
    tasks: [],
    dormant: [
      ...runningTasks(spec.running ?? service.desired, soonAfter(startedAt, now), startedAt),
      ...pendingTasks(spec.pending ?? 0, startedAt),
    ],
    serviceConnectSecrets: [],
    status: spec.status ?? (index === 0 ? ('PRIMARY' as const) : ('ACTIVE' as const)),
    externalId: spec.externalId,
  };
}
