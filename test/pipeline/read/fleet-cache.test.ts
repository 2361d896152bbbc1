import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop } from '../../support/loop.ts';
import { affected, calls, large, MINUTE, precedes, rotate, updated } from '../large-fleet.ts';

test('a process that has read the fleet once uses what it remembers', async () => {
  const loop = await large();
  loop.send(currentMoved(loop.sim, 'prod/rare'));
  await loop.run();
  loop.clock.advance(10 * MINUTE);
  loop.sim.ledger.clearCalls();
  await rotate(loop);
  expect(updated(loop)).toEqual(affected);
  expect(precedes(loop, 'UpdateService', 'ListClusters')).toBe(true);
  expect(calls(loop, 'DescribeTaskDefinition')).toEqual([]);
});

describe('parameters that no service refers to', () => {
  const heartbeat = (loop: Loop, name: string) => {
    const before = loop.sim.events.length;
    loop.sim.act('ssm', 'PutParameter', { Name: name, Value: 'x', Overwrite: true, Type: 'String' });
    for (const event of loop.sim.events.slice(before)) loop.send(event);
  };

  test('cost at most one scan a minute for 1,000 changes in ten minutes, and each change is settled', async () => {
    const loop = await large({ env: { READ_RATE: '10000', READ_BURST: '10000' } });
    for (let batch = 0; batch < 100; batch++) {
      for (let i = 0; i < 10; i++) heartbeat(loop, `/heartbeat/${i}`);
      await loop.run(6_000);
    }
    await loop.run();
    expect(loop.sim.ledger.count('ecs', 'ListClusters')).toBeLessThanOrEqual(11);
    expect(loop.told('change.settled')).toHaveLength(1_000);
    expect(updated(loop)).toEqual([]);
  });

  test('do not delay a change of a secret that services refer to', async () => {
    const loop = await large({ env: { READ_RATE: '10000', READ_BURST: '10000' } });
    heartbeat(loop, '/heartbeat');
    await loop.run(10_000);
    heartbeat(loop, '/heartbeat');
    const event = currentMoved(loop.sim, 'prod/db');
    loop.send(event);
    await loop.run(4_000);
    expect(updated(loop)).toEqual(affected);
  });

  test('cause a redeploy from the next scan on if a service begins to refer to one', async () => {
    const loop = await large({ env: { READ_RATE: '10000', READ_BURST: '10000' } });
    heartbeat(loop, '/heartbeat');
    await loop.run(10_000);
    loop.sim.world.service({ name: 'newcomer', secrets: ['/heartbeat'], startedAt: loop.clock.now() });
    await loop.run(5_000);
    heartbeat(loop, '/heartbeat');
    await loop.run(120_000);
    expect(updated(loop)).toEqual(['newcomer']);
  });
});
