import type { Input } from '../input.ts';

/**
 * How a rollout ends: successful, FAILED without rollback, with either kind of rollback, or never. Three of them never
 * end: with `stuck` the tasks stay PENDING (with a `reason` they fail), with `keeps-failing` they are started and stopped
 * again and again, and with `cannot-place` no task is started at all.
 */
export type RolloutOutcome =
  | 'success'
  | 'fail'
  | 'rollback-new-primary'
  | 'rollback-old-primary'
  | 'stuck'
  | 'keeps-failing'
  | 'cannot-place';

/** The course of a service's next rollouts. */
export interface RolloutBehaviour {
  readonly durationMs: number;
  /** Blue/green, linear and canary: how long both sets of tasks run side by side. */
  readonly bakeMs: number;
  /** Linear and canary: how long the traffic takes to shift, step by step, before the bake. */
  readonly shiftMs: number;
  /** How long an old task runs on after ECS has told it to stop. */
  readonly drainMs: number;
  readonly outcome: RolloutOutcome;
  /** The share of tasks (0..1) that is replaced before a configured failure shows. */
  readonly failAfter: number;
  /** The stoppedReason of the failed tasks. */
  readonly reason: string | undefined;
  /** Their stopCode; it follows from the reason when absent. */
  readonly stopCode: string | undefined;
  /** The `reason` and the `exitCode` of their container. */
  readonly containerReason: string | undefined;
  readonly exitCode: number | undefined;
  /** How long a failing task is RUNNING before it stops; 0: it never is. */
  readonly runsMs: number;
  /** The number of tasks that fail before any runs, whatever the outcome is. */
  readonly failsFirst: number;
  /** With `cannot-place`: the service event, without the name of the service. */
  readonly event: string;
  /** With `cannot-place`: whether ECS counts each try in `failedTasks`. */
  readonly countsPlacement: boolean;
  /** How long tasks of the deployment that is replaced are protected from scale-in, from the beginning of the rollout. */
  readonly protectMs: number;
  /** How many of them are protected. */
  readonly protectedTasks: number;
  /** `earlySuccessCriteria` with DEFERRED cleanup: the deployment is COMPLETED although old tasks still run. */
  readonly earlySuccess: boolean;
  /** The circuit breaker's kind of rollback when tasks fail by themselves, for instance because a secret is gone. */
  readonly rollbackKind: 'rollback-new-primary' | 'rollback-old-primary';
}

export interface TaskState {
  readonly id: string;
  readonly startedBy: string;
  readonly taskDefinition: string;
  readonly createdAt: number;
  /** `valueFrom`s of the service-connect log configuration of its group. */
  readonly serviceConnectSecrets: readonly string[];
  startedAt: number | undefined;
  /** When it read its secrets. */
  readAt: number;
  stoppingAt: number | undefined;
  stoppedAt: number | undefined;
  stopCode: string | undefined;
  stoppedReason: string | undefined;
  containerReason: string | undefined;
  exitCode: number | undefined;
  /** Until when ECS stops it neither for a deployment nor for a smaller desired count. */
  protectedUntil: number | undefined;
  /** Whether ECS stops it as soon as its protection ends. */
  released: boolean;
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
  /** Whether a task of it has run successfully: from then on ECS does not count failed tasks. */
  hasRun: boolean;
}

export interface TaskSetState extends TaskGroup {
  readonly status: 'PRIMARY' | 'ACTIVE';
  readonly externalId: string | undefined;
}

/** A pause in a deployment that waits for ContinueServiceDeployment. */
export interface HookState {
  readonly id: string;
  readonly stage: PauseStage;
  status: 'AWAITING_ACTION' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT';
  readonly expiresAt: number;
  readonly timeoutAction: HookAction;
}

export type HookAction = 'CONTINUE' | 'ROLLBACK';

/** The stages at which a PAUSE hook may be configured. */
export const PAUSE_STAGES = [
  'RECONCILE_SERVICE',
  'PRE_SCALE_UP',
  'POST_SCALE_UP',
  'POST_TEST_TRAFFIC_SHIFT',
  'PRE_PRODUCTION_TRAFFIC_SHIFT',
  'POST_PRODUCTION_TRAFFIC_SHIFT',
] as const;
export type PauseStage = (typeof PAUSE_STAGES)[number];

/** A lifecycle hook with the target type PAUSE. */
export interface PauseHook {
  readonly stages: readonly PauseStage[];
  readonly timeoutMinutes: number;
  readonly timeoutAction: HookAction;
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
  hooks: readonly HookState[];
  finishedAt: number | undefined;
  updatedAt: number;
  rollback:
    | { readonly reason: string; readonly startedAt: number; readonly deploymentId: string }
    | undefined;
}

/** A rollout that is under way; one that was overtaken is cancelled. */
export interface Rollout {
  cancelled: boolean;
  readonly record: ServiceDeploymentState;
  behaviour: RolloutBehaviour;
  /** The deployment to return to. */
  readonly lastCompleted: DeploymentState | undefined;
  rollingBack: boolean;
  /** How long one batch takes; set when the first begins. */
  stepMs: number | undefined;
  /** Batches that failed so far, for the growing pause between attempts. */
  attempts: number;
  /** Tasks that failed so far, as the circuit breaker counts them. */
  failures: number;
  /** Continues a rollout that waits for a hook or for nothing; undefined if it goes on by itself. */
  resume: ((at: number) => void) | undefined;
  /** Rolls back a rollout that waits for a hook. */
  goBack: ((at: number) => void) | undefined;
  /** There was no room for another batch; only a new desired count can continue the rollout. */
  blocked: boolean;
}

/** What becomes of a deployment, as only the simulator knows it. */
export type TrueState =
  | 'progressing'
  | 'draining'
  | 'baking'
  | 'awaiting-approval'
  | 'tasks-failing'
  | 'cannot-place'
  | 'rolled-back'
  | 'failed'
  | 'succeeded';

/** The instant at which a service's latest deployment entered a state. */
export interface Transition {
  readonly at: number;
  readonly state: TrueState;
  readonly deploymentId: string;
}

export interface ServiceEvent {
  readonly id: string;
  readonly at: number;
  readonly message: string;
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
  /** The tags before each change of them, oldest first. */
  readonly formerTags: { readonly until: number; readonly tags: Readonly<Record<string, string>> }[];
  deletedAt: number | undefined;
  /** PRIMARY first. */
  deployments: DeploymentState[];
  readonly taskSets: TaskSetState[];
  /** Every task that was ever read, the stopped tasks of removed deployments included. */
  readonly seen: TaskState[];
  /** Newest first. */
  readonly serviceDeployments: ServiceDeploymentState[];
  /** Oldest first. */
  readonly transitions: Transition[];
  /** Newest first. */
  readonly events: ServiceEvent[];
  pauseHooks: readonly PauseHook[];
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
