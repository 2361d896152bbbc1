import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, startLoop } from '../../support/loop.ts';

const DAY = 86_400_000;

const redeployed = (loop: Loop) =>
  loop.sim.ledger.calls
    .filter(({ operation, outcome }) => operation === 'UpdateService' && outcome === 'ok')
    .map(({ input }) =>
      String((input as { service?: string }).service)
        .split('/')
        .at(-1),
    );

describe('a rollback within the first minute of a change', () => {
  test.each(['rollback-new-primary', 'rollback-old-primary'] as const)(
    'is seen by another event of the change, also with more than 40 services: %s',
    async (outcome) => {
      const loop = await startLoop({ rolloutMs: 5_000 });
      const secret = loop.sim.world.secret({ name: 'prod/db' });
      const make = (name: string, wave: number) =>
        loop.sim.world.service({
          name,
          secrets: [secret.arn],
          startedAt: loop.clock.now() - DAY,
          tags: { 'secret-redeploy:wave': String(wave) },
          ...(wave === 0 && { rollout: { outcome } }),
        });
      for (let i = 0; i < 60; i++) make(`s${i}`, 0);
      make('late', 1);
      const event = currentMoved(loop.sim, 'prod/db');
      loop.send(event);
      await loop.run(1_000);
      loop.clock.advance(20_000);
      loop.restart();
      loop.send({ ...event, id: 'another-event' });
      await loop.run(25_000);
      expect(redeployed(loop)).toHaveLength(60);
      expect(redeployed(loop)).not.toContain('late');
      await loop.run();
      expect(redeployed(loop)).toHaveLength(60);
    },
  );
});
