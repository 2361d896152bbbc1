import { describe, expect, it } from 'vitest';
import { parameterChange } from '../support/events.ts';
import { decided, reportIn, usesIn } from './report-shape.ts';
import { deliver, rotated, type Scene, scene, told, updated } from './scene.ts';

const MINUTE = 60_000;

const ELSEWHERE = [
  ['another Region', (arn: string) => arn.replace('eu-west-1', 'us-east-1')],
  ['another account', (arn: string) => arn.replace('111122223333', '999988887777')],
  ['another partition', (arn: string) => arn.replace('arn:aws:', 'arn:aws-cn:')],
] as const;

describe.concurrent('a plan request', () => {
  it.concurrent('says what a redeploy would do and writes nothing', async (context) => {
    const { stage } = await fleet(context);
    const answer = await ask(stage, { action: 'plan', secret: 'prod/db' });
    expect(decided(answer)).toEqual(EXPECTED);
    expect(reportIn(answer).summary).toMatchObject({ redeploy: 2, accepted: 0, failed: 0 });
    expect(stage.updates()).toEqual([]);
  });
});

describe.concurrent('a redeploy request by secret', () => {
  it.concurrent.for(['name', 'partial ARN', 'full ARN', 'list'] as const)(
    'given as %s redeploys the stale services',
    async (form, context) => {
      const { stage, secret } = await fleet(context);
      const targets = {
        name: secret.name,
        'partial ARN': secret.partialArn,
        'full ARN': secret.arn,
        list: [secret.name],
      };
      const answer = await ask(stage, { action: 'redeploy', secret: targets[form], reason: 'asked' });
      expect(decided(answer)).toEqual(EXPECTED);
      expect(updated(stage)).toEqual(['prod-a/stale', 'prod-b/stale2']);
      const { outcomes, summary, changes } = reportIn(answer);
      expect(outcomes.filter(({ result }) => result === 'accepted')).toHaveLength(2);
      expect(summary).toEqual({ matched: 5, redeploy: 2, wait: 0, skip: 3, accepted: 2, failed: 0 });
      expect(changes).toMatchObject([{ kind: 'secret', arn: secret.arn, label: 'AWSCURRENT' }]);
    },
  );

  it.concurrent('with `clusters` redeploys only in those clusters', async (context) => {
    const { stage } = await fleet(context);
    await ask(stage, { action: 'redeploy', secret: 'prod/db', clusters: ['*-b'] });
    expect(updated(stage)).toEqual(['prod-b/stale2']);
  });

  it.concurrent('cannot reach beyond the configured clusters', async (context) => {
    const { stage } = await fleet(context);
    await ask(stage, { action: 'redeploy', secret: 'prod/db', clusters: ['*'] }, { CLUSTERS: 'prod-b' });
    expect(updated(stage)).toEqual(['prod-b/stale2']);
  });

  it.concurrent('with force redeploys every service that refers to it and is older than `at`, once', async (context) => {
    const { stage } = await fleet(context);
    const request = { action: 'redeploy', secret: 'prod/db', force: true, at: ago(4000) };
    const answer = await ask(stage, request);
    expect(updated(stage)).toEqual(['prod-a/fresh', 'prod-a/stale', 'prod-b/stale2']);
    expect(decided(answer)).toContain('out skip opted-out');
    await ask(stage, request);
    expect(updated(stage)).toHaveLength(3);
  });

  it.concurrent('that is repeated does nothing the second time', async (context) => {
    const { stage } = await fleet(context);
    await ask(stage, { action: 'redeploy', secret: 'prod/db' });
    await ask(stage, { action: 'redeploy', secret: 'prod/db' });
    expect(updated(stage)).toHaveLength(2);
  });

  it.concurrent('in observe mode writes nothing and says so', async (context) => {
    const { stage } = await fleet(context);
    const lambda = await stage.lambda('on-request', { MODE: 'observe' });
    await lambda.invoke({ action: 'redeploy', secret: 'prod/db', force: true, at: ago(3000) });
    await lambda.invoke({ action: 'redeploy', services: ['prod-a/stale'] });
    expect(stage.updates()).toEqual([]);
    expect(told(lambda)).toContain('service.skipped prod-a/stale observe');
  });

  it.concurrent('that matches more than MAX_SERVICES services redeploys none', async (context) => {
    const { stage } = await fleet(context);
    const answer = await ask(stage, { action: 'redeploy', secret: 'prod/db' }, { MAX_SERVICES: '1' });
    expect(stage.updates()).toEqual([]);
    expect(decided(answer).filter((line) => line.endsWith('over-cap'))).toHaveLength(2);
  });

  it.concurrent('that matches exactly MAX_SERVICES services redeploys all', async (context) => {
    const { stage } = await fleet(context);
    await ask(stage, { action: 'redeploy', secret: 'prod/db' }, { MAX_SERVICES: '2' });
    expect(updated(stage)).toHaveLength(2);
  });

  it.concurrent('redeploys a service that is only possibly stale with force, but not without', async (context) => {
    const stage = await scene(context);
    const changed = Date.now() - 10 * MINUTE;
    const versions = [{ createdAt: changed, labels: ['AWSCURRENT'] }];
    const spec = { name: 'edited', versions, lastRotatedAt: changed, lastChangedAt: Date.now() - MINUTE };
    const secret = stage.sim.world.secret(spec);
    const startedAt = Date.now() - 5 * MINUTE;
    stage.sim.world.service({ name: 'maybe', secrets: [secret.arn], startedAt });
    stage.sim.world.service({ name: 'certain', secrets: [secret.arn] });
    const answer = await ask(stage, { action: 'redeploy', secret: 'edited' });
    expect(decided(answer)).toEqual(['certain redeploy', 'maybe skip possibly-stale']);
    expect(updated(stage)).toEqual(['main/certain']);
    await ask(stage, { action: 'redeploy', secret: 'edited', force: true, at: ago(3000) });
    expect(updated(stage)).toEqual(['main/certain', 'main/maybe']);
  });

  it.concurrent.for(['scheduled for deletion', 'deleted for good'])(
    'that is %s redeploys nothing',
    async (how, context) => {
      const { stage, secret } = await fleet(context);
      const now = how === 'deleted for good';
      stage.sim.act('secretsmanager', 'DeleteSecret', {
        SecretId: secret.arn,
        ...(now ? { ForceDeleteWithoutRecovery: true } : {}),
      });
      const answer = await ask(stage, { action: 'redeploy', secret: secret.arn, force: true, at: ago(3000) });
      expect(stage.updates()).toEqual([]);
      expect(decided(answer).filter((line) => line.startsWith('stale'))).toEqual([
        'stale skip secret-gone',
        'stale2 skip secret-gone',
      ]);
    },
  );
});

describe.concurrent('a redeploy request by a secret', () => {
  it.concurrent.for(ELSEWHERE)(
    'of %s never redeploys services here that use a secret of the same name',
    async ([, change], context) => {
      const { stage, secret } = await fleet(context);
      await ask(stage, { action: 'redeploy', secret: change(secret.arn), force: true, at: ago(3000) });
      expect(stage.updates()).toEqual([]);
    },
  );
});

describe.concurrent('a redeploy request by parameter', () => {
  const targets = [
    ['/app/key', 'nested'],
    ['arn:aws:ssm:eu-west-1:111122223333:parameter/app/key', 'nested'],
    ['root', 'root'],
    ['/root', 'root'],
    ['arn:aws:ssm:eu-west-1:111122223333:parameter/root', 'root'],
  ] as const;
  it.concurrent.for(targets)(
    'named %s redeploys the stale services',
    async ([parameter, expected], context) => {
      const stage = await scene(context);
      for (const name of ['/app/key', 'root']) {
        stage.sim.world.parameter({ name, modifiedAt: Date.now() - 10 * MINUTE });
      }
      stage.sim.world.service({ name: 'nested', secrets: ['/app/key'] });
      stage.sim.world.service({ name: 'root', secrets: ['/root'] });
      stage.sim.world.service({
        name: 'fresh',
        secrets: ['root', '/app/key'],
        startedAt: Date.now() - MINUTE,
      });
      await ask(stage, { action: 'redeploy', parameter });
      expect(updated(stage)).toEqual([`main/${expected}`]);
    },
  );

  it.concurrent.for(ELSEWHERE)(
    'of %s never redeploys services here that use a parameter of the same name',
    async ([, change], context) => {
      const stage = await scene(context);
      stage.sim.world.parameter({ name: '/app/key', modifiedAt: Date.now() - 10 * MINUTE });
      stage.sim.world.service({ name: 'nested', secrets: ['/app/key'] });
      const parameter = change('arn:aws:ssm:eu-west-1:111122223333:parameter/app/key');
      await ask(stage, { action: 'redeploy', parameter, force: true, at: ago(3000) });
      expect(stage.updates()).toEqual([]);
    },
  );

  it.concurrent('and by secret redeploys the stale services of both', async (context) => {
    const { stage } = await fleet(context);
    stage.sim.world.parameter({ name: '/app/key', modifiedAt: Date.now() - 10 * MINUTE });
    stage.sim.world.service({ cluster: 'prod-a', name: 'third', secrets: ['/app/key', 'x'] });
    await ask(stage, { action: 'redeploy', parameter: ['/app/key'], secret: ['prod/db'] });
    expect(updated(stage)).toEqual(['prod-a/stale', 'prod-a/third', 'prod-b/stale2']);
  });
});

describe.concurrent('a redeploy request by services', () => {
  it.concurrent('takes cluster/service and both forms of an ARN, for services that opted out, too', async (context) => {
    const { stage } = await fleet(context);
    const old = stage.sim.world.service({ cluster: 'prod-b', name: 'ancient', oldArn: true });
    const { partition, region, account } = stage.place;
    const arn = `arn:${partition}:ecs:${region}:${account}:service/prod-b/stale2`;
    const request = {
      action: 'redeploy',
      services: ['prod-a/out', arn, old.arn, 'prod-a/unrelated'],
      at: ago(4000),
    };
    const answer = await ask(stage, request);
    expect(updated(stage)).toEqual(['prod-a/out', 'prod-a/unrelated', 'prod-b/ancient', 'prod-b/stale2']);
    expect(JSON.stringify(answer)).toMatch(/opted/i);
    await ask(stage, request);
    expect(updated(stage)).toHaveLength(4);
  });

  it.concurrent('does not count against MAX_SERVICES', async (context) => {
    const { stage } = await fleet(context);
    const services = ['prod-a/stale', 'prod-b/stale2'];
    await ask(stage, { action: 'redeploy', services, at: ago(4000) }, { MAX_SERVICES: '1' });
    expect(updated(stage)).toHaveLength(2);
  });

  it.concurrent('reports a service in a cluster that is not selected as out of scope, without reading it', async (context) => {
    const { stage } = await fleet(context);
    const request = { action: 'redeploy', services: ['prod-a/stale', 'prod-b/stale2'], at: ago(4000) };
    const answer = await ask(stage, request, { CLUSTERS: 'prod-b' });
    expect(updated(stage)).toEqual(['prod-b/stale2']);
    expect(decided(answer)).toContain('stale skip out-of-scope');
    const reads = stage.sim.ledger.calls.filter(({ input }) => String(input['cluster']).endsWith('prod-a'));
    expect(reads).toEqual([]);
  });

  it.concurrent('that do not exist is refused with the name of each of them', async (context) => {
    const { stage } = await fleet(context);
    const services = ['prod-a/missing', 'nowhere/web', 'prod-a/stale'];
    const answer = await ask(stage, { action: 'redeploy', services });
    expect(refusal(answer)).toContain('prod-a/missing');
    expect(refusal(answer)).toContain('nowhere/web');
    expect(stage.updates()).toEqual([]);
  });

  it.concurrent.for(ELSEWHERE)(
    'of %s never redeploys the service of the same name here',
    async ([, change], context) => {
      const { stage } = await fleet(context);
      const arn = change('arn:aws:ecs:eu-west-1:111122223333:service/prod-a/stale');
      await ask(stage, { action: 'redeploy', services: [arn] });
      expect(stage.updates()).toEqual([]);
    },
  );

  it.concurrent('skips a service with the CODE_DEPLOY controller and says so', async (context) => {
    const stage = await scene(context);
    stage.sim.world.service({ name: 'cd', controller: 'CODE_DEPLOY' });
    const answer = await ask(stage, { action: 'redeploy', services: ['main/cd'] });
    expect(stage.updates()).toEqual([]);
    expect(decided(answer)).toEqual(['cd skip unsupported-controller']);
  });
});

describe.concurrent('a uses request', () => {
  it.concurrent('names each reference and its form, only reads, and says what it does not cover', async (context) => {
    const stage = await scene(context);
    const { secret } = rotated(stage);
    const { world } = stage.sim;
    const taskDefinition = world.taskDefinition({
      family: 'many',
      secrets: [secret.arn, `${secret.partialArn}:k:AWSPREVIOUS:`, '/aws/reference/secretsmanager/prod/db'],
      logSecrets: [`${secret.arn}:::v1`],
      fsxCredentials: [secret.arn],
      pullCredentials: 'prod/db',
    });
    world.service({
      name: 'many',
      taskDefinition,
      serviceConnectSecrets: [secret.arn],
      tags: { 'secret-redeploy:also': 'prod/db', 'secret-redeploy:enabled': 'false' },
    });
    world.service({ name: 'other', secrets: ['prod/db'] });
    const answer = await ask(stage, { action: 'uses', secret: 'prod/db' });
    const [use, ...others] = usesIn(answer).uses;
    expect(others).toEqual([]);
    expect(use).toMatchObject({ cluster: 'main', optedOut: true });
    const lines = use?.references.map(({ place, form, label, versionId }) =>
      [place, form, label, versionId].join(),
    );
    expect(lines?.sort()).toEqual(
      [
        'secrets,full-arn,,',
        'secrets,partial-arn,AWSPREVIOUS,',
        'secrets,pass-through,,',
        'log,full-arn,,v1',
        'fsx,full-arn,,',
        'pull,name,,',
        'service-connect,full-arn,,',
        'also,name,,',
      ].sort(),
    );
    expect(JSON.stringify(answer)).toMatch(/standalone/i);
    expect(stage.updates()).toEqual([]);
  });
});

describe.concurrent('a wrong request', () => {
  it.concurrent.for([
    [
      { action: 'explode', secret: 5, at: 'yesterday', force: 'yes', clusters: 7 },
      ['action', 'secret', 'at', 'force', 'clusters'],
    ],
    [{ action: 'redeploy' }, ['secret', 'parameter', 'services']],
    [{ action: 'redeploy', secret: 'a', services: ['a/b'] }, ['services']],
    [{ action: 'redeploy', services: ['nocluster', 'a/b/c'], secert: 'x' }, ['nocluster', 'a/b/c', 'secert']],
    [{ action: 'redeploy', secret: 'a', at: '2026-13-45', bogus: 1 }, ['at', 'bogus']],
    [{ action: 'redeploy', secret: '' }, ['secret']],
    [{ action: 'redeploy', secret: [] }, ['secret']],
    [null, ['']],
    ['redeploy', ['']],
  ] as const)('calls nothing and is refused with every fault: %j', async ([request, names], context) => {
    const { stage } = await fleet(context);
    const lambda = await stage.lambda('on-request');
    const answer = await lambda.invoke(request);
    for (const name of names) expect(refusal(answer)).toContain(name);
    expect(stage.sim.ledger.calls).toEqual([]);
  });
});

describe.concurrent('the event of a parameter', () => {
  it.concurrent('redeploys with SELECT=tagged only the services that are tagged as enabled', async (context) => {
    const stage = await scene(context);
    const parameter = stage.sim.world.parameter({ name: '/app/key' });
    const tagged = (value: string) => ({ 'secret-redeploy:enabled': value });
    stage.sim.world.service({ name: 'in', secrets: ['/app/key'], tags: tagged('true') });
    stage.sim.world.service({ name: 'out', secrets: ['/app/key'], tags: tagged('false') });
    stage.sim.world.service({ name: 'silent', secrets: ['/app/key'] });
    const lambda = await stage.lambda('on-change', { SELECT: 'tagged' });
    await deliver(lambda, [parameterChange({ place: stage.place, at: Date.now() - 5000 }, parameter)]);
    expect(updated(stage)).toEqual(['main/in']);
  });
});

const EXPECTED = [
  'fresh skip already-fresh',
  'out skip opted-out',
  'pinned skip pinned',
  'stale redeploy',
  'stale2 redeploy',
];

/** A secret that was rotated ten minutes ago, and the services that refer to it. */
async function fleet(context: Parameters<typeof scene>[0]) {
  const stage = await scene(context);
  const { secret } = rotated(stage, 10 * MINUTE);
  const { world } = stage.sim;
  const cluster = 'prod-a';
  world.service({ cluster, name: 'stale', secrets: [secret.arn] });
  world.service({ cluster: 'prod-b', name: 'stale2', secrets: [`${secret.partialArn}:k::`] });
  world.service({ cluster, name: 'fresh', secrets: [secret.arn], startedAt: Date.now() - 5 * MINUTE });
  world.service({ cluster, name: 'pinned', secrets: [`${secret.arn}:::${secret.versionId}`] });
  const tags = { 'secret-redeploy:enabled': 'false' };
  world.service({ cluster, name: 'out', secrets: [secret.arn], tags });
  world.service({ cluster, name: 'unrelated', secrets: ['/prod/db'] });
  return { stage, secret };
}

function refusal(answer: Awaited<ReturnType<typeof ask>>): string {
  if (!('error' in answer)) throw new Error(`accepted: ${JSON.stringify(answer)}`);
  return answer.error.message;
}

async function ask(stage: Scene, request: unknown, env: Readonly<Record<string, string>> = {}) {
  const lambda = await stage.lambda('on-request', env);
  return lambda.invoke(request);
}

function ago(ms: number): string {
  return new Date(Date.now() - ms).toISOString();
}
