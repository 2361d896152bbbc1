import { expect, test } from 'vitest';
import { currentMoved, startLoop } from '../support/loop.ts';

const HOUR = 3_600_000;

test('an event that comes twice, a day late, redeploys what has not started since, once, and follows it to the end', async () => {
  const loop = await startLoop();
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  const started = (name: string, startedAt: number) =>
    loop.sim.world.service({ name, secrets: [secret.arn], startedAt });
  started('before', loop.clock.now() - HOUR);
  const event = currentMoved(loop.sim, 'prod/db');
  loop.clock.advance(12 * HOUR);
  started('since', loop.clock.now());
  loop.clock.advance(12 * HOUR);
  loop.send(event);
  loop.send(event);
  await loop.run();
  expect(loop.sim.ledger.count('ecs', 'UpdateService')).toBe(1);
  expect(loop.told('service.skipped')).toMatchObject([{ reason: 'already-fresh' }]);
  expect(loop.told('change.settled')).toHaveLength(1);
  expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
});
