import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, redeploys, rotate, startLoop } from '../../support/loop.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const idOf = (arn: unknown) => String(arn).split('/').at(-1);
const namesOf = (loop: Loop) => redeploys(loop).map(({ input }) => idOf(input['service']));

test('a redeploy waits until the change is two seconds old, and no longer', async () => {
  const loop = await startLoop();
  const { event } = rotate(loop, 1);
  await loop.run();
  const endOfItsSecond = Date.parse(event.time) + 999;
  expect(redeploys(loop)).toHaveLength(1);
  const waited = (redeploys(loop)[0]?.at ?? 0) - endOfItsSecond;
  expect(waited).toBeGreaterThanOrEqual(2_000);
  // Each process adds jitter of a second at most.
  expect(waited).toBeLessThan(4_000);
});

test('a redeploy for which the invocation has no time left is made by the follow-up', async () => {
  let remainingMs = 31_500;
  const loop = await startLoop({ remainingMs: () => remainingMs });
  const { secret } = rotate(loop, 1);
  await loop.run(1);
  expect(redeploys(loop)).toEqual([]);
  remainingMs = Infinity;
  await loop.run();
  expect(redeploys(loop)).toHaveLength(1);
  expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
});

describe('an UpdateService that fails', () => {
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

describe('a rollback within the first minute of a change', () => {
  test.each(['rollback-new-primary', 'rollback-old-primary'] as const)(
    'is seen by another event of the change, also with more than 40 services: %s',
    async (outcome) => {
      const loop = await startLoop({ rolloutMs: 5_000 });
      const secret = loop.sim.world.secret({ name: 'prod/db' });
      const make = (name: string, wave: number) =>
        loop.sim.world.service({
          name,
          secrets: [secret.arn],
          startedAt: loop.clock.now() - DAY,
          tags: { 'secret-redeploy:wave': String(wave) },
          ...(wave === 0 && { rollout: { outcome } }),
        });
      for (let i = 0; i < 60; i++) make(`s${i}`, 0);
      make('late', 1);
      const event = currentMoved(loop.sim, 'prod/db');
      loop.send(event);
      await loop.run(1_000);
      loop.clock.advance(20_000);
      loop.restart();
      loop.send({ ...event, id: 'another-event' });
      await loop.run(25_000);
      expect(namesOf(loop)).toHaveLength(60);
      expect(namesOf(loop)).not.toContain('late');
      await loop.run();
      expect(namesOf(loop)).toHaveLength(60);
    },
  );
});
