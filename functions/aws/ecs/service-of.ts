import type {
  Deployment as SdkDeployment,
  Service as SdkService,
  Tag as SdkTag,
  TaskSet as SdkTaskSet,
} from '@aws-sdk/client-ecs';
import {
  homeOf,
  keyOf,
  nameOf,
  serviceArn,
  type TaskDefinitionArn,
  taskDefinitionArn,
} from '../../core/model/arn.ts';
import { placementOf } from '../../core/model/failure.ts';
import type { Cluster, Deployment, RolloutState, Service, Tags } from '../../core/model/fleet.ts';
import { alsoOf } from '../../core/model/tags.ts';
import { parsed, serviceConnectReferences } from './references-of.ts';

/** Translates an answer of DescribeServices into the model; a field that ECS leaves out gets ECS's default. */
export function serviceOf(described: SdkService, cluster: Cluster, tagPrefix: string): Service {
  const arn = serviceArn(described.serviceArn ?? '');
  const tags = ourTags(described.tags, tagPrefix);
  const deployments = deploymentsOf(described);
  const taskDefinition = described.taskDefinition ? taskDefinitionArn(described.taskDefinition) : null;
  const daemon = described.schedulingStrategy === 'DAEMON';
  const { deploymentConfiguration } = described;
  return {
    key: keyOf(cluster.name, arn),
    arn,
    name: described.serviceName ?? nameOf(arn),
    cluster,
    status: described.status ?? 'ACTIVE',
    controller: described.deploymentController?.type ?? 'ECS',
    strategy: deploymentConfiguration?.strategy ?? 'ROLLING',
    desired: described.desiredCount ?? 0,
    running: described.runningCount ?? 0,
    pending: described.pendingCount ?? 0,
    minimumHealthyPercent: deploymentConfiguration?.minimumHealthyPercent ?? (daemon ? 0 : 100),
    maximumPercent: deploymentConfiguration?.maximumPercent ?? (daemon ? 100 : 200),
    hasHooks: (deploymentConfiguration?.lifecycleHooks ?? []).length > 0,
    ...placementIn(described, deployments),
    tags,
    taskDefinition,
    deployments,
    also: alsoReferences(tags, taskDefinition ?? deployments.find(({ primary }) => primary)?.taskDefinition),
  };
}

/** The tags that carry our prefix, by key without the prefix. All other tags are dropped. */
export function ourTags(tags: readonly SdkTag[] | undefined, prefix: string): Tags {
  const start = `${prefix}:`;
  return new Map(
    (tags ?? []).flatMap(({ key = '', value = '' }) =>
      key.startsWith(start) ? [[key.slice(start.length), value] as const] : [],
    ),
  );
}

/**
 * An application that reads a secret by itself does so with any revision, but a reference belongs to a revision:
 * without one there are no references.
 */
function alsoReferences(tags: Tags, taskDefinition: TaskDefinitionArn | undefined) {
  return taskDefinition === undefined ? [] : parsed(alsoOf(tags, taskDefinition), homeOf(taskDefinition));
}

/**
 * Of the events of a service, the youngest first, only the class of what keeps PRIMARY from starting tasks goes on: their
 * text may name a value (functions/README.md, Stopped tasks).
 */
function placementIn(
  { events = [] }: SdkService,
  deployments: readonly Deployment[],
): Pick<Service, 'placement'> {
  const began = deployments.find(({ primary }) => primary)?.createdAt ?? Infinity;
  for (const { createdAt, message = '' } of events) {
    if ((createdAt?.getTime() ?? 0) < began) break;
    const placement = placementOf(message);
    if (placement !== undefined) return { placement };
  }
  return {};
}

function deploymentsOf({ deployments = [], taskSets = [] }: SdkService): readonly Deployment[] {
  return [...deployments.flatMap(deploymentOf), ...taskSets.flatMap(taskSetOf)];
}

function deploymentOf(deployment: SdkDeployment): readonly Deployment[] {
  if (!deployment.taskDefinition) return [];
  const taskDefinition = taskDefinitionArn(deployment.taskDefinition);
  return [
    {
      ...countsOf(deployment.desiredCount, deployment),
      taskDefinition,
      rolloutState: rolloutState(deployment.rolloutState),
      rolloutStateReason: deployment.rolloutStateReason ?? '',
      failed: deployment.failedTasks ?? 0,
      ...(deployment.updatedAt && { updatedAt: deployment.updatedAt.getTime() }),
      references: serviceConnectReferences(
        deployment.serviceConnectConfiguration?.logConfiguration,
        taskDefinition,
      ),
    },
  ];
}

function taskSetOf(taskSet: SdkTaskSet): readonly Deployment[] {
  if (!taskSet.taskDefinition) return [];
  return [
    {
      ...countsOf(taskSet.computedDesiredCount, taskSet),
      taskDefinition: taskDefinitionArn(taskSet.taskDefinition),
      rolloutState: null,
      rolloutStateReason: '',
      failed: 0,
      references: [],
    },
  ];
}

function countsOf(
  desired: number | undefined,
  {
    id,
    status,
    createdAt,
    runningCount,
    pendingCount,
  }: Pick<SdkDeployment, 'id' | 'status' | 'createdAt' | 'runningCount' | 'pendingCount'>,
) {
  return {
    id: id ?? '',
    primary: status === 'PRIMARY',
    createdAt: createdAt?.getTime() ?? 0,
    desired: desired ?? 0,
    running: runningCount ?? 0,
    pending: pendingCount ?? 0,
  };
}

function rolloutState(state: string | undefined): RolloutState | null {
  return state === 'COMPLETED' || state === 'IN_PROGRESS' || state === 'FAILED' ? state : null;
}
