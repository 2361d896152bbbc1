import { type Aws, seconds } from '../aws.ts';
import { serviceDeploymentArn, serviceRevisionArn, taskArn, taskSetArn } from './names.ts';
import type {
  ClusterState,
  DeploymentState,
  ServiceDeploymentState,
  ServiceState,
  TaskDefinitionState,
  TaskSetState,
  TaskState,
} from './state.ts';
import { countTasks, groupsOf, hasTasks, isWanted } from './tasks.ts';

/** ECS's own spelling of tags. */
export function ecsTags(tags: Readonly<Record<string, string>>) {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

/** A Service as DescribeServices and UpdateService answer it; tags only where they were asked for. */
export function renderService(aws: Aws, service: ServiceState, withTags: boolean) {
  const counts = groupsOf(service).map(countTasks);
  return {
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: service.cluster.arn,
    loadBalancers: [],
    serviceRegistries: [],
    status: service.status,
    desiredCount: service.desired,
    runningCount: counts.reduce((sum, { running }) => sum + running, 0),
    pendingCount: counts.reduce((sum, { pending }) => sum + pending, 0),
    launchType: 'FARGATE',
    platformVersion: 'LATEST',
    platformFamily: 'Linux',
    ...(service.taskDefinition === undefined ? {} : { taskDefinition: service.taskDefinition }),
    deploymentConfiguration: deploymentConfiguration(service),
    ...(service.taskSets.length === 0
      ? {}
      : { taskSets: service.taskSets.map((taskSet) => renderTaskSet(aws, service, taskSet)) }),
    deployments: shownDeployments(service).map((deployment) => renderDeployment(service, deployment)),
    events: [],
    createdAt: seconds(service.createdAt),
    placementConstraints: [],
    placementStrategy: [],
    schedulingStrategy: service.daemon ? 'DAEMON' : 'REPLICA',
    ...(service.controller === undefined ? {} : { deploymentController: { type: service.controller } }),
    ...(service.rollout === undefined
      ? {}
      : { currentServiceDeployment: serviceDeploymentArn(aws.place, service, service.rollout.record) }),
    ...(service.express ? { resourceManagementType: 'ECS' } : {}),
    ...(withTags ? { tags: ecsTags(service.tags) } : {}),
    enableECSManagedTags: false,
    propagateTags: 'NONE',
    enableExecuteCommand: false,
  };
}

function deploymentConfiguration(service: ServiceState) {
  return {
    deploymentCircuitBreaker: service.circuitBreaker,
    maximumPercent: service.maximumPercent,
    minimumHealthyPercent: service.minimumHealthyPercent,
    ...(service.controller === undefined || service.controller === 'ECS'
      ? { strategy: service.strategy }
      : {}),
    ...(service.strategy === 'ROLLING'
      ? {}
      : { bakeTimeInMinutes: Math.ceil(service.behaviour.bakeMs / 60_000) }),
  };
}

/** Drained deployments disappear; CODE_DEPLOY and EXTERNAL services have task sets instead. */
function shownDeployments(service: ServiceState): readonly DeploymentState[] {
  if (service.controller === 'CODE_DEPLOY' || service.controller === 'EXTERNAL') return [];
  return service.deployments.filter((deployment) => deployment.status === 'PRIMARY' || hasTasks(deployment));
}

function renderDeployment(service: ServiceState, deployment: DeploymentState) {
  const { running, pending } = countTasks(deployment);
  const dormant = deployment.dormant.reduce((sum, { count }) => sum + count, 0);
  const wanted = dormant + deployment.tasks.filter(isWanted).length;
  return {
    id: deployment.id,
    status: deployment.status,
    taskDefinition: deployment.taskDefinition,
    desiredCount: deployment.status === 'PRIMARY' ? service.desired : wanted,
    pendingCount: pending,
    runningCount: running,
    failedTasks: deployment.failedTasks,
    createdAt: seconds(deployment.createdAt),
    updatedAt: seconds(deployment.updatedAt),
    launchType: 'FARGATE',
    // Only rolling deployments have a rolloutState (AWS-FACTS 5).
    ...(service.strategy === 'ROLLING'
      ? { rolloutState: deployment.rolloutState, rolloutStateReason: deployment.rolloutStateReason }
      : {}),
    ...(deployment.serviceConnectSecrets.length === 0
      ? {}
      : { serviceConnectConfiguration: serviceConnect(deployment.serviceConnectSecrets) }),
  };
}

function serviceConnect(values: readonly string[]) {
  return {
    enabled: true,
    logConfiguration: {
      logDriver: 'splunk',
      secretOptions: values.map((valueFrom, index) => ({ name: `option-${index}`, valueFrom })),
    },
  };
}

function renderTaskSet(aws: Aws, service: ServiceState, taskSet: TaskSetState) {
  const { running, pending } = countTasks(taskSet);
  return {
    id: taskSet.id,
    taskSetArn: taskSetArn(aws.place, service, taskSet),
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    ...(taskSet.externalId === undefined ? {} : { externalId: taskSet.externalId }),
    ...(service.controller === 'CODE_DEPLOY' ? { startedBy: 'CODE_DEPLOY' } : {}),
    status: taskSet.status,
    taskDefinition: taskSet.taskDefinition,
    computedDesiredCount: running + pending,
    pendingCount: pending,
    runningCount: running,
    createdAt: seconds(taskSet.createdAt),
    updatedAt: seconds(taskSet.createdAt),
    launchType: 'FARGATE',
    scale: { value: 100, unit: 'PERCENT' },
    stabilityStatus: 'STEADY_STATE',
    stabilityStatusAt: seconds(taskSet.createdAt),
  };
}

/** A Task as DescribeTasks answers it; which values it holds is nowhere in it. */
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

/** What DescribeServiceDeployments adds. */
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
