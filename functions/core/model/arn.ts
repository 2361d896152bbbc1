declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type ClusterArn = Branded<'ClusterArn'>;
export type ServiceArn = Branded<'ServiceArn'>;
export type TaskDefinitionArn = Branded<'TaskDefinitionArn'>;

/** The partition, Region and account to which a name without an ARN belongs. */
export type Home = { readonly partition: string; readonly region: string; readonly account: string };

export type Arn = Home & {
  readonly service: string;
  /** Everything after the account. It may contain colons. */
  readonly resource: string;
};

/** Splits an ARN of any partition into its parts; undefined if the text is not an ARN. */
export function parseArn(text: string): Arn | undefined {
  const [scheme, partition, service, region, account, ...rest] = text.split(':');
  if (scheme !== 'arn' || !partition || !service || region === undefined || account === undefined)
    return undefined;
  const resource = rest.join(':');
  return resource === '' ? undefined : { partition, service, region, account, resource };
}

/** Throws TypeError unless the text is an ARN of that kind. So do the two functions below. */
export function clusterArn(text: string): ClusterArn {
  if (isClusterArn(text)) return text;
  throw notTheArnOf('a cluster', text);
}

/** Accepts both forms that ECS uses: `service/CLUSTER/NAME` and, for old services, `service/NAME`. */
export function serviceArn(text: string): ServiceArn {
  if (isServiceArn(text)) return text;
  throw notTheArnOf('a service', text);
}

export function taskDefinitionArn(text: string): TaskDefinitionArn {
  if (isTaskDefinitionArn(text)) return text;
  throw notTheArnOf('a task definition', text);
}

/** The last part of an ECS ARN: the name of a cluster or a service. */
export function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/**
 * The unique key of a service: `cluster/service`. An ARN is not unique: in its old form, which lacks the cluster,
 * services of the same name in two clusters share one ARN.
 */
export type ServiceKey = Branded<'ServiceKey'>;

export function keyOf(clusterName: string, service: string): ServiceKey {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this is the one place where a key is made
  return `${clusterName}/${nameOf(service)}` as ServiceKey;
}

/** The partition, Region and account of a bare name that this resource contains. */
export function homeOf(arn: ClusterArn | ServiceArn | TaskDefinitionArn): Home {
  const { partition, region, account } = parseArn(arn) ?? neverParsed(arn);
  return { partition, region, account };
}

/** The ARN, in its present form, of a service of this name in this cluster. */
export function serviceIn(cluster: ClusterArn, name: string): ServiceArn {
  const { partition, region, account } = homeOf(cluster);
  return serviceArn(`arn:${partition}:ecs:${region}:${account}:service/${nameOf(cluster)}/${name}`);
}

/** The ARN of the cluster of this name in the account and Region of the service. */
export function clusterOf(service: ServiceArn, name: string): ClusterArn {
  const { partition, region, account } = homeOf(service);
  return clusterArn(`arn:${partition}:ecs:${region}:${account}:cluster/${name}`);
}

const isClusterArn = (text: string): text is ClusterArn => isEcsArn(text, 'cluster/');
const isServiceArn = (text: string): text is ServiceArn => isEcsArn(text, 'service/');
const isTaskDefinitionArn = (text: string): text is TaskDefinitionArn => isEcsArn(text, 'task-definition/');

function isEcsArn(text: string, type: string): boolean {
  const arn = parseArn(text);
  return arn?.service === 'ecs' && arn.resource.startsWith(type);
}

function notTheArnOf(what: string, text: string): TypeError {
  return new TypeError(`expected the ARN of ${what} in ECS, found ${JSON.stringify(text)}`);
}

function neverParsed(arn: string): never {
  throw notTheArnOf('a resource', arn);
}
