import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { onRequest } from '../../functions/on-request.ts';
import { readConfig } from '../../functions/runtime/config.ts';
import { connectedHandler } from '../../functions/runtime/handler.ts';
import { actAs, type Loop, QUICK, redeploys, startLoop } from '../support/loop.ts';
import { metricIn, type SweepOptions, sweepOnce } from '../support/sweeper.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const THEIRS = { account: '222233334444' };
const TRUSTED_QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:forwarded';
const SNAPSHOT = { SNAPSHOT_BUCKET: 'fleet', AWS_ENDPOINT_URL: 'set' };

/** A secret of another account, one of ours, and one that may be described, each with two services. */
async function scene(hidden: readonly string[] = ['theirs', 'ours']) {
  const loop = await startLoop({ trusts: [THEIRS.account], env: SNAPSHOT });
  const { world, faults } = loop.sim;
  world.bucket({ name: 'fleet' });
  const use = (name: string, secrets: readonly string[], startedAt = loop.clock.now() - DAY) =>
    world.service({ cluster: 'main', name, secrets, startedAt });
  const theirs = world.secret({ name: 'shared/theirs', suffix: 'a1B2c3', place: THEIRS });
  const ours = world.secret({ name: 'prod/ours', suffix: 'd4E5f6' });
  const seen = world.secret({ name: 'prod/seen', suffix: 'g7H8i9' });
  use('theirs', [theirs.arn]);
  use('theirs-key', [`${theirs.partialArn}:password::`]);
  use('ours', [ours.arn]);
  use('ours-partial', [ours.partialArn]);
  use('seen', [seen.arn]);
  for (const operation of ['DescribeSecret', 'ListSecretVersionIds'])
    faults.add({
      operation,
      kind: 'access-denied',
      match: ({ SecretId }) => hidden.some((one) => String(SecretId).includes(`/${one}`)),
      times: Infinity,
    });
  return { loop, use, theirs, ours, seen };
}

/** Rotates, and hands on the native event or loses it. */
function rotate({ sim, ...loop }: Loop, arn: string, delivery: 'send' | 'forward' | 'lost'): void {
  const before = sim.events.length;
  sim.rotateSecret(arn);
  const [event = {}] = sim.events
    .slice(before)
    .filter((one) => one['detail-type'] === 'Secret Label Updated');
  if (delivery === 'send') loop.send(event);
  if (delivery === 'forward') loop.forward(event);
}

const sweep = (loop: Loop, { env = {}, ...options }: SweepOptions = {}) =>
  sweepOnce(loop, { ...options, env: { ...SNAPSHOT, ...env } });
const redeployed = (loop: Loop) =>
  redeploys(loop)
    .map(({ input }) => String(input['service']).split('/').at(-1) ?? '')
    .sort();

async function ask(loop: Loop, request: object): Promise<Readonly<Record<string, unknown>>> {
  const config = readConfig([], { CHANGE_QUEUE_URL: loop.queueUrl, ...QUICK, ...SNAPSHOT });
  const sleep = (ms: number) => Promise.resolve(loop.clock.advance(ms));
  const handle = connectedHandler(config, onRequest, { now: loop.clock.now, sleep });
  actAs('on-request');
  const answer = await handle(request, { awsRequestId: randomUUID() }).finally(() => actAs('on-change'));
  return { ...answer };
}

/** Old tasks start after the event was handled, as ECS does where the new value has not reached every place. */
async function heardOf(theirs: string, ours: string, loop: Loop) {
  rotate(loop, theirs, 'forward');
  rotate(loop, ours, 'send');
  await loop.run();
  expect(redeployed(loop)).toEqual(['ours', 'ours-partial', 'theirs', 'theirs-key']);
}

describe('a sweep of secrets that may not be described', () => {
  test('says of none that it is gone, and of no service that it is fresh, and what it may see it judges as ever', async () => {
    const { loop, theirs, ours, seen } = await scene();
    loop.clock.advance(HOUR);
    rotate(loop, theirs.arn, 'lost');
    rotate(loop, ours.arn, 'lost');
    rotate(loop, seen.arn, 'lost');
    loop.clock.advance(HOUR);
    const { done, told, records } = await sweep(loop);
    expect(told.filter((line) => line.includes('seen'))).toEqual(['service.skipped seen report']);
    expect(done).toMatchObject({ missing: 0, fresh: 0, unchecked: 3, staleForCertain: 1, complete: false });
    expect(loop.told('change.notice')).toEqual([]);
    expect(metricIn(records, 'StaleServices')).toEqual([1]);
  });

  test('names them, with the last event, and finds tasks that are older than it', async () => {
    const { loop, use, theirs, ours } = await scene();
    loop.clock.advance(HOUR);
    await heardOf(theirs.arn, ours.arn, loop);
    const changedAt = loop.told('change.received').map((one) => one['changedAt']);
    loop.clock.advance(HOUR);
    use('theirs-old', [theirs.partialArn]);
    use('ours-old', [`${ours.arn}:password::`]);
    use('ours-blue', [`${ours.arn}::blue:`]);
    const { done, told } = await sweep(loop);
    expect(told).toEqual(['service.skipped ours-old report', 'service.skipped theirs-old report']);
    expect(done).toMatchObject({ staleForCertain: 2, missing: 0, complete: false });
    expect(loop.told('sweep.done')).toMatchObject([
      {
        refused: [
          { arn: theirs.arn, lastEvent: changedAt[0] },
          { arn: theirs.partialArn, lastEvent: changedAt[0] },
          { arn: ours.arn, lastEvent: changedAt[1] },
        ],
      },
    ]);
  });

  test('heals what is older than the last event, once', async () => {
    const { loop, use, theirs, ours } = await scene();
    loop.clock.advance(HOUR);
    await heardOf(theirs.arn, ours.arn, loop);
    loop.clock.advance(HOUR);
    use('theirs-old', [theirs.arn]);
    for (let i = 0; i < 2; i++) {
      await sweep(loop, { env: { SWEEP: 'heal' } });
      await loop.run();
    }
    expect(redeployed(loop)).toEqual(['ours', 'ours-partial', 'theirs', 'theirs-key', 'theirs-old']);
    expect(loop.told('change.unsettled')).toEqual([]);
  });

  test('lets an alarm recover, for no sweep will ever know more', async () => {
    const { loop, theirs } = await scene();
    loop.clock.advance(HOUR);
    rotate(loop, theirs.arn, 'forward');
    await loop.run();
    loop.clock.advance(HOUR);
    const { done, records } = await sweep(loop);
    expect(done).toMatchObject({ staleForCertain: 0, complete: false });
    expect(metricIn(records, 'StaleServices')).toEqual([0]);
  });

  test('lets no alarm recover while what was heard cannot be read: a service that is stale by it would not count', async () => {
    const { loop, use, theirs, ours } = await scene();
    loop.clock.advance(HOUR);
    await heardOf(theirs.arn, ours.arn, loop);
    loop.clock.advance(HOUR);
    use('theirs-old', [theirs.arn]);
    loop.sim.faults.add({
      operation: 'GetObject',
      kind: 'client-error',
      code: 'InvalidRequest',
      times: Infinity,
    });
    for (const env of [{}, { TRUSTED_ACCOUNTS: THEIRS.account, TRUSTED_QUEUE_ARN: TRUSTED_QUEUE }]) {
      const { done, records } = await sweep(loop, { env });
      expect(done).toMatchObject({ staleForCertain: 0, unchecked: 2, complete: false });
      expect(metricIn(records, 'StaleServices')).toEqual([]);
    }
    expect(await ask(loop, { action: 'stale', secret: theirs.arn })).toMatchObject({
      unchecked: 1,
      complete: false,
    });
  });

  test('keeps to what other services say where an event was lost: those are found', async () => {
    const { loop, theirs, seen } = await scene();
    loop.clock.advance(HOUR);
    rotate(loop, theirs.arn, 'forward');
    await loop.run();
    rotate(loop, seen.arn, 'lost');
    loop.clock.advance(HOUR);
    expect(await sweep(loop)).toMatchObject({ told: ['service.skipped seen report'] });
  });
});

test('a secret of another account that may be described is checked, once an event has told of it', async () => {
  const { loop, theirs } = await scene(['ours']);
  loop.clock.advance(HOUR);
  rotate(loop, theirs.arn, 'lost');
  loop.clock.advance(HOUR);
  expect((await sweep(loop)).told).toEqual([]);
  rotate(loop, theirs.arn, 'forward');
  await loop.run();
  loop.clock.advance(HOUR);
  rotate(loop, theirs.arn, 'lost');
  loop.clock.advance(HOUR);
  const { told, done } = await sweep(loop);
  expect(told).toEqual(['service.skipped theirs report', 'service.skipped theirs-key report']);
  expect(done).toMatchObject({ missing: 0 });
});

describe.each([
  ['its account', { TRUSTED_ACCOUNTS: THEIRS.account }],
  ['its organization', { TRUSTED_ORGANIZATION: 'o-a1b2c3d4e5' }],
])(
  'where %s is trusted, a secret of another account needs no event and no snapshot for the sweep',
  (_, trusted) => {
    const env = { ...trusted, TRUSTED_QUEUE_ARN: TRUSTED_QUEUE, SNAPSHOT_BUCKET: '' };

    test('to check it', async () => {
      const { loop, theirs } = await scene([]);
      loop.clock.advance(HOUR);
      rotate(loop, theirs.arn, 'lost');
      loop.clock.advance(HOUR);
      const { told, done } = await sweep(loop, { env: { ...env, SWEEP: 'heal' } });
      expect(told).toEqual(['service.waiting theirs healing', 'service.waiting theirs-key healing']);
      expect(done).toMatchObject({ staleForCertain: 2, missing: 0, unchecked: 0, complete: true });
      await loop.run();
      expect(redeployed(loop)).toEqual(['theirs', 'theirs-key']);
    });

    test('to name it, if it may not be described', async () => {
      const { loop, theirs } = await scene(['theirs']);
      loop.clock.advance(HOUR);
      rotate(loop, theirs.arn, 'lost');
      loop.clock.advance(HOUR);
      const { done } = await sweep(loop, { env });
      expect(done).toMatchObject({ staleForCertain: 0, missing: 0, unchecked: 2 });
      expect(loop.told('sweep.done')).toMatchObject([
        { refused: [{ arn: theirs.arn }, { arn: theirs.partialArn }] },
      ]);
    });
  },
);

test('what was heard outlives another process that writes the snapshot at the same time', async () => {
  const { loop, use, theirs } = await scene();
  loop.clock.advance(HOUR);
  loop.sim.faults.add({
    operation: 'PutObject',
    kind: 'client-error',
    code: 'PreconditionFailed',
    status: 412,
    times: 2,
  });
  rotate(loop, theirs.arn, 'forward');
  await loop.run();
  expect(loop.sim.ledger.count('s3', 'PutObject')).toBeGreaterThan(2);
  use('theirs-old', [theirs.arn]);
  loop.clock.advance(HOUR);
  expect((await sweep(loop)).told).toEqual(['service.skipped theirs-old report']);
});

describe('by hand, a secret that may not be described', () => {
  test('is redeployed by its full ARN, with force or since an instant, and never by half of it', async () => {
    const { loop, theirs, ours } = await scene();
    const at = new Date(loop.clock.now()).toISOString();
    for (const request of [
      { action: 'plan', secret: theirs.arn, at },
      { action: 'plan', secret: ours.arn, at, force: true },
    ])
      expect(await ask(loop, request)).toMatchObject({
        changes: [{ confirmed: false, changedAt: at }],
        summary: { matched: 2, redeploy: 2 },
      });
    await expect(ask(loop, { action: 'plan', secret: theirs.partialArn, at })).rejects.toThrow('full ARN');
    await expect(ask(loop, { action: 'redeploy', secret: ours.arn })).rejects.toThrow('full ARN');
    await expect(ask(loop, { action: 'redeploy', secret: 'prod/ours', at })).rejects.toThrow('full ARN');
    for (let i = 0; i < 2; i++) {
      await ask(loop, { action: 'redeploy', secret: theirs.arn, at });
      await loop.run();
    }
    expect(redeployed(loop)).toEqual(['theirs', 'theirs-key']);
    expect(loop.told('change.notice')).toEqual([]);
  });

  test('is not mistaken for another by a partial ARN that ends like a full one', async () => {
    const { loop, use } = await scene(['ours', 'db']);
    const at = new Date(loop.clock.now()).toISOString();
    const namesake = loop.sim.world.secret({ name: 'prod/seen-copied', suffix: 'a1B2c3' });
    const word = loop.sim.world.secret({ name: 'prod/db', suffix: 'abcdef' });
    loop.sim.faults.add({
      operation: 'DescribeSecret',
      kind: 'access-denied',
      match: ({ SecretId }) => String(SecretId).includes('-copied'),
      times: Infinity,
    });
    use('copied', [namesake.arn]);
    use('word', [word.arn]);
    const plan = (secret: string) => ask(loop, { action: 'plan', secret, at });
    await expect(plan(namesake.partialArn)).rejects.toThrow('full ARN');
    for (const { arn } of [namesake, word])
      expect(await plan(arn)).toMatchObject({ summary: { matched: 1, redeploy: 1 } });
  });

  test('of another account that is not found is no missing secret', async () => {
    const { loop, theirs } = await scene([]);
    const arn = theirs.arn.replace('theirs', 'nowhere');
    await expect(ask(loop, { action: 'plan', secret: arn })).rejects.toThrow('knows nothing of');
    expect(
      await ask(loop, { action: 'plan', secret: arn, at: new Date(loop.clock.now()).toISOString() }),
    ).toMatchObject({
      notices: [],
      changes: [{ arn, confirmed: false }],
    });
  });

  test('stale names it, with its last event, and judges its services by that', async () => {
    const { loop, use, theirs, ours } = await scene();
    loop.clock.advance(HOUR);
    await heardOf(theirs.arn, ours.arn, loop);
    loop.clock.advance(HOUR);
    use('theirs-old', [theirs.arn]);
    const [first] = loop.told('change.received');
    const hidden = { arn: theirs.arn, lastEvent: first?.['changedAt'] };
    const one = await ask(loop, { action: 'stale', secret: theirs.arn });
    expect(one).toMatchObject({ complete: false, unchecked: 1, hidden: [hidden], stale: { possibly: [] } });
    expect(one['stale']).toMatchObject({ certain: [{ service: expect.stringMatching(/theirs-old$/) }] });
    const all = await ask(loop, { action: 'stale' });
    expect(all['hidden']).toContainEqual(hidden);
    expect(all['decisions']).not.toContainEqual(expect.objectContaining({ reason: 'secret-gone' }));
    const unheard = await ask(loop, { action: 'stale', secret: 'prod/ours' });
    expect(unheard).toMatchObject({ complete: false, stale: { certain: [], possibly: [] }, decisions: [] });
  });

  test('stale does not take what was heard of a namesake of another account for news of a name here', async () => {
    const { loop, use } = await scene();
    const namesake = loop.sim.world.secret({ name: 'prod/ours', suffix: 'j1K2l3', place: THEIRS });
    rotate(loop, namesake.arn, 'forward');
    await loop.run();
    loop.clock.advance(HOUR);
    use('namesake', [namesake.arn]);
    const named = await ask(loop, { action: 'stale', secret: 'prod/ours' });
    expect(named).toMatchObject({ hidden: [{ arn: 'prod/ours' }], stale: { certain: [], possibly: [] } });
    expect(named).not.toHaveProperty(['hidden', 0, 'lastEvent']);
  });
});
