import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeClustersCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ListClustersCommand,
  ListServicesCommand,
  RegisterTaskDefinitionCommand,
  TagResourceCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, GetRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import {
  DescribeParametersCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerOfPage, followPage, forceNewDeployment, putNewValue } from '../support/passing-secrets.ts';
import { type Clients, clientsFor } from './testing.ts';

/** The address of an AWS or an imitation of it. */
export interface Target {
  readonly endpoint: string;
  readonly region: string;
  stop(): Promise<void>;
}

/** Behaviour that any AWS must have, tested through the SDK only; known defects of moto are left out. */
export function conformanceSuite(name: string, start: () => Promise<Target>): void {
  describe(`conformance: ${name}`, () => {
    let target: Target;
    let clients: Clients;

    beforeAll(async () => {
      target = await start();
      clients = clientsFor(target);
    }, 60_000);

    afterAll(async () => {
      clients.destroy();
      await target.stop();
    });

    describe('ECS', () => ecsSuite(() => clients));
    describe('Secrets Manager', () => secretsSuite(() => clients));
    describe('Parameter Store', () => parametersSuite(() => clients));
    describe('SQS', () => queuesSuite(() => clients));
    describe('EventBridge', () => eventsSuite(() => clients));
    describe('IAM', () => rolesSuite(() => clients));
    describe("the steps of AWS's page on secrets for containers", () => pageSuite(() => clients));
  });
}

function ecsSuite(clients: () => Clients): void {
  it('registers revisions of a family and describes them with their references', async () => {
    const { ecs } = clients();
    const valueFrom = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-a1B2c3:password::';
    const register = () =>
      ecs.send(
        new RegisterTaskDefinitionCommand({
          family: 'conform-task',
          containerDefinitions: [
            { name: 'app', image: 'app:1', memory: 128, secrets: [{ name: 'PASSWORD', valueFrom }] },
          ],
          tags: [{ key: 'team', value: 'blue' }],
        }),
      );
    const first = (await register()).taskDefinition;
    const second = (await register()).taskDefinition;
    expect([first?.revision, second?.revision]).toEqual([1, 2]);
    expect(first?.taskDefinitionArn).toMatch(
      /^arn:aws:ecs:eu-west-1:\d{12}:task-definition\/conform-task:1$/,
    );
    const read = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: first?.taskDefinitionArn, include: ['TAGS'] }),
    );
    expect(read.taskDefinition?.containerDefinitions?.[0]?.secrets).toEqual([
      { name: 'PASSWORD', valueFrom },
    ]);
    expect(read.taskDefinition?.status).toBe('ACTIVE');
    expect(read.tags).toEqual([{ key: 'team', value: 'blue' }]);
    const newest = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'conform-task' }));
    expect(newest.taskDefinition?.revision).toBe(2);
    await expect(
      ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'conform-none:7' })),
    ).rejects.toMatchObject({ name: 'ClientException' });
  });

  it('creates a cluster with tags and finds it', async () => {
    const { ecs } = clients();
    const created = await ecs.send(
      new CreateClusterCommand({ clusterName: 'conform-c', tags: [{ key: 'stage', value: 'test' }] }),
    );
    expect(created.cluster?.clusterArn).toMatch(/^arn:aws:ecs:eu-west-1:\d{12}:cluster\/conform-c$/);
    expect((await ecs.send(new ListClustersCommand({}))).clusterArns).toContain(created.cluster?.clusterArn);
    const described = await ecs.send(
      new DescribeClustersCommand({ clusters: ['conform-c', 'conform-missing'], include: ['TAGS'] }),
    );
    expect(described.clusters).toHaveLength(1);
    expect(described.clusters?.[0]).toMatchObject({
      status: 'ACTIVE',
      tags: [{ key: 'stage', value: 'test' }],
    });
    expect(described.failures?.map(({ reason }) => reason)).toEqual(['MISSING']);
  });

  it('creates a service, describes it, tags it, and forces a new deployment', async () => {
    const { ecs } = clients();
    const cluster = 'conform-services';
    await ecs.send(new CreateClusterCommand({ clusterName: cluster }));
    const { taskDefinition } = await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: 'conform-web',
        containerDefinitions: [{ name: 'app', image: 'app:1', memory: 128 }],
      }),
    );
    const { service } = await ecs.send(
      new CreateServiceCommand({
        cluster,
        serviceName: 'web',
        taskDefinition: 'conform-web',
        desiredCount: 2,
      }),
    );
    const arn = service?.serviceArn ?? '';
    expect(arn).toMatch(/^arn:aws:ecs:eu-west-1:\d{12}:service\/conform-services\/web$/);
    expect((await ecs.send(new ListServicesCommand({ cluster }))).serviceArns).toEqual([arn]);
    await ecs.send(new TagResourceCommand({ resourceArn: arn, tags: [{ key: 'wave', value: '1' }] }));

    const read = async (include?: 'TAGS'[]) => {
      const answer = await ecs.send(
        new DescribeServicesCommand({
          cluster,
          services: [arn, 'missing'],
          ...(include === undefined ? {} : { include }),
        }),
      );
      expect(answer.failures?.map(({ reason }) => reason)).toEqual(['MISSING']);
      return answer.services?.[0];
    };
    expect((await read())?.tags ?? []).toEqual([]);
    const before = await read(['TAGS']);
    expect(before?.tags).toEqual([{ key: 'wave', value: '1' }]);
    expect(before).toMatchObject({
      serviceName: 'web',
      status: 'ACTIVE',
      desiredCount: 2,
      schedulingStrategy: 'REPLICA',
      taskDefinition: taskDefinition?.taskDefinitionArn,
    });

    const forced = await ecs.send(
      new UpdateServiceCommand({ cluster, service: 'web', forceNewDeployment: true }),
    );
    const primary = forced.service?.deployments?.find(({ status }) => status === 'PRIMARY');
    expect(primary?.id).toMatch(/^ecs-svc\/\d+$/);
    expect(primary?.id).not.toBe(before?.deployments?.[0]?.id);
    expect(primary?.createdAt).toBeInstanceOf(Date);
    expect(primary?.taskDefinition).toBe(taskDefinition?.taskDefinitionArn);
  });

  it('answers with an error for a cluster or a service that does not exist', async () => {
    const { ecs } = clients();
    await ecs.send(new CreateClusterCommand({ clusterName: 'conform-empty' }));
    await expect(
      ecs.send(
        new UpdateServiceCommand({ cluster: 'conform-empty', service: 'none', forceNewDeployment: true }),
      ),
    ).rejects.toMatchObject({ name: 'ServiceNotFoundException' });
    await expect(
      ecs.send(new DescribeServicesCommand({ cluster: 'conform-none', services: ['none'] })),
    ).rejects.toMatchObject({ name: 'ClusterNotFoundException' });
  });
}

function secretsSuite(clients: () => Clients): void {
  it('creates a secret whose ARN ends in six more characters, and finds it by name, partial and full ARN', async () => {
    const { secrets } = clients();
    const created = await secrets.send(
      new CreateSecretCommand({
        Name: 'conform/db',
        SecretString: 'one',
        Description: 'words',
        Tags: [{ Key: 'team', Value: 'blue' }],
      }),
    );
    const arn = created.ARN ?? '';
    expect(arn).toMatch(/^arn:aws:secretsmanager:eu-west-1:\d{12}:secret:conform\/db-\w{6}$/);
    for (const SecretId of ['conform/db', arn, arn.slice(0, -7)]) {
      expect(await secrets.send(new DescribeSecretCommand({ SecretId }))).toMatchObject({
        ARN: arn,
        Name: 'conform/db',
        Description: 'words',
        Tags: [{ Key: 'team', Value: 'blue' }],
        VersionIdsToStages: { [created.VersionId ?? '']: ['AWSCURRENT'] },
      });
    }
    const { SecretList } = await secrets.send(new ListSecretsCommand({}));
    expect(SecretList?.map(({ Name }) => Name)).toContain('conform/db');
    await expect(secrets.send(new DescribeSecretCommand({ SecretId: 'conform/none' }))).rejects.toMatchObject(
      { name: 'ResourceNotFoundException' },
    );
    await expect(
      secrets.send(new CreateSecretCommand({ Name: 'conform/db', SecretString: 'two' })),
    ).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  it('moves AWSCURRENT with a new value, and back again', async () => {
    const { secrets } = clients();
    const SecretId = 'conform/rotated';
    const first =
      (await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: 'one' }))).VersionId ?? '';
    const second =
      (await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: 'two' }))).VersionId ?? '';
    const labels = async () =>
      (await secrets.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages;
    expect(await labels()).toEqual({ [first]: ['AWSPREVIOUS'], [second]: ['AWSCURRENT'] });
    await secrets.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        RemoveFromVersionId: second,
        MoveToVersionId: first,
      }),
    );
    expect(await labels()).toEqual({ [first]: ['AWSCURRENT'], [second]: ['AWSPREVIOUS'] });
    const { Versions } = await secrets.send(new ListSecretVersionIdsCommand({ SecretId }));
    expect(new Set(Versions?.map(({ VersionId }) => VersionId))).toEqual(new Set([first, second]));
  });

  it('keeps AWSCURRENT where it is while a version is only pending', async () => {
    const { secrets } = clients();
    const SecretId = 'conform/pending';
    const first =
      (await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: 'one' }))).VersionId ?? '';
    const put = await secrets.send(
      new PutSecretValueCommand({
        SecretId,
        SecretString: 'two',
        ClientRequestToken: 'a'.repeat(36),
        VersionStages: ['AWSPENDING'],
      }),
    );
    expect(put.VersionId).toBe('a'.repeat(36));
    const described = await secrets.send(new DescribeSecretCommand({ SecretId }));
    expect(described.VersionIdsToStages).toEqual({
      [first]: ['AWSCURRENT'],
      ['a'.repeat(36)]: ['AWSPENDING'],
    });
  });
}

function parametersSuite(clients: () => Clients): void {
  it('puts a parameter twice and describes it by its exact name', async () => {
    const { ssm } = clients();
    const Name = '/conform/app/key';
    await ssm.send(
      new PutParameterCommand({ Name, Value: 'one', Type: 'SecureString', Tags: [{ Key: 'a', Value: 'b' }] }),
    );
    await expect(ssm.send(new PutParameterCommand({ Name, Value: 'two' }))).rejects.toMatchObject({
      name: 'ParameterAlreadyExists',
    });
    const put = await ssm.send(
      new PutParameterCommand({ Name, Value: 'two', Type: 'SecureString', Overwrite: true }),
    );
    expect(put.Version).toBe(2);
    const ask = async (name: string) =>
      (
        await ssm.send(
          new DescribeParametersCommand({
            ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [name] }],
          }),
        )
      ).Parameters;
    await expect(
      ssm.send(new PutParameterCommand({ Name: 'awsName', Value: 'one', Type: 'String' })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
    const [found] = (await ask(Name)) ?? [];
    expect(found).toMatchObject({ Name, Type: 'SecureString', Version: 2 });
    expect(found?.LastModifiedDate).toBeInstanceOf(Date);
    expect(await ask('/conform/app')).toEqual([]);
    const { TagList } = await ssm.send(
      new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: Name }),
    );
    expect(TagList).toEqual([{ Key: 'a', Value: 'b' }]);
  });
}

function queuesSuite(clients: () => Clients): void {
  const receive = async (QueueUrl: string) =>
    (
      await clients().sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        }),
      )
    ).Messages ?? [];

  it('sends, receives, hides and deletes a message', async () => {
    const { sqs } = clients();
    const { QueueUrl = '' } = await sqs.send(
      new CreateQueueCommand({ QueueName: 'conform-queue', Attributes: { VisibilityTimeout: '120' } }),
    );
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'conform-queue' }))).QueueUrl).toBe(QueueUrl);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
    const [message] = await receive(QueueUrl);
    expect(message).toMatchObject({ Body: 'hello', Attributes: { ApproximateReceiveCount: '1' } });
    expect(await receive(QueueUrl)).toEqual([]);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
    expect(await receive(QueueUrl)).toEqual([]);
  });

  it('takes batches of ten messages, and holds back delayed ones', async () => {
    const { sqs } = clients();
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'conform-batches' }));
    const Entries = Array.from({ length: 11 }, (_, i) => ({
      Id: `${i}`,
      MessageBody: `${i}`,
      DelaySeconds: i === 0 ? 600 : 0,
    }));
    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).rejects.toThrow();
    const { Successful } = await sqs.send(
      new SendMessageBatchCommand({ QueueUrl, Entries: Entries.slice(0, 10) }),
    );
    expect(Successful).toHaveLength(10);
    const bodies = (await receive(QueueUrl)).map(({ Body }) => Number(Body));
    expect(new Set(bodies)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });

  it('answers with an error for a queue that does not exist', async () => {
    await expect(
      clients().sqs.send(new GetQueueUrlCommand({ QueueName: 'conform-none' })),
    ).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  });
}

function eventsSuite(clients: () => Clients): void {
  const entry = { Source: 'conform', DetailType: 'Conform', Detail: '{}' };

  it('takes the correct entries of a call and refuses each wrong one by itself', async () => {
    const { Source: _none, ...nameless } = entry;
    const Entries = [entry, nameless, { ...entry, Detail: 'no object' }];
    const answer = await clients().events.send(new PutEventsCommand({ Entries }));
    expect(answer.FailedEntryCount).toBe(2);
    expect(answer.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      undefined,
      'InvalidArgument',
      'MalformedDetail',
    ]);
    expect(answer.Entries?.[0]?.EventId).toEqual(expect.any(String));
  });

  it('takes at most ten entries a call', async () => {
    const Entries = Array.from({ length: 11 }, () => entry);
    await expect(clients().events.send(new PutEventsCommand({ Entries }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
}

function rolesSuite(clients: () => Clients): void {
  it('makes a role that keeps its trust policy, and gives it an inline policy', async () => {
    const { iam } = clients();
    const RoleName = 'conform-role';
    const Principal = { Service: 'ecs-tasks.amazonaws.com' };
    const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }];
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    const { Role: made } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    expect(made?.Arn).toMatch(/^arn:aws:iam::\d{12}:role\/conform-role$/);
    const { Role: read } = await iam.send(new GetRoleCommand({ RoleName }));
    expect(read?.Arn).toBe(made?.Arn);
    expect(decodeURIComponent(read?.AssumeRolePolicyDocument ?? '')).toBe(AssumeRolePolicyDocument);
    await expect(
      iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument })),
    ).rejects.toMatchObject({ name: 'EntityAlreadyExistsException' });
    const policy = { PolicyName: 'inline', PolicyDocument: '{"Version":"2012-10-17","Statement":[]}' };
    await expect(
      iam.send(new PutRolePolicyCommand({ ...policy, RoleName: 'conform-none' })),
    ).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  });
}

function pageSuite(clients: () => Clients): void {
  it('end in a new deployment of the service whose secret has a new value, and of no other', async () => {
    const { ecs } = clients();
    const page = await followPage(clients(), 'secret', containerOfPage, async () => {});
    const deployments = async () => {
      const { serviceArns: services } = await ecs.send(new ListServicesCommand({ cluster: 'main' }));
      const described = await ecs.send(new DescribeServicesCommand({ cluster: 'main', services }));
      return new Map(
        described.services?.map((one) => [
          one.serviceName,
          one.deployments?.find(({ status }) => status === 'PRIMARY')?.id,
        ]),
      );
    };
    const before = await deployments();
    expect(before.size).toBe(6);
    const version = await putNewValue(clients(), page.stored, 'secret');
    expect(version).not.toBe(page.stored.versionId);
    expect(await deployments()).toEqual(before);
    const forced = await forceNewDeployment(clients(), 'web');
    expect(await deployments()).toEqual(new Map(before).set('web', forced));
  });
}
