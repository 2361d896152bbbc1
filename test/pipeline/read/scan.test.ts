import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, startLoop } from '../../support/loop.ts';

const DAY = 86_400_000;

/** A fleet of 45 clusters of one service each, of which ECS does not list the last 15 in time. */
async function slowFleet(options: Parameters<typeof startLoop>[0] = {}) {
  const loop = await startLoop({ remainingMs: 34_000, ...options });
  const secrets = ['prod/db', 'prod/api'].map((name) => loop.sim.world.secret({ name }));
  for (let i = 0; i < 45; i++) {
    loop.sim.world.service({
      cluster: `c${i}`,
      name: 'api',
      secrets: secrets.map(({ arn }) => arn),
      startedAt: loop.clock.now() - DAY,
    });
  }
  const resume = loop.sim.faults.add({
    service: 'ecs',
    operation: 'ListServices',
    kind: 'hang',
    times: Infinity,
    match: ({ cluster }) => Number(/\d+$/.exec(String(cluster))) >= 30,
  });
  return { loop, secrets, resume };
}

const redeploys = (loop: Loop) =>
  loop.sim.ledger.calls.filter(({ operation, outcome }) => operation === 'UpdateService' && outcome === 'ok');
const deadIn = (loop: Loop) => loop.sim.messagesIn(`${loop.sim.endpoint}/${loop.sim.account}/changes-dead`);

/** Each invocation takes its real time until it is cut off. */
const PATIENCE = { timeout: 60_000 };

describe('a read that needs more than one invocation', PATIENCE, () => {
  test('goes on beside the read for a second change, and both changes are settled', async () => {
    const { loop, secrets, resume } = await slowFleet({
      latencyMs: (_, operation) => (operation === 'ListServices' ? 450 : 0),
    });
    resume();
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run(1);
    expect(loop.told('plan.made')).toEqual([]);
    loop.send(currentMoved(loop.sim, 'prod/api'));
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
    const { loop, secrets, resume } = await slowFleet();
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
    loop.sim.faults.add({
      service: 'ecs',
      operation: 'ListServices',
      kind: 'hang',
      times: 6,
      match: ({ cluster }) => Number(/\d+$/.exec(String(cluster))) >= 30,
    });
    loop.restart();
    loop.clock.advance(28_000);
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    expect(loop.told('change.settled')).toHaveLength(2);
    expect(deadIn(loop)).toEqual([]);
    expect(loop.sim.staleTasks(secrets[0]?.arn ?? '')).toEqual([]);
  });

  test('ends at the time limit of its change: what is left is named, and what was found is redeployed', async () => {
    const { loop } = await slowFleet({
      env: { FOLLOW_UP_LIMIT_MINUTES: '1' },
      rolloutMs: 1_000,
      remainingMs: 38_000,
    });
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    expect(redeploys(loop)).toHaveLength(30);
    expect(loop.told('change.unsettled')).toMatchObject([{ waitingTotal: 15 }]);
    expect(loop.told('change.settled')).toEqual([]);
  });
});
