import { test } from 'vitest';
import { writeFileSync } from 'node:fs';
import { currentMoved, startLoop } from './driver.ts';
test('dbg', async () => {
  const loop = await startLoop();
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  loop.sim.world.service({ name: 'a', secrets: [secret.arn], startedAt: loop.clock.now() - 86_400_000 });
  loop.send(currentMoved(loop.sim, 'prod/db'));
  await loop.run();
  writeFileSync('/tmp/dbg.json', JSON.stringify({ r: loop.records, calls: loop.sim.ledger.calls.map((c) => [c.operation, c.outcome]) }, null, 1));
});
