import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { RolloutSpec } from '../simulator/world/specs.ts';
import { apiCall } from '../support/events.ts';
import type { Lambda } from '../support/lambda.ts';
import { followUpIn, openIn, send, takeAll, untilQuiet } from './queue.ts';
import { reportIn } from './report-shape.ts';
import { deliver, recordsOf, rotated, type Scene, scene, told, updated } from './scene.ts';

vi.setConfig({ maxConcurrency: 8 });

const QUICK_LOOKS = { FOLLOW_UP_SECONDS: '1' };
/** Stands in every field whose content must never be sent or logged. */
const SENTINEL = 'XyzzySentinel';

describe.concurrent('a change', () => {
  it.concurrent('is followed by several processes until the last old task is gone, and is settled once', async (context) => {
    const stage = await scene(context, { rolloutMs: 3000 });
    const { secret, event, at } = rotated(stage);
    addServices(stage, ['api', 'web'], { secrets: [secret.arn], desired: 2 });
    stage.sim.world.service({ name: 'fresh', secrets: [secret.arn], startedAt: Date.now() - 3000 });
    send(stage, event);
    const lambdas = await untilQuiet(stage, { lambda: () => stage.lambda('on-change', QUICK_LOOKS) });
    expect(lambdas.length).toBeGreaterThan(1);
    expect(stage.sim.staleTasks(secret.arn)).toEqual([]);
    expect(updated(stage)).toEqual(['main/api', 'main/web']);
    expect(ofAll(lambdas, 'change.settled')).toMatchObject([
      { changeId: event.id, redeployed: 2, fresh: 3, failed: 0, skipped: 0 },
    ]);
    expect(ofAll(lambdas, 'change.unsettled')).toEqual([]);
    expect(lambdas.flatMap(told).sort()).toEqual([
      'service.fresh main/api',
      'service.fresh main/web',
      'service.redeployed main/api',
      'service.redeployed main/web',
      'service.skipped main/fresh already-fresh',
    ]);
    const gone = Math.max(...stage.sim.ledger.deployments.map(({ finishedAt }) => finishedAt ?? 0));
    const exposure = Number(ofAll(lambdas, 'change.settled')[0]?.['exposureSeconds']) * 1000;
    expect(exposure).toBeGreaterThanOrEqual(gone - at - 1000);
    expect(exposure).toBeLessThanOrEqual(gone - at + 2000);
    expect(metrics(lambdas)).toMatch(/"ExposureSeconds":/);
  });

  it.concurrent('that a native event and CloudTrail both report causes one deployment and settles under both ids', async (context) => {
    const stage = await scene(context, { rolloutMs: 1500 });
    const { secret, event, versionId } = rotated(stage);
    addServices(stage, ['api'], { secrets: [secret.arn] });
    const trail = apiCall({ place: stage.place, at: Date.now() - 5000 }, 'UpdateSecretVersionStage', {
      secretId: secret.arn,
      versionStage: 'AWSCURRENT',
      moveToVersionId: versionId,
    });
    const lambda = await stage.lambda('on-change', QUICK_LOOKS);
    for (const one of [event, trail]) send(stage, one);
    await untilQuiet(stage, { lambda });
    expect(updated(stage)).toEqual(['main/api']);
    expect(idsOf(lambda, 'change.settled')).toEqual([event.id, trail.id].sort());
  });

  it.concurrent('that settles at once leaves nothing on the queue', async (context) => {
    const stage = await scene(context);
    const { event } = rotated(stage);
    const lambda = await stage.lambda('on-change', QUICK_LOOKS);
    expect(await deliver(lambda, [event])).toEqual([]);
    expect(takeAll(stage)).toEqual([]);
    expect(idsOf(lambda, 'change.settled')).toEqual([event.id]);
  });

  it.concurrent('that Secrets Manager shows late is queued again as the event itself, and settles once', async (context) => {
    const stage = await scene(context, { rolloutMs: 500, lagMs: 4000 });
    const secret = stage.sim.world.secret({ name: 'prod/db' });
    addServices(stage, ['api'], { secrets: [secret.arn] });
    stage.sim.rotateSecret(secret.arn);
    const event = stage.sim.events.find((one) => one['detail-type'] === 'Secret Label Updated');
    const lambda = await stage.lambda('on-change', QUICK_LOOKS);
    send(stage, event);
    await untilQuiet(stage, { lambda });
    expect(updated(stage)).toEqual(['main/api']);
    expect(idsOf(lambda, 'change.settled')).toEqual([event?.id]);
    expect(recordsOf(lambda, 'change.received')).toHaveLength(1);
  });

  it.concurrent('within the default cooldown waits, and its follow-up names the waiting service', async (context) => {
    const stage = await scene(context);
    const lambda = await stage.lambda('on-change', { COOLDOWN_SECONDS: '' });
    const { secret, event } = rotated(stage);
    addServices(stage, ['api'], { secrets: [secret.arn], startedAt: Date.now() - 7_000 });
    expect(await deliver(lambda, [event])).toEqual([]);
    expect(stage.updates()).toEqual([]);
    expect(told(lambda)).toEqual(['service.waiting main/api cooldown']);
    const [sent] = takeAll(stage);
    expect(openIn(sent?.body ?? '{}')).toEqual(['main/api']);
    expect(sent?.delaySeconds).toBe(30);
  });
});

describe.concurrent('a lost answer of UpdateService', () => {
  it.concurrent.for(['reset-after', 'reset-before'] as const)(
    'ends with one deployment, and the next look comes after ten seconds at the earliest: %s',
    async (kind, context) => {
      const stage = await scene(context, { rolloutMs: 500 });
      const { secret, event } = rotated(stage);
      addServices(stage, ['api'], { secrets: [secret.arn] });
      stage.sim.faults.add({ service: 'ecs', operation: 'UpdateService', kind });
      send(stage, event);
      const lambdas = await untilQuiet(stage, { lambda: () => stage.lambda('on-change', QUICK_LOOKS) });
      const lost = stage.updates()[0]?.at ?? 0;
      const looks = stage.sim.ledger.calls.filter(({ service, at }) => service === 'ecs' && at > lost);
      expect(Math.min(...looks.map(({ at }) => at)) - lost).toBeGreaterThanOrEqual(10_000);
      expect(stage.updates()).toHaveLength(kind === 'reset-after' ? 1 : 2);
      expect(stage.sim.deploymentsOf(arnOf(stage, 'api'))).toHaveLength(2);
      expect(stage.sim.staleTasks(secret.arn)).toEqual([]);
      expect(ofAll(lambdas, 'change.settled')).toMatchObject([{ changeId: event.id, failed: 0 }]);
    },
  );
});

describe.concurrent('a deployment that is rolled back', () => {
  const reason = 'ResourceInitializationError: retrieved secret did not contain json key password';
  it.concurrent.for(['rollback-new-primary', 'rollback-old-primary', 'fail'] as const)(
    'is reported once, with its reason and what helps, and never tried again: %s',
    async (outcome, context) => {
      const stage = await scene(context, { rolloutMs: 800 });
      const { secret, event } = rotated(stage, 70_000);
      addServices(stage, ['bad'], { secrets: [secret.arn], rollout: { outcome, reason } });
      addServices(stage, ['good'], { secrets: [secret.arn] });
      send(stage, event);
      const lambdas = await untilQuiet(stage, { lambda: () => stage.lambda('on-change', QUICK_LOOKS) });
      const failures = ofAll(lambdas, 'service.failed').filter(({ reason }) => reason !== 'tasks-failing');
      const end = outcome === 'fail' ? 'failed' : 'rolled-back';
      expect(failures).toMatchObject([
        { changeId: event.id, service: arnOf(stage, 'bad'), cluster: 'main', reason: end },
      ]);
      expect(failures[0]?.['failure']).toEqual({ class: 'json-key', code: 'ResourceInitializationError' });
      expect(failures[0]).toMatchObject({ advice: 'rotate-again' });
      expect(failures[0]).not.toHaveProperty('restore');
      expect(ofAll(lambdas, 'change.settled')).toMatchObject([
        { changeId: event.id, redeployed: 2, fresh: 1, failed: 1 },
      ]);
      for (const late of [await stage.lambda(), await stage.lambda()]) {
        expect(await deliver(late, [event])).toEqual([]);
        expect(told(late)).toContain('service.skipped main/bad rollout-failed');
      }
      expect(updated(stage)).toEqual(['main/bad', 'main/good']);
      expect(takeAll(stage).flatMap(({ body }) => openIn(body))).not.toContain('main/bad');
      expect(stage.sim.ledger.forbidden).toEqual([]);
    },
  );

  it.concurrent('within a minute of the change is not tried again when the event comes again', (context) =>
    duplicateAfter('rollback-new-primary', context));

  it.concurrent('to the old PRIMARY within a minute is not tried again when the event comes again', (context) =>
    duplicateAfter('rollback-old-primary', context));

  async function duplicateAfter(outcome: RolloutSpec['outcome'], context: Parameters<typeof scene>[0]) {
    const stage = await scene(context, { rolloutMs: 800 });
    const { secret, event } = rotated(stage, 6000);
    const startedAt = Date.now() - 86_400_000;
    const rollout = { ...(outcome && { outcome }), reason };
    addServices(stage, ['bad'], { secrets: [secret.arn], startedAt, rollout });
    send(stage, event);
    const first = await untilQuiet(stage, { lambda: await stage.lambda('on-change', QUICK_LOOKS) });
    expect(ofAll(first, 'service.failed')).toHaveLength(1);
    await deliver(await stage.lambda(), [event]);
    expect(updated(stage)).toEqual(['main/bad']);
  }
});

describe.concurrent('waves', () => {
  const waves = (stage: Scene, arn: string, canary: RolloutSpec = {}) => {
    const wave = (n: number) => ({ 'secret-redeploy:wave': String(n) });
    addServices(stage, ['canary'], { secrets: [arn], tags: wave(0), rollout: canary });
    addServices(stage, ['b', 'c'], { secrets: [arn], tags: wave(1) });
  };

  it.concurrent('open one after the other, even if each look is in a new process', async (context) => {
    const stage = await scene(context, { rolloutMs: 2500 });
    const { secret, event } = rotated(stage);
    waves(stage, secret.arn);
    send(stage, event);
    const lambdas = await untilQuiet(stage, { lambda: () => stage.lambda('on-change', QUICK_LOOKS) });
    expect(updated(stage)).toEqual(['main/b', 'main/c', 'main/canary']);
    const canaryDone = stage.sim.deploymentsOf(arnOf(stage, 'canary'))[1]?.finishedAt ?? Infinity;
    for (const { service, at } of stage.updates())
      if (service !== 'main/canary') expect(at).toBeGreaterThanOrEqual(canaryDone);
    expect(lambdas.flatMap(told)).toContain('service.waiting main/b earlier-wave');
    expect(ofAll(lambdas, 'change.settled')).toMatchObject([{ redeployed: 3, fresh: 3 }]);
  });

  it.concurrent('after one that failed are left untouched, also when the event comes again', async (context) => {
    const stage = await scene(context, { rolloutMs: 800 });
    const { secret, event } = rotated(stage, 70_000);
    waves(stage, secret.arn, { outcome: 'rollback-new-primary' });
    send(stage, event);
    const lambda = await stage.lambda('on-change', QUICK_LOOKS);
    await untilQuiet(stage, { lambda });
    send(stage, event);
    await untilQuiet(stage, { lambda: await stage.lambda('on-change', QUICK_LOOKS) });
    expect(updated(stage)).toEqual(['main/canary']);
    const skipped = told(lambda).filter((line) => line.endsWith('earlier-wave-failed'));
    expect(skipped).toEqual(
      ['main/b', 'main/c'].map((name) => `service.skipped ${name} earlier-wave-failed`),
    );
    expect(recordsOf(lambda, 'change.settled')).toMatchObject([{ failed: 1, skipped: 2, redeployed: 1 }]);
  });
});

describe.concurrent('SendMessage failing', () => {
  it.concurrent.for(['access-denied', 'server-error', 'reset-before', 'throttle'] as const)(
    'returns the event or the follow-up to the queue, and nothing is done twice: %s',
    async (kind, context) => {
      // Longer than the three deliveries take on a slow machine: the follow-up has to find its rollout under way.
      const stage = await scene(context, { rolloutMs: 12_000 });
      const { secret, event } = rotated(stage);
      const other = rotated(stage, 8000, 'unused');
      addServices(stage, ['api'], { secrets: [secret.arn] });
      const lambda = await stage.lambda('on-change', QUICK_LOOKS);
      const fail = () =>
        stage.sim.faults.add({ service: 'sqs', operation: '*', kind, times: Number.POSITIVE_INFINITY });
      let mend = fail();
      expect(await deliver(lambda, [event, other.event])).toEqual([event.id]);
      mend();
      expect(await deliver(lambda, [event])).toEqual([]);
      const [followUp, ...more] = takeAll(stage);
      expect(more).toEqual([]);
      mend = fail();
      expect(await deliver(lambda, [followUp?.body ?? ''])).toEqual(['raw-0']);
      mend();
      await untilQuiet(stage, { lambda });
      expect(updated(stage)).toEqual(['main/api']);
      expect(idsOf(lambda, 'change.settled')).toEqual([event.id, other.event.id].sort());
    },
  );

  it.concurrent('returns an event that needs another look later', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    const edit = apiCall({ place: stage.place, at: Date.now() - 5000 }, 'UpdateSecret', {
      secretId: secret.name,
      clientRequestToken: 'c0ffee00-5d2a-4f0b-b6a1-7e1f3a9d2c58',
    });
    stage.sim.faults.add({ service: 'sqs', operation: '*', kind: 'access-denied', times: 99 });
    const lambda = await stage.lambda('on-change', QUICK_LOOKS);
    expect(await deliver(lambda, [edit, event])).toEqual([edit.id]);
  });
});

describe.concurrent('a follow-up that cannot be read', () => {
  const envelope = (version: unknown, rest: string) =>
    `{"kind":"follow-up","version":${JSON.stringify(version)}${rest}`;
  const cases = [
    ['of a newer version', envelope(6, ',"followUps":[],"more":1}'), /version 6/],
    ['of a much newer version', envelope(1e9, ',"anything":{}}'), /version 1000000000/],
    ['cut in two', envelope(1, ',"followUps":[{"changeId":"a"'), /JSON/],
    ['without anything', envelope(1, '}'), /followUps/],
    ['of a version in words', envelope('one', ',"followUps":7}'), /followUps/],
    ['that is null', envelope(1, ',"followUps":[null]}'), /followUps/],
  ] as const;
  it.concurrent('is returned with a clear error, while the event in the same batch succeeds', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    addServices(stage, ['api'], { secrets: [secret.arn] });
    const lambda = await stage.lambda('on-change', QUICK_LOOKS);
    const bodies = cases.map(([, body]) => body);
    expect(await deliver(lambda, [...bodies, event])).toEqual(
      bodies.map((_, index) => `raw-${index}`).sort(),
    );
    expect(updated(stage)).toEqual(['main/api']);
    const complaints = lambda.output().match(/^.*MalformedFollowUp.*$/gm) ?? [];
    expect(complaints).toHaveLength(cases.length);
    for (const [index, [name, , says]] of cases.entries()) {
      const complaint = complaints.find((line) => line.includes(`"raw-${index}"`));
      expect(complaint, name).toMatch(says);
    }
  });
});

describe.concurrent('a follow-up with a hostile body', () => {
  const wrong: readonly (readonly [string, (one: Json) => void])[] = [
    ['a negative hop', (one) => (one['hop'] = -1)],
    ['half a hop', (one) => (one['hop'] = 0.5)],
    ['a hop in words', (one) => (one['hop'] = SENTINEL)],
    ['no changes', (one) => (one['changes'] = [])],
    ['changes of the wrong type', (one) => (one['changes'] = { length: 1 })],
    ['a change that is null', (one) => (one['changes'] = [null])],
    ['a first handling in words', (one) => (one['firstHandledAt'] = new Date().toISOString())],
    ['open services of the wrong type', (one) => (one['open'] = { main: ['api'] })],
    ['a cluster that is no ARN', (one) => (one['open'] = [[SENTINEL, [['api', null, false, '']]]])],
    ['a cluster of another service', (one) => (one['open'] = [['arn:aws:sqs:a:1:cluster/x', []]])],
    ['a service without a name', (one) => renamed(one, '')],
    ['a service that is a number', (one) => renamed(one, 7)],
    [
      'a tally that is negative',
      (one) => (one['tally'] = { redeployed: -1, fresh: 0, failed: 0, skipped: 0, left: 0 }),
    ],
    ['a wave in words', (one) => (one['failedWave'] = SENTINEL)],
    ['a denied wave below zero', (one) => (one['deniedWave'] = -1)],
    ['no id', (one) => (one['changeId'] = '')],
  ];
  it.concurrent('is returned and does not affect the event in the same batch, whatever is wrong with it', async (context) => {
    const { stage, body, event } = await followed(context);
    const lambda = await stage.lambda('on-change', QUICK_LOOKS);
    const bodies = wrong.map(([, spoil]) => spoilt(body, spoil));
    expect(await deliver(lambda, [...bodies, event])).toEqual(
      bodies.map((_, index) => `raw-${index}`).sort(),
    );
    expect(updated(stage)).toEqual(['main/api', 'main/second']);
    expect(lambda.output().match(/MalformedFollowUp/g)).toHaveLength(wrong.length);
    expect(lambda.output()).not.toContain(SENTINEL);
  });

  const NAMES = [
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'toString',
    '../api',
    'a/b',
    ' ',
    'ü',
    'x'.repeat(300),
  ];
  it.concurrent('settles its change at once if it names a service that does not exist', async (context) => {
    const { stage, body, event } = await followed(context);
    const lambda = await stage.lambda('on-change', QUICK_LOOKS);
    const bodies = NAMES.map((name, index) =>
      spoilt(body, (one) => {
        renamed(one, name);
        one['changeId'] = `change-${index}`;
        for (const change of Array.isArray(one['changes']) ? one['changes'] : [])
          Object.assign(change, { changeId: `change-${index}` });
      }),
    );
    expect(await deliver(lambda, [...bodies, event])).toEqual([]);
    expect(updated(stage)).toEqual(['main/api', 'main/second']);
    expect(idsOf(lambda, 'change.settled')).toEqual(NAMES.map((_, index) => `change-${index}`));
  });

  const elsewhere: readonly (readonly [string, (one: Json) => void])[] = [
    ['a cluster that is not there', (one) => moved(one, (arn) => `${arn}-gone`)],
    ['the cluster __proto__', (one) => moved(one, (arn) => arn.replace('/main', '/__proto__'))],
    ['a cluster without a name', (one) => moved(one, (arn) => arn.replace('/main', '/'))],
    [
      'a cluster of another account',
      (one) => moved(one, (arn) => arn.replace('111122223333', '999988887777')),
    ],
    ['a cluster of another Region', (one) => moved(one, (arn) => arn.replace('eu-west-1', 'us-east-1'))],
    [
      'the deployment __proto__',
      (one) => (one['open'] = [[CLUSTER, [['api', '__proto__', false, '__proto__']]]]),
    ],
    ['nothing open', (one) => (one['open'] = [])],
    [
      'the same service twice',
      (one) => (one['open'] = [[CLUSTER, [1, 2, 3].map(() => ['api', null, false, ''])]]),
    ],
    ['a hop beyond all bounds', (one) => (one['hop'] = Number.MAX_SAFE_INTEGER)],
    ['a first handling in 1970', (one) => (one['firstHandledAt'] = 0)],
    [
      'more than is known',
      (one) => Object.assign(one, { ['__proto__']: { a: 1 }, constructor: 1, more: [SENTINEL] }),
    ],
  ];
  it.concurrent.for(elsewhere)(
    'does not affect the event in the same batch: %s',
    async ([, spoil], context) => {
      const { stage, body, event } = await followed(context);
      const lambda = await stage.lambda('on-change', QUICK_LOOKS);
      expect(await deliver(lambda, [spoilt(body, spoil), event])).not.toContain(event.id);
      expect(updated(stage)).toEqual(['main/api', 'main/second']);
      expect(lambda.output()).not.toContain(SENTINEL);
      for (const sent of takeAll(stage)) {
        expect(sent.delaySeconds).toBeGreaterThanOrEqual(1);
        expect(sent.delaySeconds).toBeLessThanOrEqual(900);
      }
    },
  );
});

describe.concurrent('a service that is followed', () => {
  it.concurrent('and is deleted meanwhile does not keep its change from being settled', async (context) => {
    const { stage, body, first } = await followed(context);
    stage.sim.act('ecs', 'DeleteService', { cluster: 'main', service: 'api', force: true });
    const lambda = await stage.lambda('on-change', QUICK_LOOKS);
    expect(await deliver(lambda, [body])).toEqual([]);
    expect(takeAll(stage)).toEqual([]);
    expect(told(lambda)).toHaveLength(1);
    expect(recordsOf(lambda, 'change.settled')).toMatchObject([
      { changeId: first.event.id, redeployed: 1, fresh: 0, failed: 0, skipped: 1 },
    ]);
  });

  it.concurrent('and opts out while it waits is left alone', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    const startedAt = Date.now() - 9000;
    addServices(stage, ['hot'], { secrets: [secret.arn], startedAt });
    const waiting = await stage.lambda('on-change', { ...QUICK_LOOKS, COOLDOWN_SECONDS: '600' });
    await deliver(waiting, [event]);
    stage.sim.act('ecs', 'TagResource', {
      resourceArn: arnOf(stage, 'hot'),
      tags: [{ key: 'secret-redeploy:enabled', value: 'false' }],
    });
    const lambda = await stage.lambda('on-change', QUICK_LOOKS);
    await untilQuiet(stage, { lambda });
    expect(stage.updates()).toEqual([]);
    expect(told(lambda)).toEqual(['service.skipped main/hot opted-out']);
    expect(recordsOf(lambda, 'change.settled')).toMatchObject([{ changeId: event.id, skipped: 1 }]);
  });

  it.concurrent('and that ECS refuses to describe is reported neither as gone nor as fresh', async (context) => {
    const { stage, body, event } = await followed(context);
    stage.sim.faults.add({
      service: 'ecs',
      operation: 'DescribeServices',
      kind: 'client-error',
      match: ({ services }) => JSON.stringify(services).includes('api'),
      times: Number.POSITIVE_INFINITY,
    });
    const lambda = await stage.lambda('on-change', QUICK_LOOKS);
    await deliver(lambda, [body, event]);
    expect(told(lambda)).not.toContain('service.fresh main/api');
    expect(told(lambda)).not.toContain('service.skipped main/api gone');
  });

  it.concurrent.for(['throttle', 'server-error', 'access-denied'] as const)(
    'and cannot be read for now returns its follow-up to the queue: %s',
    async (kind, context) => {
      const { stage, body } = await followed(context);
      stage.sim.faults.add({ service: 'ecs', operation: 'DescribeServices', kind, times: Infinity });
      const lambda = await stage.lambda('on-change', QUICK_LOOKS);
      expect(await deliver(lambda, [body], 33_000)).toEqual(['raw-0']);
      expect(takeAll(stage)).toEqual([]);
      expect(recordsOf(lambda, 'change.settled')).toEqual([]);
    },
  );
});

describe.concurrent('MODE=observe', () => {
  it.concurrent('ends queued follow-ups without a write, also those that wait for a cooldown', async (context) => {
    const stage = await scene(context, { rolloutMs: 60_000 });
    const { secret, event } = rotated(stage);
    addServices(stage, ['api'], { secrets: [secret.arn] });
    addServices(stage, ['hot'], { secrets: [secret.arn], startedAt: Date.now() - 9000 });
    const enforcing = await stage.lambda('on-change', { ...QUICK_LOOKS, COOLDOWN_SECONDS: '600' });
    expect(await deliver(enforcing, [event])).toEqual([]);
    expect(updated(stage)).toEqual(['main/api']);
    const observing = await stage.lambda('on-change', { ...QUICK_LOOKS, MODE: 'observe' });
    await untilQuiet(stage, { lambda: observing });
    expect(updated(stage)).toEqual(['main/api']);
    expect(told(observing)).toContain('service.skipped main/hot observe');
    const ends = observing.records().filter(({ event: kind }) => /^change\.(un)?settled$/.test(String(kind)));
    expect(ends.map(({ changeId }) => changeId)).toEqual([event.id]);
  });
});

describe.concurrent('a request', () => {
  it.concurrent.for([
    { action: 'redeploy', secret: 'prod/db' },
    { action: 'redeploy', secret: 'prod/db', force: true, at: new Date().toISOString() },
    { action: 'redeploy', services: ['main/api', 'main/later'] },
  ] as const)('continues through the queue, wave by wave, under its own id: %j', async (request, context) => {
    const stage = await scene(context, { rolloutMs: 1500 });
    const { secret } = rotated(stage, 60_000);
    addServices(stage, ['api'], { secrets: [secret.arn] });
    addServices(stage, ['later'], { secrets: [secret.arn], tags: { 'secret-redeploy:wave': '1' } });
    const byHand = await stage.lambda('on-request', QUICK_LOOKS);
    const report = reportIn(await byHand.invoke(request));
    expect(report.summary).toMatchObject({ redeploy: 1, wait: 1, accepted: 1 });
    const changeIds = new Set(report.changes.map(({ changeId }) => changeId));
    expect(changeIds.size).toBe(1);
    expect(recordsOf(byHand, 'change.settled')).toEqual([]);
    const lambda = await stage.lambda('on-change', QUICK_LOOKS);
    await untilQuiet(stage, { lambda });
    expect(updated(stage)).toEqual(['main/api', 'main/later']);
    expect(idsOf(lambda, 'change.settled')).toEqual([...changeIds]);
    expect(told(lambda)).toEqual([
      'service.fresh main/api',
      'service.fresh main/later',
      'service.redeployed main/later',
    ]);
  });

  it.concurrent.for([
    { action: 'plan', secret: 'prod/db' },
    { action: 'uses', secret: 'prod/db' },
  ] as const)('that only asks sends nothing: %j', async (request, context) => {
    const stage = await scene(context);
    const { secret } = rotated(stage, 60_000);
    addServices(stage, ['api'], { secrets: [secret.arn] });
    await (await stage.lambda('on-request', QUICK_LOOKS)).invoke(request);
    expect(takeAll(stage)).toEqual([]);
    expect(stage.sim.ledger.count('sqs', 'SendMessage')).toBe(0);
  });

  it.concurrent('in observe mode sends nothing', async (context) => {
    const stage = await scene(context);
    const { secret } = rotated(stage, 60_000);
    addServices(stage, ['api'], { secrets: [secret.arn] });
    const lambda = await stage.lambda('on-request', { ...QUICK_LOOKS, MODE: 'observe' });
    await lambda.invoke({ action: 'redeploy', secret: 'prod/db' });
    expect(takeAll(stage)).toEqual([]);
  });

  it.concurrent('without a queue ends with its first look, and reports what it leaves undone', async (context) => {
    const stage = await scene(context);
    const { secret } = rotated(stage, 60_000);
    addServices(stage, ['api'], { secrets: [secret.arn] });
    addServices(stage, ['later'], { secrets: [secret.arn], tags: { 'secret-redeploy:wave': '1' } });
    const lambda = await stage.lambda('on-request', { ...QUICK_LOOKS, CHANGE_QUEUE_URL: '' });
    reportIn(await lambda.invoke({ action: 'redeploy', secret: 'prod/db' }));
    expect(updated(stage)).toEqual(['main/api']);
    expect(recordsOf(lambda, 'change.unsettled')).toMatchObject([{ waitingTotal: 2 }]);
  });

  it.concurrent('whose follow-up cannot be sent still answers with what was done', async (context) => {
    const stage = await scene(context);
    const { secret } = rotated(stage, 60_000);
    addServices(stage, ['api'], { secrets: [secret.arn] });
    stage.sim.faults.add({ service: 'sqs', operation: '*', kind: 'access-denied', times: 99 });
    const lambda = await stage.lambda('on-request', QUICK_LOOKS);
    const report = reportIn(await lambda.invoke({ action: 'redeploy', secret: 'prod/db' }));
    expect(report.summary).toMatchObject({ accepted: 1 });
    expect(updated(stage)).toEqual(['main/api']);
  });
});

describe.concurrent('the follow-up messages', () => {
  it.concurrent('hold nothing but names and ids', async (context) => {
    const stage = await scene(context, { rolloutMs: 60_000 });
    const { secret, event } = rotated(stage);
    const { sim } = stage;
    const described = { SecretId: secret.arn, Description: SENTINEL };
    sim.act('secretsmanager', 'UpdateSecret', described);
    sim.act('secretsmanager', 'TagResource', {
      SecretId: secret.arn,
      Tags: [{ Key: SENTINEL, Value: SENTINEL }],
    });
    const tags = { [SENTINEL]: SENTINEL, note: SENTINEL };
    sim.world.cluster({ name: 'main', tags });
    const environment = { [SENTINEL]: SENTINEL };
    const taskDefinition = sim.world.taskDefinition({ secrets: [secret.arn], environment, tags });
    addServices(stage, ['api', 'denied', 'refused'], { taskDefinition, tags });
    addServices(stage, ['later'], { taskDefinition, tags: { ...tags, 'secret-redeploy:wave': '2' } });
    addServices(stage, ['odd'], { taskDefinition, tags: { ...tags, 'secret-redeploy:wave': SENTINEL } });
    for (const [name, kind] of [
      ['denied', 'reset-before'],
      ['refused', 'server-error'],
    ] as const)
      sim.faults.add({
        operation: 'UpdateService',
        kind,
        message: SENTINEL,
        match: ({ service }) => String(service).endsWith(name),
      });
    const put = sim.act('secretsmanager', 'PutSecretValue', {
      SecretId: secret.arn,
      SecretString: SENTINEL,
      VersionStages: ['GREEN'],
    });
    expect(put).toBeDefined();
    const lambda = await stage.lambda('on-change', { ...QUICK_LOOKS, SOME_SETTING: SENTINEL });
    expect(await deliver(lambda, [event])).toEqual([]);
    await (await stage.lambda('on-request', QUICK_LOOKS)).invoke({
      action: 'redeploy',
      secret: 'prod/db',
      reason: SENTINEL,
    });
    const sent = takeAll(stage);
    expect(sent.flatMap(({ body }) => openIn(body))).toContain('main/later');
    expect(new Set(sent.map(({ body }) => followUpIn(body)?.kind))).toEqual(new Set(['follow-up']));
    // The check includes the next look of each chain.
    await sleep(1000);
    await deliver(
      lambda,
      sent.map(({ body }) => body),
    );
    const all = [...sent, ...takeAll(stage)];
    expect(all.length).toBeGreaterThan(sent.length);
    expect(all.filter(({ body }) => /Xyzzy|Sentinel/i.test(body))).toEqual([]);
  });
});

const CLUSTER = 'arn:aws:ecs:eu-west-1:111122223333:cluster/main';
type Json = Record<string, unknown>;

/**
 * A follow-up that waits for `api`, which has been redeployed, and the event of another change, for which `second` is
 * stale.
 */
async function followed(context: Parameters<typeof scene>[0]) {
  const stage = await scene(context, { rolloutMs: 60_000 });
  const first = rotated(stage);
  const { secret, event } = rotated(stage, 7000, 'second');
  addServices(stage, ['api'], { secrets: [first.secret.arn] });
  addServices(stage, ['second'], { secrets: [secret.arn] });
  await deliver(await stage.lambda('on-change', QUICK_LOOKS), [first.event]);
  const [sent] = takeAll(stage);
  if (sent === undefined) throw new Error('nothing was sent');
  return { stage, body: sent.body, event, first };
}

/** The body with its one follow-up changed. */
function spoilt(body: string, spoil: (one: Json) => void): string {
  const parsed = followUpIn(body);
  const [one] = parsed?.followUps ?? [];
  if (one === undefined) throw new Error(`no follow-up: ${body}`);
  spoil(one);
  return JSON.stringify(parsed);
}

function renamed(one: Json, name: unknown): void {
  one['open'] = [[CLUSTER, [[name, null, false, 'redeploy']]]];
}

function moved(one: Json, change: (arn: string) => string): void {
  one['open'] = [[change(CLUSTER), [['api', null, false, 'redeploy']]]];
}

function addServices(
  { sim }: Scene,
  names: readonly string[],
  spec: Parameters<Scene['sim']['world']['service']>[0],
): void {
  for (const name of names) sim.world.service({ ...spec, name });
}

function arnOf({ place }: Scene, name: string): string {
  return `arn:${place.partition}:ecs:${place.region}:${place.account}:service/main/${name}`;
}

function ofAll(lambdas: readonly Lambda[], event: string) {
  return lambdas.flatMap((lambda) => recordsOf(lambda, event));
}

function idsOf(lambda: Lambda, event: string): readonly string[] {
  return recordsOf(lambda, event)
    .map(({ changeId }) => String(changeId))
    .sort();
}

function metrics(lambdas: readonly Lambda[]): string {
  return lambdas.flatMap((lambda) => lambda.output().match(/^\{"_aws".*$/gm) ?? []).join('\n');
}
