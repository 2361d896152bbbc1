import type { Aws, Operation, Operations } from '../aws.ts';
import { AwsError, invalidParameter } from '../errors.ts';
import { type Input, number, record, requiredText, text, texts } from '../input.ts';
import { page } from '../paging.ts';
import { arnOf } from '../place.ts';
import {
  findCluster,
  findService,
  findServiceDeployment,
  findTaskDefinition,
  needCluster,
  needService,
} from './lookup.ts';
import { taskArn } from './names.ts';
import {
  renderCluster,
  renderServiceDeployment,
  renderServiceDeploymentInFull,
  renderTask,
  renderTaskDefinition,
} from './render.ts';
import { ecsTags, renderService } from './render-service.ts';
import type { ServiceState, TaskState } from './state.ts';
import { everyTask } from './tasks.ts';

const HOUR = 3_600_000;

const listClusters: Operation = (aws, input) => {
  const { items, nextToken } = cut([...aws.ecs.clusters.values()], input, 'clusters', 100);
  return { clusterArns: items.map((cluster) => cluster.arn), nextToken };
};

const describeClusters: Operation = (aws, input) => {
  const asked = texts(input, 'clusters');
  const ids = asked.length === 0 ? ['default'] : asked;
  if (ids.length > 100) throw invalidParameter('Clusters cannot be more than 100.');
  const found = ids.map((id) => ({ id, cluster: findCluster(aws, id) }));
  const withTags = texts(input, 'include').includes('TAGS');
  return {
    clusters: found.flatMap(({ cluster }) =>
      cluster === undefined ? [] : [renderCluster(cluster, withTags)],
    ),
    failures: found.flatMap(({ id, cluster }) =>
      cluster === undefined ? [missing(aws, id, 'cluster')] : [],
    ),
  };
};

const listServices: Operation = (aws, input) => {
  const cluster = needCluster(aws, input);
  const strategy = text(input, 'schedulingStrategy');
  const active = [...cluster.services.values()].filter(
    (service) =>
      isVisible(aws, service) &&
      (service.status === 'ACTIVE' || isNotYetGone(aws, service)) &&
      (strategy === undefined || (strategy === 'DAEMON') === service.daemon),
  );
  const { items, nextToken } = cut(active, input, `services ${cluster.arn} ${strategy}`, 10);
  return { serviceArns: items.map((service) => service.arn), nextToken };
};

const describeServices: Operation = (aws, input) => {
  const cluster = needCluster(aws, input);
  const ids = texts(input, 'services');
  if (ids.length === 0) throw invalidParameter('Services cannot be empty.');
  if (ids.length > 10) throw invalidParameter('Services cannot be more than 10.');
  const withTags = texts(input, 'include').includes('TAGS');
  const found = ids.map((id) => {
    const service = findService(aws, cluster, id);
    return { id, service: service !== undefined && isVisible(aws, service) ? service : undefined };
  });
  const asOf = aws.now() - aws.settings.ecsLagMs;
  return {
    services: found.flatMap(({ service }) =>
      service === undefined ? [] : [renderService(aws, service, withTags, asOf)],
    ),
    failures: found.flatMap(({ id, service }) =>
      service === undefined ? [missing(aws, id, `service/${cluster.name}`)] : [],
    ),
  };
};

const describeTaskDefinition: Operation = (aws, input) => {
  const definition = findTaskDefinition(aws, requiredText(input, 'taskDefinition'));
  if (definition === undefined) throw new AwsError('ClientException', 'Unable to describe task definition.');
  return {
    taskDefinition: renderTaskDefinition(definition),
    ...(texts(input, 'include').includes('TAGS') ? { tags: ecsTags(definition.tags) } : {}),
  };
};

const listTasks: Operation = (aws, input, { at }) => {
  const cluster = needCluster(aws, input);
  const serviceName = text(input, 'serviceName');
  const services =
    serviceName === undefined ? [...cluster.services.values()] : [needService(aws, input, 'serviceName')];
  const status = text(input, 'desiredStatus') ?? 'RUNNING';
  const startedBy = text(input, 'startedBy');
  const arns = services.flatMap((service) =>
    everyTask(aws, service)
      .filter(
        (task) =>
          isListed(task, status, at - aws.settings.ecsLagMs) &&
          (startedBy === undefined || task.startedBy === startedBy),
      )
      .map((task) => taskArn(aws.place, service, task)),
  );
  const scope = `tasks ${cluster.arn} ${serviceName} ${status} ${startedBy}`;
  const { items, nextToken } = cut(arns, input, scope, 100);
  return { taskArns: items, nextToken };
};

const describeTasks: Operation = (aws, input) => {
  const cluster = needCluster(aws, input);
  const ids = texts(input, 'tasks');
  if (ids.length === 0) throw invalidParameter('Tasks cannot be empty.');
  if (ids.length > 100) throw invalidParameter('Tasks cannot be more than 100.');
  const found = ids.map((id) => ({ id, entry: cluster.tasks.get(id.split('/').at(-1) ?? id) }));
  return {
    tasks: found.flatMap(({ entry }) =>
      entry === undefined ? [] : [renderTask(aws, entry.service, entry.task)],
    ),
    failures: found.flatMap(({ id, entry }) =>
      entry === undefined ? [missing(aws, id, `task/${cluster.name}`)] : [],
    ),
  };
};

const listServiceDeployments: Operation = (aws, input) => {
  const service = needService(aws, input);
  const statuses = texts(input, 'status');
  const between = record(input, 'createdAt') ?? {};
  const after = (number(between, 'after') ?? Number.NEGATIVE_INFINITY) * 1000;
  const before = (number(between, 'before') ?? Number.POSITIVE_INFINITY) * 1000;
  const records = service.serviceDeployments.filter(
    ({ status, createdAt }) =>
      (statuses.length === 0 || statuses.includes(status)) && createdAt >= after && createdAt <= before,
  );
  const scope = `deployments ${service.arn} ${statuses.join()} ${after} ${before}`;
  const { items, nextToken } = cut(records, input, scope, 100);
  return {
    serviceDeployments: items.map((item) => renderServiceDeployment(aws, service, item)),
    nextToken,
  };
};

const describeServiceDeployments: Operation = (aws, input) => {
  const arns = texts(input, 'serviceDeploymentArns');
  if (arns.length === 0 || arns.length > 20) {
    throw invalidParameter('ServiceDeploymentArns must have between 1 and 20 items.');
  }
  const found = arns.map((arn) => ({ arn, hit: findServiceDeployment(aws, arn) }));
  return {
    serviceDeployments: found.flatMap(({ hit }) =>
      hit === undefined ? [] : [renderServiceDeploymentInFull(aws, hit.service, hit.item)],
    ),
    failures: found.flatMap(({ arn, hit }) => (hit === undefined ? [{ arn, reason: 'MISSING' }] : [])),
  };
};

/** ECS's reads. */
export const ECS_READS: Operations = {
  ListClusters: listClusters,
  DescribeClusters: describeClusters,
  ListServices: listServices,
  DescribeServices: describeServices,
  DescribeTaskDefinition: describeTaskDefinition,
  ListTasks: listTasks,
  DescribeTasks: describeTasks,
  ListServiceDeployments: listServiceDeployments,
  DescribeServiceDeployments: describeServiceDeployments,
};

/** ECS lists a deleted service for a while. */
function isNotYetGone(aws: Aws, { deletedAt = -Infinity }: ServiceState): boolean {
  return deletedAt > aws.now() - aws.settings.ecsLagMs;
}

/** ECS shows a new service after a while only. */
function isVisible(aws: Aws, { createdAt }: ServiceState): boolean {
  return createdAt <= aws.now() - aws.settings.ecsLagMs;
}

function cut<T>(all: readonly T[], input: Input, scope: string, defaultSize: number) {
  return page(all, {
    scope,
    token: text(input, 'nextToken'),
    size: number(input, 'maxResults'),
    defaultSize,
    maxSize: 100,
  });
}

function missing(aws: Aws, id: string, kind: string) {
  const arn = id.startsWith('arn:') ? id : arnOf(aws.place, 'ecs', `${kind}/${id}`);
  return { arn, reason: 'MISSING' };
}

/** ECS lists a stopped task for about an hour (functions/README.md, Deployments). */
function isListed({ createdAt, stoppingAt = Infinity, stoppedAt }: TaskState, status: string, now: number) {
  if (status !== 'STOPPED') return createdAt <= now && stoppingAt > now;
  return stoppingAt <= now && (stoppedAt ?? now) > now - HOUR;
}
