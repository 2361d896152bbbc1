import type { Aws } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { type Input, requiredText, text } from '../input.ts';
import { resourceIn } from '../place.ts';
import { serviceDeploymentArn } from './names.ts';
import type { ClusterState, ServiceState, TaskDefinitionState } from './state.ts';

/** The cluster that a request names (name or ARN, `default` when absent). */
export function needCluster(aws: Aws, input: Input): ClusterState {
  const cluster = findCluster(aws, text(input, 'cluster') ?? 'default');
  if (cluster === undefined) throw new AwsError('ClusterNotFoundException', 'Cluster not found.');
  return cluster;
}

/** A cluster by name or ARN. */
export function findCluster(aws: Aws, id: string): ClusterState | undefined {
  return aws.ecs.clusters.get(resourceIn(aws.place, 'ecs', id)?.replace(/^cluster\//, '') ?? id);
}

/** A service of a cluster by name or by either form of its ARN; undefined when the ARN names another cluster. */
export function findService(aws: Aws, cluster: ClusterState, id: string): ServiceState | undefined {
  const resource = resourceIn(aws.place, 'ecs', id);
  if (resource === undefined) return id.startsWith('arn:') ? undefined : cluster.services.get(id);
  const [kind, ...path] = resource.split('/');
  const name = path.at(-1);
  if (kind !== 'service' || name === undefined) return undefined;
  if (path.length > 1 && path[0] !== cluster.name) return undefined;
  return cluster.services.get(name);
}

/** The service that a request names under `key`. */
export function needService(aws: Aws, input: Input, key = 'service'): ServiceState {
  const cluster = needCluster(aws, input);
  const service = findService(aws, cluster, requiredText(input, key));
  if (service === undefined) throw new AwsError('ServiceNotFoundException', 'Service not found.');
  return service;
}

/** A revision by full ARN, by `family:revision`, or the newest ACTIVE one of a family. */
export function findTaskDefinition(aws: Aws, id: string): TaskDefinitionState | undefined {
  const exact = aws.ecs.taskDefinitions.get(id);
  if (exact !== undefined) return exact;
  const name = resourceIn(aws.place, 'ecs', id)?.replace(/^task-definition\//, '') ?? id;
  const [family = '', revision] = name.split(':');
  const revisions = aws.ecs.families.get(family);
  if (revision === undefined) return revisions?.findLast((candidate) => candidate.status === 'ACTIVE');
  return revisions?.find((candidate) => String(candidate.revision) === revision);
}

/** A service deployment by its ARN, with its service. */
export function findServiceDeployment(aws: Aws, arn: string) {
  const [, clusterName = '', serviceName = ''] = arn.split('/');
  const service: ServiceState | undefined = aws.ecs.clusters.get(clusterName)?.services.get(serviceName);
  if (service === undefined) return undefined;
  const item = service.serviceDeployments.find(
    (candidate) => serviceDeploymentArn(aws.place, service, candidate) === arn,
  );
  return item === undefined ? undefined : { service, item };
}
