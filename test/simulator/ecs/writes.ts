import type { Aws, Operation, Operations } from '../aws.ts';
import { AwsError, invalidParameter } from '../errors.ts';
import { flag, type Input, number, record, records, requiredText, text, texts } from '../input.ts';
import { resourceIn } from '../place.ts';
import { checkedTags } from '../tags.ts';
import { addCluster, addService, addTaskDefinition, type ServiceTraits } from './build.ts';
import { continueServiceDeployment, pauseHooksIn } from './hook-operations.ts';
import { findCluster, findService, findTaskDefinition, needCluster, needService } from './lookup.ts';
import { serviceConnectSecretsIn } from './references.ts';
import { renderCluster, renderTaskDefinition } from './render.ts';
import { ecsTags, renderService } from './render-service.ts';
import { overtake, startDeployment } from './rollouts.ts';
import { scale, stopAll } from './scaling.ts';
import type { ClusterState, ServiceState, TaskDefinitionState } from './state.ts';

const createCluster: Operation = (aws, input) => {
  const cluster = addCluster(aws, text(input, 'clusterName') ?? 'default', tagsIn(input));
  return { cluster: renderCluster(cluster, true) };
};

const registerTaskDefinition: Operation = (aws, input, { at }) => {
  const { tags: _tags, family: _family, ...content } = input;
  const containers = records(input, 'containerDefinitions');
  if (containers.length === 0) throw new AwsError('ClientException', 'Container list cannot be empty.');
  const definition = addTaskDefinition(aws, {
    family: requiredText(input, 'family'),
    status: 'ACTIVE',
    registeredAt: at,
    tags: tagsIn(input),
    content: { volumes: [], ...content },
  });
  return { taskDefinition: renderTaskDefinition(definition), tags: ecsTags(definition.tags) };
};

const createService: Operation = (aws, input, { at, caller }) => {
  const cluster = needCluster(aws, input);
  const name = requiredText(input, 'serviceName');
  const existing = cluster.services.get(name);
  if (existing !== undefined && existing.status !== 'INACTIVE') {
    throw invalidParameter('Creation of service was not idempotent.');
  }
  const traits = traitsIn(input);
  const external = traits.controller === 'EXTERNAL';
  const taskDefinition = external ? '' : activeTaskDefinition(aws, requiredText(input, 'taskDefinition')).arn;
  const service = addService(aws, {
    cluster,
    name,
    at,
    taskDefinition,
    desired: number(input, 'desiredCount') ?? (traits.daemon === true ? 1 : 0),
    ...traits,
  });
  if (traits.controller === 'CODE_DEPLOY') addTaskSet(aws, service, taskDefinition, at);
  else if (!external) {
    startDeployment(aws, service, {
      at,
      by: caller.accessKeyId,
      forced: false,
      taskDefinition,
      serviceConnectSecrets: serviceConnectSecretsIn(input),
    });
  }
  return { service: renderService(aws, service, true) };
};

/** Adds CodeDeploy's first task set, which runs at once. */
function addTaskSet(aws: Aws, service: ServiceState, taskDefinition: string, at: number): void {
  service.taskSets.push({
    id: `ecs-svc/${aws.ids.digits(19)}`,
    taskDefinition,
    createdAt: at,
    tasks: [],
    dormant: service.desired === 0 ? [] : [{ count: service.desired, createdAt: at, startedAt: at }],
    serviceConnectSecrets: [],
    status: 'PRIMARY',
    externalId: undefined,
  });
}

const updateService: Operation = (aws, input, { at, caller }) => {
  const service = needService(aws, input);
  if (service.status !== 'ACTIVE') throw new AwsError('ServiceNotActiveException', 'Service was not ACTIVE.');
  const forced = flag(input, 'forceNewDeployment') ?? false;
  refuseOtherControllers(service, input, forced);
  const desired = number(input, 'desiredCount');
  if (desired !== undefined && service.daemon) {
    throw invalidParameter(
      'The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again',
    );
  }
  const asked = text(input, 'taskDefinition');
  const wanted = asked === undefined ? undefined : activeTaskDefinition(aws, asked).arn;
  applyConfiguration(service, record(input, 'deploymentConfiguration') ?? {});
  if (desired !== undefined) scale(aws, service, desired, at);

  const now = service.deployments[0];
  const connect = record(input, 'serviceConnectConfiguration');
  const changes = (wanted !== undefined && wanted !== now?.taskDefinition) || connect !== undefined;
  if (forced || changes) {
    startDeployment(aws, service, {
      at,
      by: caller.accessKeyId,
      forced,
      taskDefinition: wanted ?? now?.taskDefinition ?? '',
      serviceConnectSecrets:
        connect === undefined ? (now?.serviceConnectSecrets ?? []) : serviceConnectSecretsIn(input),
    });
  }
  return { service: renderService(aws, service, false) };
};

const deleteService: Operation = (aws, input, { at }) => {
  const service = needService(aws, input);
  if (service.status === 'INACTIVE') throw new AwsError('ServiceNotFoundException', 'Service not found.');
  if (service.desired > 0 && !service.daemon && flag(input, 'force') !== true) {
    throw invalidParameter('The service cannot be stopped while it is scaled above 0.');
  }
  overtake(aws, service, at);
  service.status = 'DRAINING';
  service.deletedAt = at;
  service.desired = 0;
  stopAll(aws, service, at);
  aws.agenda.at(at + Math.max(1, service.behaviour.drainMs), () => {
    service.status = 'INACTIVE';
  });
  return { service: renderService(aws, service, true) };
};

const tagResource: Operation = (aws, input, { at }) => {
  const tagged = needTaggable(aws, requiredText(input, 'resourceArn'));
  tag(tagged, checkedTags({ ...tagged.tags, ...tagsIn(input) }), at);
  return {};
};

const untagResource: Operation = (aws, input, { at }) => {
  const tagged = needTaggable(aws, requiredText(input, 'resourceArn'));
  const gone = texts(input, 'tagKeys');
  tag(tagged, Object.fromEntries(Object.entries(tagged.tags).filter(([key]) => !gone.includes(key))), at);
  return {};
};

function tag(tagged: Taggable, tags: ServiceState['tags'], at: number): void {
  if ('formerTags' in tagged) tagged.formerTags.push({ until: at, tags: tagged.tags });
  tagged.tags = tags;
}

const deregisterTaskDefinition: Operation = (aws, input) => {
  const definition = findTaskDefinition(aws, requiredText(input, 'taskDefinition'));
  if (definition === undefined) throw new AwsError('ClientException', 'Unable to describe task definition.');
  definition.status = 'INACTIVE';
  return { taskDefinition: renderTaskDefinition(definition) };
};

/** ECS's writes: UpdateService, and the operations with which a test sets up a fleet. */
export const ECS_WRITES: Operations = {
  CreateCluster: createCluster,
  RegisterTaskDefinition: registerTaskDefinition,
  DeregisterTaskDefinition: deregisterTaskDefinition,
  CreateService: createService,
  UpdateService: updateService,
  ContinueServiceDeployment: continueServiceDeployment,
  DeleteService: deleteService,
  TagResource: tagResource,
  UntagResource: untagResource,
};

function refuseOtherControllers(service: ServiceState, input: Input, forced: boolean): void {
  const { controller } = service;
  if (controller !== 'CODE_DEPLOY' && controller !== 'EXTERNAL') return;
  if (forced) {
    throw invalidParameter(
      `Cannot force a new deployment on services with a ${controller} deployment controller. Use AWS CodeDeploy to trigger a new deployment.`,
    );
  }
  if (text(input, 'taskDefinition') !== undefined) {
    throw invalidParameter(
      `Unable to update task definition on services with a ${controller} deployment controller.`,
    );
  }
}

function activeTaskDefinition(aws: Aws, id: string): TaskDefinitionState {
  const definition = findTaskDefinition(aws, id);
  if (definition === undefined) throw new AwsError('ClientException', 'TaskDefinition not found.');
  if (definition.status !== 'ACTIVE') throw new AwsError('ClientException', 'TaskDefinition is inactive');
  return definition;
}

function traitsIn(input: Input): Partial<ServiceTraits> {
  const configuration = record(input, 'deploymentConfiguration') ?? {};
  const breaker = record(configuration, 'deploymentCircuitBreaker') ?? {};
  const controller = oneOf(text(record(input, 'deploymentController') ?? {}, 'type'), CONTROLLERS);
  const strategy = oneOf(text(configuration, 'strategy'), STRATEGIES);
  const pauseHooks = pauseHooksIn(configuration);
  return {
    tags: tagsIn(input),
    daemon: text(input, 'schedulingStrategy') === 'DAEMON',
    minimumHealthyPercent: number(configuration, 'minimumHealthyPercent'),
    maximumPercent: number(configuration, 'maximumPercent'),
    circuitBreaker: {
      enable: flag(breaker, 'enable') ?? false,
      rollback: flag(breaker, 'rollback') ?? false,
    },
    ...(controller === undefined ? {} : { controller }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(pauseHooks === undefined ? {} : { pauseHooks }),
  };
}

const CONTROLLERS = ['ECS', 'CODE_DEPLOY', 'EXTERNAL'] as const;
const STRATEGIES = ['ROLLING', 'BLUE_GREEN', 'LINEAR', 'CANARY'] as const;

function oneOf<T extends string>(value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw invalidParameter(`${value} is not one of ${allowed.join(', ')}.`);
  return found;
}

function applyConfiguration(service: ServiceState, configuration: Input): void {
  service.minimumHealthyPercent =
    number(configuration, 'minimumHealthyPercent') ?? service.minimumHealthyPercent;
  service.maximumPercent = number(configuration, 'maximumPercent') ?? service.maximumPercent;
  service.pauseHooks = pauseHooksIn(configuration) ?? service.pauseHooks;
}

type Taggable = ServiceState | ClusterState;

function needTaggable(aws: Aws, arn: string): Taggable {
  const resource = resourceIn(aws.place, 'ecs', arn) ?? '';
  const [kind, clusterName = ''] = resource.split('/');
  const cluster = findCluster(aws, clusterName);
  const found = kind === 'service' && cluster !== undefined ? findService(aws, cluster, arn) : cluster;
  // https://github.com/boto/boto3/issues/2473 and https://github.com/hashicorp/terraform-provider-aws/issues/35867
  if (kind === 'service' && resource.split('/').length === 2)
    throw invalidParameter('Long arn format must be used for tagging operations');
  if (found === undefined) throw invalidParameter(`${arn} is not valid or does not exist.`);
  if (kind === 'service' && found.arn !== arn)
    throw invalidParameter(
      'The specified service does not have the longArn format. Only services created after opting in will have the new format.',
    );
  return found;
}

function tagsIn(input: Input): Readonly<Record<string, string>> {
  return checkedTags(
    Object.fromEntries(
      records(input, 'tags').map((tag) => [requiredText(tag, 'key'), text(tag, 'value') ?? '']),
    ),
  );
}
