import { expect, test } from 'vitest';
import { rotate, startLoop } from '../../support/loop.ts';

test('a change that is not visible yet is looked at again', async () => {
  const loop = await startLoop({ lagMs: 20_000 });
  const { secret } = rotate(loop, 1);
  await loop.run();
  expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
  expect(loop.told('change.settled')).toHaveLength(1);
});
