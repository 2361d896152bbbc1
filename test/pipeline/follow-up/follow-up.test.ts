import { describe, expect, test } from 'vitest';
import { currentMoved, redeploys, rotate, startLoop } from '../../support/loop.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const idOf = (arn: unknown) => String(arn).split('/').at(-1);

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

  test('without a listing, with ten services in a call, and with a question about the stopped tasks of 20', async () => {
    const loop = await startLoop({ rolloutMs: 10 * MINUTE });
    rotate(loop, 25);
    await loop.run(5_000);
    loop.sim.ledger.clearCalls();
    loop.restart();
    await loop.run(40_000);
    const counts = new Map<string, number>();
    for (const { operation } of loop.sim.ledger.calls)
      counts.set(operation, (counts.get(operation) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({
      DescribeClusters: 1,
      DescribeServices: 3,
      ListTasks: 20,
      SendMessage: 1,
    });
  });

  test('through more than 40 hops', async () => {
    const loop = await startLoop({ rolloutMs: 10 * 60 * MINUTE, env: { FOLLOW_UP_LIMIT_MINUTES: '720' } });
    rotate(loop, 1);
    expect(await loop.run()).toBeGreaterThan(40);
    expect(loop.told('change.settled')).toHaveLength(1);
  });

  test('or is recorded as unsettled at its time limit and at the end of its following, with the services that still wait', async () => {
    const loop = await startLoop({ env: { FOLLOW_UP_MAX_HOURS: '3' } });
    const { event, services } = rotate(loop, 2, { rollout: { outcome: 'stuck' } });
    await loop.run(62 * MINUTE);
    const unsettled = { changeId: event.id, redeployed: 2, waitingTotal: 2 };
    expect(loop.told('change.unsettled')).toMatchObject([{ ...unsettled, final: false }]);
    const looks = await loop.run(2 * 60 * MINUTE);
    expect(looks).toBeLessThan(10);
    expect(loop.told('change.unsettled')).toMatchObject([unsettled, { ...unsettled, final: true }]);
    expect(await loop.run()).toBe(0);
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
          reason: 'ResourceInitializationError: retrieved secret did not contain json key password',
        },
      });
      const other = loop.sim.world.secret({ name: 'other' });
      loop.sim.world.service({ name: 'well', secrets: [other.arn], startedAt: loop.clock.now() - DAY });
      loop.send(currentMoved(loop.sim, 'other'));
      await loop.run();
      expect(loop.told('service.failed')).toMatchObject([
        {
          changeId: event.id,
          reason: outcome === 'fail' ? 'failed' : 'rolled-back',
          failure: { class: 'json-key', code: 'ResourceInitializationError' },
          advice: 'rotate-again',
        },
      ]);
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
