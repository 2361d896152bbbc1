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

/** A canary and a service of wave 1 that refer to the secret, and a sandbox of another team that only names it in a tag. */
async function teams(sandbox: Parameters<Loop['sim']['world']['service']>[0] = {}) {
  const loop = await startLoop();
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  const make = (name: string, spec: Parameters<Loop['sim']['world']['service']>[0]) =>
    loop.sim.world.service({ name, startedAt: loop.clock.now() - DAY, ...spec });
  make('canary', { secrets: [secret.arn] });
  make('late', { secrets: [secret.arn], tags: { 'secret-redeploy:wave': '1' } });
  make('sandbox', { cluster: 'team-x', tags: { 'secret-redeploy:also': 'prod/db' }, ...sandbox });
  loop.send(currentMoved(loop.sim, 'prod/db'));
  return { loop, secret };
}

describe('a service that names the secret in its also tag alone', () => {
  test.each(['fail', 'rollback-new-primary', 'rollback-old-primary'] as const)(
    'does not fail the later waves of others: %s',
    async (outcome) => {
      const { loop, secret } = await teams({ rollout: { outcome } });
      await loop.run();
      expect(redeployed(loop)).toEqual(expect.arrayContaining(['canary', 'sandbox', 'late']));
      expect(loop.told('service.skipped').map(({ reason }) => reason)).not.toContain('earlier-wave-failed');
      expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    },
  );

  test('does not hold the later waves while it rolls out', async () => {
    const { loop } = await teams({ rollout: { durationMs: 40 * 60_000 } });
    await loop.run(5 * 60_000);
    expect(redeployed(loop)).toContain('late');
  });

  test('does not hold them while it waits', async () => {
    const { loop } = await teams({ startedAt: Date.UTC(2026, 10, 22, 3) - 10_000 });
    await loop.run(50_000);
    expect(redeployed(loop)).toContain('late');
  });

  test('holds and fails them if a reference of its task definition names the secret, too', async () => {
    const { loop, secret } = await teams();
    loop.sim.world.service({
      cluster: 'team-x',
      name: 'both',
      secrets: [secret.arn],
      startedAt: loop.clock.now() - DAY,
      tags: { 'secret-redeploy:also': 'prod/db' },
      rollout: { outcome: 'rollback-new-primary' },
    });
    await loop.run();
    expect(redeployed(loop)).not.toContain('late');
    expect(loop.told('service.skipped').map(({ reason }) => reason)).toContain('earlier-wave-failed');
  });
});
