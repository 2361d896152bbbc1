import { describe, expect, test } from 'vitest';
import type { Lambda } from './e2e/lambda.ts';
import { deliver, rotated, type Scene, scene } from './e2e/scene.ts';
import { readSample, sampleEvents, sampleFiles } from './events/samples.ts';
import { grantedActions, NEEDED_BY_LAMBDA } from './infra/template.ts';
import { expectPublished } from './own-events/mirror.ts';
import { schema } from './schemas.ts';

/** What this repository publishes: the grants of the roles and the schemas of requests and answers. */

const DAY = 86_400_000;

/** A fleet with something for each call to look at, and a change old enough for all questions to be asked. */
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
  make.parameter({ name: '/app/key' });
  make.service({ cluster: 'dev', name: 'reader', secrets: ['/app/key'], startedAt: Date.now() - DAY });
  return { secret, event };
}

const calledBy = (stage: Scene, name: string) => [...stage.sim.ledger.actionsOf(name)].sort();
const granted = (name: string) => grantedActions(name).filter((action) => !NEEDED_BY_LAMBDA.includes(action));

async function answerOf(lambda: Lambda, request: object): Promise<unknown> {
  const invocation = await lambda.invoke(request);
  if ('error' in invocation) throw new Error(invocation.error.message);
  return invocation.answer;
}

/** Here that no grant is unused; that no call is ungranted every scene of the suite asks when it ends. */
describe('a role grants exactly what its function calls, and what Lambda needs', () => {
  test('on-change', async (context) => {
    const stage = await scene(context);
    const { event } = world(stage);
    await deliver(await stage.lambda(), [event]);
    expect(calledBy(stage, 'on-change')).toEqual(granted('on-change'));
  });

  test('on-request', async (context) => {
    const stage = await scene(context);
    world(stage);
    const lambda = await stage.lambda('on-request');
    await lambda.invoke({ action: 'redeploy', secret: 'prod/db', parameter: '/app/key' });
    expect(calledBy(stage, 'on-request')).toEqual(granted('on-request'));
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

describe('schemas', () => {
  const report = schema('report');
  const uses = schema('uses');
  const request = schema('request');

  test.each(sampleFiles().filter((file) => file.startsWith('request-')))('of requests: %s', (file) => {
    expect(request(readSample(file)) ? [] : request.errors).toEqual([]);
  });

  test.each(sampleEvents().filter(({ file }) => file.startsWith('own-')))(
    'of own events: $file',
    ({ event }) => {
      expectPublished([event]);
    },
  );

  test.each([
    { action: 'redeploy' },
    { action: 'stop', secret: 'x' },
    { action: 'uses', services: 'a/b' },
    { action: 'plan', services: 'a/b', secret: 'x' },
  ])('of requests refuses %o', (wrong) => {
    expect(request(wrong)).toBe(false);
  });

  test.for([
    { action: 'plan', secret: 'prod/db' },
    { action: 'redeploy', secret: 'prod/db', parameter: '/app/key' },
    { action: 'redeploy', secret: 'prod/db', force: true, at: '2026-01-01T00:00:00.000Z' },
    { action: 'redeploy', services: ['prod/out', 'dev/reader'], clusters: ['prod'] },
    { action: 'plan', secret: 'no/such/secret' },
  ])('of reports: %o', async (asked, context) => {
    const stage = await scene(context);
    world(stage);
    stage.sim.faults.add({ service: 'ecs', operation: 'UpdateService', kind: 'access-denied', times: 1 });
    const told = await answerOf(await stage.lambda('on-request'), asked);
    expect(report(told) ? [] : report.errors).toEqual([]);
  });

  test('of uses', async (context) => {
    const stage = await scene(context);
    world(stage);
    const told = await answerOf(await stage.lambda('on-request'), { action: 'uses', secret: 'prod/db' });
    expect(told).toMatchObject({ uses: [{}, {}, {}] });
    expect(uses(told) ? [] : uses.errors).toEqual([]);
  });
});
