import {
  DeleteServiceCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  type ECSClient,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { simulate } from './testing.ts';

const force = (ecs: ECSClient, service: string) =>
  ecs.send(new UpdateServiceCommand({ cluster: 'main', service, forceNewDeployment: true }));

async function look(ecs: ECSClient, service: string) {
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster: 'main', services: [service] }));
  const deployments = services?.[0]?.deployments ?? [];
  return {
    desired: services?.[0]?.desiredCount,
    running: services?.[0]?.runningCount,
    deployments: deployments.map((d) => [d.status, d.rolloutState, d.runningCount, d.pendingCount]),
    primary: deployments[0],
  };
}

async function statuses(ecs: ECSClient, service: string) {
  const { serviceDeployments } = await ecs.send(
    new ListServiceDeploymentsCommand({ cluster: 'main', service }),
  );
  return serviceDeployments?.map(({ status }) => status);
}

async function stoppedTasks(ecs: ECSClient, serviceName: string) {
  const listed = await ecs.send(
    new ListTasksCommand({ cluster: 'main', serviceName, desiredStatus: 'STOPPED' }),
  );
  if (listed.taskArns?.length === 0) return [];
  const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: 'main', tasks: listed.taskArns }));
  return tasks ?? [];
}

describe('UpdateService', () => {
  it('answers with a new PRIMARY and leaves the old tasks running until they are replaced', async () => {
    const { sim, clock, ecs } = await simulate({ rolloutMs: 60_000 });
    const secret = sim.world.secret();
    const service = sim.world.service({ name: 'web', desired: 4, secrets: [secret.arn] });
    clock.advance(123);
    const { service: answered } = await force(ecs, 'web');
    const primary = answered?.deployments?.[0];
    expect(primary?.id).toMatch(/^ecs-svc\/\d{19}$/);
    expect(primary).toMatchObject({ status: 'PRIMARY', rolloutState: 'IN_PROGRESS', runningCount: 0 });
    expect(primary?.createdAt?.getTime()).toBe(clock.now());

    clock.advance(1000);
    expect((await look(ecs, 'web')).deployments).toEqual([
      ['PRIMARY', 'IN_PROGRESS', 0, 4],
      ['ACTIVE', 'COMPLETED', 4, 0],
    ]);
    expect(await statuses(ecs, 'web')).toEqual(['IN_PROGRESS', 'SUCCESSFUL']);

    clock.advance(61_000);
    expect((await look(ecs, 'web')).deployments).toEqual([['PRIMARY', 'COMPLETED', 4, 0]]);
    expect(await statuses(ecs, 'web')).toEqual(['SUCCESSFUL', 'SUCCESSFUL']);
    expect(sim.deploymentsOf(service.arn).map(({ by, forced, outcome }) => [by, forced, outcome])).toEqual([
      ['world', false, 'completed'],
      ['TESTING', true, 'completed'],
    ]);
    expect(sim.events.map(({ detail }) => detail['eventName'])).toEqual([
      'SERVICE_DEPLOYMENT_IN_PROGRESS',
      'SERVICE_DEPLOYMENT_COMPLETED',
    ]);
    expect(sim.events[0]?.detail['deploymentId']).toBe(primary?.id);
  });

  it('replaces tasks in batches where there is little room, and shows tasks that still drain', async () => {
    const { sim, clock, ecs } = await simulate({ rolloutMs: 40_000 });
    sim.world.service({ name: 'web', desired: 4, maximumPercent: 125, rollout: { drainMs: 8000 } });
    await force(ecs, 'web');
    clock.advance(15_000);
    expect((await look(ecs, 'web')).deployments).toEqual([
      ['PRIMARY', 'IN_PROGRESS', 1, 1],
      ['ACTIVE', 'COMPLETED', 4, 0],
    ]);
    clock.advance(5000);
    expect((await look(ecs, 'web')).deployments[1]).toEqual(['ACTIVE', 'COMPLETED', 3, 0]);
    clock.advance(22_000);
    expect((await look(ecs, 'web')).deployments).toEqual([
      ['PRIMARY', 'IN_PROGRESS', 4, 0],
      ['ACTIVE', 'COMPLETED', 1, 0],
    ]);
    clock.advance(20_000);
    expect((await look(ecs, 'web')).deployments).toEqual([['PRIMARY', 'COMPLETED', 4, 0]]);
  });

  it('does nothing without a force or a new revision, and deploys for a new revision', async () => {
    const { sim, ecs } = await simulate();
    const web = sim.world.taskDefinition({ family: 'web' });
    sim.world.service({ name: 'web', taskDefinition: web });
    sim.world.taskDefinition({ family: 'web' });
    const update = (taskDefinition: string) =>
      ecs.send(new UpdateServiceCommand({ cluster: 'main', service: 'web', taskDefinition }));
    expect((await update(web.arn)).service?.deployments).toHaveLength(1);
    const { service } = await update('web');
    expect(service?.taskDefinition).toMatch(/web:2$/);
    expect(service?.deployments).toHaveLength(2);
  });

  it.each([
    ['CODE_DEPLOY', 'a CODE_DEPLOY'],
    ['EXTERNAL', 'a EXTERNAL'],
  ] as const)(
    'refuses to force a deployment of a %s service with ECS’s own message',
    async (controller, named) => {
      const { sim, ecs } = await simulate();
      sim.world.service({ name: 'web', controller });
      await expect(force(ecs, 'web')).rejects.toMatchObject({
        name: 'InvalidParameterException',
        message: `Cannot force a new deployment on services with ${named} deployment controller. Use AWS CodeDeploy to trigger a new deployment.`,
      });
      expect(sim.ledger.deployments).toEqual([]);
    },
  );

  it.each([
    ['missing', 'ServiceNotFoundException'],
    ['draining', 'ServiceNotActiveException'],
    ['inactive', 'ServiceNotActiveException'],
  ])('refuses a %s service: %s', async (name, error) => {
    const { sim, ecs } = await simulate();
    sim.world.service({ name: 'draining', status: 'DRAINING' });
    sim.world.service({ name: 'inactive', status: 'INACTIVE' });
    await expect(force(ecs, name)).rejects.toMatchObject({ name: error });
  });

  it('refuses a desired count for a daemon and an INACTIVE revision', async () => {
    const { sim, ecs } = await simulate();
    sim.world.service({ name: 'agent', daemon: true, desired: 3 });
    sim.world.taskDefinition({ family: 'old', status: 'INACTIVE' });
    const update = (more: object) =>
      ecs.send(new UpdateServiceCommand({ cluster: 'main', service: 'agent', ...more }));
    await expect(update({ desiredCount: 2 })).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(update({ taskDefinition: 'old:1' })).rejects.toMatchObject({ name: 'ClientException' });
    await expect(update({ forceNewDeployment: true })).resolves.toBeDefined();
  });
});

describe('services', () => {
  it('get more or fewer tasks in the same deployment when the desired count changes', async () => {
    const { sim, clock, ecs } = await simulate();
    const service = sim.world.service({ name: 'web', desired: 2 });
    const resize = async (desiredCount: number) => {
      await ecs.send(new UpdateServiceCommand({ cluster: 'main', service: 'web', desiredCount }));
      clock.advance(5000);
      return (await look(ecs, 'web')).deployments;
    };
    expect(await resize(5)).toEqual([['PRIMARY', 'COMPLETED', 5, 0]]);
    expect(await resize(1)).toEqual([['PRIMARY', 'COMPLETED', 1, 0]]);
    expect(sim.deploymentsOf(service.arn)).toHaveLength(1);
  });

  it('can be deleted with tasks only by force, and are INACTIVE once the tasks have stopped', async () => {
    const { sim, clock, ecs } = await simulate();
    sim.world.service({ name: 'web', rollout: { drainMs: 30_000 } });
    const remove = (more: object) =>
      ecs.send(new DeleteServiceCommand({ cluster: 'main', service: 'web', ...more }));
    await expect(remove({})).rejects.toMatchObject({ name: 'InvalidParameterException' });
    expect((await remove({ force: true })).service?.status).toBe('DRAINING');
    await expect(force(ecs, 'web')).rejects.toMatchObject({ name: 'ServiceNotActiveException' });
    clock.advance(30_000);
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster: 'main', services: ['web'] }));
    expect(services?.[0]).toMatchObject({ status: 'INACTIVE', runningCount: 0 });
  });
});

describe('rollouts', () => {
  it('replace no task while the percentages forbid it, until a new desired count makes room', async () => {
    const { sim, clock, ecs } = await simulate();
    sim.world.service({ name: 'one', desired: 1, minimumHealthyPercent: 100, maximumPercent: 100 });
    await force(ecs, 'one');
    clock.advance(86_400_000);
    expect((await look(ecs, 'one')).deployments).toEqual([
      ['PRIMARY', 'IN_PROGRESS', 0, 0],
      ['ACTIVE', 'COMPLETED', 1, 0],
    ]);
    expect(await statuses(ecs, 'one')).toEqual(['IN_PROGRESS', 'SUCCESSFUL']);
    await ecs.send(new UpdateServiceCommand({ cluster: 'main', service: 'one', desiredCount: 2 }));
    clock.advance(10_000);
    expect((await look(ecs, 'one')).deployments).toEqual([
      ['PRIMARY', 'IN_PROGRESS', 1, 0],
      ['ACTIVE', 'COMPLETED', 1, 0],
    ]);
  });

  it.each([
    [3, 100, 110, 'IN_PROGRESS'],
    [3, 100, 134, 'COMPLETED'],
    [3, 67, 100, 'IN_PROGRESS'],
    [3, 66, 100, 'COMPLETED'],
  ])(
    'of %i tasks within %i to %i %% are %s after a minute',
    async (desired, minimumHealthyPercent, maximumPercent, state) => {
      const { sim, clock, ecs } = await simulate();
      sim.world.service({ name: 'web', desired, minimumHealthyPercent, maximumPercent });
      await force(ecs, 'web');
      clock.advance(60_000);
      expect((await look(ecs, 'web')).primary?.rolloutState).toBe(state);
    },
  );

  it('complete at once without tasks to run, and replace all tasks of a daemon at once', async () => {
    const { sim, clock, ecs } = await simulate();
    sim.world.service({ name: 'idle', desired: 0 });
    sim.world.service({ name: 'agent', daemon: true, desired: 5 });
    await force(ecs, 'idle');
    await force(ecs, 'agent');
    clock.advance(500);
    expect((await look(ecs, 'idle')).deployments).toEqual([['PRIMARY', 'COMPLETED', 0, 0]]);
    expect((await look(ecs, 'agent')).deployments).toEqual([['PRIMARY', 'IN_PROGRESS', 0, 5]]);
    clock.advance(2000);
    expect((await look(ecs, 'agent')).deployments).toEqual([['PRIMARY', 'COMPLETED', 5, 0]]);
  });

  it.each(['BLUE_GREEN', 'LINEAR', 'CANARY'] as const)(
    'of the strategy %s keep the old tasks through the bake, and a force during the bake begins a new cycle',
    async (strategy) => {
      const { sim, clock, ecs } = await simulate();
      sim.world.service({
        name: 'web',
        desired: 2,
        strategy,
        rollout: { durationMs: 10_000, bakeMs: 60_000 },
      });
      await force(ecs, 'web');
      clock.advance(30_000);
      const counts = [
        ['PRIMARY', undefined, 2, 0],
        ['ACTIVE', undefined, 2, 0],
      ];
      expect((await look(ecs, 'web')).deployments).toEqual(counts);
      await force(ecs, 'web');
      clock.advance(45_000);
      expect((await look(ecs, 'web')).deployments).toEqual(counts);
      expect(await statuses(ecs, 'web')).toEqual(['IN_PROGRESS', 'STOPPED', 'SUCCESSFUL']);
      clock.advance(30_000);
      expect((await look(ecs, 'web')).deployments).toEqual([['PRIMARY', undefined, 2, 0]]);
      expect(await statuses(ecs, 'web')).toEqual(['SUCCESSFUL', 'STOPPED', 'SUCCESSFUL']);
    },
  );

  it('overtake a rollout under way and replace the tasks of both older deployments', async () => {
    const { sim, clock, ecs } = await simulate({ rolloutMs: 40_000 });
    const service = sim.world.service({ name: 'web', desired: 4, maximumPercent: 125 });
    await force(ecs, 'web');
    clock.advance(25_000);
    sim.world.deploy(service, { by: 'ci' });
    expect((await look(ecs, 'web')).deployments).toEqual([
      ['PRIMARY', 'IN_PROGRESS', 0, 0],
      ['ACTIVE', 'IN_PROGRESS', 2, 0],
      ['ACTIVE', 'COMPLETED', 2, 0],
    ]);
    clock.advance(41_000);
    expect((await look(ecs, 'web')).deployments).toEqual([['PRIMARY', 'COMPLETED', 4, 0]]);
    expect(sim.deploymentsOf(service.arn).map(({ by, outcome }) => [by, outcome])).toEqual([
      ['world', 'completed'],
      ['TESTING', 'superseded'],
      ['ci', 'completed'],
    ]);
  });

  it('continue by themselves for a service that is built in the middle of one', async () => {
    const { sim, clock, ecs } = await simulate();
    sim.world.service({ name: 'web', desired: 3, pending: 1, older: [{ running: 2 }] });
    expect((await look(ecs, 'web')).deployments).toEqual([
      ['PRIMARY', 'IN_PROGRESS', 0, 1],
      ['ACTIVE', 'COMPLETED', 2, 0],
    ]);
    clock.advance(5000);
    expect((await look(ecs, 'web')).deployments).toEqual([['PRIMARY', 'COMPLETED', 3, 0]]);
  });
});

/** Rotates a secret, forces a deployment, and lets a minute pass in which the rollout fails in the given way. */
const scenario = async (
  outcome: 'fail' | 'rollback-new-primary' | 'rollback-old-primary' | 'stuck',
  failAfter = 0,
) => {
  const world = await simulate({ rolloutMs: 20_000 });
  const secret = world.sim.world.secret({ name: 'prod/db' });
  const service = world.sim.world.service({
    name: 'web',
    desired: 4,
    maximumPercent: 150,
    secrets: [secret.arn],
    rollout: { outcome, failAfter },
  });
  const before = (await look(world.ecs, 'web')).primary;
  world.sim.rotateSecret('prod/db');
  world.clock.advance(2000);
  const forced = (await force(world.ecs, 'web')).service?.deployments?.[0];
  world.clock.advance(60_000);
  return { ...world, secret, service, before, forced, after: await look(world.ecs, 'web') };
};

describe('rollouts that fail', () => {
  it('without a rollback end as FAILED and keep the old tasks', async () => {
    const { sim, ecs, after, secret, service } = await scenario('fail');
    expect(after.deployments).toEqual([
      ['PRIMARY', 'FAILED', 0, 0],
      ['ACTIVE', 'COMPLETED', 4, 0],
    ]);
    expect(after.primary?.failedTasks).toBeGreaterThanOrEqual(3);
    expect(await statuses(ecs, 'web')).toEqual(['STOPPED', 'SUCCESSFUL']);
    expect(sim.events.at(-1)?.detail['eventName']).toBe('SERVICE_DEPLOYMENT_FAILED');
    expect(sim.staleTasks(secret.arn)).toHaveLength(4);
    expect(sim.deploymentsOf(service.arn).at(-1)?.outcome).toBe('failed');
  });

  it('can roll back to a PRIMARY with a new createdAt, which takes over tasks with old values', async () => {
    const { sim, ecs, after, secret, service, before, forced } = await scenario('rollback-new-primary', 0.5);
    expect(after.deployments).toEqual([['PRIMARY', 'COMPLETED', 4, 0]]);
    expect([before?.id, forced?.id]).not.toContain(after.primary?.id);
    expect(after.primary?.createdAt?.getTime()).toBeGreaterThan(Number(forced?.createdAt));
    expect(await statuses(ecs, 'web')).toEqual(['ROLLBACK_SUCCESSFUL', 'SUCCESSFUL']);
    // Two tasks were replaced before the failure: their successors read the current value, the other two did not.
    expect(sim.staleTasks(secret.arn)).toHaveLength(2);
    expect(sim.deploymentsOf(service.arn).map(({ by, outcome }) => [by, outcome])).toEqual([
      ['world', 'completed'],
      ['TESTING', 'rolled-back'],
      ['circuit-breaker', 'completed'],
    ]);
  });

  it('can roll back to the old PRIMARY with its old createdAt', async () => {
    const { sim, ecs, after, secret, before } = await scenario('rollback-old-primary');
    expect(after.deployments).toEqual([['PRIMARY', 'COMPLETED', 4, 0]]);
    expect(after.primary?.id).toBe(before?.id);
    expect(after.primary?.createdAt).toEqual(before?.createdAt);
    expect(await statuses(ecs, 'web')).toEqual(['ROLLBACK_SUCCESSFUL', 'SUCCESSFUL']);
    expect(sim.staleTasks(secret.arn)).toHaveLength(4);
  });

  it('can be stuck for ever, with pending tasks and without an event', async () => {
    const { sim, ecs, after, clock } = await scenario('stuck');
    clock.advance(86_400_000);
    expect(after.deployments).toEqual([
      ['PRIMARY', 'IN_PROGRESS', 0, 2],
      ['ACTIVE', 'COMPLETED', 4, 0],
    ]);
    expect(await statuses(ecs, 'web')).toEqual(['IN_PROGRESS', 'SUCCESSFUL']);
    const ecsEvents = sim.events.filter(({ source }) => source === 'aws.ecs');
    expect(ecsEvents.map(({ detail }) => detail['eventName'])).toEqual(['SERVICE_DEPLOYMENT_IN_PROGRESS']);
  });

  it.each([
    [{ enable: false, rollback: false }, 'IN_PROGRESS'],
    [{ enable: true, rollback: false }, 'STOPPED'],
    [{ enable: true, rollback: true }, 'ROLLBACK_SUCCESSFUL'],
  ])('because a secret is gone are, with the circuit breaker %o, %s', async (circuitBreaker, status) => {
    const { sim, clock, ecs } = await simulate();
    const secret = sim.world.secret({ name: 'prod/db' });
    sim.world.service({ name: 'web', desired: 2, secrets: [secret.partialArn], circuitBreaker });
    sim.act('secretsmanager', 'DeleteSecret', { SecretId: 'prod/db' });
    await force(ecs, 'web');
    clock.advance(600_000);
    expect((await statuses(ecs, 'web'))?.[0]).toBe(status);
    const [task] = await stoppedTasks(ecs, 'web');
    expect(task).toMatchObject({ stopCode: 'TaskFailedToStart', lastStatus: 'STOPPED' });
    expect(task?.stoppedReason).toMatch(/^ResourceInitializationError: unable to pull secrets/);
    expect((await look(ecs, 'web')).running).toBe(2);
    const told = sim.events.filter((event) => event['detail-type'] === 'ECS Task State Change');
    expect(told[0]?.detail).toMatchObject({ stopCode: 'TaskFailedToStart', lastStatus: 'STOPPED' });
  });

  it.each(['rollback-new-primary', 'rollback-old-primary'] as const)(
    'of a blue/green deployment roll back to the set that still serves: %s',
    async (outcome) => {
      const { sim, clock, ecs } = await simulate();
      const secret = sim.world.secret({ name: 'prod/db' });
      sim.world.service({
        name: 'web',
        desired: 2,
        strategy: 'BLUE_GREEN',
        secrets: [secret.arn],
        rollout: { outcome },
      });
      sim.rotateSecret('prod/db');
      await force(ecs, 'web');
      clock.advance(60_000);
      expect((await look(ecs, 'web')).deployments).toEqual([['PRIMARY', undefined, 2, 0]]);
      expect(await statuses(ecs, 'web')).toEqual(['ROLLBACK_SUCCESSFUL', 'SUCCESSFUL']);
      expect(sim.staleTasks(secret.arn)).toHaveLength(2);
    },
  );

  it('recover by themselves once the secret is back', async () => {
    const { sim, clock, ecs } = await simulate();
    const secret = sim.world.secret({ name: 'prod/db' });
    sim.world.service({ name: 'web', secrets: [secret.arn] });
    sim.act('secretsmanager', 'DeleteSecret', { SecretId: 'prod/db' });
    await force(ecs, 'web');
    clock.advance(60_000);
    sim.act('secretsmanager', 'RestoreSecret', { SecretId: 'prod/db' });
    clock.advance(600_000);
    expect((await look(ecs, 'web')).deployments).toEqual([['PRIMARY', 'COMPLETED', 1, 0]]);
  });

  it('also fail to roll back if the rollback needs new tasks while the secret is gone', async () => {
    const { sim, clock, ecs } = await simulate();
    const secret = sim.world.secret({ name: 'prod/db' });
    sim.world.service({
      name: 'web',
      desired: 2,
      minimumHealthyPercent: 50,
      maximumPercent: 100,
      secrets: [secret.arn],
      circuitBreaker: { enable: true, rollback: true },
    });
    sim.act('secretsmanager', 'DeleteSecret', { SecretId: 'prod/db' });
    await force(ecs, 'web');
    clock.advance(600_000);
    expect((await statuses(ecs, 'web'))?.[0]).toBe('ROLLBACK_FAILED');
    expect((await look(ecs, 'web')).running).toBe(1);
  });
});
