import { type Aws, seconds } from '../aws.ts';
import { records, text } from '../input.ts';
import { serviceDeploymentArn, serviceRevisionArn, taskArn } from './names.ts';
import { deploymentConfiguration, ecsTags } from './render-service.ts';
import type {
  ClusterState,
  HookState,
  ServiceDeploymentState,
  ServiceState,
  TaskDefinitionState,
  TaskState,
} from './state.ts';
import { countTasks, groupsOf, hasTasks } from './tasks.ts';

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
    containers: containersOf(aws, service, task),
    tags: [],
    version: 1,
  };
}

function when(key: string, at: number | undefined) {
  return at === undefined ? {} : { [key]: seconds(at) };
}

/**
 * The containers of a task. ECS answers with more fields; the reasons why a container stopped stand here and not on the
 * task ({@link https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html}).
 */
function containersOf(aws: Aws, service: ServiceState, task: TaskState) {
  const definition = aws.ecs.taskDefinitions.get(task.taskDefinition);
  const { containerReason: reason, exitCode } = task;
  return records(definition?.content ?? {}, 'containerDefinitions').map((container) => ({
    taskArn: taskArn(aws.place, service, task),
    name: text(container, 'name'),
    lastStatus: lastStatus(task),
    ...(reason === undefined ? {} : { reason }),
    ...(exitCode === undefined ? {} : { exitCode }),
  }));
}

/** A task that was told to stop is DEACTIVATING while its load balancer drains it (Task lifecycle). */
function lastStatus(task: TaskState): string {
  if (task.stoppedAt !== undefined) return 'STOPPED';
  if (task.stoppingAt !== undefined) return 'DEACTIVATING';
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
    ...(record.status === 'STOPPED' ? when('stoppedAt', record.finishedAt) : {}),
    sourceServiceRevisions: sourceRevisions(aws, service, record),
    targetServiceRevision: { arn: targetServiceRevisionArn, ...countsOf(service, record.deploymentId) },
    ...(record.stage === undefined ? {} : { lifecycleStage: record.stage }),
    ...(record.hooks.length === 0 ? {} : { lifecycleHookDetails: record.hooks.map(renderHook) }),
    ...(record.rollback === undefined ? {} : { rollback: renderRollback(aws, service, record.rollback) }),
    deploymentConfiguration: deploymentConfiguration(service),
  };
}

/** A DeploymentLifecycleHookDetail; a PAUSE hook has no `targetArn`. */
function renderHook({ id, status, expiresAt, timeoutAction }: HookState) {
  return { hookId: id, targetType: 'PAUSE', status, expiresAt: seconds(expiresAt), timeoutAction };
}

function renderRollback(
  aws: Aws,
  service: ServiceState,
  { reason, startedAt, deploymentId }: NonNullable<ServiceDeploymentState['rollback']>,
) {
  const arn = serviceRevisionArn(aws.place, service, deploymentId);
  return { reason, startedAt: seconds(startedAt), serviceRevisionArn: arn };
}

/** The revisions that still have tasks besides the one that is deployed. */
function sourceRevisions(aws: Aws, service: ServiceState, { deploymentId }: ServiceDeploymentState) {
  return service.deployments
    .filter((one) => one.id !== deploymentId && hasTasks(one))
    .map(({ id }) => ({ arn: serviceRevisionArn(aws.place, service, id), ...countsOf(service, id) }));
}

function countsOf(service: ServiceState, deploymentId: string) {
  const deployment = service.deployments.find(({ id }) => id === deploymentId);
  if (deployment === undefined) return {};
  const { running, pending } = countTasks(deployment);
  return {
    requestedTaskCount: deployment.status === 'PRIMARY' ? service.desired : 0,
    runningTaskCount: running,
    pendingTaskCount: pending,
  };
}
