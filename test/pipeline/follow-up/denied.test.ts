import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, startLoop } from '../../support/loop.ts';

const DAY = 86_400_000;

async function fleet() {
  const loop = await startLoop();
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  const make = (name: string, spec: Parameters<Loop['sim']['world']['service']>[0] = {}) =>
    loop.sim.world.service({ name, secrets: [secret.arn], startedAt: loop.clock.now() - DAY, ...spec });
  make('denied');
  make('fine');
  const busy = make('busy', { strategy: 'CANARY', rollout: { durationMs: 400_000, bakeMs: 10_000 } });
  loop.sim.world.deploy(busy, { by: 'CI' });
  loop.clock.advance(2_000);
  loop.sim.faults.add({
    operation: 'UpdateService',
    kind: 'access-denied',
    times: Infinity,
    match: ({ service }) => String(service).endsWith('/denied'),
  });
  return { loop, secret };
}

describe('a service without permission beside one that waits', () => {
  test.each([0, 1, 2])(
    'keeps it from nothing after %i deliveries that failed as a whole',
    async (failures) => {
      const { loop, secret } = await fleet();
      loop.send(currentMoved(loop.sim, 'prod/db'));
      if (failures > 0)
        loop.sim.faults.add({ operation: 'ListClusters', kind: 'client-error', times: failures });
      await loop.run();
      const ends = [...loop.told('change.settled'), ...loop.told('change.unsettled')];
      expect(ends.length).toBeGreaterThan(0);
      const stale = new Set(
        loop.sim.staleTasks(secret.arn).map(({ serviceArn }) => serviceArn.split('/').at(-1)),
      );
      expect([...stale]).toEqual(['denied']);
      expect(loop.sim.messagesIn(`${loop.sim.endpoint}/${loop.sim.account}/changes-dead`)).toHaveLength(1);
    },
  );

  test('follows it also after the invocation was killed between its first redeploy and its follow-up', async () => {
    const { loop, secret } = await fleet();
    loop.send(currentMoved(loop.sim, 'prod/db'));
    loop.killAtCall(12);
    await loop.run();
    const stale = new Set(
      loop.sim.staleTasks(secret.arn).map(({ serviceArn }) => serviceArn.split('/').at(-1)),
    );
    expect([...stale]).toEqual(['denied']);
    expect([...loop.told('change.settled'), ...loop.told('change.unsettled')].length).toBeGreaterThan(0);
  });
});
