import {
  DescribeClustersCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListClustersCommand,
  ListServiceDeploymentsCommand,
  ListServicesCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { createClock } from './clock.ts';
import { simulate } from './testing.ts';

describe('ListServices', () => {
  it('gives 10 services unless asked for more, at most 100, and continues from its token', async () => {
    const { sim, ecs } = await simulate();
    for (let i = 0; i < 25; i++) sim.world.service();
    const first = await ecs.send(new ListServicesCommand({ cluster: 'main' }));
    expect(first.serviceArns).toHaveLength(10);
    const second = await ecs.send(
      new ListServicesCommand({ cluster: 'main', maxResults: 100, nextToken: first.nextToken }),
    );
    expect(second.serviceArns).toHaveLength(15);
    expect(second.nextToken).toBeUndefined();
    expect(new Set([...(first.serviceArns ?? []), ...(second.serviceArns ?? [])]).size).toBe(25);
  });

  it('refuses pages above 100 and tokens that are not its own', async () => {
    const { sim, ecs } = await simulate();
    for (let i = 0; i < 25; i++) sim.world.service();
    sim.world.service({ cluster: 'other' });
    const { nextToken } = await ecs.send(new ListServicesCommand({ cluster: 'main' }));
    for (const input of [
      { cluster: 'main', maxResults: 101 },
      { cluster: 'main', nextToken: 'nonsense' },
      { cluster: 'other', nextToken },
    ]) {
      await expect(ecs.send(new ListServicesCommand(input))).rejects.toMatchObject({
        name: 'InvalidParameterException',
      });
    }
  });

  it('shows ACTIVE services only', async () => {
    const { sim, ecs } = await simulate();
    sim.world.service({ name: 'here' });
    sim.world.service({ name: 'leaving', status: 'DRAINING' });
    sim.world.service({ name: 'gone', status: 'INACTIVE' });
    const { serviceArns } = await ecs.send(new ListServicesCommand({ cluster: 'main' }));
    expect(serviceArns).toEqual(['arn:aws:ecs:eu-west-1:111122223333:service/main/here']);
  });

  it('refuses a cluster that does not exist', async () => {
    const { ecs } = await simulate();
    await expect(ecs.send(new ListServicesCommand({ cluster: 'nowhere' }))).rejects.toMatchObject({
      name: 'ClusterNotFoundException',
    });
  });
});

describe('DescribeServices', () => {
  it.each([0, 11])('refuses %i services', async (count) => {
    const { sim, ecs } = await simulate();
    sim.world.cluster({ name: 'main' });
    const services = Array.from({ length: count }, (_, i) => `service-${i}`);
    await expect(ecs.send(new DescribeServicesCommand({ cluster: 'main', services }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  it('reports missing services, still shows inactive ones, and gives tags only when asked', async () => {
    const { sim, ecs } = await simulate();
    const known = sim.world.service({ name: 'known', tags: { team: 'blue' } });
    sim.world.service({ name: 'gone', status: 'INACTIVE' });
    const ask = (include?: 'TAGS'[]) =>
      ecs.send(
        new DescribeServicesCommand({
          cluster: known.cluster.arn,
          services: [known.arn, 'gone', 'missing'],
          ...(include === undefined ? {} : { include }),
        }),
      );
    const plain = await ask();
    expect(plain.services?.map(({ serviceName, status }) => [serviceName, status])).toEqual([
      ['known', 'ACTIVE'],
      ['gone', 'INACTIVE'],
    ]);
    expect(plain.failures).toEqual([
      { arn: 'arn:aws:ecs:eu-west-1:111122223333:service/main/missing', reason: 'MISSING' },
    ]);
    expect(plain.services?.[0]?.tags).toBeUndefined();
    expect((await ask(['TAGS'])).services?.[0]?.tags).toEqual([{ key: 'team', value: 'blue' }]);
  });

  it('finds services by an ARN of the old form, and shows Express services and other controllers as ECS does', async () => {
    const { sim, ecs } = await simulate();
    const old = sim.world.service({ name: 'old', oldArn: true });
    sim.world.service({ name: 'express', express: true });
    sim.world.service({
      name: 'blue',
      controller: 'CODE_DEPLOY',
      desired: 2,
      taskSets: [{ externalId: 'd-1' }],
    });
    expect(old.arn).toBe('arn:aws:ecs:eu-west-1:111122223333:service/old');
    const { services } = await ecs.send(
      new DescribeServicesCommand({ cluster: 'main', services: [old.arn, 'express', 'blue'] }),
    );
    const [oldForm, express, codeDeploy] = services ?? [];
    expect(oldForm?.serviceArn).toBe(old.arn);
    expect(express?.taskDefinition).toBeUndefined();
    expect(express?.deployments?.[0]?.taskDefinition).toMatch(/task-definition\/main-express:1$/);
    expect(codeDeploy?.deployments).toEqual([]);
    expect(codeDeploy?.taskSets?.[0]).toMatchObject({
      status: 'PRIMARY',
      externalId: 'd-1',
      runningCount: 2,
    });
  });

  it('shows the service-connect log secrets on the deployment that has them', async () => {
    const { sim, ecs } = await simulate();
    sim.world.service({ name: 'mesh', serviceConnectSecrets: ['/log/token'] });
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster: 'main', services: ['mesh'] }));
    const options =
      services?.[0]?.deployments?.[0]?.serviceConnectConfiguration?.logConfiguration?.secretOptions;
    expect(options?.map(({ valueFrom }) => valueFrom)).toEqual(['/log/token']);
  });
});

describe('the simulated ECS', () => {
  it('lists and describes clusters', async () => {
    const { sim, ecs } = await simulate();
    sim.world.cluster({ name: 'blue', tags: { 'secret-redeploy:enabled': 'false' } });
    sim.world.service({ cluster: 'blue' });
    expect((await ecs.send(new ListClustersCommand({}))).clusterArns).toHaveLength(1);
    const { clusters, failures } = await ecs.send(
      new DescribeClustersCommand({ clusters: ['blue', 'red'], include: ['TAGS'] }),
    );
    expect(clusters?.[0]).toMatchObject({
      clusterName: 'blue',
      activeServicesCount: 1,
      tags: [{ key: 'secret-redeploy:enabled', value: 'false' }],
    });
    expect(failures).toEqual([{ arn: 'arn:aws:ecs:eu-west-1:111122223333:cluster/red', reason: 'MISSING' }]);
  });

  it('describes a task definition by ARN, by revision and by family (the newest ACTIVE one)', async () => {
    const { sim, ecs } = await simulate();
    const first = sim.world.taskDefinition({ family: 'web', secrets: ['/a'] });
    sim.world.taskDefinition({ family: 'web', secrets: ['/b'], status: 'INACTIVE' });
    const read = async (taskDefinition: string) =>
      (await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }))).taskDefinition;
    expect((await read(first.arn))?.containerDefinitions?.[0]?.secrets?.[0]?.valueFrom).toBe('/a');
    expect((await read('web:2'))?.status).toBe('INACTIVE');
    expect((await read('web'))?.revision).toBe(1);
    await expect(read('web:3')).rejects.toMatchObject({ name: 'ClientException' });
  });

  it('lists and describes tasks without disclosing the values that they hold', async () => {
    const { sim, ecs } = await simulate();
    const secret = sim.world.secret({ name: 'prod/db' });
    const service = sim.world.service({ secrets: [secret.arn], desired: 3 });
    const { taskArns } = await ecs.send(new ListTasksCommand({ cluster: 'main', serviceName: service.arn }));
    expect(taskArns).toHaveLength(3);
    const { tasks, failures } = await ecs.send(
      new DescribeTasksCommand({ cluster: 'main', tasks: [...(taskArns ?? []), 'unknown'] }),
    );
    expect(failures).toHaveLength(1);
    expect(tasks?.[0]).toMatchObject({
      lastStatus: 'RUNNING',
      desiredStatus: 'RUNNING',
      taskDefinitionArn: service.taskDefinition,
      startedBy: sim.deploymentsOf(service.arn)[0]?.deploymentId,
    });
    expect(JSON.stringify(tasks)).not.toContain(secret.versionId);
  });

  it('takes no more than a hundred clusters or tasks at a time', async () => {
    const { sim, ecs } = await simulate();
    sim.world.service({ name: 'web', desired: 150 });
    const many = Array.from({ length: 101 }, (_, i) => `x${i}`);
    const refused = { name: 'InvalidParameterException' };
    await expect(ecs.send(new DescribeClustersCommand({ clusters: many }))).rejects.toMatchObject(refused);
    await expect(ecs.send(new DescribeTasksCommand({ cluster: 'main', tasks: many }))).rejects.toMatchObject(
      refused,
    );
    await expect(ecs.send(new ListTasksCommand({ cluster: 'main', maxResults: 101 }))).rejects.toMatchObject(
      refused,
    );
    const first = await ecs.send(new ListTasksCommand({ cluster: 'main' }));
    const second = await ecs.send(new ListTasksCommand({ cluster: 'main', nextToken: first.nextToken }));
    expect([first.taskArns?.length, second.taskArns?.length]).toEqual([100, 50]);
  });

  it('lists service deployments by status and time, newest first, and describes them', async () => {
    const { sim, clock, ecs } = await simulate();
    const service = sim.world.service({ name: 'web' });
    clock.advance(1500);
    const between = new Date(clock.now());
    clock.advance(1500);
    sim.world.deploy(service);
    const list = async (more: object) =>
      (await ecs.send(new ListServiceDeploymentsCommand({ cluster: 'main', service: 'web', ...more })))
        .serviceDeployments ?? [];
    expect((await list({})).map(({ status }) => status)).toEqual(['PENDING', 'SUCCESSFUL']);
    clock.advance(500);
    const [latest] = await list({ createdAt: { after: between } });
    expect(latest).toMatchObject({ status: 'IN_PROGRESS', serviceArn: service.arn });
    expect(latest?.createdAt?.toISOString()).toBe('2026-11-22T03:00:03.000Z');
    expect(await list({ createdAt: { before: between } })).toHaveLength(1);
    expect(await list({ status: ['ROLLBACK_FAILED'] })).toEqual([]);
    const { serviceDeployments } = await ecs.send(
      new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [latest?.serviceDeploymentArn ?? ''] }),
    );
    expect(serviceDeployments?.[0]).toMatchObject({ status: 'IN_PROGRESS' });
    await expect(list({ maxResults: 101 })).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(list({ service: 'none' })).rejects.toMatchObject({ name: 'ServiceNotFoundException' });
  });
});

describe('while ECS is late,', () => {
  const LAG_MS = 30_000;
  const late = async () => {
    const clock = createClock();
    const { sim } = await simulate({ now: clock.now, ecsLagMs: LAG_MS });
    const startedAt = clock.now() - 86_400_000;
    const api = sim.world.service({ name: 'api', startedAt, tags: { wave: '1' } });
    const read = (operation: string, input: object) =>
      sim.act('ecs', operation, { cluster: 'main', ...input }) as Readonly<Record<string, readonly never[]>>;
    const tags = () =>
      (
        sim.act('ecs', 'DescribeServices', { cluster: 'main', services: ['api'], include: ['TAGS'] }) as {
          services: readonly { tags: readonly { value: string }[] }[];
        }
      ).services[0]?.tags.map(({ value }) => value);
    return { sim, clock, api, read, tags };
  };

  it('new tags of a service show after the lag, each change by itself', async () => {
    const { sim, clock, api, tags } = await late();
    const tag = (value: string) =>
      sim.act('ecs', 'TagResource', { resourceArn: api.arn, tags: [{ key: 'wave', value }] });
    tag('2');
    clock.advance(LAG_MS / 2);
    tag('3');
    expect(tags()).toEqual(['1']);
    clock.advance(LAG_MS / 2);
    expect(tags()).toEqual(['2']);
    sim.act('ecs', 'UntagResource', { resourceArn: api.arn, tagKeys: ['wave'] });
    clock.advance(LAG_MS / 2);
    expect(tags()).toEqual(['3']);
    clock.advance(LAG_MS / 2);
    expect(tags()).toEqual([]);
  });

  it('a deleted service is listed for the lag', async () => {
    const { sim, clock, read } = await late();
    sim.act('ecs', 'DeleteService', { cluster: 'main', service: 'api', force: true });
    clock.advance(LAG_MS - 1);
    expect(read('ListServices', {})['serviceArns']).toHaveLength(1);
    clock.advance(1);
    expect(read('ListServices', {})['serviceArns']).toEqual([]);
  });

  it('tasks are listed as they were', async () => {
    const { sim, clock, api, read } = await late();
    const running = () => read('ListTasks', { serviceName: 'api' })['taskArns'];
    const before = running();
    expect(before).toHaveLength(1);
    sim.world.replaceTasks(api);
    clock.advance(LAG_MS - 1);
    expect(running()).toEqual(before);
    clock.advance(LAG_MS);
    expect(running()).toHaveLength(1);
    expect(running()).not.toEqual(before);
  });
});
