import type { Aws } from '../aws.ts';
import type { AlarmState } from '../cloudwatch/state.ts';
import { addCluster, behaviourOf } from '../ecs/build.ts';
import { continueAll } from '../ecs/hooks.ts';
import { mend } from '../ecs/mend.ts';
import { primaryOf } from '../ecs/progress.ts';
import { startDeployment } from '../ecs/rollouts.ts';
import { replaceTasks, scale } from '../ecs/scaling.ts';
import type { HookAction, ServiceState } from '../ecs/state.ts';
import { emitExpiration, emitParameterChange } from '../events/native.ts';
import type { Statement } from '../iam/policy.ts';
import type { InstalledState } from '../installed/state.ts';
import { findParameter } from '../parameters/state.ts';
import type { Bucket } from '../s3/state.ts';
import { checkedTags } from '../tags.ts';
import { buildBucket, buildParameter, buildQueue, buildSecret } from './resources.ts';
import { buildKey, buildOrganization, buildRole } from './roles.ts';
import { buildEventBus, buildRule } from './rules.ts';
import { buildService } from './services.ts';
import type {
  AlarmSpec,
  BucketRef,
  BucketSpec,
  ClusterRef,
  ClusterSpec,
  DatumSpec,
  EventBusRef,
  EventBusSpec,
  KeyRef,
  KeySpec,
  ParameterRef,
  ParameterSpec,
  QueueRef,
  QueueSpec,
  RoleRef,
  RoleSpec,
  RolloutSpec,
  RuleRef,
  RuleSpec,
  SecretRef,
  SecretSpec,
  ServiceRef,
  ServiceSpec,
  StackRef,
  StackSpec,
  TaskDefinitionRef,
  TaskDefinitionSpec,
} from './specs.ts';
import { buildStack } from './stacks.ts';
import { buildTaskDefinition } from './task-definitions.ts';

/** Builds a world without HTTP and acts on it as other callers do. A test states only differences from the defaults. */
export interface World {
  /** What is installed besides: a test may break it. */
  readonly installed: InstalledState;
  readonly alarms: Map<string, AlarmState>;
  readonly buckets: Map<string, Bucket>;
  cluster(spec?: ClusterSpec): ClusterRef;
  taskDefinition(spec?: TaskDefinitionSpec): TaskDefinitionRef;
  service(spec?: ServiceSpec): ServiceRef;
  secret(spec?: SecretSpec): SecretRef;
  parameter(spec?: ParameterSpec): ParameterRef;
  queue(spec?: QueueSpec): QueueRef;
  /** An event bus besides the default one. */
  eventBus(spec: EventBusSpec): EventBusRef;
  /** A rule of EventBridge, from now on. */
  rule(spec: RuleSpec): RuleRef;
  role(spec?: RoleSpec): RoleRef;
  key(spec?: KeySpec): KeyRef;
  /** The service control policies of each level of the organization, from the root to the account. */
  organization(levels: readonly (readonly Statement[])[]): void;
  /** A bucket, by its name alone or with more properties. */
  bucket(spec?: string | BucketSpec): BucketRef;
  /** An installed service: its stack and its functions. */
  stack(spec?: StackSpec): StackRef;
  /** An alarm, or the present state of one that is there. */
  alarm(spec: AlarmSpec): void;
  /** A value that a metric has taken. */
  datum(spec: DatumSpec): void;
  /** Sets the course of the service's next rollouts. */
  behave(service: Named, rollout: RolloutSpec): void;
  /** A deployment by another caller, such as CI; `by` appears in the ledger. Answers its id. */
  deploy(
    service: Named,
    wish?: { readonly taskDefinition?: TaskDefinitionRef; readonly by?: string },
  ): string;
  /**
   * The cause of whatever keeps a rollout from succeeding ends: the rollout under way and the next ones take this course
   * from now on (success when absent), and no task is protected any more. A pause goes on.
   */
  mend(service: Named, rollout?: RolloutSpec): void;
  /** A person continues or rolls back a deployment that waits for its PAUSE hooks. Throws if it does not wait. */
  continueDeployment(service: Named, action?: HookAction): void;
  /** Another caller changes the desired count. */
  scale(service: Named, desired: number): void;
  /** Tasks crash or lose their node and are started again in the same deployment; 1 when absent. */
  replaceTasks(service: Named, count?: number): void;
  /** A parameter's Expiration policy deletes it. */
  expireParameter(name: string): void;
  /** A PutParameter that fails: an event with `exception`, and nothing else. */
  failParameterUpdate(name: string): void;
}

/** Anything that carries a service's ARN. */
export interface Named {
  readonly arn: string;
}

/** The builders and actions of one world. */
export function createWorld(aws: Aws): World {
  const at = (): number => {
    const now = aws.now();
    aws.agenda.runUntil(now);
    return now;
  };
  return {
    installed: aws.installed,
    alarms: aws.cloudwatch.alarms,
    buckets: aws.s3.buckets,
    cluster(spec = {}) {
      const { arn, name } = addCluster(
        aws,
        spec.name ?? `cluster-${aws.ecs.clusters.size + 1}`,
        checkedTags(spec.tags ?? {}),
      );
      return { arn, name };
    },
    taskDefinition: (spec = {}) => buildTaskDefinition(aws, spec),
    service: (spec = {}) => buildService(aws, spec),
    secret: (spec = {}) => buildSecret(aws, spec),
    parameter: (spec = {}) => buildParameter(aws, spec),
    queue: (spec = {}) => buildQueue(aws, spec),
    eventBus: (spec) => buildEventBus(aws, spec),
    rule: (spec) => buildRule(aws, spec),
    role: (spec = {}) => buildRole(aws, spec),
    key: (spec = {}) => buildKey(aws, spec),
    organization: (levels) => buildOrganization(aws, levels),
    bucket: (spec = {}) => buildBucket(aws, typeof spec === 'string' ? { name: spec } : spec),
    stack: (spec = {}) => buildStack(aws, spec),
    alarm({ name, state = 'OK', reason = '', description = '', changedAt = at() }) {
      aws.cloudwatch.alarms.set(name, { name, state, reason, description, changedAt });
    },
    datum: ({ dimensions = {}, at: moment = at(), ...datum }) =>
      void aws.cloudwatch.data.push({ ...datum, dimensions, at: moment }),
    behave(named, rollout) {
      const service = serviceOf(aws, named);
      service.behaviour = behaviourOf(aws, { ...service.behaviour, ...rollout });
    },
    deploy(named, { taskDefinition, by = 'another caller' } = {}) {
      const service = serviceOf(aws, named);
      const now = at();
      const before = primaryOf(service);
      return startDeployment(aws, service, {
        at: now,
        by,
        forced: taskDefinition === undefined,
        taskDefinition: taskDefinition?.arn ?? before.taskDefinition,
        serviceConnectSecrets: before.serviceConnectSecrets,
      }).id;
    },
    mend(named, rollout = {}) {
      const service = serviceOf(aws, named);
      mend(aws, service, rollout, at());
    },
    continueDeployment(named, action = 'CONTINUE') {
      const now = at();
      continueAll(aws, serviceOf(aws, named), action, now);
    },
    scale: (named, desired) => scale(aws, serviceOf(aws, named), desired, at()),
    replaceTasks: (named, count = 1) => void replaceTasks(aws, serviceOf(aws, named), count, at()),
    expireParameter(name) {
      const { state, view } = needParameter(aws, name);
      const now = at();
      state.history.push({ ...view, at: now, deleted: true });
      emitExpiration(aws, state, view.type, now);
    },
    failParameterUpdate(name) {
      const { state, view } = needParameter(aws, name);
      const exception = 'ThrottlingException';
      emitParameterChange(aws, state, { operation: 'Update', type: view.type, exception }, at());
    },
  };
}

/** The service behind a reference. */
export function serviceOf(aws: Aws, named: Named): ServiceState {
  const path = named.arn.split('/');
  const name = path.at(-1) ?? '';
  const clusters = path.length > 2 ? [aws.ecs.clusters.get(path[1] ?? '')] : [...aws.ecs.clusters.values()];
  const found = clusters
    .map((cluster) => cluster?.services.get(name))
    .find((service) => service?.arn === named.arn);
  if (found === undefined) throw new Error(`no service ${named.arn} in this world`);
  return found;
}

function needParameter(aws: Aws, name: string) {
  const found = findParameter(aws.parameters, name);
  if (found === undefined) throw new Error(`no parameter ${name} in this world`);
  return found;
}
