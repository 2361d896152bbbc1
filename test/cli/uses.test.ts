import { describe, expect, it } from 'vitest';
import { changed, services } from './fleets.ts';
import { account, esr } from './terminal.ts';

describe.concurrent('uses', () => {
  it.concurrent('names who refers to a secret, how, and how each stands', async (context) => {
    const sim = await account(context);
    const secret = changed(sim, 'prod/db');
    services(sim, secret, 'prod', { stale: 1, fresh: 1 });
    sim.world.service({
      cluster: 'prod',
      name: 'pinned',
      secrets: [`${secret.arn}:::${secret.versionId}`],
      tags: { 'secret-redeploy:wave': '2' },
    });
    const { out, code } = await esr(sim, 'uses', 'prod/db');
    expect(out.split('\n')).toEqual([
      '3 services refer to prod/db',
      'SERVICE      HOW                         NOW            WAVE',
      'prod/api-1   secrets by full-arn         stale          0',
      'prod/api-2   secrets by full-arn         already-fresh  0',
      'prod/pinned  secrets by full-arn pinned  pinned         2',
      'Standalone and scheduled tasks (RunTask, EventBridge Scheduler) are not covered: only ECS services are read.',
      '',
    ]);
    expect(code).toBe(0);
  });

  it.concurrent('knows a parameter, and answers to "who" as well', async (context) => {
    const sim = await account(context);
    const parameter = sim.world.parameter({ name: '/prod/url' });
    sim.world.service({ cluster: 'prod', name: 'api', secrets: [parameter.arn] });
    expect((await esr(sim, 'who', '--parameter', '/prod/url', '-o', 'name')).out).toBe('prod/api\n');
    expect((await esr(sim, 'who', parameter.arn, '-o', 'name')).out).toBe('prod/api\n');
  });

  it.concurrent('tells the reverse: what a service refers to', async (context) => {
    const sim = await account(context);
    const secret = changed(sim, 'prod/db');
    sim.world.service({
      cluster: 'prod',
      name: 'api',
      taskDefinition: sim.world.taskDefinition({
        secrets: [`${secret.partialArn}:password::`, '/prod/url'],
        pullCredentials: 'registry',
      }),
    });
    const { out } = await esr(sim, 'uses', '--service', 'prod/api');
    expect(out.split('\n')).toEqual([
      'prod/api: 3 references to 3 resources',
      'REFERS TO  HOW                     CONTAINER  SERVICE',
      'prod/db    secrets by partial-arn  app        prod/api',
      '/prod/url  secrets by name         app        prod/api',
      'registry   pull by name            app        prod/api',
      '',
    ]);
  });

  it.concurrent('asks which ARNs are full: a suffix may be a word, and a name may end like a suffix', async (context) => {
    const sim = await account(context);
    const arns = ['prod/db-ptdwgz', 'prod/db-secret', 'prod/Db-Secret'].map((written) => {
      const isSuffix = written.endsWith('ptdwgz');
      const [name = '', suffix = ''] = isSuffix ? written.split(/-(?=\w{6}$)/) : [written, 'a1B2c3'];
      const secret = sim.world.secret({ name, suffix });
      return isSuffix ? secret.arn : secret.partialArn;
    });
    sim.world.service({ cluster: 'prod', name: 'api', secrets: arns });
    const { out } = await esr(sim, 'uses', '--service', 'prod/api');
    expect(out.split('\n').slice(2, -1)).toEqual([
      'prod/db         secrets by full-arn     app        prod/api',
      'prod/db-secret  secrets by partial-arn  app        prod/api',
      'prod/Db-Secret  secrets by partial-arn  app        prod/api',
    ]);
  });
});
