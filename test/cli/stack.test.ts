import { describe, expect, it } from 'vitest';
import { changed, services } from './fleets.ts';
import { account, esr } from './terminal.ts';

describe.concurrent('an installed service', () => {
  it.concurrent('lends its settings to every command, and the header names them', async (context) => {
    const sim = await account(context);
    const secret = changed(sim, 'prod/db');
    services(sim, secret, 'prod', { stale: 1, fresh: 0 });
    services(sim, secret, 'test', { stale: 1, fresh: 0 });
    sim.world.stack({ environment: { CLUSTERS: 'prod', MODE: 'observe' } });
    const { out, err } = await esr(sim, 'stale', '-o', 'name');
    expect(out).toBe('prod/api-1\n');
    expect(err).toBe(
      '111122223333 · eu-west-1 · stage prod · stack ecs-secret-redeploy-prod · mode observe · clusters prod\n',
    );
  });

  it.concurrent('is that of the stage', async (context) => {
    const sim = await account(context);
    sim.world.stack({ stage: 'test' });
    expect((await esr(sim, 'stale', '--stage', 'test')).err).toContain('stack ecs-secret-redeploy-test');
    expect((await esr(sim, 'stale')).err).toContain('no stack, so the default settings');
    expect((await esr(sim, 'stale', '--stage', 'test', '--stack', 'none')).err).toContain('no stack');
  });

  it.concurrent('that is named and does not exist ends the command with 1', async (context) => {
    const sim = await account(context);
    expect(await esr(sim, 'stale', '--stack', 'other')).toEqual({
      out: '',
      err: 'error: there is no stack other in eu-west-1\n',
      code: 1,
    });
  });
});

it('takes no setting from the environment of the person', async (context) => {
  const sim = await account(context);
  services(sim, changed(sim, 'prod/db'), 'prod', { stale: 1, fresh: 0 });
  const env = { ...sim.env, CLUSTERS: 'nothing', MODE: 'nonsense', TAG_PREFIX: '!' };
  expect((await esr({ env }, 'stale', '-o', 'name')).out).toBe('prod/api-1\n');
});
