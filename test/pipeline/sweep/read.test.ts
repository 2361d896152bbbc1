import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, startLoop } from '../../support/loop.ts';
import { metricIn, sweepOnce } from '../../support/sweeper.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HEAL = { env: { SWEEP: 'heal' } };

type Spec = Parameters<Loop['sim']['world']['service']>[0];

async function fleetOf(options: Parameters<typeof startLoop>[0] = {}) {
  const loop = await startLoop(options);
  const before = loop.clock.now() - 7 * DAY;
  const secret = loop.sim.world.secret({
    name: 'prod/db',
    createdAt: before - DAY,
    lastChangedAt: before - DAY,
  });
  const make = (name: string, spec: Partial<Spec>) =>
    loop.sim.world.service({ name, secrets: [secret.arn], startedAt: before, ...spec });
  return { loop, secret, make };
}

/** A canary and two services of wave 1 that are stale for a rotation of which no event arrived. */
async function missedRotation(canary: Partial<Spec> = {}, options: Parameters<typeof startLoop>[0] = {}) {
  const { loop, secret, make } = await fleetOf(options);
  const first = make('canary', { cluster: 'edge', ...canary });
  for (const name of ['one', 'two']) make(name, { cluster: 'main', tags: { 'secret-redeploy:wave': '1' } });
  loop.clock.advance(HOUR);
  const event = currentMoved(loop.sim, 'prod/db');
  return { loop, secret, canary: first, event };
}

const redeployed = (loop: Loop) =>
  loop.sim.ledger.calls
    .filter(({ operation, outcome }) => operation === 'UpdateService' && outcome === 'ok')
    .map(({ input }) =>
      String((input as { service?: string }).service)
        .split('/')
        .at(-1),
    );

const says = (text: string) => (input: Readonly<Record<string, unknown>>) =>
  JSON.stringify(input).includes(text);

describe('a sweep that does not see everything', () => {
  test.each([
    ['DescribeClusters', says('cluster/edge')],
    ['ListServices', says('cluster/edge')],
    ['DescribeServices', says('canary')],
    ['DescribeTaskDefinition', says('canary')],
  ] as const)(
    'heals no later wave, is incomplete and names what was refused: %s',
    async (operation, match) => {
      const { loop } = await missedRotation();
      loop.clock.advance(DAY);
      loop.sim.faults.add({ service: 'ecs', operation, kind: 'client-error', match, times: Infinity });
      const { done, told, records } = await sweepOnce(loop, HEAL);
      await loop.run(0);
      expect(redeployed(loop)).toEqual([]);
      expect(done).toMatchObject({ complete: false, healed: 0, staleForCertain: 2 });
      expect(told.filter((line) => line.includes('sweep-incomplete'))).toHaveLength(2);
      expect(JSON.stringify(records.find(({ event }) => event === 'sweep.done')?.['unreadable'])).toMatch(
        /edge|canary/,
      );
    },
  );

  test.each(['ListTasks', 'DescribeTasks', 'ListServiceDeployments'])(
    'counts no service as fresh whose tasks or deployments it was refused: %s',
    async (operation) => {
      const { loop } = await missedRotation();
      loop.clock.advance(DAY);
      loop.sim.faults.add({ service: 'ecs', operation, kind: 'client-error', times: Infinity });
      const { done, records } = await sweepOnce(loop, HEAL);
      await loop.run(0);
      expect(redeployed(loop)).toEqual([]);
      expect(done).toMatchObject({ complete: false, fresh: 0, healed: 0 });
      expect(metricIn(records, 'StaleServices')).not.toContain(0);
    },
  );

  test('of one secret that cannot be dated still heals what is stale for another', async () => {
    const { loop, secret } = await missedRotation();
    const other = loop.sim.world.secret({ name: 'other', createdAt: loop.clock.now() - 9 * DAY });
    loop.sim.world.service({ name: 'web', secrets: [other.arn], startedAt: loop.clock.now() - 7 * DAY });
    loop.sim.rotateSecret('other');
    loop.clock.advance(DAY);
    loop.sim.faults.add({
      operation: 'ListSecretVersionIds',
      kind: 'client-error',
      match: ({ SecretId }) => SecretId === secret.arn,
      times: Infinity,
    });
    const { done } = await sweepOnce(loop, HEAL);
    await loop.run();
    expect(redeployed(loop)).toEqual(['web']);
    expect(done).toMatchObject({ complete: false, unchecked: 1 });
  });

  test('for want of a list of the secrets describes each of them', async () => {
    const { loop } = await missedRotation();
    loop.clock.advance(DAY);
    loop.sim.faults.add({ operation: 'ListSecrets', kind: 'client-error', times: Infinity });
    expect((await sweepOnce(loop, HEAL)).done).toMatchObject({ staleForCertain: 3 });
  });
});

describe('a canary that failed', () => {
  const kinds = ['rollback-new-primary', 'rollback-old-primary', 'fail'] as const;

  test.each(kinds)('keeps protecting the later waves, however old the change is: %s', async (outcome) => {
    const { loop, event } = await missedRotation({ rollout: { outcome } });
    loop.send(event);
    await loop.run();
    expect(redeployed(loop)).toEqual(['canary']);
    for (const age of [HOUR, DAY, 3 * DAY, 30 * DAY]) {
      loop.clock.advance(age);
      const { done, records } = await sweepOnce(loop, HEAL);
      await loop.run();
      expect(done.healed).toBe(0);
      expect(metricIn(records, 'StaleServices').at(-1)).toBeGreaterThanOrEqual(2);
    }
    expect(redeployed(loop)).toEqual(['canary']);
  });

  test.each(kinds)('counts as stale in the sweep while it runs an old task: %s', async (outcome) => {
    const { loop, secret, event } = await missedRotation({ rollout: { outcome } });
    loop.send(event);
    await loop.run();
    loop.clock.advance(2 * DAY);
    const { done } = await sweepOnce(loop);
    const stale = new Set(loop.sim.staleTasks(secret.arn).map(({ serviceArn }) => serviceArn));
    expect(done).toMatchObject({ staleForCertain: stale.size, complete: true });
  });
});

describe('a deployment that is older than the change and is rolled back after it', () => {
  test.each(['rollback-new-primary', 'rollback-old-primary'] as const)(
    'leaves its service stale, whatever the age of PRIMARY: %s',
    async (outcome) => {
      const { loop, secret, make } = await fleetOf();
      const canary = make('canary', { rollout: { outcome, durationMs: 600_000, failAfter: 0 } });
      loop.sim.world.deploy(canary, { by: 'CI' });
      loop.clock.advance(30_000);
      loop.sim.rotateSecret('prod/db');
      loop.clock.advance(2 * HOUR);
      expect(loop.sim.staleTasks(secret.arn)).not.toEqual([]);
      const { done, told } = await sweepOnce(loop);
      expect(done).toMatchObject({ staleForCertain: 1, fresh: 0, complete: true });
      expect(told).toEqual(['service.skipped canary report']);
    },
  );
});

test('a change that is older than the deployments that ECS keeps is reported and never healed', async () => {
  const { loop } = await missedRotation();
  loop.clock.advance(91 * DAY);
  const { told, done } = await sweepOnce(loop, HEAL);
  expect(told.filter((line) => line.endsWith('too-old'))).toHaveLength(3);
  expect(done).toMatchObject({ staleForCertain: 3, healed: 0 });
  await loop.run(0);
  expect(redeployed(loop)).toEqual([]);
});

test('the ages of all tasks are read by cluster, a hundred a call, and only stale services are asked for deployments', async () => {
  const { loop } = await missedRotation();
  const fresh = loop.sim.world.secret({ name: 'fresh', createdAt: loop.clock.now() - 9 * DAY });
  for (let i = 0; i < 20; i++)
    loop.sim.world.service({
      cluster: 'main',
      name: `f${i}`,
      secrets: [fresh.arn],
      desired: 30,
      startedAt: loop.clock.now() - DAY,
    });
  loop.clock.advance(DAY);
  loop.sim.ledger.clearCalls();
  const { done } = await sweepOnce(loop);
  expect(done).toMatchObject({ staleForCertain: 3, complete: true });
  expect(loop.sim.ledger.count('ecs', 'ListTasks')).toBe(8);
  expect(loop.sim.ledger.count('ecs', 'DescribeTasks')).toBe(8);
  expect(loop.sim.ledger.count('ecs', 'ListServiceDeployments')).toBe(3);
});
