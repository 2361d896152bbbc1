import { type Aws, seconds } from '../aws.ts';
import { serviceDeploymentArn, taskSetArn } from './names.ts';
import type { DeploymentState, PauseHook, ServiceState, TaskSetState } from './state.ts';
import { countTasks, groupsOf, hasTasks, isWanted } from './tasks.ts';

/** ECS's own spelling of tags. */
export function ecsTags(tags: Readonly<Record<string, string>>) {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

/**
 * A Service as DescribeServices and UpdateService answer it; tags only if the request asked for them. `asOf`: deployments
 * that are younger do not show yet, unless there is no older one, nor do younger tags.
 */
export function renderService(aws: Aws, service: ServiceState, withTags: boolean, asOf = Infinity) {
  const deployments = shownDeployments(service, asOf);
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
    ...(service.taskDefinition === undefined
      ? {}
      : { taskDefinition: deployments[0]?.taskDefinition ?? service.taskDefinition }),
    deploymentConfiguration: deploymentConfiguration(service),
    ...(service.taskSets.length === 0
      ? {}
      : { taskSets: service.taskSets.map((taskSet) => renderTaskSet(aws, service, taskSet)) }),
    deployments: deployments.map((deployment, index) =>
      renderDeployment(service, { ...deployment, status: index === 0 ? 'PRIMARY' : 'ACTIVE' }),
    ),
    events: service.events.map(({ id, at, message }) => ({ id, createdAt: seconds(at), message })),
    createdAt: seconds(service.createdAt),
    placementConstraints: [],
    placementStrategy: [],
    schedulingStrategy: service.daemon ? 'DAEMON' : 'REPLICA',
    ...(service.controller === undefined ? {} : { deploymentController: { type: service.controller } }),
    ...(service.rollout === undefined
      ? {}
      : { currentServiceDeployment: serviceDeploymentArn(aws.place, service, service.rollout.record) }),
    ...(service.express ? { resourceManagementType: 'ECS' } : {}),
    ...(withTags ? { tags: ecsTags(shownTags(service, asOf)) } : {}),
    enableECSManagedTags: false,
    propagateTags: 'NONE',
    enableExecuteCommand: false,
  };
}

/** The deployment configuration of a service; only the ECS controller has a strategy. */
export function deploymentConfiguration(service: ServiceState) {
  return {
    deploymentCircuitBreaker: service.circuitBreaker,
    maximumPercent: service.maximumPercent,
    minimumHealthyPercent: service.minimumHealthyPercent,
    ...(service.controller === undefined || service.controller === 'ECS'
      ? { strategy: service.strategy }
      : {}),
    ...(service.strategy === 'ROLLING'
      ? {}
      : { bakeTimeInMinutes: Math.ceil(service.behaviour.bakeMs / 60_000), ...steps(service) }),
    ...(service.pauseHooks.length === 0 ? {} : { lifecycleHooks: service.pauseHooks.map(renderHook) }),
  };
}

/** The traffic shifts in one step here, whose bake is all the time that the shift takes. */
function steps({ strategy, behaviour }: ServiceState) {
  const minutes = Math.ceil(behaviour.shiftMs / 60_000);
  if (minutes === 0) return {};
  return strategy === 'LINEAR'
    ? { linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: minutes } }
    : { canaryConfiguration: { canaryPercent: 5, canaryBakeTimeInMinutes: minutes } };
}

function renderHook({ stages, timeoutMinutes, timeoutAction }: PauseHook) {
  return {
    targetType: 'PAUSE',
    lifecycleStages: stages,
    timeoutConfiguration: { timeoutInMinutes: timeoutMinutes, action: timeoutAction },
  };
}

function shownTags({ tags, formerTags }: ServiceState, asOf: number): ServiceState['tags'] {
  return formerTags.find(({ until }) => until > asOf)?.tags ?? tags;
}

/** Drained deployments disappear; CODE_DEPLOY and EXTERNAL services have task sets instead. */
function shownDeployments(service: ServiceState, asOf: number): readonly DeploymentState[] {
  if (service.controller === 'CODE_DEPLOY' || service.controller === 'EXTERNAL') return [];
  const all = service.deployments.filter(
    (deployment) => deployment.status === 'PRIMARY' || hasTasks(deployment),
  );
  const visible = all.filter(({ createdAt }) => createdAt <= asOf);
  return visible.length === 0 ? all : visible;
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
    // Only rolling deployments have a rolloutState (functions/README.md, Deployments).
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
