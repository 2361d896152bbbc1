import { describe, expect, it } from 'vitest';
import { apiCall, labelUpdated, parameterChange, serviceEvent } from '../support/events.ts';
import type { Lambda } from '../support/lambda.ts';
import { deliver, recordsOf, rotated, type Scene, scene, told } from './scene.ts';

/** Stands in every field that must never be logged. Either half of it is searched for, so a cut does not hide it. */
const SENTINEL = 'XyzzySentinel';
const KINDS = [
  'change.received',
  'change.ignored',
  'change.notice',
  'change.settled',
  'change.unsettled',
  'plan.made',
  'service.redeployed',
  'service.skipped',
  'service.waiting',
  'service.fresh',
  'service.failed',
  'request.received',
  'sweep.done',
];
const LEVELS = [
  { LOG_LEVEL: 'INFO' },
  { LOG_LEVEL: 'DEBUG', POWERTOOLS_LOGGER_LOG_EVENT: 'true' },
  { LOG_LEVEL: 'SILENT', POWERTOOLS_LOGGER_LOG_EVENT: 'true' },
  { LOG_LEVEL: 'CRITICAL' },
  { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_LOGGER_SAMPLE_RATE: '1' },
];

describe.concurrent('the log of on-change', () => {
  it.concurrent.for(LEVELS)(
    'has one record for every decision and discloses no content with %j',
    async (env, context) => {
      const stage = await scene(context);
      const { lambda, event } = await oneOfEverything(stage, env);
      expectSealed(lambda);
      expect(told(lambda).map((line) => line.replace(/(service.failed \S+) .*/, '$1'))).toEqual([
        'service.failed main/denied',
        'service.redeployed main/stale',
        'service.skipped main/fresh already-fresh',
        'service.skipped main/nonsense opted-out',
        'service.skipped main/out opted-out',
        'service.skipped quiet/muted opted-out',
        'service.waiting main/rolling rolling-out',
      ]);
      expect(recordsOf(lambda, 'plan.made')).toEqual([expect.objectContaining({ changeId: event.id })]);
      expect(lambda.records().filter(({ event: kind }) => !KINDS.includes(String(kind)))).toEqual([]);
    },
  );

  it.concurrent('carries the id of the event in every record of its change', async (context) => {
    const stage = await scene(context);
    const { lambda, event, others } = await oneOfEverything(stage, {});
    const ids = new Set(lambda.records().map(({ changeId }) => changeId));
    expect(ids).toEqual(new Set([event.id, ...others]));
    expect(recordsOf(lambda, 'change.received').map(({ changeId }) => changeId)).toContain(event.id);
    const ignored = recordsOf(lambda, 'change.ignored').map(
      ({ changeId, reason }) => [changeId, reason] as const,
    );
    const reasons = ['no-value-change', 'failed-call', 'no-new-version', 'failed-call'];
    expect(new Map(ignored)).toEqual(new Map(reasons.map((reason, i) => [others[i], reason])));
    expect(ignored).toHaveLength(reasons.length);
    expect(recordsOf(lambda, 'service.redeployed')).toEqual([
      expect.objectContaining({ deploymentId: expect.stringMatching(/^ecs-svc\//), cluster: 'main' }),
    ]);
  });

  it.concurrent('names the services that refer to the subject of a notice', async (context) => {
    const stage = await scene(context);
    const { lambda } = await oneOfEverything(stage, {});
    const [notice] = recordsOf(lambda, 'change.notice');
    expect(JSON.stringify(notice)).toContain('stale');
  });

  it.concurrent('in observe mode has a skipped record for each service that would have been redeployed', async (context) => {
    const stage = await scene(context);
    const { lambda } = await oneOfEverything(stage, { MODE: 'observe' });
    expect(stage.updates()).toEqual([]);
    expect(told(lambda)).toContain('service.skipped main/stale observe');
    expect(told(lambda)).toContain('service.skipped main/denied observe');
    expect(recordsOf(lambda, 'service.redeployed')).toEqual([]);
  });
});

describe.concurrent('the log of on-request', () => {
  it.concurrent.for(LEVELS)('discloses no content with %j', async (env, context) => {
    const stage = await scene(context);
    buildAll(stage);
    const lambda = await stage.lambda('on-request', { ...env, SOME_SETTING: SENTINEL });
    await lambda.invoke({ action: 'uses', secret: 'prod/db' });
    await lambda.invoke({ action: 'redeploy', secret: 'prod/db' });
    await lambda.invoke({
      action: 'redeploy',
      services: ['main/out'],
      at: new Date(Date.now() - 4000).toISOString(),
    });
    expectSealed(lambda);
    expect(recordsOf(lambda, 'request.received')).toHaveLength(3);
    expect(told(lambda)).toContain('service.redeployed main/stale');
    expect(told(lambda)).toContain('service.redeployed main/out');
  });
});

describe.concurrent('the metrics', () => {
  it.concurrent('count matched, redeployed and failed services', async (context) => {
    const stage = await scene(context);
    const { lambda } = await oneOfEverything(stage, {});
    const emf = lambda.output().match(/^\{"_aws".*$/gm) ?? [];
    expect(emf.join()).toContain('"Namespace":"SecretRedeploy"');
    expect(emf.join()).toMatch(/"Redeployed":1\b/);
    expect(emf.join()).toMatch(/"Failed":1\b/);
    expect(emf.join()).toMatch(/"Matched":7\b/);
  });
});

/** Every kind of message in one invocation, with one UpdateService call that is denied. */
async function oneOfEverything(stage: Scene, env: Readonly<Record<string, string>>) {
  const { event, secret } = buildAll(stage);
  const envelope = { place: stage.place, at: Date.now() - 6000 };
  const asked = {
    secretId: secret.name,
    description: SENTINEL,
    secretString: SENTINEL,
    tags: [{ key: SENTINEL }],
  };
  const others = [
    apiCall(envelope, 'TagResource', asked),
    apiCall(envelope, 'PutSecretValue', asked, { errorCode: 'AccessDenied', errorMessage: SENTINEL }),
    apiCall({ ...envelope, at: Date.now() - 120_000 }, 'UpdateSecret', {
      ...asked,
      clientRequestToken: 'none',
    }),
    parameterChange(
      envelope,
      { arn: 'arn:aws:ssm:eu-west-1:111122223333:parameter/x', name: '/x' },
      {
        description: SENTINEL,
        exception: SENTINEL,
      },
    ),
    serviceEvent(envelope, 'RotationFailed', secret.arn, { errorMessage: SENTINEL }),
  ];
  const wrong = [SENTINEL, `{"${SENTINEL}": `, JSON.stringify({ source: 'aws.ssm', detail: SENTINEL })];
  const odd = {
    ...labelUpdated(envelope, secret, 'v'),
    detail: { labelUpdated: [SENTINEL], name: SENTINEL },
  };
  stage.sim.faults.add({
    operation: 'UpdateService',
    kind: 'access-denied',
    match: ({ service }) => String(service).endsWith('denied'),
  });
  const lambda = await stage.lambda('on-change', { ...env, SOME_SETTING: SENTINEL });
  await deliver(lambda, [event, ...others, ...wrong, JSON.stringify(odd)]);
  return { lambda, event, others: others.map(({ id }) => id) };
}

function buildAll(stage: Scene) {
  const change = rotated(stage, 200_000);
  const { world } = stage.sim;
  const { arn } = change.secret;
  stage.sim.act('secretsmanager', 'TagResource', {
    SecretId: arn,
    Tags: [{ Key: SENTINEL, Value: SENTINEL }],
  });
  const tags = { [SENTINEL]: SENTINEL, note: SENTINEL };
  world.cluster({ name: 'main', tags });
  world.cluster({ name: 'quiet', tags: { ...tags, 'secret-redeploy:enabled': SENTINEL } });
  const taskDefinition = world.taskDefinition({
    secrets: [arn],
    environment: { [SENTINEL]: SENTINEL },
    tags,
  });
  const add = (name: string, more: Parameters<typeof world.service>[0] = {}) =>
    world.service({ name, taskDefinition, ...more, tags: { ...tags, ...more.tags } });
  add('stale');
  add('denied');
  add('fresh', { startedAt: Date.now() - 60_000 });
  add('rolling', {
    startedAt: Date.now() - 60_000,
    running: 0,
    pending: 1,
    older: [{ taskDefinition }],
    rollout: { outcome: 'stuck' },
  });
  add('out', { tags: { 'secret-redeploy:enabled': 'false' } });
  add('nonsense', { tags: { 'secret-redeploy:enabled': SENTINEL } });
  add('muted', { cluster: 'quiet' });
  return change;
}

function expectSealed(lambda: Lambda): void {
  const leaks = lambda
    .output()
    .split('\n')
    .filter((line) => /Xyzzy|Sentinel/i.test(line));
  expect(leaks).toEqual([]);
}
