import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, startLoop } from '../support/loop.ts';
import { sweepOnce } from '../support/sweeper.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const HEAL = { env: { SWEEP: 'heal' } };

const redeploys = (loop: Loop) =>
  loop.sim.ledger.calls
    .filter(({ operation, outcome }) => operation === 'UpdateService' && outcome === 'ok')
    .map(({ input }) =>
      String((input as { service?: string }).service)
        .split('/')
        .at(-1),
    );

describe('while ECS shows services and deployments late,', () => {
  test.each([1_000, 10_000, 30_000])(
    'a service that was created just before the change is found by the next sweep at the latest (%i ms)',
    async (ecsLagMs) => {
      const loop = await startLoop({ ecsLagMs });
      const secret = loop.sim.world.secret({ name: 'prod/db' });
      loop.sim.world.service({ name: 'old', secrets: [secret.arn], startedAt: loop.clock.now() - DAY });
      loop.clock.advance(MINUTE);
      loop.sim.world.service({ name: 'new', secrets: [secret.arn], startedAt: loop.clock.now() - 500 });
      loop.send(currentMoved(loop.sim, 'prod/db'));
      await loop.run();
      loop.clock.advance(20 * MINUTE);
      await sweepOnce(loop, HEAL);
      await loop.run();
      expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
      expect(redeploys(loop).filter((name) => name === 'new')).toHaveLength(1);
      expect(redeploys(loop).filter((name) => name === 'old').length).toBeLessThanOrEqual(2);
    },
  );

  test.each([1_000, 10_000, 30_000])(
    'a service that begins to refer to the secret just before the change is found, too (%i ms)',
    async (ecsLagMs) => {
      const loop = await startLoop({ ecsLagMs });
      const secret = loop.sim.world.secret({ name: 'prod/db' });
      const web = loop.sim.world.service({ name: 'web', startedAt: loop.clock.now() - DAY });
      loop.clock.advance(MINUTE);
      const revision = loop.sim.world.taskDefinition({ family: 'web-2', secrets: [secret.arn] });
      loop.sim.world.deploy(web, { by: 'CI', taskDefinition: revision });
      loop.clock.advance(500);
      loop.send(currentMoved(loop.sim, 'prod/db'));
      await loop.run();
      loop.clock.advance(20 * MINUTE);
      await sweepOnce(loop, HEAL);
      await loop.run();
      expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
      expect(redeploys(loop).length).toBeLessThanOrEqual(2);
    },
  );

  test('a change is not settled as fresh by a deployment that shows late, and no service is redeployed three times', async () => {
    const loop = await startLoop({ ecsLagMs: 30_000 });
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    for (const name of ['a', 'b', 'c'])
      loop.sim.world.service({ name, secrets: [secret.arn], startedAt: loop.clock.now() - DAY });
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    for (const name of ['a', 'b', 'c'])
      expect(redeploys(loop).filter((one) => one === name).length).toBeLessThanOrEqual(2);
    expect(loop.told('change.settled')).toHaveLength(1);
  });
});
