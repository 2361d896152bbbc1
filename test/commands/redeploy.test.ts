import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, startLoop } from '../support/loop.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const idOf = (arn: unknown) => String(arn).split('/').at(-1);

/** A secret with `count` services that use it. Its AWSCURRENT moves now. */
function rotate(
  loop: Loop,
  count: number,
  spec: Parameters<Loop['sim']['world']['service']>[0] = {},
  name = 'prod/db',
) {
  const secret = loop.sim.world.secret({ name });
  const services = Array.from({ length: count }, (_, i) =>
    loop.sim.world.service({
      name: `${name.replace('/', '-')}-${i}`,
      secrets: [secret.arn],
      startedAt: loop.clock.now() - DAY,
      ...spec,
    }),
  );
  const event = currentMoved(loop.sim, name);
  loop.send(event);
  return { secret, services, event };
}

const redeploys = (loop: Loop) =>
  loop.sim.ledger.calls.filter(({ operation, outcome }) => operation === 'UpdateService' && outcome === 'ok');

describe('a change is followed until the last old task is gone', () => {
  test('and is then settled once, with its exposure', async () => {
    const loop = await startLoop();
    const { secret, event } = rotate(loop, 3);
    const changedAt = Date.parse(event.time) + 999;
    await loop.run();
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(loop.told('change.settled')).toMatchObject([{ changeId: event.id, redeployed: 3, failed: 0 }]);
    expect(
      loop
        .told('service.fresh')
        .map(({ service }) => idOf(service))
        .toSorted((a, b) => String(a).localeCompare(String(b))),
    ).toEqual(['prod-db-0', 'prod-db-1', 'prod-db-2']);
    expect(loop.told('change.unsettled')).toEqual([]);
    const exposure = Number(loop.told('change.settled')[0]?.['exposureSeconds']) * 1000;
    const lastGone =
      Math.max(...loop.sim.ledger.deployments.map(({ createdAt }) => createdAt)) + 20_000 - changedAt;
    expect(exposure).toBeGreaterThanOrEqual(lastGone - 2_000);
    expect(exposure).toBeLessThanOrEqual(lastGone + 46_000);
  });

  test('and is settled at once if no service refers to it', async () => {
    const loop = await startLoop();
    rotate(loop, 0);
    expect(await loop.run()).toBe(1);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 0, fresh: 0 }]);
    expect(loop.told('change.settled')[0]?.['exposureSeconds']).toBeUndefined();
  });

  test('without a listing and with ten services in a call', async () => {
    const loop = await startLoop({ rolloutMs: 10 * MINUTE });
    rotate(loop, 25);
    await loop.run(5_000);
    loop.sim.ledger.clearCalls();
    loop.restart();
    await loop.run(40_000);
    const operations = loop.sim.ledger.calls
      .map(({ operation }) => operation)
      .toSorted((a, b) => a.localeCompare(b));
    expect(operations).toEqual([
      'DescribeClusters',
      'DescribeServices',
      'DescribeServices',
      'DescribeServices',
      'SendMessage',
    ]);
  });

  test('through more than 40 hops', async () => {
    const loop = await startLoop({ rolloutMs: 10 * 60 * MINUTE, env: { FOLLOW_UP_LIMIT_MINUTES: '720' } });
    rotate(loop, 1);
    expect(await loop.run()).toBeGreaterThan(40);
    expect(loop.told('change.settled')).toHaveLength(1);
  });

  test('or is recorded as unsettled at the end of its time limit, with the services that still wait', async () => {
    const loop = await startLoop();
    const { event, services } = rotate(loop, 2, { rollout: { outcome: 'stuck' } });
    const start = loop.clock.now();
    await loop.run();
    expect(loop.clock.now() - start).toBeLessThan(62 * MINUTE);
    expect(loop.told('change.unsettled')).toMatchObject([
      { changeId: event.id, redeployed: 2, waitingTotal: 2 },
    ]);
    expect(loop.told('service.failed')).toMatchObject([{ reason: 'stuck' }, { reason: 'stuck' }]);
    expect(loop.told('change.settled')).toEqual([]);
    expect(redeploys(loop)).toHaveLength(services.length);
  });
});

describe('a rollout that fails', () => {
  test.each(['fail', 'rollback-new-primary', 'rollback-old-primary'] as const)(
    '(%s) is recorded with its reason and not tried again',
    async (outcome) => {
      const loop = await startLoop();
      const { event } = rotate(loop, 1, {
        rollout: {
          outcome,
          durationMs: 30_000,
          reason: 'ResourceInitializationError: unable to pull secrets',
        },
      });
      const other = loop.sim.world.secret({ name: 'other' });
      loop.sim.world.service({ name: 'well', secrets: [other.arn], startedAt: loop.clock.now() - DAY });
      loop.send(currentMoved(loop.sim, 'other'));
      await loop.run();
      expect(loop.told('service.failed')).toMatchObject([
        {
          changeId: event.id,
          reason: 'rollout-failed',
          restore: expect.stringContaining('update-secret-version-stage'),
        },
      ]);
      expect(String(loop.told('service.failed')[0]?.['stoppedReason'])).toContain(
        'ResourceInitializationError',
      );
      expect(loop.told('change.settled').map(({ changeId }) => changeId)).toContain(event.id);
      expect(loop.told('change.settled').find(({ changeId }) => changeId === event.id)).toMatchObject({
        failed: 1,
      });
      expect(loop.told('service.fresh').map(({ service }) => idOf(service))).toEqual(['well']);
      const before = redeploys(loop).length;
      for (let late = 0; late < 3; late++) {
        loop.send(event);
        await loop.run();
      }
      expect(redeploys(loop)).toHaveLength(before);
    },
  );
});

describe('waves', () => {
  const inWave = (wave: number) => ({ tags: { 'secret-redeploy:wave': String(wave) } });

  function thirty(loop: Loop, canary: object = {}) {
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    const make = (name: string, wave: number, more: object = {}) =>
      loop.sim.world.service({
        name,
        secrets: [secret.arn],
        startedAt: loop.clock.now() - DAY,
        ...inWave(wave),
        ...more,
      });
    make('canary', 0, canary);
    for (let i = 0; i < 29; i++) make(`w${1 + (i % 2)}-${i}`, 1 + (i % 2));
    const event = currentMoved(loop.sim, 'prod/db');
    loop.send(event);
    return event;
  }

  test('open one after the other, each when the one before is fresh', async () => {
    const loop = await startLoop();
    thirty(loop);
    await loop.run();
    expect(redeploys(loop)).toHaveLength(30);
    const at = (prefix: string) =>
      redeploys(loop)
        .filter(({ input }) => idOf(input['service'])?.startsWith(prefix))
        .map((call) => call.at);
    expect(Math.min(...at('w1'))).toBeGreaterThanOrEqual(Math.max(...at('canary')) + 20_000);
    expect(Math.min(...at('w2'))).toBeGreaterThanOrEqual(Math.max(...at('w1')) + 20_000);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 30, fresh: 30 }]);
  });

  test('after a failed canary stay untouched, and their services are recorded as skipped', async () => {
    const loop = await startLoop();
    const event = thirty(loop, {
      rollout: { outcome: 'rollback-new-primary', durationMs: 30_000 },
    });
    await loop.run();
    expect(redeploys(loop)).toHaveLength(1);
    expect(
      loop.told('service.skipped').filter(({ reason }) => reason === 'earlier-wave-failed'),
    ).toHaveLength(29);
    expect(loop.told('change.settled')).toMatchObject([{ changeId: event.id, failed: 1, skipped: 29 }]);
    loop.send(event);
    await loop.run();
    expect(redeploys(loop)).toHaveLength(1);
  });

  test('that do not end leave the later ones undone and listed as waiting', async () => {
    const loop = await startLoop();
    thirty(loop, { rollout: { outcome: 'stuck' } });
    await loop.run();
    expect(redeploys(loop)).toHaveLength(1);
    expect(loop.told('change.unsettled')).toMatchObject([{ waitingTotal: 30 }]);
  });
});

describe('bursts', () => {
  test('of 200 changes of 50 secrets within a minute leave every service fresh with at most two deployments', async () => {
    const loop = await startLoop();
    const secrets = Array.from({ length: 50 }, (_, i) => loop.sim.world.secret({ name: `s${i}` }));
    for (let i = 0; i < 100; i++) {
      const used = [secrets[i % 50], secrets[(i * 7) % 50]].flatMap((secret) => secret?.arn ?? []);
      loop.sim.world.service({ name: `service-${i}`, secrets: used, startedAt: loop.clock.now() - DAY });
    }
    for (let i = 0; i < 200; i++) {
      loop.send(currentMoved(loop.sim, `s${(i * 13) % 50}`));
      loop.clock.advance(200);
      if (i % 60 === 0) await loop.run(1);
    }
    await loop.run();
    for (const { arn } of secrets) expect(loop.sim.staleTasks(arn)).toEqual([]);
    const counts = new Map<string, number>();
    for (const { input } of redeploys(loop))
      counts.set(String(input['service']), (counts.get(String(input['service'])) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(2);
    expect(loop.told('change.settled')).toHaveLength(200);
  });

  test('of a secret that changes all the time redeploy each service again and again, within MAX_REDEPLOYS_PER_HOUR', async () => {
    const loop = await startLoop({ env: { FOLLOW_UP_LIMIT_MINUTES: '180' } });
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    for (let i = 0; i < 3; i++)
      loop.sim.world.service({ name: `api-${i}`, secrets: [secret.arn], startedAt: loop.clock.now() - DAY });
    for (let minute = 0; minute < 120; minute++) {
      loop.send(currentMoved(loop.sim, 'prod/db'));
      await loop.run(MINUTE);
    }
    const times = new Map<string, number[]>();
    for (const { at, input } of redeploys(loop))
      times.set(String(input['service']), [...(times.get(String(input['service'])) ?? []), at]);
    expect(times.size).toBe(3);
    for (const ofService of times.values()) {
      expect(ofService.length).toBeGreaterThan(8);
      for (const at of ofService)
        expect(
          ofService.filter((other) => other > at - 60 * MINUTE && other <= at).length,
        ).toBeLessThanOrEqual(6);
    }
    await loop.run();
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
  });
});

describe('whatever happens to the handler,', () => {
  test.each(Array.from({ length: 16 }, (_, i) => i + 1))(
    'the end is the same if it is killed at its call number %i',
    async (n) => {
      const loop = await startLoop();
      const { secret, event } = rotate(loop, 3);
      loop.killAtCall(n);
      await loop.run();
      expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
      expect(redeploys(loop)).toHaveLength(3);
      expect(loop.told('change.settled').map(({ changeId }) => changeId)).toContain(event.id);
    },
  );

  test('no service is redeployed twice if every message is delivered twice', async () => {
    const loop = await startLoop({ deliverTwice: true, env: { FOLLOW_UP_LIMIT_MINUTES: '2' } });
    const { secret } = rotate(loop, 3);
    await loop.run();
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(redeploys(loop)).toHaveLength(3);
  });

  test('a lost answer leads to no second deployment', async () => {
    const loop = await startLoop();
    loop.sim.faults.add({ service: 'ecs', operation: 'UpdateService', kind: 'reset-after' });
    const { secret, event } = rotate(loop, 2);
    await loop.run();
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(loop.sim.ledger.count('ecs', 'UpdateService')).toBe(2);
    expect(loop.told('change.settled')).toMatchObject([{ changeId: event.id, failed: 0 }]);
  });

  test('services without permission in a later look end in the dead-letter queue, too, in a single message', async () => {
    const loop = await startLoop();
    const denied = loop.sim.faults.add({
      service: 'ecs',
      operation: 'UpdateService',
      kind: 'access-denied',
      times: Infinity,
    });
    const { event } = rotate(loop, 3, { startedAt: loop.clock.now() - 10_000 });
    await loop.run();
    expect(loop.told('change.settled')).toMatchObject([{ changeId: event.id, failed: 3 }]);
    const dead = loop.sim.messagesIn(`${loop.sim.endpoint}/${loop.sim.account}/changes-dead`);
    expect(dead).toHaveLength(1);
    denied();
    loop.send(JSON.parse(dead[0]?.body ?? ''));
    loop.clock.advance(5 * 60 * MINUTE);
    await loop.run();
    expect(redeploys(loop)).toHaveLength(3);
    expect(loop.told('service.fresh')).toHaveLength(3);
  });

  test('a service without permission ends in the dead-letter queue, and the others are followed', async () => {
    const loop = await startLoop();
    loop.sim.faults.add({
      service: 'ecs',
      operation: 'UpdateService',
      kind: 'access-denied',
      times: Infinity,
      match: ({ service }) => String(service).endsWith('-0'),
    });
    const { services } = rotate(loop, 3);
    await loop.run();
    expect(redeploys(loop)).toHaveLength(services.length - 1);
    expect(loop.told('service.fresh').map(({ service }) => idOf(service))).toHaveLength(2);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 2, fresh: 2, failed: 1 }]);
    expect(loop.sim.messagesIn(`${loop.sim.endpoint}/${loop.sim.account}/changes-dead`)).toHaveLength(1);
  });
});

describe('beside other deployments,', () => {
  test('a service is redeployed after the end of a blue/green deployment that runs', async () => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    const blue = loop.sim.world.service({
      name: 'blue',
      strategy: 'BLUE_GREEN',
      secrets: [secret.arn],
      startedAt: loop.clock.now() - DAY,
      rollout: { durationMs: 30_000, bakeMs: 5 * MINUTE },
    });
    loop.sim.world.deploy(blue, { by: 'CI' });
    loop.clock.advance(5_000);
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(redeploys(loop)).toHaveLength(1);
    expect(redeploys(loop)[0]?.at).toBeGreaterThan(
      loop.sim.deploymentsOf(blue.arn)[1]?.createdAt ?? Infinity,
    );
  });

  test('a deployment that is younger than the change is adopted and followed', async () => {
    const loop = await startLoop({ rolloutMs: MINUTE });
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    const api = loop.sim.world.service({
      name: 'api',
      secrets: [secret.arn],
      startedAt: loop.clock.now() - DAY,
    });
    const event = currentMoved(loop.sim, 'prod/db');
    loop.clock.advance(3_000);
    loop.sim.world.deploy(api, { by: 'CI' });
    loop.send(event);
    await loop.run();
    expect(redeploys(loop)).toEqual([]);
    expect(loop.told('service.fresh')).toHaveLength(1);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 0, fresh: 1 }]);
  });

  test('a service that cannot replace a task is left alone', async () => {
    const loop = await startLoop();
    rotate(loop, 1, { desired: 1, minimumHealthyPercent: 100, maximumPercent: 100 });
    await loop.run();
    expect(redeploys(loop)).toEqual([]);
    expect(loop.told('service.skipped')).toMatchObject([{ reason: 'cannot-replace' }]);
  });
});

test('with MODE=observe no service is followed, and no follow-up stays on the queue', async () => {
  const loop = await startLoop({ env: { MODE: 'observe' } });
  rotate(loop, 2);
  expect(await loop.run()).toBe(1);
  expect(redeploys(loop)).toEqual([]);
  expect(loop.told('service.skipped')).toMatchObject([{ reason: 'observe' }, { reason: 'observe' }]);
});

test('a change that is not visible yet is looked at again', async () => {
  const loop = await startLoop({ lagMs: 20_000 });
  const { secret } = rotate(loop, 1);
  await loop.run();
  expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
  expect(loop.told('change.settled')).toHaveLength(1);
});

describe('a fleet that is too large for one invocation', () => {
  test('is read in parts and redeployed after the last part', async () => {
    const loop = await startLoop({ remainingMs: 31_500 });
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    for (let i = 0; i < 60; i++) {
      loop.sim.world.service({
        cluster: `c${i}`,
        name: 'api',
        secrets: [secret.arn],
        startedAt: loop.clock.now() - DAY,
      });
    }
    const hang = loop.sim.faults.add({
      service: 'ecs',
      operation: 'ListServices',
      kind: 'hang',
      times: Infinity,
      match: ({ cluster }) => Number(/\d+$/.exec(String(cluster))) >= 40,
    });
    const event = currentMoved(loop.sim, 'prod/db');
    loop.send(event);
    await loop.run(1);
    expect(redeploys(loop)).toEqual([]);
    expect(loop.told('plan.made')).toEqual([]);
    hang();
    loop.restart();
    loop.sim.ledger.clearCalls();
    await loop.run();
    expect(loop.sim.ledger.count('ecs', 'ListServices')).toBe(20);
    expect(loop.sim.ledger.count('ecs', 'ListClusters')).toBe(0);
    expect(redeploys(loop)).toHaveLength(60);
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(loop.told('change.received')).toHaveLength(1);
    expect(loop.told('change.settled')).toMatchObject([{ changeId: event.id, redeployed: 60 }]);
  });
});

describe('while something else happens to its services,', () => {
  test('a change whose rollout failed is recorded, even if another change redeploys the service', async () => {
    const loop = await startLoop({ env: { COOLDOWN_SECONDS: '0' } });
    const a = loop.sim.world.secret({ name: 'a' });
    const b = loop.sim.world.secret({ name: 'b' });
    loop.sim.world.service({
      name: 'api',
      secrets: [a.arn, b.arn],
      startedAt: loop.clock.now() - DAY,
      rollout: { outcome: 'rollback-old-primary', durationMs: 20_000, reason: 'it does not start' },
    });
    const first = currentMoved(loop.sim, 'a');
    loop.send(first);
    await loop.run(70_000);
    loop.send(currentMoved(loop.sim, 'b'));
    await loop.run();
    expect(loop.told('service.failed').map(({ changeId }) => changeId)).toContain(first.id);
  });

  test('a change does not take a service that ECS refuses to describe for gone, and holds back the later waves', async () => {
    const loop = await startLoop({ rolloutMs: 2 * MINUTE });
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    const make = (name: string, wave: number) =>
      loop.sim.world.service({
        name,
        secrets: [secret.arn],
        startedAt: loop.clock.now() - DAY,
        tags: { 'secret-redeploy:wave': String(wave) },
      });
    make('w0', 0);
    make('w1', 1);
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run(5_000);
    const refuse = loop.sim.faults.add({
      service: 'ecs',
      operation: 'DescribeServices',
      kind: 'client-error',
      times: Infinity,
      match: ({ services }) => JSON.stringify(services).includes('w0'),
    });
    await loop.run(MINUTE);
    expect(redeploys(loop)).toHaveLength(1);
    refuse();
    await loop.run();
    expect(redeploys(loop)).toHaveLength(2);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 2, fresh: 2 }]);
  });

  test('a change is settled even if another process deploys again and again', async () => {
    const loop = await startLoop();
    const { secret, services } = rotate(loop, 1);
    for (let i = 0; i < 40; i++) {
      await loop.run(15_000);
      const [api] = services;
      if (api !== undefined) loop.sim.world.deploy(api, { by: 'CI' });
    }
    await loop.run();
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(loop.told('change.settled')).toHaveLength(1);
  });

  test('a change with MODE=observe does not report a deployment of another process as a failure', async () => {
    const loop = await startLoop({ env: { MODE: 'observe' }, rolloutMs: MINUTE });
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    const api = loop.sim.world.service({
      name: 'api',
      secrets: [secret.arn],
      startedAt: loop.clock.now() - DAY,
    });
    const event = currentMoved(loop.sim, 'prod/db');
    loop.clock.advance(3_000);
    loop.sim.world.deploy(api, { by: 'CI' });
    loop.send(event);
    await loop.run();
    expect(loop.told('service.failed')).toEqual([]);
  });
});

test('a revision that ECS refuses to describe is asked for once in a scan', async () => {
  const loop = await startLoop();
  loop.sim.faults.add({
    service: 'ecs',
    operation: 'DescribeTaskDefinition',
    kind: 'client-error',
    times: Infinity,
  });
  rotate(loop, 1);
  await loop.run(1);
  expect(loop.sim.ledger.count('ecs', 'DescribeTaskDefinition')).toBe(1);
  expect(loop.told('service.waiting')).toMatchObject([{ reason: 'unreadable' }]);
});
