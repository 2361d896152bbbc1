import {
  type ContainerDefinition,
  CreateClusterCommand,
  CreateServiceCommand,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { carryEvents } from '../lab/demo/traffic.ts';
import type { Simulator } from '../simulator/index.ts';
import type { Clients } from '../simulator/testing.ts';

/**
 * The steps of AWS's page "How can I pass secrets or sensitive information securely to containers in an Amazon ECS task?"
 * ({@link https://repost.aws/knowledge-center/ecs-data-security-container-task}), one function each and in its order.
 * As on that page, the parameter and the secret have the same name.
 */

/** The page writes `awsExampleParameter`, but Parameter Store takes no name that begins with `aws`. */
const NAME = 'exampleParameter';

/** A parameter and a secret of one name. */
export type Stored = {
  readonly name: string;
  readonly parameterArn: string;
  readonly secretArn: string;
  /** Without the hyphen and the six characters that Secrets Manager adds. */
  readonly partialArn: string;
  readonly versionId: string;
};

export type Changed = 'secret' | 'parameter';
export type Container = Partial<ContainerDefinition>;
const VALUE = '{"password":"exampleValue"}';

/** `put-parameter --type SecureString` and `create-secret`. */
export async function storeValues({ ssm, secrets }: Clients, name = NAME): Promise<Stored> {
  await ssm.send(new PutParameterCommand({ Type: 'SecureString', Name: name, Value: VALUE }));
  const created = await secrets.send(new CreateSecretCommand({ Name: name, SecretString: VALUE }));
  const { ARN: secretArn = '', VersionId: versionId = '' } = created;
  const [, partition, , region, account] = secretArn.split(':');
  return {
    name,
    parameterArn: `arn:${partition}:ssm:${region}:${account}:parameter/${name}`,
    secretArn,
    partialArn: `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}`,
    versionId,
  };
}

/** The role with the trust policy of the page, and its ARN. */
export async function createRole({ iam }: Clients, RoleName: string): Promise<string> {
  const trust = {
    Effect: 'Allow',
    Principal: { Service: 'ecs-tasks.amazonaws.com' },
    Action: 'sts:AssumeRole',
  };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  return Role?.Arn ?? '';
}

/** The inline policy of the page. Its `*` also covers every secret whose name begins with this one. */
export async function grantReads({ iam }: Clients, RoleName: string, stored: Stored): Promise<void> {
  const grant = {
    Effect: 'Allow',
    Action: ['ssm:GetParameters', 'secretsmanager:GetSecretValue'],
    Resource: [stored.parameterArn, `${stored.partialArn}*`],
  };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [grant] });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'reads', PolicyDocument }));
}

/** The container of the page: a parameter in its environment, and a secret by partial ARN for its log driver. */
export function containerOfPage({ parameterArn, partialArn }: Stored): Container {
  return {
    logConfiguration: {
      logDriver: 'splunk',
      options: { 'splunk-url': 'https://splunk.example:8088' },
      secretOptions: [{ name: 'splunk-token', valueFrom: partialArn }],
    },
    secrets: [{ name: 'DATABASE_PASSWORD', valueFrom: parameterArn }],
  };
}

/** `register-task-definition`, and a service of one task, whose ARN is returned. */
export async function runService(
  { ecs }: Clients,
  serviceName: string,
  executionRoleArn: string,
  container: Container,
): Promise<string> {
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: serviceName,
      requiresCompatibilities: ['EC2'],
      executionRoleArn,
      containerDefinitions: [{ name: 'web', image: 'httpd', memory: 128, essential: true, ...container }],
    }),
  );
  const { service } = await ecs.send(
    new CreateServiceCommand({
      cluster: 'main',
      serviceName,
      taskDefinition: serviceName,
      desiredCount: 1,
    }),
  );
  return service?.serviceArn ?? '';
}

/** A new value of the parameter or of the secret. Returns its version. */
export async function putNewValue(
  { ssm, secrets }: Clients,
  { name }: Stored,
  changed: Changed,
): Promise<string> {
  const value = '{"password":"another exampleValue"}';
  if (changed === 'secret') {
    const put = await secrets.send(new PutSecretValueCommand({ SecretId: name, SecretString: value }));
    return put.VersionId ?? '';
  }
  const put = await ssm.send(
    new PutParameterCommand({ Type: 'SecureString', Name: name, Value: value, Overwrite: true }),
  );
  return String(put.Version);
}

/** The last step of the page, without which the tasks keep the old value. Returns the id of the new deployment. */
export async function forceNewDeployment({ ecs }: Clients, service: string): Promise<string> {
  const answer = await ecs.send(
    new UpdateServiceCommand({ cluster: 'main', service, forceNewDeployment: true }),
  );
  return answer.service?.deployments?.find(({ status }) => status === 'PRIMARY')?.id ?? '';
}

export const environment = (valueFrom: string): Container => ({
  secrets: [{ name: 'DATABASE_PASSWORD', valueFrom }],
});

/** Names that begin as the other one does. */
const LOOK_ALIKES = ['example', `${NAME}2`];

export type Page = {
  readonly stored: Stored;
  /** The ARN of the secret or parameter that will change. */
  readonly changing: string;
  /** The ARN of the service `web`. */
  readonly web: string;
};

/**
 * Follows the page up to a running service `web`; `pause` passes after the values are stored, and after each service is
 * there. Beside it others follow the page with names that look alike, and three services refer to what does not change:
 * one to a version of the secret, the others to the parameter if the secret changes, or else to the secret.
 */
export async function followPage(
  clients: Clients,
  changed: Changed,
  containerFor: (stored: Stored) => Container,
  pause: () => Promise<unknown>,
): Promise<Page> {
  const follow = async (name: string, service: string, container: typeof containerFor) => {
    const stored = await storeValues(clients, name);
    await pause();
    const role = await createRole(clients, `${name}-role`);
    await grantReads(clients, `${name}-role`, stored);
    const arn = await runService(clients, service, role, container(stored));
    await pause();
    return { stored, role, arn };
  };
  await clients.ecs.send(new CreateClusterCommand({ clusterName: 'main' }));
  const { stored, role, arn: web } = await follow(NAME, 'web', containerFor);
  for (const name of LOOK_ALIKES) await follow(name, `of-${name}`, containerOfPage);
  const { name, parameterArn, partialArn, secretArn, versionId } = stored;
  const others = {
    pinned: `${secretArn}:::${versionId}`,
    ...(changed === 'secret'
      ? { 'namesake-by-name': name, 'namesake-by-arn': parameterArn }
      : { 'namesake-by-partial-arn': partialArn, 'namesake-by-arn': secretArn }),
  };
  for (const [service, valueFrom] of Object.entries(others))
    await runService(clients, service, role, environment(valueFrom));
  await pause();
  return { stored, web, changing: changed === 'secret' ? secretArn : parameterArn };
}

/** An account in which a task starts only if what it refers to exists and its execution role may read it. */
export const AS_ON_AWS = { rolesMatter: true, unknownResourcesFail: true };

/** Carries every later event to one queue by the rules of infra/. */
export function installRules(sim: Simulator, queueUrl: string): void {
  carryEvents(sim, { changes: queueUrl, cloudtrail: queueUrl });
}

/** The services with a task that holds an old value, as the simulated AWS knows. */
export function staleServices(sim: Simulator, { changing }: Page): readonly string[] {
  return sim.staleTasks(changing).map(({ serviceArn }) => nameIn(serviceArn));
}

/** The version of what changes that each running task of `web` read when it started. */
export function heldByWeb(sim: Simulator, { web, changing }: Page): readonly (string | undefined)[] {
  return [...sim.heldBy({ arn: web }).values()].map((versions) => versions.get(changing)?.replace(/@.*/, ''));
}

/** The services with a deployment that was forced, once for each such deployment. */
export function forced({ ledger }: Simulator): readonly string[] {
  return ledger.deployments.filter((one) => one.forced).map(({ serviceArn }) => nameIn(serviceArn));
}

const nameIn = (serviceArn: string): string => serviceArn.slice(serviceArn.lastIndexOf('/') + 1);
