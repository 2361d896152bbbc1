import { describe, expect, test } from 'vitest';
import { ask, lastStepFails, queued, slowRead, twoStale } from '../support/asking.ts';
import { currentMoved, type Loop, redeploys, rotate, startLoop } from '../support/loop.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const idOf = (arn: unknown) => String(arn).split('/').at(-1);

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
    const loop = await startLoop({ env: { FOLLOW_UP_LIMIT_MINUTES: '5', FOLLOW_UP_MAX_HOURS: '1' } });
    thirty(loop, { rollout: { outcome: 'stuck' } });
    await loop.run();
    expect(redeploys(loop)).toHaveLength(1);
    expect(loop.told('change.unsettled')).toMatchObject([
      { waitingTotal: 30, final: false },
      { waitingTotal: 30, final: true },
    ]);
  });
});

test('a service that was deployed shortly before the change is redeployed once its cooldown has ended', async () => {
  const loop = await startLoop({ env: { COOLDOWN_SECONDS: '12', FOLLOW_UP_SECONDS: '1' }, rolloutMs: 500 });
  const startedAt = loop.clock.now() - 5_000;
  const { event } = rotate(loop, 1, { startedAt });
  await loop.run();
  const waited = redeploys(loop).map(({ at }) => at - startedAt);
  expect(waited).toHaveLength(1);
  expect(Math.min(...waited)).toBeGreaterThanOrEqual(12_000);
  expect(Math.max(...waited)).toBeLessThan(30_000);
  expect(loop.told('service.waiting')).toMatchObject([{ reason: 'cooldown' }]);
  expect(loop.told('change.settled')).toMatchObject([{ changeId: event.id, redeployed: 1 }]);
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
    for (let minute = 0; minute < 80; minute++) {
      loop.send(currentMoved(loop.sim, 'prod/db'));
      await loop.run(MINUTE);
    }
    const times = new Map<string, number[]>();
    for (const { at, input } of redeploys(loop))
      times.set(String(input['service']), [...(times.get(String(input['service'])) ?? []), at]);
    expect(times.size).toBe(3);
    for (const ofService of times.values()) {
      expect(ofService.length).toBeGreaterThan(6);
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
});

test('with MODE=observe no service is followed, and no follow-up stays on the queue', async () => {
  const loop = await startLoop({ env: { MODE: 'observe' } });
  rotate(loop, 2);
  expect(await loop.run()).toBe(1);
  expect(redeploys(loop)).toEqual([]);
  expect(loop.told('service.skipped')).toMatchObject([{ reason: 'observe' }, { reason: 'observe' }]);
});

describe('a redeploy that begins before the whole fleet is read', () => {
  const redeploy = { action: 'redeploy', secret: 'prod/db' };
  const outcomes = ['api', 'web'].map((name) => ({
    service: expect.stringMatching(`/${name}$`),
    result: 'accepted',
  }));

  test.each(['goes on', 'out of time'] as const)(
    'is reported once for each service, however the read ends: %s',
    async (end) => {
      const { loop } = await twoStale();
      const answer = await ask(loop, redeploy, { env: queued(loop), different: slowRead(loop, 2, end) });
      expect(answer).toMatchObject({ outcomes, summary: { matched: 2, accepted: 2 } });
    },
  );
});

describe('what a request is answered with:', () => {
  const redeploy = { action: 'redeploy', secret: 'prod/db' };

  test('a plan is recorded as such, and starts nothing', async () => {
    const { loop } = await twoStale();
    const answer = await ask(loop, { ...redeploy, action: 'plan' });
    expect(answer).toMatchObject({ summary: { matched: 2, redeploy: 2, accepted: 0 } });
    expect(loop.told('service.skipped')).toMatchObject([{ reason: 'plan' }, { reason: 'plan' }]);
    expect(redeploys(loop)).toEqual([]);
  });

  test.each([
    ['a plan', { ...redeploy, action: 'plan' }, {}],
    ['a redeploy', redeploy, {}],
    ['a redeploy with MODE=observe', redeploy, { MODE: 'observe' }],
  ])('%s with the failure where the fleet cannot be read', async (_, request, env) => {
    const { loop } = await twoStale();
    loop.sim.faults.add({ operation: 'ListClusters', kind: 'access-denied' });
    await expect(ask(loop, request, { env })).rejects.toMatchObject({ name: 'ReadFailed' });
    expect(redeploys(loop)).toEqual([]);
  });

  test('a redeploy with what was done where only its last step fails, and a look with the failure alone', async () => {
    const { loop } = await twoStale();
    const failing = { different: lastStepFails(new RangeError('full')) };
    const observing = ask(loop, redeploy, { ...failing, env: { MODE: 'observe' } });
    await expect(observing).rejects.toMatchObject({ name: 'RangeError' });
    expect(await ask(loop, redeploy, failing)).toMatchObject({
      summary: { matched: 2, accepted: 2 },
      error: { name: 'RangeError' },
    });
  });
});
