import { describe, expect, it } from 'vitest';
import type { Simulator } from '../simulator/index.ts';
import { schema } from '../support/schemas.ts';
import { changed, HOUR, services } from './fleets.ts';
import { account, esr } from './terminal.ts';

/** Two services on an old value, one of which cannot start; and the installed service with a dead letter. */
function world(sim: Simulator): void {
  const secret = changed(sim, 'prod/db');
  services(sim, secret, 'prod', { stale: 1, fresh: 1 });
  const rollout = { outcome: 'rollback-new-primary' } as const;
  const circuitBreaker = { enable: true, rollback: true };
  sim.world.service({
    cluster: 'prod',
    name: 'bad',
    secrets: [secret.arn],
    startedAt: Date.now() - 5 * HOUR,
    circuitBreaker,
    rollout,
  });
  const dead = sim.world.queue({ name: 'dead' });
  sim.world.queue({ name: 'changes', maxReceiveCount: 5, deadLetters: dead });
  const { url } = dead;
  sim.act('sqs', 'SendMessage', { QueueUrl: url, MessageBody: '{}' });
  const ids = ['ChangeQueue', 'CloudTrailQueue', 'ChangeDeadLetterQueue', 'RuleDeadLetterQueue'];
  sim.world.stack({
    resources: Object.fromEntries(ids.map((id) => [id, { type: 'AWS::SQS::Queue', physicalId: url }])),
    handlers: { 'on-request': () => Promise.resolve({}) },
  });
}

/** Each way to print JSON, its schema, and what `-o name` prints. */
const FORMS = [
  ['stale prod/db', 'report', ['prod/api-1', 'prod/bad']],
  ['uses prod/db', 'uses', ['prod/api-1', 'prod/api-2', 'prod/bad']],
  ['uses --service prod/api-1', 'uses', ['prod/db']],
  ['plan prod/db', 'report', ['prod/api-1', 'prod/bad']],
  ['redeploy prod/db --local', 'report', ['prod/bad']],
  ['redeploy prod/db --detach', 'done', [expect.stringMatching(/^[\da-f-]{36}$/)]],
  ['watch prod/db --timeout 1s', 'watched', ['prod/api-1', 'prod/bad']],
  ['explain prod/api-1', 'explanation', ['prod/api-1']],
  ['explain prod/api-2 prod/db', 'explanation', ['prod/api-2']],
  ['status', 'status', ['no-sweep', 'dead-letters', 'lost-events']],
  ['doctor', 'doctor', ['dead-letters', 'lost-events', 'incomplete']],
  [
    'stop --yes',
    'done',
    ['on-change', 'on-request', 'on-schedule'].map((name) => `ecs-secret-redeploy-prod-${name}`),
  ],
  [
    'resume',
    'done',
    ['on-change', 'on-request', 'on-schedule'].map((name) => `ecs-secret-redeploy-prod-${name}`),
  ],
  ['exclude prod/api-1', 'done', ['prod/api-1']],
  ['include prod/api-1', 'done', ['prod/api-1']],
  ['replay', 'done', []],
] as const;

describe.concurrent.for(FORMS)('esr %s', ([line, name, names]) => {
  it.concurrent('-o json prints one document of its schema, and nothing else', async (context) => {
    const sim = await account(context, { rolloutMs: 100 });
    world(sim);
    const { out } = await esr(sim, ...line.split(' '), '-o', 'json');
    const validate = schema(name);
    expect(validate(JSON.parse(out)) ? [] : validate.errors).toEqual([]);
  });

  it.concurrent('-o name prints one name a line', async (context) => {
    const sim = await account(context, { rolloutMs: 100 });
    world(sim);
    const { out } = await esr(sim, ...line.split(' '), '-o', 'name');
    expect(out.split('\n')).toEqual([...names, '']);
  });
});

it('a failed rollout has its class and what helps in the JSON of watch', async (context) => {
  const sim = await account(context, { rolloutMs: 100 });
  world(sim);
  await esr(sim, 'redeploy', 'prod/db', '--local');
  const { out, code } = await esr(sim, 'watch', 'prod/db', '-o', 'json');
  const validate = schema('watched');
  expect(validate(JSON.parse(out)) ? [] : validate.errors).toEqual([]);
  expect(JSON.parse(out)).toMatchObject({
    services: [
      { key: 'prod/bad', state: 'rolled-back', end: 'failed', failure: { class: 'health-check' } },
      {},
      {},
    ],
  });
  expect(code).toBe(4);
});
