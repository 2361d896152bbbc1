import {
  type ContainerDefinition,
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  RegisterTaskDefinitionCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs';
import { makeParameter, makeSecret, type Secret } from './changes.ts';
import type { Cloud } from './cloud.ts';

/** The services that must be redeployed when the secret or the parameter changes. */
export const OF_SECRET = ['prod/api', 'prod/logger', 'prod/worker', 'tools/report'];
export const OF_PARAMETER = ['prod/mailer', 'tools/billing'];

export type Fleet = { readonly secret: Secret; readonly parameter: string };

/** A few services of two clusters, with every kind of reference and every kind of service that must be left alone. */
export async function buildFleet(cloud: Cloud): Promise<Fleet> {
  const secret = await makeSecret(cloud, 'prod/db');
  const namesake = await makeSecret(cloud, 'prod/db-replica');
  const parameter = await makeParameter(cloud, '/app/key');
  await makeParameter(cloud, '/app/key/old');
  for (const clusterName of ['prod', 'tools'])
    await cloud.ecs.send(new CreateClusterCommand({ clusterName }));
  const services: Readonly<Record<string, Partial<ContainerDefinition>>> = {
    'prod/api': refersTo(`${secret.arn}:password::`),
    'prod/worker': refersTo(secret.arn.slice(0, -7)),
    'prod/logger': { logConfiguration: { logDriver: 'splunk', secretOptions: secrets(secret.arn) } },
    'tools/report': refersTo(secret.arn),
    'prod/mailer': refersTo('/app/key'),
    'tools/billing': refersTo(parameter),
    // None of these services must ever be redeployed.
    'tools/pinned': refersTo(`${secret.arn}:::${secret.versionId}`),
    'prod/exempt': refersTo(secret.arn),
    'prod/neighbour': refersTo(namesake.arn, '/app/key/old'),
    'tools/plain': {},
  };
  for (const [name, container] of Object.entries(services)) await makeService(cloud, name, container);
  await tag(cloud, 'prod/exempt', 'enabled', 'false');
  return { secret, parameter };
}

/** The id of each service's PRIMARY deployment: moto changes it when a deployment is forced, and only then. */
export async function deployments({ ecs }: Cloud): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [cluster, names] of Object.entries(SERVICES)) {
    const { services = [] } = await ecs.send(new DescribeServicesCommand({ cluster, services: names }));
    for (const { serviceName, deployments: [primary] = [] } of services)
      found.set(`${cluster}/${serviceName}`, primary?.id ?? '');
  }
  return found;
}

/** Performs an action and answers the services that got a new deployment from it, sorted. */
export async function redeployedBy(cloud: Cloud, what: () => Promise<unknown>): Promise<readonly string[]> {
  const before = await deployments(cloud);
  await what();
  const after = await deployments(cloud);
  return [...after].flatMap(([name, id]) => (before.get(name) === id ? [] : [name])).sort();
}

export async function tag(cloud: Cloud, service: string, key: string, value: string): Promise<void> {
  const tags = [{ key: `secret-redeploy:${key}`, value }];
  await cloud.ecs.send(new TagResourceCommand({ resourceArn: arnOf(cloud, service), tags }));
}

/** The ARN of `cluster/service`. */
export function arnOf({ place: { partition, region, account } }: Cloud, service: string): string {
  return `arn:${partition}:ecs:${region}:${account}:service/${service}`;
}

const SERVICES: Readonly<Record<string, string[]>> = {
  prod: ['api', 'exempt', 'logger', 'mailer', 'neighbour', 'worker'],
  tools: ['billing', 'pinned', 'plain', 'report'],
};

async function makeService(
  { ecs }: Cloud,
  name: string,
  container: Partial<ContainerDefinition>,
): Promise<void> {
  const [cluster = '', serviceName = ''] = name.split('/');
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: serviceName,
      containerDefinitions: [{ name: 'app', image: 'app:1', memory: 128, ...container }],
    }),
  );
  const definition = taskDefinition?.taskDefinitionArn;
  await ecs.send(
    new CreateServiceCommand({ cluster, serviceName, taskDefinition: definition, desiredCount: 1 }),
  );
}

const refersTo = (...valuesFrom: readonly string[]) => ({ secrets: secrets(...valuesFrom) });
const secrets = (...valuesFrom: readonly string[]) =>
  valuesFrom.map((valueFrom, n) => ({ name: `SECRET_${n}`, valueFrom }));
