import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, redeploys, startLoop } from '../../support/loop.ts';

type ServiceSpec = NonNullable<Parameters<Loop['sim']['world']['service']>[0]>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** One service that uses one secret, whose AWSCURRENT moves now. */
async function changed(spec: ServiceSpec, more: readonly ServiceSpec[] = [], env = {}) {
  const loop = await startLoop({ env });
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  const startedAt = loop.clock.now() - DAY;
  const make = (one: ServiceSpec) =>
    loop.sim.world.service({ name: 'api', secrets: [secret.arn], startedAt, ...one });
  const service = make(spec);
  for (const one of more) make(one);
  const event = currentMoved(loop.sim, 'prod/db');
  loop.send(event);
  const changedAt = loop.clock.now();
  return { loop, secret, service, event, changedAt };
}

const states = (loop: Loop) =>
  [...loop.told('service.waiting'), ...loop.told('service.failed')]
    .filter(({ state, reason }) => state !== undefined || reason === 'tasks-failing')
    .map(({ state, reason }) => state ?? reason);

/** How long the last task with the old value lived after the change, by the simulator's own account. */
function truth({ loop, secret, service, changedAt }: Awaited<ReturnType<typeof changed>>): number {
  const { running, stoppedAt } = loop.sim.lastStaleStop(secret.arn, service, changedAt);
  expect(running).toBe(0);
  return (Number(stoppedAt) - changedAt) / 1000;
}

function expectExposure(scene: Awaited<ReturnType<typeof changed>>, by = 'stopped-task'): void {
  const [settled] = scene.loop.told('change.settled');
  expect(settled).toMatchObject({ exposureBy: by });
  expect(Math.abs(Number(settled?.['exposureSeconds']) - truth(scene))).toBeLessThanOrEqual(2);
}

describe('old tasks that outlive the rollout', () => {
  test('are told as draining after a quarter of an hour, once, and are followed for 5.5 hours', async () => {
    const scene = await changed({ desired: 2, protectMs: 5.5 * HOUR, maximumPercent: 400 });
    const { loop } = scene;
    await loop.run();
    expect(loop.told('service.failed')).toEqual([]);
    expect(loop.told('service.waiting').filter(({ state }) => state === 'draining')).toHaveLength(1);
    expect(loop.told('change.unsettled')).toMatchObject([
      { final: false, waiting: [{ reason: 'rolling-out', state: 'draining' }] },
    ]);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 1, fresh: 1, failed: 0 }]);
    expect(loop.told('service.fresh')).toMatchObject([{ after: { state: 'draining' } }]);
    expect(redeploys(loop)).toHaveLength(1);
    expectExposure(scene);
  });

  test('hold no later wave back', async () => {
    const { loop, service } = await changed({ desired: 2, protectMs: 3 * HOUR, maximumPercent: 400 }, [
      { name: 'later', tags: { 'secret-redeploy:wave': '1' } },
    ]);
    await loop.run(40 * MINUTE);
    expect(redeploys(loop).map(({ input }) => input['service'])).toEqual([
      service.arn,
      expect.stringMatching(/\/later$/),
    ]);
  });

  test('are not told where they leave within a quarter of an hour, as behind a load balancer', async () => {
    const scene = await changed({ desired: 2, rollout: { drainMs: 5 * MINUTE } });
    await scene.loop.run();
    expect(states(scene.loop)).toEqual([]);
    expectExposure(scene);
  });
});

describe('five deployments that have not drained', () => {
  test.each([5_000, 40_000])(
    'are a wait: the last of six rotations, %i ms apart, reaches the service',
    async (apart) => {
      const loop = await startLoop({ env: { COOLDOWN_SECONDS: '0', MAX_REDEPLOYS_PER_HOUR: '100' } });
      const secret = loop.sim.world.secret({ name: 'prod/db' });
      loop.sim.world.service({
        name: 'api',
        secrets: [secret.arn],
        startedAt: loop.clock.now() - DAY,
        protectMs: 3 * HOUR,
        protectedTasks: 1,
        desired: 1,
        maximumPercent: 2_000,
      });
      for (let i = 0; i < 6; i++) {
        loop.send(currentMoved(loop.sim, 'prod/db'));
        await loop.run(apart);
      }
      await loop.run();
      expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
      expect(loop.told('service.failed')).toEqual([]);
      if (apart === 40_000)
        expect(loop.told('service.waiting').map(({ reason }) => reason)).toContain('deployment-in-progress');
      expect(loop.told('change.settled').length).toBe(6);
    },
  );
});

describe('new tasks that fail without a circuit breaker', () => {
  const FAILS = {
    outcome: 'keeps-failing',
    reason: "ResourceInitializationError: invalid character 'h' looking for beginning of value",
    stopCode: 'TaskFailedToStart',
  } as const;

  test('are told within two looks, loudly where the redeploy ended the only task', async () => {
    const { loop } = await changed({
      desired: 1,
      minimumHealthyPercent: 0,
      maximumPercent: 100,
      rollout: FAILS,
    });
    await loop.run(2 * MINUTE);
    expect(loop.told('service.failed')).toMatchObject([
      { reason: 'tasks-failing', failure: { class: 'not-json' }, tasks: { running: 0, before: 1 } },
    ]);
    expect(states(loop)).toEqual(['tasks-failing']);
  });

  test('are told once as long as they fail, and end well when the cause is mended', async () => {
    const { loop, service, secret } = await changed({ desired: 2, rollout: FAILS });
    await loop.run(30 * MINUTE);
    expect(states(loop)).toEqual(['tasks-failing']);
    loop.sim.world.mend(service);
    await loop.run();
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(redeploys(loop)).toHaveLength(1);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 1, fresh: 1 }]);
  });

  test('hold the later waves back', async () => {
    const { loop } = await changed({ desired: 2, rollout: FAILS }, [
      { name: 'later', tags: { 'secret-redeploy:wave': '1' } },
    ]);
    await loop.run(40 * MINUTE);
    expect(redeploys(loop)).toHaveLength(1);
  });
});

describe('tasks for which there is no place', () => {
  test('are told with the class of the event and no word about the secret', async () => {
    const { loop, service, secret } = await changed({
      desired: 2,
      rollout: {
        outcome: 'cannot-place',
        event:
          'was unable to place a task because no container instance met all of its requirements. The closest matching container-instance has insufficient memory available.',
      },
    });
    await loop.run(10 * MINUTE);
    expect(loop.told('service.waiting').filter(({ state }) => state !== undefined)).toMatchObject([
      {
        reason: 'rolling-out',
        state: 'cannot-place',
        failure: { class: 'placement' },
        advice: 'repair',
      },
    ]);
    expect(loop.told('service.failed')).toEqual([]);
    loop.sim.world.mend(service);
    await loop.run();
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
  });
});

describe('a deployment that is held up', () => {
  test('by its bake is told with the end of the bake, and followed through a day', async () => {
    const scene = await changed({ strategy: 'BLUE_GREEN', rollout: { bakeMs: 23 * HOUR } });
    const { loop, secret } = scene;
    await loop.run();
    const told = loop.told('service.waiting').filter(({ state }) => state !== undefined);
    expect(told).toMatchObject([{ state: 'baking', until: expect.any(String) }]);
    const endsIn = Date.parse(String(told[0]?.['until'])) - scene.changedAt;
    expect(endsIn).toBeGreaterThan(23 * HOUR);
    expect(endsIn).toBeLessThan(23 * HOUR + 10 * MINUTE);
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(loop.told('change.settled')).toHaveLength(1);
    expectExposure(scene);
  });

  test('by a bake that outlasts its end is not looked at all the time', async () => {
    const { loop } = await changed({
      strategy: 'BLUE_GREEN',
      rollout: { outcome: 'stuck', durationMs: 30_000 },
    });
    expect(await loop.run(50 * MINUTE)).toBeLessThan(15);
  });

  test('by a PAUSE hook is told with the command that continues it, which is left to a person', async () => {
    const { loop, service, secret } = await changed({
      strategy: 'BLUE_GREEN',
      pauseHooks: [{ stage: 'POST_SCALE_UP', timeoutMinutes: 1_440, timeoutAction: 'ROLLBACK' }],
    });
    await loop.run(5 * HOUR);
    const told = loop.told('service.waiting').filter(({ state }) => state !== undefined);
    expect(told).toMatchObject([
      {
        state: 'awaiting-approval',
        until: expect.any(String),
        approval: { timeoutAction: 'ROLLBACK' },
        approve: expect.stringMatching(
          /^aws ecs continue-service-deployment --region eu-west-1 --service-deployment-arn arn:/,
        ),
      },
    ]);
    loop.sim.world.continueDeployment(service, 'CONTINUE');
    await loop.run();
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(loop.told('change.settled')).toMatchObject([{ fresh: 1 }]);
  });

  test('and that another process began before the change is waited for, and followed by a redeploy', async () => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    const service = loop.sim.world.service({
      name: 'api',
      secrets: [secret.arn],
      startedAt: loop.clock.now() - DAY,
      strategy: 'CANARY',
      rollout: { bakeMs: 30 * HOUR },
    });
    loop.sim.world.deploy(service, { by: 'CI' });
    await loop.run(2 * MINUTE);
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run(29 * HOUR);
    expect(redeploys(loop)).toEqual([]);
    expect(loop.told('change.unsettled')).toMatchObject([{ final: false }]);
    await loop.run();
    expect(redeploys(loop)).toHaveLength(1);
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(loop.told('change.unsettled')).toHaveLength(1);
    expect(loop.told('change.settled')).toHaveLength(1);
  });
});

describe('an exposure', () => {
  test.each([20_000, 5 * MINUTE, HOUR, 3 * HOUR])(
    'is within 2 s of the truth for a rollout of %i ms',
    async (durationMs) => {
      const scene = await changed({ desired: 4, rollout: { durationMs } }, [
        { name: 'quick', rollout: { durationMs: 20_000 } },
      ]);
      await scene.loop.run();
      expect(scene.loop.sim.staleTasks(scene.secret.arn)).toEqual([]);
      expectExposure(scene);
    },
  );

  test('ends with the service deployment where ECS shows the old tasks no longer', async () => {
    const scene = await changed({ desired: 2, rollout: { durationMs: 5 * MINUTE } });
    scene.loop.sim.faults.add({
      operation: 'ListTasks',
      kind: 'client-error',
      times: Infinity,
      match: ({ desiredStatus }) => desiredStatus === 'STOPPED',
    });
    await scene.loop.run();
    expectExposure(scene, 'service-deployment');
  });

  test('ends with the look that found the old tasks gone where ECS shows nothing else', async () => {
    const { loop } = await changed({ desired: 2 });
    for (const operation of ['ListTasks', 'ListServiceDeployments'])
      loop.sim.faults.add({ operation, kind: 'client-error', times: Infinity });
    await loop.run();
    expect(loop.told('change.settled')).toMatchObject([{ exposureBy: 'look' }]);
  });
});

describe('what ends by itself is never dropped:', () => {
  const CAUSES = [MINUTE, 2 * HOUR, 30 * HOUR];

  async function settled(loop: Loop, arn: string, services: number): Promise<void> {
    await loop.run();
    expect(loop.sim.staleTasks(arn)).toEqual([]);
    const counts = new Map<unknown, number>();
    for (const { input } of redeploys(loop))
      counts.set(input['service'], (counts.get(input['service']) ?? 0) + 1);
    expect([...counts.values()]).toEqual(Array.from({ length: services }, () => 1));
    expect(loop.told('change.settled')).toHaveLength(1);
    expect(loop.told('change.unsettled').filter(({ final }) => final)).toEqual([]);
  }

  test.each(CAUSES)('rolling-out for %i ms', async (durationMs) => {
    const { loop, secret } = await changed({ rollout: { durationMs } });
    await settled(loop, secret.arn, 1);
  });

  test.each(CAUSES)('earlier-wave for %i ms', async (durationMs) => {
    const { loop, secret } = await changed({ rollout: { durationMs } }, [
      { name: 'later', tags: { 'secret-redeploy:wave': '1' } },
    ]);
    await settled(loop, secret.arn, 2);
  });

  test.each(CAUSES)('deployment-in-progress for %i ms', async (bakeMs) => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    const startedAt = loop.clock.now() - DAY;
    const api = {
      name: 'api',
      secrets: [secret.arn],
      startedAt,
      strategy: 'BLUE_GREEN',
      rollout: { bakeMs },
    } as const;
    loop.sim.world.deploy(loop.sim.world.service(api), { by: 'CI' });
    loop.clock.advance(30_000);
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await settled(loop, secret.arn, 1);
  });

  test.each(CAUSES)('cooldown for %i ms', async (cooldownMs) => {
    const loop = await startLoop({ env: { COOLDOWN_SECONDS: String(cooldownMs / 1000) } });
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    loop.sim.world.service({ name: 'api', secrets: [secret.arn], startedAt: loop.clock.now() - 10_000 });
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await settled(loop, secret.arn, 1);
  });

  test('too-often for the rest of the hour', async () => {
    const loop = await startLoop({ env: { MAX_REDEPLOYS_PER_HOUR: '1', COOLDOWN_SECONDS: '0' } });
    const { world } = loop.sim;
    const secret = world.secret({ name: 'prod/db' });
    const startedAt = loop.clock.now() - 61 * MINUTE;
    world.deploy(world.service({ name: 'api', secrets: [secret.arn], startedAt }), { by: 'CI' });
    await loop.run(2 * MINUTE);
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run(55 * MINUTE);
    expect(loop.told('service.waiting')).toMatchObject([{ reason: 'too-often' }]);
    await settled(loop, secret.arn, 1);
  });
});
