import { ciOf, type Environment } from './settings.ts';

/** What the machine shows of itself. */
export type Signs = {
  /** A file that container runtimes leave. */
  readonly hasContainerFile: boolean;
  /** The network interfaces but the loopback; empty: there is no network. */
  readonly interfaces: readonly string[];
  /** Undefined: this system does not tell. */
  readonly hasDefaultRoute: boolean | undefined;
  /** The firmware says that it is a machine of EC2. */
  readonly isEc2: boolean;
};

export const NETWORKS = ['none', 'isolated', 'bridge', 'host', 'awsvpc'] as const;
export type Network = (typeof NETWORKS)[number];

/** Where this process runs. */
export type Place = {
  readonly kind: 'lambda' | 'ecs' | 'kubernetes' | 'container' | 'ec2' | 'shell';
  /** What ECS runs the task on. */
  readonly on?: 'Fargate' | 'EC2' | 'Managed Instances' | 'ECS Anywhere';
  /** Of a container. */
  readonly network?: Network;
  readonly isOnEc2: boolean;
  readonly ci?: string;
};

const EXECUTION: readonly (readonly [start: string, on: Required<Place>['on']])[] = [
  ['AWS_ECS_FARGATE', 'Fargate'],
  ['AWS_ECS_EC2', 'EC2'],
  ['AWS_ECS_MANAGED_INSTANCES', 'Managed Instances'],
  ['AWS_ECS_EXTERNAL', 'ECS Anywhere'],
];

/** `answersAsEc2`: the metadata service of an instance has answered. */
export function placeOf(env: Environment, signs: Signs, answersAsEc2: boolean): Place {
  const ci = ciOf(env);
  const isOnEc2 = signs.isEc2 || answersAsEc2;
  const common = { isOnEc2, ...(ci !== undefined && { ci }) };
  if (env['AWS_LAMBDA_FUNCTION_NAME']) return { kind: 'lambda', ...common };
  const execution = env['AWS_EXECUTION_ENV'] ?? '';
  const on = EXECUTION.find(([start]) => execution.startsWith(start))?.[1];
  if (on !== undefined || env['ECS_CONTAINER_METADATA_URI_V4'] || env['ECS_CONTAINER_METADATA_URI'])
    return {
      kind: 'ecs',
      ...(on !== undefined && { on }),
      network: on === 'Fargate' ? 'awsvpc' : networkOf(signs),
      ...common,
    };
  if (env['KUBERNETES_SERVICE_HOST']) return { kind: 'kubernetes', ...common };
  if (signs.hasContainerFile) return { kind: 'container', network: networkOf(signs), ...common };
  return { kind: isOnEc2 ? 'ec2' : 'shell', ...common };
}

/** A container in the network of its host sees the bridges there. */
function networkOf({ interfaces, hasDefaultRoute }: Signs): Network {
  if (interfaces.length === 0) return 'none';
  if (interfaces.some((name) => name.startsWith('ecs-eth'))) return 'awsvpc';
  if (interfaces.some((name) => /^(?:docker|br-|podman|cni|ecs-bridge)/.test(name))) return 'host';
  return hasDefaultRoute === false ? 'isolated' : 'bridge';
}

export const isContainer = ({ kind }: Place): boolean => ['ecs', 'kubernetes', 'container'].includes(kind);

/** `a container on EC2, network bridge`. */
export function placeInWords(place: Place): string {
  const { network, ci } = place;
  return [
    kindInWords(place),
    ...(network === undefined ? [] : [`network ${network}`]),
    ...(ci === undefined ? [] : [ci === 'CI' ? 'continuous integration' : ci]),
  ].join(', ');
}

function kindInWords({ kind, on, isOnEc2 }: Place): string {
  switch (kind) {
    case 'lambda':
      return 'a Lambda function';
    case 'ecs':
      return on === undefined ? 'an ECS task' : `an ECS task on ${on}`;
    case 'kubernetes':
      return 'a pod of Kubernetes';
    case 'container':
      return isOnEc2 ? 'a container on EC2' : 'a container';
    case 'ec2':
      return 'an EC2 instance';
    case 'shell':
      return 'a shell';
    default:
      return kind satisfies never;
  }
}
