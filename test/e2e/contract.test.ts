import { describe, expect, test } from 'vitest';
import { readSample, sampleEvents, sampleFiles } from '../events/samples.ts';
import { type Condition, grantedActions, NEEDED_BY_LAMBDA, SNAPSHOT_KEY } from '../infra/template.ts';
import type { BundleName } from '../support/bundles.ts';
import type { Lambda } from '../support/lambda.ts';
import { expectPublished } from '../support/own-event-mirror.ts';
import { schema } from '../support/schemas.ts';
import { deliver, rotated, type Scene, scene } from './scene.ts';

/** Tests of what this repository publishes: the grants of the roles and the schemas of requests and answers. */

const DAY = 86_400_000;

/** A fleet that needs each call of the functions, and a change old enough for all questions to be asked. */
function world(stage: Scene) {
  const { secret, event } = rotated(stage, 200_000);
  const { world: make } = stage.sim;
  make.service({ cluster: 'prod', name: 'stale', secrets: [secret.arn], startedAt: Date.now() - DAY });
  make.service({ cluster: 'prod', name: 'pinned', secrets: [`${secret.arn}:::${secret.versionId}`] });
  make.service({
    cluster: 'prod',
    name: 'out',
    secrets: [secret.arn],
    tags: { 'secret-redeploy:enabled': 'false' },
  });
  const baking = make.service({
    cluster: 'prod',
    name: 'baking',
    secrets: [secret.arn],
    startedAt: Date.now() - DAY,
    strategy: 'BLUE_GREEN',
    rollout: { bakeMs: DAY },
  });
  make.deploy(baking, { by: 'CI' });
  make.parameter({ name: '/app/key' });
  make.service({ cluster: 'dev', name: 'reader', secrets: ['/app/key'], startedAt: Date.now() - DAY });
  return { secret, event };
}

const calledBy = (stage: Scene, name: string) => [...stage.sim.ledger.actionsOf(name)].sort();
const granted = (name: string, conditions: readonly Condition[] = []) =>
  grantedActions(name, conditions).filter((action) => !NEEDED_BY_LAMBDA.includes(action));

async function answerOf(lambda: Lambda, request: object): Promise<unknown> {
  const invocation = await lambda.invoke(request);
  if ('error' in invocation) throw new Error(invocation.error.message);
  return invocation.answer;
}

/** Uses a function in every way that makes it call AWS. */
const USES: Readonly<
  Record<BundleName, (stage: Scene, env: Readonly<Record<string, string>>) => Promise<void>>
> = {
  'on-change': async (stage, env) => {
    const { event } = world(stage);
    const deleted = JSON.stringify(readSample('parameter-store-change-delete.json'));
    await deliver(await stage.lambda('on-change', env), [event, deleted]);
  },
  'on-request': async (stage, env) => {
    world(stage);
    const lambda = await stage.lambda('on-request', env);
    await lambda.invoke({ action: 'redeploy', secret: 'prod/db', parameter: '/app/key' });
    await lambda.invoke({ action: 'stale' });
  },
  'on-schedule': async (stage, env) => {
    world(stage);
    const { secret: old } = rotated(stage, DAY / 2, 'prod/old');
    stage.sim.world.service({ name: 'old', secrets: [old.arn], startedAt: Date.now() - DAY });
    stage.sim.world.service({ name: 'lost', secrets: [`${old.partialArn}-which-never-was`] });
    const lambda = await stage.lambda('on-schedule', { SWEEP: 'heal', ...env });
    expect(await answerOf(lambda, {})).toMatchObject({ healed: 1, missing: 1 });
  },
};
const FUNCTIONS = ['on-change', 'on-request', 'on-schedule'] as const;

/** Here no grant may be unused. Every scene of the suite checks at its end that all its calls were granted. */
describe('a role grants exactly what Lambda needs and what its function calls,', () => {
  test.for(FUNCTIONS)('for %s', async (name, context) => {
    const stage = await scene(context);
    await USES[name](stage, {});
    expect(calledBy(stage, name)).toEqual(granted(name));
  });

  test.for(FUNCTIONS)('for %s where a snapshot of the fleet is kept', async (name, context) => {
    const stage = await scene(context);
    stage.sim.world.bucket('hints');
    // Without more services there is no hint: a small fleet is read as quickly without one.
    for (let i = 0; i < 50; i++) stage.sim.world.service({ name: `idle-${i}` });
    await USES[name](stage, { SNAPSHOT_BUCKET: 'hints' });
    expect(calledBy(stage, name)).toEqual(granted(name, ['HasSnapshot']));
    expect(stage.sim.objects('hints').keys).toEqual([SNAPSHOT_KEY]);
  });
});

describe('with PREFLIGHT', () => {
  test.for(['on-change', 'on-request'] as const)(
    'the role of %s grants what IAM and KMS are asked, and no more',
    async (name, context) => {
      const stage = await scene(context);
      const { world: make } = stage.sim;
      const { id } = make.key({ aliases: ['alias/db'] });
      expect(id).toBeDefined();
      const { arn } = make.secret({
        name: 'other',
        kmsKeyId: 'alias/db',
        versions: [{}, { id: 'old', labels: [] }],
      });
      const { arn: executionRole } = make.role({ name: 'exec' });
      make.service({
        cluster: 'prod',
        name: 'asked',
        secrets: [`arn:aws:secretsmanager:eu-west-1:${stage.sim.account}:secret:prod/db`, `${arn}:::old`],
        executionRole,
        startedAt: Date.now() - DAY,
      });
      await USES[name](stage, { PREFLIGHT: 'warn' });
      expect(calledBy(stage, name)).toEqual(granted(name, ['HasPreflight']));
    },
  );

  test.for(FUNCTIONS)('left off %s asks neither IAM nor KMS', async (name, context) => {
    const stage = await scene(context);
    await USES[name](stage, { PREFLIGHT: 'off' });
    const asked = calledBy(stage, name).filter((action) => /^(?:iam|kms):|GetResourcePolicy/.test(action));
    expect(asked).toEqual([]);
  });
});

test('follow-ups go to the endpoint of the environment, whatever host the URL of the queue names', async (context) => {
  const stage = await scene(context);
  const { event } = world(stage);
  const { account } = stage.sim;
  const url = `https://sqs.eu-west-1.amazonaws.com/${account}/changes`;
  expect(await deliver(await stage.lambda('on-change', { CHANGE_QUEUE_URL: url }), [event])).toEqual([]);
  expect(stage.sim.messagesIn(url)).toHaveLength(1);
});

describe('the schemas', () => {
  const report = schema('report');
  const uses = schema('uses');
  const request = schema('request');

  test.each(sampleFiles().filter((file) => file.startsWith('request-')))('of requests accept %s', (file) => {
    expect(request(readSample(file)) ? [] : request.errors).toEqual([]);
  });

  test.each(sampleEvents().filter(({ file }) => file.startsWith('own-')))(
    'of own events accept $file',
    ({ event }) => {
      expectPublished([event]);
    },
  );

  test.each([
    { action: 'redeploy' },
    { action: 'stop', secret: 'x' },
    { action: 'uses', services: 'a/b' },
    { action: 'uses', secret: 'x', force: true, at: '2026-01-01T00:00:00.000Z' },
    { action: 'uses', secret: 'x', at: '2026-01-01T00:00:00.000Z' },
    { action: 'plan', services: 'a/b', secret: 'x' },
    { action: 'stale', services: 'a/b' },
    { action: 'stale', secret: 'x', force: true },
  ])('of requests refuse %o', (wrong) => {
    expect(request(wrong)).toBe(false);
  });

  test.for([
    { action: 'plan', secret: 'prod/db' },
    { action: 'redeploy', secret: 'prod/db', parameter: '/app/key' },
    { action: 'redeploy', secret: 'prod/db', force: true, at: '2026-01-01T00:00:00.000Z' },
    { action: 'redeploy', services: ['prod/out', 'dev/reader'], clusters: ['prod'] },
    { action: 'plan', secret: 'no/such/secret' },
    { action: 'stale' },
    { action: 'stale', secret: ['prod/db', 'no/such/secret'], clusters: 'prod' },
  ])('of reports accept the answer to %o', async (asked, context) => {
    const stage = await scene(context);
    world(stage);
    stage.sim.faults.add({ service: 'ecs', operation: 'UpdateService', kind: 'access-denied', times: 1 });
    const told = await answerOf(await stage.lambda('on-request'), asked);
    expect(report(told) ? [] : report.errors).toEqual([]);
  });

  test('of uses accept the answer to the action uses', async (context) => {
    const stage = await scene(context);
    world(stage);
    const told = await answerOf(await stage.lambda('on-request'), { action: 'uses', secret: 'prod/db' });
    expect(told).toMatchObject({ uses: [{}, {}, {}, {}] });
    expect(uses(told) ? [] : uses.errors).toEqual([]);
  });
});
