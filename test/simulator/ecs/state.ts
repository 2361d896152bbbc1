import type { Input } from '../input.ts';

/** How a rollout ends: successful, FAILED without rollback, with either kind of rollback, or never. */
export type RolloutOutcome = 'success' | 'fail' | 'rollback-new-primary' | 'rollback-old-primary' | 'stuck';

/** The course of a service's next rollouts. */
export interface RolloutBehaviour {
  readonly durationMs: number;
  /** Blue/green, linear and canary: how long both sets of tasks run side by side. */
  readonly bakeMs: number;
  /** How long an old task runs on after ECS has told it to stop. */
  readonly drainMs: number;
  readonly outcome: RolloutOutcome;
  /** The share of tasks (0..1) that is replaced before a configured failure shows. */
  readonly failAfter: number;
  /** The stoppedReason of the failed tasks. */
  readonly reason: string | undefined;
  /** The circuit breaker's kind of rollback when tasks fail by themselves, for instance because a secret is gone. */
  readonly rollbackKind: 'rollback-new-primary' | 'rollback-old-primary';
}

export interface TaskState {
  readonly id: string;
  readonly startedBy: string;
  readonly taskDefinition: string;
  readonly createdAt: number;
  startedAt: number | undefined;
  /** When it read its secrets. */
  readAt: number;
  stoppingAt: number | undefined;
  stoppedAt: number | undefined;
  stopCode: string | undefined;
  stoppedReason: string | undefined;
}

/** Tasks that are only counted so far: they become objects when a caller first reads them. */
export interface DormantTasks {
  readonly count: number;
  readonly createdAt: number;
  readonly startedAt: number | undefined;
}

/** The common part of deployments and task sets. */
export interface TaskGroup {
  readonly id: string;
  readonly taskDefinition: string;
  readonly createdAt: number;
  readonly tasks: TaskState[];
  dormant: DormantTasks[];
  /** `valueFrom`s of the service-connect log configuration. */
  readonly serviceConnectSecrets: readonly string[];
}

export type RolloutState = 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';

export interface DeploymentState extends TaskGroup {
  status: 'PRIMARY' | 'ACTIVE';
  updatedAt: number;
  rolloutState: RolloutState;
  rolloutStateReason: string | undefined;
  failedTasks: number;
}

export interface TaskSetState extends TaskGroup {
  readonly status: 'PRIMARY' | 'ACTIVE';
  readonly externalId: string | undefined;
}

type ServiceDeploymentStatus =
  | 'PENDING'
  | 'IN_PROGRESS'
  | 'SUCCESSFUL'
  | 'STOPPED'
  | 'ROLLBACK_IN_PROGRESS'
  | 'ROLLBACK_SUCCESSFUL'
  | 'ROLLBACK_FAILED';

export interface ServiceDeploymentState {
  readonly id: string;
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly deploymentId: string;
  status: ServiceDeploymentStatus;
  statusReason: string | undefined;
  stage: string | undefined;
  finishedAt: number | undefined;
  updatedAt: number;
  rollback: { readonly reason: string; readonly startedAt: number } | undefined;
}

/** A rollout that is under way; one that was overtaken is cancelled. */
export interface Rollout {
  cancelled: boolean;
  readonly record: ServiceDeploymentState;
  readonly behaviour: RolloutBehaviour;
  /** The deployment to return to. */
  readonly lastCompleted: DeploymentState | undefined;
  rollingBack: boolean;
  /** How long one batch takes; set when the first begins. */
  stepMs: number | undefined;
  /** Batches that failed so far, for the growing pause between attempts. */
  attempts: number;
  /** There was no room for another batch; only a new desired count can continue the rollout. */
  blocked: boolean;
}

export type Strategy = 'ROLLING' | 'BLUE_GREEN' | 'LINEAR' | 'CANARY';

export interface ServiceState {
  readonly arn: string;
  readonly name: string;
  readonly cluster: ClusterState;
  readonly createdAt: number;
  status: 'ACTIVE' | 'DRAINING' | 'INACTIVE';
  desired: number;
  /** Absent on Express services and with the EXTERNAL controller. */
  taskDefinition: string | undefined;
  /** Absent means ECS, as in AWS's answers. */
  readonly controller: 'ECS' | 'CODE_DEPLOY' | 'EXTERNAL' | undefined;
  readonly strategy: Strategy;
  readonly daemon: boolean;
  readonly express: boolean;
  minimumHealthyPercent: number;
  maximumPercent: number;
  circuitBreaker: { readonly enable: boolean; readonly rollback: boolean };
  tags: Readonly<Record<string, string>>;
  /** PRIMARY first. */
  deployments: DeploymentState[];
  readonly taskSets: TaskSetState[];
  /** Every task that was ever read, the stopped tasks of removed deployments included. */
  readonly seen: TaskState[];
  /** Newest first. */
  readonly serviceDeployments: ServiceDeploymentState[];
  behaviour: RolloutBehaviour;
  rollout: Rollout | undefined;
}

export interface ClusterState {
  readonly name: string;
  readonly arn: string;
  tags: Readonly<Record<string, string>>;
  readonly services: Map<string, ServiceState>;
  /** Every task that a caller has read, with its service. */
  readonly tasks: Map<string, { readonly task: TaskState; readonly service: ServiceState }>;
}

export interface TaskDefinitionState {
  readonly arn: string;
  readonly family: string;
  readonly revision: number;
  status: 'ACTIVE' | 'INACTIVE' | 'DELETE_IN_PROGRESS';
  readonly registeredAt: number;
  /** The registered content: containerDefinitions, volumes and the rest. */
  readonly content: Input;
  readonly tags: Readonly<Record<string, string>>;
}

export interface EcsState {
  readonly clusters: Map<string, ClusterState>;
  readonly taskDefinitions: Map<string, TaskDefinitionState>;
  readonly families: Map<string, TaskDefinitionState[]>;
}

/** No clusters. */
export function createEcsState(): EcsState {
  return { clusters: new Map(), taskDefinitions: new Map(), families: new Map() };
}
