import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, redeploys, rotate, startLoop } from '../../support/loop.ts';
import { passTimeWhenStuck } from '../../support/time-limits.ts';

const DAY = 86_400_000;

/** A fleet of clusters of one service each, of which ECS does not list the last 15 in time. */
async function slowFleet(options: Parameters<typeof startLoop>[0] = {}, clusters = 45) {
  const loop = await startLoop({ remainingMs: 270_000, ...options });
  passTimeWhenStuck(loop.sim);
  const secrets = ['prod/db', 'prod/api'].map((name) => loop.sim.world.secret({ name }));
  for (let i = 0; i < clusters; i++) {
    loop.sim.world.service({
      cluster: `c${i}`,
      name: 'api',
      secrets: secrets.map(({ arn }) => arn),
      startedAt: loop.clock.now() - DAY,
    });
  }
  const hang = (times = Infinity) =>
    loop.sim.faults.add({
      service: 'ecs',
      operation: 'ListServices',
      kind: 'hang',
      times,
      match: ({ cluster }) => Number(/\d+$/.exec(String(cluster))) >= clusters - 15,
    });
  return { loop, secrets, hang, resume: hang() };
}

const deadIn = (loop: Loop) => loop.sim.messagesIn(`${loop.sim.endpoint}/${loop.sim.account}/changes-dead`);

describe('a read that needs more than one invocation', () => {
  test('goes on beside the read for a second change, and both changes are settled', async () => {
    const { loop, secrets, resume } = await slowFleet();
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run(1);
    loop.send(currentMoved(loop.sim, 'prod/api'));
    await loop.run(1);
    expect(loop.told('plan.made')).toEqual([]);
    resume();
    await loop.run();
    for (const { arn } of secrets) expect(loop.sim.staleTasks(arn)).toEqual([]);
    expect(redeploys(loop).length).toBeGreaterThanOrEqual(45);
    expect(loop.told('change.settled')).toHaveLength(2);
    expect(deadIn(loop)).toEqual([]);
    expect(loop.records.filter(({ message }) => String(message).includes('cannot decide'))).toEqual([]);
  });

  test('fails if ECS shows nothing at all in its time, and succeeds when the message comes back', async () => {
    const { loop, secrets, resume } = await slowFleet();
    resume();
    loop.sim.faults.add({ service: 'ecs', operation: 'ListClusters', kind: 'hang', times: 2 });
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    expect(loop.sim.staleTasks(secrets[0]?.arn ?? '')).toEqual([]);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 45 }]);
  });

  test('leaves the followed services of another change their look', async () => {
    const { loop, secrets, hang, resume } = await slowFleet();
    const canary = loop.sim.world.secret({ name: 'canary' });
    loop.sim.world.service({
      cluster: 'c0',
      name: 'solo',
      secrets: [canary.arn],
      startedAt: loop.clock.now() - DAY,
    });
    resume();
    loop.send(currentMoved(loop.sim, 'canary'));
    await loop.run(5_000);
    hang(6);
    loop.restart();
    loop.clock.advance(28_000);
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    expect(loop.told('change.settled')).toHaveLength(2);
    expect(deadIn(loop)).toEqual([]);
    expect(loop.sim.staleTasks(secrets[0]?.arn ?? '')).toEqual([]);
  });

  test('ends at the time limit of its change: what is left is named, and what was found is redeployed', async () => {
    const { loop } = await slowFleet({ env: { FOLLOW_UP_LIMIT_MINUTES: '1' }, rolloutMs: 1_000 });
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    expect(redeploys(loop)).toHaveLength(30);
    expect(loop.told('change.unsettled')).toMatchObject([{ waitingTotal: 15 }]);
    expect(loop.told('change.settled')).toEqual([]);
  });
});

describe('a fleet that is too large for one invocation', () => {
  test('is read in parts and redeployed after the last part', async () => {
    const { loop, secrets, resume } = await slowFleet({}, 60);
    const event = currentMoved(loop.sim, 'prod/db');
    loop.send(event);
    await loop.run(1);
    expect(redeploys(loop)).toEqual([]);
    expect(loop.told('plan.made')).toEqual([]);
    resume();
    loop.restart();
    loop.sim.ledger.clearCalls();
    await loop.run();
    expect(loop.sim.ledger.count('ecs', 'ListServices')).toBe(15);
    expect(loop.sim.ledger.count('ecs', 'ListClusters')).toBe(0);
    expect(redeploys(loop)).toHaveLength(60);
    expect(loop.sim.staleTasks(secrets[0]?.arn ?? '')).toEqual([]);
    expect(loop.told('change.received')).toHaveLength(1);
    expect(loop.told('change.settled')).toMatchObject([{ changeId: event.id, redeployed: 60 }]);
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
