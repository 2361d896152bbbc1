import { spawnSync } from 'node:child_process';
import {
  DescribeServicesCommand,
  ECSClient,
  ExecuteCommandCommand,
  ListAccountSettingsCommand,
  ListClustersCommand,
  RunTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { BatchGetSecretValueCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import {
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { startSimulator } from './index.ts';
import { clientsFor, simulate } from './testing.ts';

const DENIED =
  'User: arn:aws:sts::111122223333:assumed-role/TESTING/session is not authorized to perform: ecs:UpdateService on resource: * because no identity-based policy allows the ecs:UpdateService action';

const force = new UpdateServiceCommand({ cluster: 'main', service: 'web', forceNewDeployment: true });

describe('the wire', () => {
  it('refuses calls that would disclose a value, and records their caller', async () => {
    const { sim, ecs, secrets, ssm } = await simulate();
    sim.world.secret({ name: 'a' });
    sim.world.parameter({ name: '/a' });
    const denied = { name: 'AccessDeniedException' };
    await expect(secrets.send(new GetSecretValueCommand({ SecretId: 'a' }))).rejects.toMatchObject(denied);
    await expect(secrets.send(new BatchGetSecretValueCommand({ SecretIdList: ['a'] }))).rejects.toMatchObject(
      denied,
    );
    await expect(ssm.send(new GetParameterCommand({ Name: '/a' }))).rejects.toMatchObject(denied);
    await expect(ssm.send(new GetParametersCommand({ Names: ['/a'] }))).rejects.toMatchObject(denied);
    await expect(ssm.send(new GetParametersByPathCommand({ Path: '/' }))).rejects.toMatchObject(denied);
    await expect(ssm.send(new GetParameterHistoryCommand({ Name: '/a' }))).rejects.toMatchObject(denied);
    await expect(ecs.send(new RunTaskCommand({ taskDefinition: 'x' }))).rejects.toMatchObject(denied);
    await expect(
      ecs.send(new ExecuteCommandCommand({ command: 'env', interactive: true, task: 'x' })),
    ).rejects.toMatchObject(denied);
    expect(sim.ledger.forbidden.map(({ operation }) => operation)).toEqual([
      'GetSecretValue',
      'BatchGetSecretValue',
      'GetParameter',
      'GetParameters',
      'GetParametersByPath',
      'GetParameterHistory',
      'RunTask',
      'ExecuteCommand',
    ]);
  });

  it('refuses and records operations that are not modelled', async () => {
    const { sim, ecs } = await simulate();
    await expect(ecs.send(new ListAccountSettingsCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
    await fetch(`${sim.endpoint}/some-bucket/some-key`);
    expect(sim.ledger.unknown.map(({ service, operation }) => [service, operation])).toEqual([
      ['ecs', 'ListAccountSettings'],
      ['unknown', 'GET /some-bucket/some-key'],
    ]);
  });
});

describe('throttling', () => {
  it('admits a burst, and then as many calls as tokens are refilled', async () => {
    const { sim, clock, ecs } = await simulate();
    sim.world.service({ name: 'web' });
    const burst = await Promise.allSettled(Array.from({ length: 60 }, () => ecs.send(force)));
    expect(burst.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
    await expect(ecs.send(force)).rejects.toMatchObject({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
      $metadata: { httpStatusCode: 400 },
    });
    await ecs.send(new ListClustersCommand({}));
    clock.advance(1000);
    const next = await Promise.allSettled(Array.from({ length: 10 }, () => ecs.send(force)));
    expect(next.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  });

  it('counts the tokens that another caller takes, and can be scaled and switched off', async () => {
    const { sim, ecs } = await simulate();
    sim.world.service({ name: 'web' });
    sim.throttle.consume('service-modify', 50);
    await expect(ecs.send(force)).rejects.toMatchObject({ name: 'ThrottlingException' });
    sim.throttle.scale(0.02);
    await ecs.send(force);
    await expect(ecs.send(force)).rejects.toMatchObject({ name: 'ThrottlingException' });
    sim.throttle.scale(0);
    await ecs.send(force);
  });
});

describe('faults', () => {
  it.each([
    ['throttle', { name: 'ThrottlingException' }],
    ['server-error', { $fault: 'server', $metadata: { httpStatusCode: 500 } }],
    ['access-denied', { name: 'AccessDeniedException', message: DENIED }],
    ['client-error', { name: 'ClientException' }],
    ['reset-before', { code: 'ECONNRESET' }],
  ] as const)(
    'of the kind %s hit as often as configured and keep the call from having an effect',
    async (kind, error) => {
      const { sim, ecs } = await simulate();
      const web = sim.world.service({ name: 'web' });
      sim.faults.add({ service: 'ecs', operation: 'UpdateService', kind, times: 2 });
      await expect(ecs.send(force)).rejects.toMatchObject(error);
      await expect(ecs.send(force)).rejects.toMatchObject(error);
      expect(sim.deploymentsOf(web.arn)).toHaveLength(1);
      await ecs.send(force);
      expect(sim.deploymentsOf(web.arn)).toHaveLength(2);
    },
  );

  it.each(['reset-after', 'malformed'] as const)(
    'of the kind %s lose the answer of a call that has its effect',
    async (kind) => {
      const { sim, ecs } = await simulate();
      const web = sim.world.service({ name: 'web' });
      sim.faults.add({ operation: 'UpdateService', kind });
      await expect(ecs.send(force)).rejects.toThrow();
      expect(sim.deploymentsOf(web.arn)).toHaveLength(2);
      expect(sim.ledger.calls.at(-1)?.outcome).toBe(kind === 'malformed' ? 'malformed' : 'reset');
    },
  );

  it('of the kind hang give no answer until the client gives up', async () => {
    const { sim } = await simulate();
    const impatient = new ECSClient({
      endpoint: sim.endpoint,
      region: sim.region,
      credentials: { accessKeyId: 'IMPATIENT', secretAccessKey: 'x' },
      maxAttempts: 1,
      requestHandler: { requestTimeout: 100, throwOnRequestTimeout: true },
    });
    sim.faults.add({ operation: 'ListClusters', kind: 'hang' });
    await expect(impatient.send(new ListClustersCommand({}))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(sim.ledger.calls[0]).toMatchObject({ accessKeyId: 'IMPATIENT', outcome: 'hang' });
    impatient.destroy();
  });

  it('can be limited to certain inputs and withdrawn', async () => {
    const { sim, ecs } = await simulate();
    sim.world.service({ name: 'web' });
    sim.world.service({ name: 'api' });
    const withdraw = sim.faults.add({
      operation: 'DescribeServices',
      match: (input) => JSON.stringify(input).includes('api'),
      kind: 'server-error',
      times: Number.POSITIVE_INFINITY,
    });
    const read = (name: string) =>
      ecs.send(new DescribeServicesCommand({ cluster: 'main', services: [name] }));
    await read('web');
    await expect(read('api')).rejects.toThrow();
    withdraw();
    await read('api');
  });
});

describe('the simulator', () => {
  it.each([
    ['aws-cn', 'cn-north-1'],
    ['aws-us-gov', 'us-gov-west-1'],
    ['aws-eusc', 'eusc-de-east-1'],
  ])('works in any partition: %s', async (partition, region) => {
    const { sim, ecs } = await simulate({ partition, region, account: '999988887777' });
    const secret = sim.world.secret({ name: 'a', suffix: 'AbCdEf' });
    const service = sim.world.service({ name: 'web', secrets: [secret.partialArn] });
    expect(secret.arn).toBe(`arn:${partition}:secretsmanager:${region}:999988887777:secret:a-AbCdEf`);
    expect(service.arn).toBe(`arn:${partition}:ecs:${region}:999988887777:service/main/web`);
    await ecs.send(force);
    sim.rotateSecret(secret.arn);
    expect(sim.staleTasks(secret.arn)).toHaveLength(1);
    expect(sim.events.at(-1)?.account).toBe('999988887777');
  });

  it('delays its answers by the configured latency', async () => {
    const { ecs } = await simulate({ latencyMs: (_, operation) => (operation === 'ListClusters' ? 80 : 0) });
    const before = performance.now();
    await ecs.send(new ListClustersCommand({}));
    expect(performance.now() - before).toBeGreaterThan(75);
  });

  it('advances by itself with the real clock, and leaves no port open when closed', async () => {
    const sim = await startSimulator({ rolloutMs: 50, tickMs: 10 });
    const clients = clientsFor(sim);
    const service = sim.world.service({ name: 'web' });
    const completed = new Promise((resolve) => {
      sim.onEvent((event) => {
        if (event.detail['eventName'] === 'SERVICE_DEPLOYMENT_COMPLETED') resolve(event.resources[0]);
      });
    });
    await clients.ecs.send(force);
    expect(await completed).toBe(service.arn);
    clients.destroy();
    await sim.close();
    await expect(fetch(sim.endpoint)).rejects.toThrow();
  });

  it('is found by a child process through its environment', async () => {
    const { sim } = await simulate();
    expect(Object.keys(sim.env).sort()).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_ENDPOINT_URL',
      'AWS_REGION',
      'AWS_SECRET_ACCESS_KEY',
    ]);
    const child = spawnSync(process.execPath, ['-p', 'process.env.AWS_ENDPOINT_URL'], { env: sim.env });
    expect(child.stdout.toString().trim()).toBe(sim.endpoint);
  });
});
