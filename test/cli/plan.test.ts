import { describe, expect, it } from 'vitest';
import { changed, services } from './fleets.ts';
import { account, esr } from './terminal.ts';

describe.concurrent('plan', () => {
  it.concurrent('tells what would happen, leaves out what is fresh and says so, and changes nothing', async (context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 1, fresh: 3 });
    const { out, code } = await esr(sim, 'plan', 'prod/db');
    expect(out.split('\n')).toEqual([
      'prod/db changed 4 h ago: 1 of 4 services would be redeployed, 0 would wait, 3 would be left alone',
      'SERVICE     PLAN      REASON  WAVE',
      'prod/api-1  redeploy          0',
      'not shown: 3 already-fresh (--all)',
      '',
    ]);
    expect(code).toBe(0);
    expect(sim.ledger.count('ecs', 'UpdateService')).toBe(0);
  });

  it.concurrent('shows every decision with its reason and wave if it is asked to', async (context) => {
    const sim = await account(context);
    const secret = changed(sim, 'prod/db');
    services(sim, secret, 'prod', { stale: 1, fresh: 1 });
    sim.world.service({
      cluster: 'prod',
      name: 'batch',
      secrets: [secret.arn],
      startedAt: Date.now() - 10 * 3_600_000,
      tags: { 'secret-redeploy:wave': '1' },
    });
    const { out } = await esr(sim, 'plan', 'prod/db', '--all');
    expect(out).toContain('prod/api-2  skip      already-fresh  0');
    expect(out).toContain('prod/batch  wait      earlier-wave   1');
  });

  it.concurrent('takes services by name, whatever they refer to', async (context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 0, fresh: 2 });
    expect((await esr(sim, 'plan', '--service', 'prod/api-2', '-o', 'name')).out).toBe('prod/api-2\n');
  });

  it.concurrent('takes everything that refers to a secret by force', async (context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 0, fresh: 2 });
    const { out } = await esr(sim, 'plan', 'prod/db', '--force', '-o', 'name');
    expect(out).toBe('prod/api-1\nprod/api-2\n');
    const at = new Date(Date.now() - 60_000).toISOString();
    const table = await esr(sim, 'plan', 'prod/db', '--force', '--at', at);
    expect(table.out.split('\n')[0]).toBe(
      `prod/db by force, for every task from before ${at}: 2 of 2 services would be redeployed, 0 would wait, 0 would be left alone`,
    );
  });
});
