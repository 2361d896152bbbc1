import type { Aws } from '../aws.ts';
import type { Input } from '../input.ts';
import { clusterArn, serviceArn, taskDefinitionArn } from './names.ts';
import type { ClusterState, RolloutBehaviour, ServiceState, TaskDefinitionState } from './state.ts';

/** The cluster of that name, which is added if it does not exist. */
export function addCluster(aws: Aws, name: string, tags: Readonly<Record<string, string>>): ClusterState {
  const existing = aws.ecs.clusters.get(name);
  if (existing !== undefined) return existing;
  const arn = clusterArn(aws.place, name);
  const cluster: ClusterState = { name, arn, tags, services: new Map(), tasks: new Map() };
  aws.ecs.clusters.set(name, cluster);
  return cluster;
}

/** Registers the next revision of a family. */
export function addTaskDefinition(
  aws: Aws,
  definition: Pick<TaskDefinitionState, 'family' | 'status' | 'registeredAt' | 'tags'> & {
    readonly content: Input;
  },
): TaskDefinitionState {
  const revisions = aws.ecs.families.get(definition.family) ?? [];
  const revision = revisions.length + 1;
  const arn = taskDefinitionArn(aws.place, definition.family, revision);
  const state: TaskDefinitionState = { ...definition, arn, revision };
  revisions.push(state);
  aws.ecs.families.set(definition.family, revisions);
  aws.ecs.taskDefinitions.set(arn, state);
  return state;
}

/** The traits of a service that must be given; the others have ECS's defaults. */
export interface ServiceTraits {
  readonly cluster: ClusterState;
  readonly name: string;
  readonly at: number;
  readonly desired: number;
  readonly taskDefinition: string;
  readonly controller?: ServiceState['controller'];
  readonly strategy?: ServiceState['strategy'];
  readonly daemon?: boolean;
  readonly express?: boolean;
  readonly oldArn?: boolean;
  readonly minimumHealthyPercent?: number | undefined;
  readonly maximumPercent?: number | undefined;
  readonly circuitBreaker?: ServiceState['circuitBreaker'];
  readonly tags?: Readonly<Record<string, string>>;
  readonly behaviour?: Partial<RolloutBehaviour>;
  readonly pauseHooks?: ServiceState['pauseHooks'];
}

/** Adds a service that has no deployment yet. */
export function addService(aws: Aws, traits: ServiceTraits): ServiceState {
  const { cluster, name, at, daemon = false, express = false } = traits;
  const service: ServiceState = {
    arn: serviceArn(aws.place, cluster.name, name, traits.oldArn ?? false),
    name,
    cluster,
    createdAt: at,
    status: 'ACTIVE',
    desired: traits.desired,
    taskDefinition: express || traits.controller === 'EXTERNAL' ? undefined : traits.taskDefinition,
    controller: traits.controller,
    strategy: traits.strategy ?? (express ? 'CANARY' : 'ROLLING'),
    daemon,
    express,
    minimumHealthyPercent: traits.minimumHealthyPercent ?? (daemon ? 0 : 100),
    maximumPercent: traits.maximumPercent ?? (daemon ? 100 : 200),
    circuitBreaker: traits.circuitBreaker ?? { enable: false, rollback: false },
    tags: traits.tags ?? {},
    formerTags: [],
    deletedAt: undefined,
    deployments: [],
    taskSets: [],
    seen: [],
    serviceDeployments: [],
    transitions: [],
    events: [],
    pauseHooks: traits.pauseHooks ?? [],
    behaviour: behaviourOf(aws, traits.behaviour ?? {}),
    rollout: undefined,
  };
  cluster.services.set(name, service);
  return service;
}

/**
 * ECS's own words for the most frequent placement failure
 * ({@link https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html}).
 */
const CANNOT_PLACE =
  'was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.';

/** Fills in the defaults of a rollout, which succeeds within the simulator's `rolloutMs`. */
export function behaviourOf(aws: Aws, wish: Partial<RolloutBehaviour>): RolloutBehaviour {
  const durationMs = wish.durationMs ?? aws.settings.rolloutMs;
  return {
    durationMs,
    bakeMs: wish.bakeMs ?? durationMs,
    drainMs: wish.drainMs ?? 0,
    outcome: wish.outcome ?? 'success',
    failAfter: wish.failAfter ?? 0,
    shiftMs: wish.shiftMs ?? 0,
    reason: wish.reason,
    stopCode: wish.stopCode,
    containerReason: wish.containerReason,
    exitCode: wish.exitCode,
    runsMs: wish.runsMs ?? 0,
    failsFirst: wish.failsFirst ?? 0,
    event: wish.event ?? CANNOT_PLACE,
    countsPlacement: wish.countsPlacement ?? false,
    protectMs: wish.protectMs ?? 0,
    protectedTasks: wish.protectedTasks ?? Infinity,
    earlySuccess: wish.earlySuccess ?? false,
    rollbackKind: wish.rollbackKind ?? 'rollback-new-primary',
  };
}
