import type {
  HookAction,
  PauseStage,
  RolloutBehaviour,
  RolloutState,
  ServiceState,
  Strategy,
  TaskDefinitionState,
} from '../ecs/state.ts';
import type { AwsEvent } from '../events/bus.ts';
import type { PolicyDocument, Statement } from '../iam/policy.ts';
import type { Place } from '../place.ts';

/** Epoch milliseconds or a Date. */
export type Instant = number | Date;

export interface ClusterSpec {
  readonly name?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface ClusterRef {
  readonly arn: string;
  readonly name: string;
}

export interface TaskDefinitionSpec {
  readonly family?: string;
  /** `valueFrom`s, or name and `valueFrom`, of the one container `app`. */
  readonly secrets?: readonly (string | { readonly name: string; readonly valueFrom: string })[];
  /** `logConfiguration.secretOptions[].valueFrom`. */
  readonly logSecrets?: readonly string[];
  /** `repositoryCredentials.credentialsParameter`. */
  readonly pullCredentials?: string;
  readonly credentialSpecs?: readonly string[];
  readonly dockerSecurityOptions?: readonly string[];
  /** `fsxWindowsFileServerVolumeConfiguration.authorizationConfig.credentialsParameter`, a volume each. */
  readonly fsxCredentials?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Further containers, in ECS's own shape. */
  readonly containers?: readonly Readonly<Record<string, unknown>>[];
  readonly executionRole?: string;
  readonly status?: TaskDefinitionState['status'];
  readonly registeredAt?: Instant;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface TaskDefinitionRef {
  readonly arn: string;
  readonly family: string;
  readonly revision: number;
}

/** The course of a service's rollouts; absent fields have the defaults of `behaviourOf`. */
export type RolloutSpec = Partial<RolloutBehaviour>;

/** A PAUSE hook, with AWS's defaults: after a day the deployment is rolled back. */
export interface PauseHookSpec {
  readonly stage: PauseStage;
  /** 1,440 when absent. */
  readonly timeoutMinutes?: number;
  /** ROLLBACK when absent. */
  readonly timeoutAction?: HookAction;
}

/** An older deployment that still has tasks. */
export interface OlderDeploymentSpec {
  /** The revision of the service itself when absent. */
  readonly taskDefinition?: string | TaskDefinitionRef;
  readonly startedAt?: Instant;
  readonly running?: number;
  readonly pending?: number;
  readonly rolloutState?: RolloutState;
  readonly serviceConnectSecrets?: readonly string[];
}

export interface TaskSetSpec {
  readonly id?: string;
  readonly status?: 'PRIMARY' | 'ACTIVE';
  readonly taskDefinition?: string | TaskDefinitionRef;
  readonly startedAt?: Instant;
  readonly running?: number;
  readonly pending?: number;
  readonly externalId?: string;
}

export interface ServiceSpec {
  /** Created if it does not exist; `main` when absent. */
  readonly cluster?: string | ClusterRef;
  readonly name?: string;
  /** ARN or `family:revision`; when absent, a new family with `secrets`. */
  readonly taskDefinition?: string | TaskDefinitionRef;
  /** Shorthand for a task definition with these `valueFrom`s. */
  readonly secrets?: readonly string[];
  /** The execution role of that task definition. */
  readonly executionRole?: string;
  readonly desired?: number;
  /** The number of PRIMARY's running tasks; `desired` when absent. */
  readonly running?: number;
  readonly pending?: number;
  /** PRIMARY's `createdAt`; an hour ago when absent. */
  readonly startedAt?: Instant;
  /** When PRIMARY's tasks started; `startedAt` when absent, one instant per task as a list. */
  readonly tasksStartedAt?: Instant | readonly Instant[];
  /** PRIMARY's. When absent, IN_PROGRESS with `older` or `pending` tasks (the rollout continues), else COMPLETED. */
  readonly rolloutState?: RolloutState;
  readonly controller?: 'ECS' | 'CODE_DEPLOY' | 'EXTERNAL';
  readonly strategy?: Strategy;
  readonly daemon?: boolean;
  readonly express?: boolean;
  readonly oldArn?: boolean;
  readonly status?: ServiceState['status'];
  readonly minimumHealthyPercent?: number;
  readonly maximumPercent?: number;
  readonly circuitBreaker?: { readonly enable: boolean; readonly rollback: boolean };
  readonly tags?: Readonly<Record<string, string>>;
  /** Service-connect log `secretOptions` of the PRIMARY deployment. */
  readonly serviceConnectSecrets?: readonly string[];
  readonly older?: readonly OlderDeploymentSpec[];
  readonly taskSets?: readonly TaskSetSpec[];
  readonly rollout?: RolloutSpec;
  /** Shorthand for `rollout.protectMs` and `rollout.protectedTasks`. */
  readonly protectMs?: number;
  readonly protectedTasks?: number;
  readonly pauseHooks?: readonly PauseHookSpec[];
}

export interface ServiceRef {
  readonly arn: string;
  readonly name: string;
  readonly cluster: ClusterRef;
  /** PRIMARY's revision. */
  readonly taskDefinition: string;
}

export interface SecretVersionSpec {
  readonly id?: string;
  readonly createdAt?: Instant;
  readonly labels?: readonly string[];
}

export interface SecretSpec {
  readonly name?: string;
  /** Another account or Region than that of the simulator: what is written there shows by its ARN, and its events happen there. */
  readonly place?: Partial<Place>;
  /** The six characters that end the ARN. */
  readonly suffix?: string;
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly createdAt?: Instant;
  /** One version with AWSCURRENT when absent. */
  readonly versions?: readonly SecretVersionSpec[];
  readonly lastChangedAt?: Instant;
  readonly lastRotatedAt?: Instant;
  readonly rotationEnabled?: boolean;
  /** Its KMS key, as its owner named it; the store's own when absent. */
  readonly kmsKeyId?: string;
  readonly resourcePolicy?: PolicyDocument;
}

export interface SecretRef {
  readonly arn: string;
  readonly partialArn: string;
  readonly name: string;
  readonly versionId: string;
}

export interface ParameterSpec {
  readonly name?: string;
  readonly type?: 'String' | 'StringList' | 'SecureString';
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly version?: number;
  readonly modifiedAt?: Instant;
  /** The key of a SecureString; the store's own when absent. */
  readonly keyId?: string;
  readonly tier?: 'Standard' | 'Advanced';
}

export interface RoleSpec {
  readonly name?: string;
  /** `/` when absent. */
  readonly path?: string;
  readonly inline?: readonly Statement[];
  /** Managed policies, by their ARN or any id. */
  readonly managed?: Readonly<Record<string, readonly Statement[]>>;
  readonly boundary?: readonly Statement[];
  /** Who may assume it; tasks of ECS when absent. */
  readonly trust?: PolicyDocument;
}

export interface RoleRef {
  readonly arn: string;
  readonly name: string;
}

export interface KeySpec {
  readonly aliases?: readonly string[];
  readonly manager?: 'AWS' | 'CUSTOMER';
  /** `Enabled` when absent. */
  readonly state?: string;
  /** The default key policy, which leaves everything to IAM, when absent. */
  readonly policy?: readonly Statement[];
}

export interface KeyRef {
  readonly arn: string;
  readonly id: string;
}

export interface ParameterRef {
  readonly arn: string;
  readonly name: string;
}

export interface QueueSpec {
  readonly name?: string;
  readonly visibilitySeconds?: number;
  readonly delaySeconds?: number;
  readonly maxReceiveCount?: number;
  /** Where messages go after `maxReceiveCount` receives; when absent, a new queue with the name `<name>-dead`. */
  readonly deadLetters?: { readonly arn: string };
  /** The queue's policy, without which no rule may send. */
  readonly policy?: PolicyDocument;
}

/** An event bus besides the default one. */
export interface EventBusSpec {
  readonly name: string;
  /** Who may put events on it besides the roles of the account. */
  readonly policy?: PolicyDocument;
}

export interface EventBusRef {
  readonly arn: string;
  readonly name: string;
}

/** A rule of EventBridge with one target. */
export interface RuleSpec {
  readonly name: string;
  /** The bus whose events it sees; the default bus when absent. */
  readonly bus?: string;
  readonly matches: (event: AwsEvent) => boolean;
  /** The ARN of a queue of this account and Region, or of any event bus. */
  readonly target: string;
  /** The ARN of the role with which EventBridge puts events on another bus. */
  readonly role?: string;
  /** The ARN of the queue for events that could not be delivered. */
  readonly deadLetters?: string;
}

export interface RuleRef {
  readonly arn: string;
}

export interface BucketSpec {
  readonly name?: string;
  /** Whether callers have `s3:ListBucket`; without it a missing key is answered with AccessDenied. Default true. */
  readonly listable?: boolean;
}

export interface BucketRef {
  readonly name: string;
  readonly arn: string;
}

type FunctionName = 'on-change' | 'on-request' | 'on-schedule';

export interface StackSpec {
  /** `prod` when absent. */
  readonly stage?: string;
  /** `ecs-secret-redeploy-<stage>` when absent. */
  readonly name?: string;
  /** The version that the functions' descriptions end with; 0.1.0 when absent. */
  readonly version?: string;
  /** The environment of the functions besides STAGE and CHANGE_QUEUE_URL; what is absent has the function's own default. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What the functions answer when they are invoked. */
  readonly handlers?: Readonly<Partial<Record<FunctionName, (event: unknown) => Promise<unknown>>>>;
  /** What GetTemplate answers. */
  readonly template?: string;
  /** CREATE_COMPLETE when absent. */
  readonly status?: string;
  /** Now when absent. */
  readonly createdAt?: number;
  /** The ARNs of the roles of the functions. */
  readonly roles?: Readonly<Partial<Record<FunctionName, string>>>;
  /** Further resources by their logical ids. */
  readonly resources?: Readonly<Record<string, { readonly type: string; readonly physicalId: string }>>;
}

export interface AlarmSpec {
  readonly name: string;
  /** OK when absent. */
  readonly state?: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  readonly reason?: string;
  readonly description?: string;
  /** When it took this state; now when absent. */
  readonly changedAt?: number;
}

/** One value of a metric, now when `at` is absent. */
export interface DatumSpec {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly at?: number;
  readonly value: number;
}

export interface StackRef {
  readonly name: string;
}

export interface QueueRef {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
}
