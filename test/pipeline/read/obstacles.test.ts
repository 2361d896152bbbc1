import { describe, expect, test, vi } from 'vitest';
import { onRequest } from '../../../functions/on-request.ts';
import { readObstacles } from '../../../functions/pipeline/read/obstacles.ts';
import { readConfig } from '../../../functions/runtime/config.ts';
import { connectedHandler } from '../../../functions/runtime/handler.ts';
import { fakeRun } from '../../support/fake-run.ts';
import { actAs, currentMoved, type Loop, QUICK, startLoop } from '../../support/loop.ts';
import { schema } from '../../support/schemas.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const nameOf = (service: unknown) => String(service).split('/').at(-1);
const redeployed = (loop: Loop) =>
  loop.sim.ledger.calls
    .filter(({ operation, outcome }) => operation === 'UpdateService' && outcome === 'ok')
    .map(({ input }) => nameOf(input['service']));
const told = (loop: Loop, event: string) =>
  loop.told(event).map(({ service, reason }) => `${nameOf(service)} ${String(reason)}`);
const act = (loop: Loop, operation: string, input: Record<string, unknown>) =>
  loop.sim.act('secretsmanager', operation, input);
const forget = (loop: Loop, id: string) =>
  act(loop, 'DeleteSecret', { SecretId: id, ForceDeleteWithoutRecovery: true });

type Spec = Parameters<Loop['sim']['world']['service']>[0];

/** `redis` is what rotates; `docdb` is what else a service needs. */
async function scene(options: Parameters<typeof startLoop>[0] = {}) {
  const loop = await startLoop(options);
  const { world } = loop.sim;
  const redis = world.secret({ name: 'redis' });
  const docdb = world.secret({ name: 'docdb', rotationEnabled: true, lastChangedAt: loop.clock.now() - DAY });
  const make = (name: string, secrets: readonly string[], spec: Spec = {}) =>
    world.service({
      name,
      secrets: [redis.arn, ...secrets],
      startedAt: loop.clock.now() - DAY,
      minimumHealthyPercent: 0,
      maximumPercent: 100,
      ...spec,
    });
  return { loop, redis, docdb, make, rotate: () => loop.send(currentMoved(loop.sim, 'redis')) };
}

describe('another reference of the service is gone:', () => {
  test.each([
    [0, 100],
    [50, 200],
  ])('at %i/%i percent the service is looked at again, and left alone after a minute', async (min, max) => {
    const { loop, docdb, make, rotate } = await scene();
    make('reg', [docdb.arn], { minimumHealthyPercent: min, maximumPercent: max, desired: 2 });
    forget(loop, 'docdb');
    rotate();
    await loop.run(59 * SECOND);
    const obstacle = { problem: 'not-found', kind: 'secret', arn: docdb.arn, valueFrom: docdb.arn };
    expect(loop.told('service.waiting')).toMatchObject([{ reason: 'unreadable', obstacles: [obstacle] }]);
    expect(loop.told('service.skipped')).toEqual([]);
    await loop.run();
    expect(loop.told('service.skipped')).toMatchObject([{ reason: 'reference-gone', obstacles: [obstacle] }]);
    expect(redeployed(loop)).toEqual([]);
    expect(loop.told('change.settled')).toMatchObject([{ skipped: 1, left: 1 }]);
  });

  test('at 100/200 % the service is redeployed at once, with a warning that names it', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('reg', [docdb.arn], { minimumHealthyPercent: 100, maximumPercent: 200 });
    forget(loop, 'docdb');
    rotate();
    await loop.run(5 * SECOND);
    expect(redeployed(loop)).toEqual(['reg']);
    expect(loop.told('service.redeployed')).toMatchObject([
      { level: 'WARN', obstacles: [{ problem: 'not-found', arn: docdb.arn }] },
    ]);
  });

  test('a secret that is scheduled for deletion counts as gone', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('reg', [docdb.arn]);
    act(loop, 'DeleteSecret', { SecretId: docdb.arn });
    rotate();
    await loop.run();
    expect(redeployed(loop)).toEqual([]);
    expect(loop.told('service.skipped')).toMatchObject([
      { reason: 'reference-gone', obstacles: [{ problem: 'scheduled-for-deletion', arn: docdb.arn }] },
    ]);
  });

  test('one that was restored before the second look is redeployed, once', async () => {
    const { loop, docdb, make, rotate } = await scene({ deliverTwice: true });
    make('reg', [docdb.arn]);
    act(loop, 'DeleteSecret', { SecretId: docdb.arn });
    rotate();
    await loop.run(40 * SECOND);
    act(loop, 'RestoreSecret', { SecretId: docdb.arn });
    await loop.run();
    expect(redeployed(loop)).toEqual(['reg']);
    expect(loop.told('service.redeployed')[0]).not.toHaveProperty('obstacles');
  });

  test('one that is gone, there and gone again has to be seen twice anew', async () => {
    const { loop, docdb, make, rotate } = await scene({ rolloutMs: SECOND });
    make('canary', [docdb.arn]);
    make('later', [docdb.arn], { tags: { 'secret-redeploy:wave': '1' } });
    act(loop, 'DeleteSecret', { SecretId: docdb.arn });
    rotate();
    await loop.run(40 * SECOND);
    act(loop, 'RestoreSecret', { SecretId: docdb.arn });
    await loop.run(30 * SECOND);
    expect(redeployed(loop)).toEqual(['canary']);
    act(loop, 'DeleteSecret', { SecretId: docdb.arn });
    const skipped = loop.clock.now();
    for (let i = 0; i < 600 && loop.told('service.skipped').length === 0; i++) await loop.run(SECOND);
    expect(loop.clock.now() - skipped).toBeGreaterThanOrEqual(MINUTE);
    expect(told(loop, 'service.skipped')).toEqual(['later reference-gone']);
  });

  test('one that was created anew under its name stands for a reference by name, and not for one by its full ARN', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('full', [docdb.arn]);
    make('partial', [docdb.partialArn]);
    make('through', ['/aws/reference/secretsmanager/docdb']);
    forget(loop, 'docdb');
    rotate();
    await loop.run(40 * SECOND);
    act(loop, 'CreateSecret', { Name: 'docdb', SecretString: 'x' });
    await loop.run();
    expect(redeployed(loop).toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      'partial',
      'through',
    ]);
    expect(told(loop, 'service.skipped')).toEqual(['full reference-gone']);
  });

  test.each(['/app/key', 'PARAMETER-ARN'])('a parameter that is named as %s', async (named) => {
    const { loop, make, rotate } = await scene();
    const { arn } = loop.sim.world.parameter({ name: '/app/key' });
    make('reg', [named === 'PARAMETER-ARN' ? arn : named]);
    loop.sim.act('ssm', 'DeleteParameter', { Name: '/app/key' });
    rotate();
    await loop.run();
    expect(redeployed(loop)).toEqual([]);
    expect(loop.told('service.skipped')).toMatchObject([
      { reason: 'reference-gone', obstacles: [{ problem: 'not-found', kind: 'parameter', arn }] },
    ]);
  });

  test.each([':password::', ':password:AWSPREVIOUS:', '::blue:'])(
    'a reference that ends in %s is asked about as any other',
    async (fields) => {
      const { loop, docdb, make, rotate } = await scene();
      make('reg', [`${docdb.arn}${fields}`]);
      forget(loop, 'docdb');
      rotate();
      await loop.run();
      expect(told(loop, 'service.skipped')).toEqual(['reg reference-gone']);
    },
  );

  test('registry credentials that are gone count, for no image could be pulled', async () => {
    const { loop, redis, docdb, make, rotate } = await scene();
    const taskDefinition = loop.sim.world.taskDefinition({
      secrets: [redis.arn],
      pullCredentials: docdb.arn,
    });
    make('reg', [], { taskDefinition });
    forget(loop, 'docdb');
    rotate();
    await loop.run();
    expect(told(loop, 'service.skipped')).toEqual(['reg reference-gone']);
  });

  test('what only an older revision refers to does not count', async () => {
    const { loop, redis, docdb, make, rotate } = await scene();
    const old = loop.sim.world.taskDefinition({ secrets: [redis.arn, docdb.arn] });
    make('reg', [], { older: [{ taskDefinition: old, startedAt: loop.clock.now() - 2 * DAY, running: 1 }] });
    forget(loop, 'docdb');
    rotate();
    await loop.run();
    expect(redeployed(loop)).toEqual(['reg']);
    expect(loop.told('service.redeployed')[0]).not.toHaveProperty('obstacles');
  });

  test('what only an `also` tag names does not count: a task starts without it', async () => {
    const { loop, make, rotate } = await scene();
    make('reg', [], { tags: { 'secret-redeploy:also': 'docdb /app/key unheard-of' } });
    forget(loop, 'docdb');
    rotate();
    await loop.run(5 * SECOND);
    expect(redeployed(loop)).toEqual(['reg']);
  });
});

describe('a partial ARN that ends like a whole one', () => {
  const asIfWhole = (loop: Loop, arn: string) =>
    loop.sim.faults.add({
      operation: 'DescribeSecret',
      kind: 'client-error',
      code: 'ResourceNotFoundException',
      match: ({ SecretId }) => SecretId === arn,
      times: Infinity,
    });

  test.each(['db-secret', 'db-AbCdEf'])('is asked about by name, too: %s stands', async (name) => {
    const { loop, make, rotate } = await scene();
    const { partialArn } = loop.sim.world.secret({ name });
    make('reg', [partialArn]);
    asIfWhole(loop, partialArn);
    rotate();
    await loop.run(5 * SECOND);
    expect(redeployed(loop)).toEqual(['reg']);
    expect(loop.told('service.redeployed')[0]).not.toHaveProperty('obstacles');
  });

  test('is gone if neither its ARN nor its name finds it', async () => {
    const { loop, make, rotate } = await scene();
    const { partialArn } = loop.sim.world.secret({ name: 'db-secret' });
    make('reg', [partialArn]);
    forget(loop, 'db-secret');
    rotate();
    await loop.run();
    expect(told(loop, 'service.skipped')).toEqual(['reg reference-gone']);
  });
});

describe('is not asked about:', () => {
  const asked = (loop: Loop) =>
    loop.sim.ledger.calls.filter(({ operation }) => /^Describe(?:Secret|Parameters)$/.test(operation));

  test.each([
    ['a reference with a version id', (arn: string) => `${arn}:::8a7b6c5d-0000-4000-8000-000000000000`],
    ['a secret of another account', (arn: string) => arn.replace(/:\d{12}:/, ':999900001111:')],
    ['a secret of another Region', (arn: string) => arn.replace(/:[a-z]+-[a-z]+-\d:/, ':ap-south-1:')],
    ['a parameter that belongs to AWS', () => '/aws/service/ecs/optimized-ami/amazon-linux-2'],
  ])('%s', async (_, valueFrom) => {
    const { loop, docdb, make, rotate } = await scene();
    make('reg', [valueFrom(docdb.arn)]);
    rotate();
    await loop.run(5 * SECOND);
    expect(redeployed(loop)).toEqual(['reg']);
    expect(asked(loop)).toHaveLength(1);
  });

  test('a service that is not redeployed now', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('out', [docdb.arn], { tags: { 'secret-redeploy:enabled': 'false' } });
    make('fresh', [docdb.arn], { startedAt: loop.clock.now() + MINUTE });
    loop.clock.advance(2 * MINUTE);
    rotate();
    await loop.run(5 * SECOND);
    const secrets = asked(loop).map(({ input }) => String(input['SecretId']));
    expect(secrets.filter((id) => id.includes('docdb'))).toHaveLength(1);
    expect(redeployed(loop)).toEqual(['fresh']);
  });
});

describe('another secret of the service is being rotated:', () => {
  test('the half-done rotation of a first secret holds the redeploy for a second one', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('reg', [`${docdb.arn}:password::`]);
    const from = loop.sim.events.length;
    loop.sim.rotateSecret('docdb', { fails: 'before' });
    for (const event of loop.sim.events.slice(from)) loop.send(event);
    rotate();
    await loop.run(50 * MINUTE);
    expect(redeployed(loop)).toEqual([]);
    expect(loop.told('service.waiting')).toMatchObject([
      { reason: 'rotation-unfinished', obstacles: [{ problem: 'rotation-unfinished', arn: docdb.arn }] },
    ]);
  });

  test('a rotation that ends meanwhile leads to one redeploy for both', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('reg', [docdb.arn]);
    const rotation = loop.sim.prepareRotation('docdb');
    rotation.begin();
    rotation.createSecret();
    rotation.setSecret();
    rotate();
    await loop.run(2 * MINUTE);
    expect(redeployed(loop)).toEqual([]);
    const from = loop.sim.events.length;
    rotation.finishSecret();
    rotation.succeed();
    for (const event of loop.sim.events.slice(from)) loop.send(event);
    await loop.run();
    expect(redeployed(loop)).toEqual(['reg']);
    expect(loop.sim.staleTasks(docdb.arn)).toEqual([]);
    expect(loop.told('change.settled').length).toBeGreaterThanOrEqual(2);
    expect(loop.told('change.unsettled')).toEqual([]);
  });

  test('a rotation that a person gives up lets the service go, once', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('reg', [docdb.arn]);
    const { versionId } = loop.sim.rotateSecret('docdb', { fails: 'before' });
    rotate();
    await loop.run(2 * MINUTE);
    act(loop, 'UpdateSecretVersionStage', {
      SecretId: docdb.arn,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: versionId,
    });
    await loop.run();
    expect(redeployed(loop)).toEqual(['reg']);
  });

  test('after an hour the service is redeployed with a warning', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('reg', [docdb.arn]);
    loop.sim.rotateSecret('docdb', { fails: 'before' });
    loop.clock.advance(20 * MINUTE);
    rotate();
    await loop.run(39 * MINUTE);
    expect(redeployed(loop)).toEqual([]);
    await loop.run();
    expect(redeployed(loop)).toEqual(['reg']);
    expect(loop.told('service.redeployed')).toMatchObject([
      { level: 'WARN', obstacles: [{ problem: 'rotation-unfinished', arn: docdb.arn }] },
    ]);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 1, left: 0 }]);
  });

  test('a rotation that failed hours ago is a warning from the start', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('reg', [docdb.arn]);
    loop.sim.rotateSecret('docdb', { fails: 'before' });
    loop.clock.advance(3 * HOUR);
    rotate();
    await loop.run(5 * SECOND);
    expect(redeployed(loop)).toEqual(['reg']);
    expect(loop.told('service.redeployed')).toMatchObject([
      { obstacles: [{ problem: 'rotation-unfinished' }] },
    ]);
  });

  test('AWSPENDING at the version that is AWSCURRENT is a rotation that has ended', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('reg', [docdb.arn]);
    const { versionId } = loop.sim.rotateSecret('docdb');
    act(loop, 'UpdateSecretVersionStage', {
      SecretId: docdb.arn,
      VersionStage: 'AWSPENDING',
      MoveToVersionId: versionId,
    });
    rotate();
    await loop.run(5 * SECOND);
    expect(redeployed(loop)).toEqual(['reg']);
  });

  test('AWSPENDING at a secret that is not rotated means nothing', async () => {
    const { loop, make, rotate } = await scene();
    const { arn } = loop.sim.world.secret({ name: 'by-hand' });
    make('reg', [arn]);
    act(loop, 'PutSecretValue', { SecretId: arn, SecretString: 'x', VersionStages: ['AWSPENDING'] });
    rotate();
    await loop.run(5 * SECOND);
    expect(redeployed(loop)).toEqual(['reg']);
  });

  test('of a secret that the application reads by itself, as its `also` tag says, too', async () => {
    const { loop, make, rotate } = await scene();
    make('reg', [], { tags: { 'secret-redeploy:also': 'docdb' } });
    loop.sim.rotateSecret('docdb', { fails: 'before' });
    rotate();
    await loop.run(10 * MINUTE);
    expect(redeployed(loop)).toEqual([]);
    expect(told(loop, 'service.waiting')).toEqual(['reg rotation-unfinished']);
  });
});

describe('waves:', () => {
  const later: Spec = { tags: { 'secret-redeploy:wave': '1' } };

  test('a canary that waits for a rotation holds the later wave', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('canary', [docdb.arn]);
    make('later', [], later);
    const rotation = loop.sim.prepareRotation('docdb');
    rotation.begin();
    rotation.createSecret();
    rotate();
    await loop.run(10 * MINUTE);
    expect(redeployed(loop)).toEqual([]);
    expect(told(loop, 'service.waiting').toSorted()).toEqual([
      'canary rotation-unfinished',
      'later earlier-wave',
    ]);
    rotation.finishSecret();
    await loop.run();
    expect(redeployed(loop)).toEqual(['canary', 'later']);
  });

  test('a canary without a reference that it needs holds the later wave for the minute of doubt alone', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('canary', [docdb.arn]);
    make('later', [], later);
    forget(loop, 'docdb');
    rotate();
    await loop.run(50 * SECOND);
    expect(redeployed(loop)).toEqual([]);
    await loop.run();
    expect(redeployed(loop)).toEqual(['later']);
    expect(told(loop, 'service.skipped')).toEqual(['canary reference-gone']);
  });

  test('a service in doubt holds no other service of its own wave', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('one', [docdb.arn], later);
    make('two', [], later);
    forget(loop, 'docdb');
    rotate();
    await loop.run(5 * SECOND);
    expect(redeployed(loop)).toEqual(['two']);
  });

  test('a later wave is asked about when it opens, and not before', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('canary', []);
    make('later', [docdb.arn], later);
    loop.sim.rotateSecret('docdb', { fails: 'before' });
    rotate();
    await loop.run(10 * MINUTE);
    expect(redeployed(loop)).toEqual(['canary']);
    expect(told(loop, 'service.waiting')).toEqual(['later earlier-wave', 'later rotation-unfinished']);
  });
});

describe('what AWS does not answer stops no redeploy:', () => {
  const isOther = ({ SecretId }: Readonly<Record<string, unknown>>) => String(SecretId).includes('docdb');

  test.each(['access-denied', 'client-error', 'server-error', 'throttle'] as const)(
    'DescribeSecret of the other secret ends in %s',
    async (kind) => {
      const { loop, docdb, make, rotate } = await scene();
      make('reg', [docdb.arn]);
      loop.sim.faults.add({ operation: 'DescribeSecret', kind, match: isOther, times: Infinity });
      rotate();
      await loop.run();
      expect(redeployed(loop)).toEqual(['reg']);
      expect(loop.told('change.settled')).toMatchObject([{ redeployed: 1, left: 0 }]);
    },
  );

  test.each(['access-denied', 'client-error', 'throttle'] as const)(
    'DescribeParameters ends in %s',
    async (kind) => {
      const { loop, make, rotate } = await scene();
      make('reg', ['/app/one', '/app/two']);
      loop.sim.faults.add({ operation: 'DescribeParameters', kind, times: Infinity });
      rotate();
      await loop.run();
      expect(redeployed(loop)).toEqual(['reg']);
      expect(loop.told('change.settled')).toMatchObject([{ redeployed: 1, left: 0 }]);
    },
  );

  test('a second look without an answer does not believe the first one', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('reg', [docdb.arn]);
    forget(loop, 'docdb');
    rotate();
    await loop.run(5 * SECOND);
    loop.sim.faults.add({
      operation: 'DescribeSecret',
      kind: 'access-denied',
      match: isOther,
      times: Infinity,
    });
    await loop.run();
    expect(redeployed(loop)).toEqual(['reg']);
  });
});

describe('the calls:', () => {
  test('each secret is asked about once for all services, and fifty parameters with one call', async () => {
    const { loop, docdb, make, rotate } = await scene();
    const names = Array.from({ length: 60 }, (_, i) => `/app/${i}`);
    for (const name of names) loop.sim.world.parameter({ name });
    for (let i = 0; i < 20; i++) make(`api-${i}`, [docdb.arn, ...names.slice(i, i + 41)]);
    rotate();
    await loop.run(5 * SECOND);
    expect(redeployed(loop)).toHaveLength(20);
    expect(loop.sim.ledger.count('secretsmanager', 'DescribeSecret')).toBe(2);
    expect(loop.sim.ledger.count('ssm', 'DescribeParameters')).toBe(2);
  });

  test('a service that refers to nothing else costs no call', async () => {
    const { loop, redis, make, rotate } = await scene();
    make('reg', [`${redis.arn}:password::`, redis.partialArn]);
    rotate();
    await loop.run(5 * SECOND);
    expect(redeployed(loop)).toEqual(['reg']);
    expect(loop.sim.ledger.count('secretsmanager', 'DescribeSecret')).toBe(1);
  });

  test('two changes of one service in one batch are not asked about as needs of each other', async () => {
    const { loop, docdb, make, rotate } = await scene();
    make('reg', [docdb.arn]);
    loop.send(currentMoved(loop.sim, 'docdb'));
    rotate();
    await loop.run(5 * SECOND);
    expect(redeployed(loop)).toEqual(['reg']);
    expect(loop.sim.ledger.count('secretsmanager', 'DescribeSecret')).toBe(2);
  });
});

describe('a redeploy before everything is read', () => {
  test('does not start tasks that cannot start either', async () => {
    const bucket = { env: { SNAPSHOT_BUCKET: 'hints', AWS_ENDPOINT_URL: 'set' } };
    const { loop, docdb, make, rotate } = await scene(bucket);
    loop.sim.world.bucket('hints');
    for (let i = 0; i < 60; i++) loop.sim.world.service({ name: `other-${i}`, secrets: ['/app/other'] });
    make('broken', [docdb.arn]);
    make('well', []);
    rotate();
    await loop.run();
    expect(redeployed(loop).toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      'broken',
      'well',
    ]);
    forget(loop, 'docdb');
    loop.restart();
    loop.clock.advance(HOUR);
    loop.sim.ledger.clearCalls();
    rotate();
    await loop.run();
    const calls = loop.sim.ledger.calls.map(({ operation }) => operation);
    expect(calls.indexOf('UpdateService')).toBeLessThan(calls.indexOf('ListClusters'));
    expect(redeployed(loop)).toEqual(['well']);
    expect(told(loop, 'service.skipped')).toEqual(['broken reference-gone']);
  });
});

describe('by hand', () => {
  const isReport = schema('report');
  type Answer = { readonly decisions: readonly Readonly<Record<string, unknown>>[] };

  async function ask({ clock, queueUrl }: Loop, request: object): Promise<Answer> {
    const sleep = (ms: number) => Promise.resolve(clock.advance(ms));
    const config = readConfig([], { ...QUICK, CHANGE_QUEUE_URL: queueUrl });
    actAs('on-request');
    try {
      const answer = await connectedHandler(config, onRequest, { now: clock.now, sleep })(request);
      expect(isReport(answer) ? [] : isReport.errors).toEqual([]);
      return answer as Answer;
    } finally {
      actAs('on-change');
    }
  }

  test.each([
    ['a service', { services: ['main/reg'] }],
    ['a secret', { secret: 'redis', force: true, at: 'NOW' }],
  ])('%s that lacks a reference is redeployed, with the warning in the answer', async (_, target) => {
    const { loop, docdb, make } = await scene();
    make('reg', [docdb.arn]);
    forget(loop, 'docdb');
    const at = new Date(loop.clock.now()).toISOString();
    const request = { action: 'redeploy', ...target, ...('at' in target && { at }) };
    const { decisions } = await ask(loop, request);
    expect(decisions).toMatchObject([
      { action: 'redeploy', obstacles: [{ problem: 'not-found', arn: docdb.arn, valueFrom: docdb.arn }] },
    ]);
    expect(redeployed(loop)).toEqual(['reg']);
  });

  test('what a request could not finish is redeployed by its follow-up, too', async () => {
    const { loop, docdb, make } = await scene();
    make('canary', []);
    make('reg', [docdb.arn], { tags: { 'secret-redeploy:wave': '1' } });
    loop.sim.rotateSecret('redis');
    loop.clock.advance(MINUTE);
    loop.sim.rotateSecret('docdb', { fails: 'before' });
    await ask(loop, { action: 'redeploy', secret: 'redis' });
    await loop.run();
    expect(redeployed(loop)).toEqual(['canary', 'reg']);
    expect(loop.told('service.redeployed')[1]).toMatchObject({
      obstacles: [{ problem: 'rotation-unfinished' }],
    });
  });

  test('plan shows what would be an interruption, and so does the record of the redeploy', async () => {
    const { loop, make } = await scene();
    make('single', []);
    make('double', [], { desired: 2, minimumHealthyPercent: 50 });
    const { decisions } = await ask(loop, {
      action: 'plan',
      secret: 'redis',
      force: true,
      at: new Date(loop.clock.now()).toISOString(),
    });
    const interrupting = decisions.filter(({ interrupts }) => interrupts === true);
    expect(interrupting.map(({ service }) => nameOf(service))).toEqual(['single']);
    loop.send(currentMoved(loop.sim, 'redis'));
    await loop.run();
    const records = loop.told('service.redeployed').filter(({ interrupts }) => interrupts === true);
    expect(records.map(({ service }) => nameOf(service))).toEqual(['single']);
  });
});

test('where nothing is to be redeployed, nothing is asked, and no time is set aside for it', async () => {
  const timeout = vi.spyOn(AbortSignal, 'timeout');
  const { run, did } = fakeRun({}, { remainingMs: () => 900_000 });
  expect(await readObstacles([], { revisions: new Map() }, [], run)).toEqual(new Map());
  expect(did).toEqual([]);
  expect(timeout).not.toHaveBeenCalled();
});
