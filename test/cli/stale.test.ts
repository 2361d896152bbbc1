import { describe, expect, it } from 'vitest';
import { changed, services } from './fleets.ts';
import { account, esr } from './terminal.ts';

describe.concurrent('stale', () => {
  it.concurrent('says first how many services run on the old value, then which, and ends with 3', async (context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 2, fresh: 3 });
    const { out, code } = await esr(sim, 'stale', 'prod/db');
    expect(out.split('\n')).toEqual([
      'prod/db changed 4 h ago: 2 of 5 services still run on the old value',
      'SERVICE     OLD VALUE OF  SINCE  SURE     NEXT',
      'prod/api-1  prod/db       4 h    certain  redeploy',
      'prod/api-2  prod/db       4 h    certain  redeploy',
      '',
    ]);
    expect(code).toBe(3);
  });

  it.concurrent('ends with 0 where every service is fresh', async (context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 0, fresh: 3 });
    const { out, code } = await esr(sim, 'stale', 'prod/db');
    expect(out).toBe('prod/db changed 4 h ago: none of 3 services runs on an old value\n');
    expect(code).toBe(0);
  });

  it.concurrent('prints names alone for other commands', async (context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 2, fresh: 3 });
    expect((await esr(sim, 'stale', '-o', 'name')).out).toBe('prod/api-1\nprod/api-2\n');
  });

  it.concurrent('reads the clusters that are asked for', async (context) => {
    const sim = await account(context);
    const secret = changed(sim, 'prod/db');
    services(sim, secret, 'prod', { stale: 1, fresh: 0 });
    services(sim, secret, 'test', { stale: 1, fresh: 0 });
    expect((await esr(sim, 'stale', '-c', 'test', 'prod/db', '-o', 'name')).out).toBe('test/api-1\n');
  });
});
