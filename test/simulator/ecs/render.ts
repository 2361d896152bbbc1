import { type Aws, seconds } from '../aws.ts';
import { serviceDeploymentArn, serviceRevisionArn, taskArn } from './names.ts';
import { deploymentConfiguration, ecsTags } from './render-service.ts';
import type {
  ClusterState,
  ServiceDeploymentState,
  ServiceState,
  TaskDefinitionState,
  TaskState,
} from './state.ts';
import { countTasks, groupsOf } from './tasks.ts';

/** A Task as DescribeTasks answers it, which does not show the values that it holds. */
export function renderTask(aws: Aws, service: ServiceState, task: TaskState) {
  return {
    taskArn: taskArn(aws.place, service, task),
    clusterArn: service.cluster.arn,
    taskDefinitionArn: task.taskDefinition,
    group: `service:${service.name}`,
    launchType: 'FARGATE',
    startedBy: task.startedBy,
    lastStatus: lastStatus(task),
    desiredStatus: task.stoppingAt === undefined ? 'RUNNING' : 'STOPPED',
    createdAt: seconds(task.createdAt),
    ...when('startedAt', task.startedAt),
    ...when('stoppingAt', task.stoppingAt),
    ...when('stoppedAt', task.stoppedAt),
    ...(task.stopCode === undefined ? {} : { stopCode: task.stopCode, stoppedReason: task.stoppedReason }),
    containers: [],
    tags: [],
    version: 1,
  };
}

function when(key: string, at: number | undefined) {
  return at === undefined ? {} : { [key]: seconds(at) };
}

function lastStatus(task: TaskState): string {
  if (task.stoppedAt !== undefined) return 'STOPPED';
  return task.startedAt === undefined ? 'PENDING' : 'RUNNING';
}

/** A Cluster as DescribeClusters answers it. */
export function renderCluster(cluster: ClusterState, withTags: boolean) {
  const active = [...cluster.services.values()].filter((service) => service.status === 'ACTIVE');
  const counts = active.flatMap((service) => groupsOf(service).map(countTasks));
  return {
    clusterArn: cluster.arn,
    clusterName: cluster.name,
    status: 'ACTIVE',
    registeredContainerInstancesCount: 0,
    runningTasksCount: counts.reduce((sum, { running }) => sum + running, 0),
    pendingTasksCount: counts.reduce((sum, { pending }) => sum + pending, 0),
    activeServicesCount: active.length,
    statistics: [],
    settings: [],
    capacityProviders: [],
    defaultCapacityProviderStrategy: [],
    ...(withTags ? { tags: ecsTags(cluster.tags) } : {}),
  };
}

/** A TaskDefinition as it was registered. */
export function renderTaskDefinition(definition: TaskDefinitionState) {
  return {
    ...definition.content,
    taskDefinitionArn: definition.arn,
    family: definition.family,
    revision: definition.revision,
    status: definition.status,
    registeredAt: seconds(definition.registeredAt),
  };
}

/** The short form of ListServiceDeployments. */
export function renderServiceDeployment(aws: Aws, service: ServiceState, record: ServiceDeploymentState) {
  return {
    serviceDeploymentArn: serviceDeploymentArn(aws.place, service, record),
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    createdAt: seconds(record.createdAt),
    ...(record.startedAt === undefined || record.status === 'PENDING'
      ? {}
      : { startedAt: seconds(record.startedAt) }),
    ...(record.finishedAt === undefined ? {} : { finishedAt: seconds(record.finishedAt) }),
    targetServiceRevisionArn: serviceRevisionArn(aws.place, service, record.deploymentId),
    status: record.status,
    ...(record.statusReason === undefined ? {} : { statusReason: record.statusReason }),
  };
}

/** A service deployment as DescribeServiceDeployments answers it, with more fields than the short form. */
export function renderServiceDeploymentInFull(
  aws: Aws,
  service: ServiceState,
  record: ServiceDeploymentState,
) {
  const { targetServiceRevisionArn, ...brief } = renderServiceDeployment(aws, service, record);
  return {
    ...brief,
    updatedAt: seconds(record.updatedAt),
    targetServiceRevision: { arn: targetServiceRevisionArn },
    ...(record.stage === undefined ? {} : { lifecycleStage: record.stage }),
    ...(record.rollback === undefined
      ? {}
      : { rollback: { reason: record.rollback.reason, startedAt: seconds(record.rollback.startedAt) } }),
    deploymentConfiguration: deploymentConfiguration(service),
  };
}
