import { describe, expect, it } from 'vitest';
import { ask } from '../support/asking.ts';
import { currentMoved, type Loop, startLoop } from '../support/loop.ts';
import { metricIn, sweepOnce } from '../support/sweeper.ts';
import { passTimeWhenStuck } from '../support/time-limits.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HEAL = { env: { SWEEP: 'heal' } };

/** A fleet that has run for a week. No event reports what happens after it. */
function weekOld(loop: Loop) {
  const { world } = loop.sim;
  const now = loop.clock.now();
  const old = { createdAt: now - 30 * DAY, lastChangedAt: now - 30 * DAY };
  const versions = [{ labels: ['AWSCURRENT'], createdAt: now - 30 * DAY }];
  const secret = (name: string) => world.secret({ name, ...old, versions });
  const service = (name: string, secrets: readonly string[], more: object = {}) =>
    world.service({ name, secrets, startedAt: now - 7 * DAY, ...more });
  const putParameter = (name: string) =>
    loop.sim.act('ssm', 'PutParameter', { Name: name, Value: 'x', Overwrite: true });
  return {
    secret,
    service,
    putParameter,
    parameter: (name: string) => world.parameter({ name, modifiedAt: now - 30 * DAY }),
  };
}

const act = (loop: Loop, operation: string, input: Record<string, unknown>) =>
  loop.sim.act('secretsmanager', operation, input);

/** The calls about a cluster. */
const inCluster =
  (name: string) =>
  ({ cluster }: Readonly<Record<string, unknown>>) =>
    String(cluster).endsWith(`/${name}`);

describe('if every event of a day is suppressed,', () => {
  it('the sweep names every stale service and heals those stale for certain, and the next sweep finds none', async () => {
    const loop = await startLoop();
    const { secret, service, parameter, putParameter } = weekOld(loop);
    const db = secret('prod/db');
    const api = secret('prod/api');
    const rolledBack = secret('prod/rolled-back');
    const key = parameter('/app/key');
    parameter('/app/quiet');
    for (let i = 0; i < 60; i++) {
      const uses = [db.arn, api.partialArn, key.arn, '/app/quiet', rolledBack.arn];
      service(`s${i}`, [uses[i % 5] ?? ''], { cluster: `c${i % 3}` });
    }
    loop.clock.advance(HOUR);
    loop.sim.rotateSecret(db.arn);
    loop.clock.advance(HOUR);
    act(loop, 'PutSecretValue', { SecretId: api.arn, SecretString: 'new' });
    putParameter('/app/key');
    act(loop, 'UpdateSecret', { SecretId: rolledBack.arn, Description: 'edited' });
    loop.clock.advance(22 * HOUR);

    const first = await sweepOnce(loop, HEAL);
    expect(first.done).toMatchObject({
      matched: 60,
      staleForCertain: 36,
      possiblyStale: 12,
      fresh: 12,
      healed: 36,
      missing: 0,
      complete: true,
    });
    expect(first.told.filter((line) => line.startsWith('service.waiting'))).toHaveLength(36);
    expect(first.told.filter((line) => line.endsWith('possibly-stale'))).toHaveLength(12);
    expect(loop.sim.ledger.deployments.filter(({ by }) => by !== 'world')).toEqual([]);

    await loop.run();
    for (const arn of [db.arn, api.arn, key.arn]) expect(loop.sim.staleTasks(arn)).toEqual([]);
    expect(loop.told('service.redeployed')).toHaveLength(36);
    expect(
      loop
        .told('change.settled')
        .map(({ changeId }) => String(changeId))
        .sort(),
    ).toEqual([db.arn, api.arn, key.arn].map((arn) => `${first.id}:${arn}`).sort());

    const second = await sweepOnce(loop, HEAL);
    expect(second.done).toMatchObject({ staleForCertain: 0, possiblyStale: 12, healed: 0 });
    expect(metricIn(second.records, 'StaleServices')).toEqual([0]);
    expect(metricIn(second.records, 'MissingResources')).toEqual([0]);
    expect(await loop.run()).toBe(0);
  });
});

describe('without a new version', () => {
  it('an edit that moves no label makes no service stale for certain', async () => {
    const loop = await startLoop();
    const { secret, service, parameter } = weekOld(loop);
    const edited = secret('edited');
    const tagged = secret('tagged');
    parameter('/tagged');
    service('a', [edited.arn]);
    service('b', [tagged.arn]);
    service('c', ['/tagged']);
    act(loop, 'UpdateSecret', { SecretId: edited.arn, Description: 'new words' });
    act(loop, 'TagResource', { SecretId: tagged.arn, Tags: [{ Key: 'team', Value: 'red' }] });
    loop.sim.act('ssm', 'AddTagsToResource', {
      ResourceType: 'Parameter',
      ResourceId: '/tagged',
      Tags: [{ Key: 'team', Value: 'red' }],
    });
    loop.clock.advance(DAY);
    const { done, told } = await sweepOnce(loop, HEAL);
    expect(told).toEqual(['service.skipped a possibly-stale', 'service.skipped b possibly-stale']);
    expect(done).toMatchObject({ staleForCertain: 0, possiblyStale: 2, fresh: 1, healed: 0 });
    expect(await loop.run()).toBe(0);
  });

  it('a label that is moved back, which leaves no other trace, makes no service stale for certain', async () => {
    const loop = await startLoop();
    const { service } = weekOld(loop);
    const now = loop.clock.now();
    const versions = [
      { id: 'first-version-0123456789012345678', labels: ['AWSPREVIOUS'], createdAt: now - 60 * DAY },
      { id: 'second-version-012345678901234567', labels: ['AWSCURRENT'], createdAt: now - 30 * DAY },
    ];
    const secret = loop.sim.world.secret({ name: 'back', versions, lastChangedAt: now - 30 * DAY });
    service('a', [secret.arn]);
    act(loop, 'UpdateSecretVersionStage', {
      SecretId: secret.arn,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: 'first-version-0123456789012345678',
      RemoveFromVersionId: 'second-version-012345678901234567',
    });
    loop.clock.advance(DAY);
    const { told } = await sweepOnce(loop, HEAL);
    expect(told).toEqual(['service.skipped a possibly-stale']);
    expect(loop.sim.staleTasks(secret.arn)).not.toEqual([]);
  });
});

describe('a service that is stale for certain', () => {
  async function stale(different: object = {}, ago = DAY) {
    const loop = await startLoop();
    const { secret, service } = weekOld(loop);
    const db = secret('prod/db');
    const api = service('api', [db.arn], different);
    loop.clock.advance(HOUR);
    loop.sim.rotateSecret(db.arn);
    loop.clock.advance(ago);
    return { loop, db, api };
  }

  it.each([
    [{}, 'service.skipped api report'],
    [{ SWEEP: 'heal', MODE: 'observe' }, 'service.skipped api observe'],
    [{ MODE: 'observe' }, 'service.skipped api observe'],
    [{ SWEEP: 'heal' }, 'service.waiting api healing'],
  ])('is recorded with %o as %s', async (env, line) => {
    const { loop } = await stale();
    const { done, told, records } = await sweepOnce(loop, { env });
    expect(told).toEqual([line]);
    expect(metricIn(records, 'StaleServices')).toEqual([1]);
    const isHealed = line.endsWith('healing');
    expect(done).toMatchObject({ staleForCertain: 1, healed: isHealed ? 1 : 0 });
    expect(await loop.run(0)).toBe(isHealed ? 1 : 0);
    expect(loop.told('service.redeployed')).toHaveLength(isHealed ? 1 : 0);
  });

  it('is left to the event of the change while the change is young', async () => {
    const { loop } = await stale({}, 14 * MINUTE);
    const young = await sweepOnce(loop, HEAL);
    expect(young.told).toEqual(['service.waiting api young-change']);
    expect(young.done).toMatchObject({ staleForCertain: 1, young: 1, healed: 0 });
    expect(metricIn(young.records, 'StaleServices')).toEqual([0]);
    loop.clock.advance(2 * MINUTE);
    expect((await sweepOnce(loop, HEAL)).done).toMatchObject({ young: 0, healed: 1 });
  });

  it('is found by its tasks: a service with only new tasks is fresh, and one without tasks is not stale', async () => {
    const { loop, db, api } = await stale();
    const { service } = weekOld(loop);
    service('empty', [db.arn], { desired: 0 });
    service('starting', [db.arn], { desired: 2, running: 0, pending: 0 });
    loop.sim.world.replaceTasks(api, 1);
    loop.clock.advance(HOUR);
    const { done, told } = await sweepOnce(loop, HEAL);
    expect(told).toEqual([]);
    expect(done).toMatchObject({
      staleForCertain: 0,
      possiblyStale: 0,
      fresh: 2,
      reasons: { 'no-tasks': 1 },
    });
  });

  it('counts as possibly stale if ECS lists fewer tasks than it counts', async () => {
    const { loop, db, api } = await stale({ desired: 2 });
    loop.sim.world.replaceTasks(api, 1);
    loop.clock.advance(HOUR);
    expect((await sweepOnce(loop)).told).toEqual(['service.skipped api report']);
    loop.sim.faults.add({ operation: 'ListTasks', kind: 'client-error', code: 'ClusterNotFoundException' });
    expect((await sweepOnce(loop)).told).toEqual(['service.skipped api possibly-stale']);
    expect(loop.sim.staleTasks(db.arn)).toHaveLength(1);
  });

  it.each(['CODE_DEPLOY', 'EXTERNAL'] as const)(
    'is recorded under the controller %s, too, and a fresh service is not',
    async (controller) => {
      const { loop, db } = await stale({ controller });
      loop.sim.world.service({
        name: 'new',
        secrets: [db.arn],
        startedAt: loop.clock.now() - HOUR,
        controller,
      });
      const { told, done } = await sweepOnce(loop, HEAL);
      expect(told).toEqual(['service.skipped api unsupported-controller']);
      expect(done).toMatchObject({ staleForCertain: 1, healed: 0 });
    },
  );

  it('is recorded where no task can be replaced', async () => {
    const percents = { desired: 1, minimumHealthyPercent: 100, maximumPercent: 100 };
    const { loop } = await stale(percents);
    const { told, done } = await sweepOnce(loop, HEAL);
    expect(told).toEqual(['service.skipped api cannot-replace']);
    expect(done).toMatchObject({ staleForCertain: 1, healed: 0 });
  });

  it('is left alone and counted where it is opted out', async () => {
    const { loop } = await stale({ tags: { 'secret-redeploy:enabled': 'false' } });
    const { told, done } = await sweepOnce(loop, HEAL);
    expect(told).toEqual([]);
    expect(done).toMatchObject({ staleForCertain: 0, reasons: { 'opted-out': 1 } });
  });

  it('is not healed again where a rollout has failed since', async () => {
    const { loop, api } = await stale({ rollout: { outcome: 'rollback-old-primary' } });
    await sweepOnce(loop, HEAL);
    await loop.run();
    expect(loop.sim.deploymentsOf(api.arn).length).toBeGreaterThan(1);
    const before = loop.sim.deploymentsOf(api.arn).length;
    const { told, done } = await sweepOnce(loop, HEAL);
    expect(told).toEqual(['service.skipped api rollout-failed']);
    expect(done).toMatchObject({ staleForCertain: 1, healed: 0 });
    await loop.run();
    expect(loop.sim.deploymentsOf(api.arn)).toHaveLength(before);
  });

  it('and whose rollout failed is judged by that if a person asks, whatever its tasks say', async () => {
    const { loop, api } = await stale({ rollout: { outcome: 'rollback-old-primary' } });
    await sweepOnce(loop, HEAL);
    await loop.run();
    loop.sim.world.replaceTasks(api, 1);
    loop.clock.advance(HOUR);
    expect((await sweepOnce(loop, HEAL)).done).toMatchObject({ fresh: 1 });
    expect(await ask(loop, { action: 'stale', secret: 'prod/db' })).toMatchObject({
      decisions: [{ reason: 'rollout-failed' }],
      stale: { certain: [], possibly: [{ service: api.arn }] },
    });
  });

  it('is healed wave by wave', async () => {
    const { loop, db } = await stale({ tags: { 'secret-redeploy:wave': '1' } });
    const { service } = weekOld(loop);
    service('canary', [db.arn]);
    await sweepOnce(loop, HEAL);
    await loop.run();
    const [canary, api] = loop.told('service.redeployed');
    expect([canary, api].map((record) => String(record?.['service']).split('/').at(-1))).toEqual([
      'canary',
      'api',
    ]);
    const { finishedAt = Infinity } = loop.sim.deploymentsOf(String(canary?.['service'])).at(-1) ?? {};
    const { createdAt = 0 } = loop.sim.deploymentsOf(String(api?.['service'])).at(-1) ?? {};
    expect(createdAt).toBeGreaterThanOrEqual(finishedAt);
  });

  it('waits for a rollout of an earlier wave that is still under way', async () => {
    const { loop, db } = await stale({ tags: { 'secret-redeploy:wave': '1' } });
    const { service } = weekOld(loop);
    const canary = service('canary', [db.arn]);
    loop.sim.world.deploy(canary);
    const { told } = await sweepOnce(loop, HEAL);
    expect(told).toEqual(['service.waiting api healing', 'service.waiting canary rolling-out']);
    await loop.run();
    expect(loop.told('service.redeployed')).toHaveLength(1);
    const { finishedAt = Infinity } = loop.sim.deploymentsOf(canary.arn).at(-1) ?? {};
    const api = String(loop.told('service.redeployed')[0]?.['service']);
    expect(loop.sim.deploymentsOf(api).at(-1)?.createdAt).toBeGreaterThanOrEqual(finishedAt);
  });

  it('is not put on the queue where more services are stale than one sweep may redeploy', async () => {
    const { loop } = await stale();
    const { secret, service } = weekOld(loop);
    const other = secret('other');
    service('web', [other.arn]);
    loop.sim.rotateSecret(other.arn);
    loop.clock.advance(HOUR);
    const capped = await sweepOnce(loop, { env: { SWEEP: 'heal', MAX_SERVICES: '1' } });
    expect(capped.told).toEqual(['service.skipped api over-cap', 'service.skipped web over-cap']);
    expect(capped.done.healed).toBe(0);
    expect(await loop.run(0)).toBe(0);
    const within = await sweepOnce(loop, { env: { SWEEP: 'heal', MAX_SERVICES: '2' } });
    expect(within.done.healed).toBe(2);
  });

  it('is found again by the next sweep if the queue did not accept the message', async () => {
    const { loop } = await stale();
    const withdraw = loop.sim.faults.add({
      operation: 'SendMessage',
      kind: 'access-denied',
      times: Infinity,
    });
    await expect(sweepOnce(loop, HEAL)).rejects.toMatchObject({
      name: 'NotSent',
      message: 'changes that could not be put on the queue: 1; the next sweep finds them again',
    });
    expect(loop.told('service.waiting')).toMatchObject([{ reason: 'not-sent' }]);
    expect(loop.told('sweep.done')).toMatchObject([{ staleForCertain: 1, healed: 0 }]);
    withdraw();
    expect((await sweepOnce(loop, HEAL)).done.healed).toBe(1);
  });
});

describe('a secret or parameter that is gone', () => {
  it('is recorded before a task needs it, with exactly the services that refer to it', async () => {
    const loop = await startLoop();
    const { secret, service, parameter } = weekOld(loop);
    const scheduled = secret('scheduled');
    const deleted = secret('deleted');
    const expired = parameter('/expired');
    service('a', [scheduled.partialArn]);
    service('b', [deleted.arn]);
    service('c', ['/expired', 'never-was']);
    service('also', [], { tags: { 'secret-redeploy:also': 'mistyped' } });
    service('well', [secret('well').arn]);
    act(loop, 'DeleteSecret', { SecretId: scheduled.arn });
    act(loop, 'DeleteSecret', { SecretId: deleted.arn, ForceDeleteWithoutRecovery: true });
    loop.sim.act('ssm', 'DeleteParameter', { Name: '/expired' });
    loop.clock.advance(HOUR);
    const { id, done, told, records } = await sweepOnce(loop);
    const notices = loop.told('change.notice');
    expect(
      notices.map(({ changeId, arn, notice, services }) => ({ changeId, arn, notice, services })),
    ).toEqual(
      [
        { arn: scheduled.arn, notice: 'scheduled-for-deletion', services: [named('a')] },
        { arn: deleted.arn, notice: 'not-found', services: [named('b')] },
        { arn: expired.arn, notice: 'not-found', services: [named('c')] },
        { arn: expired.arn.replace('expired', 'never-was'), notice: 'not-found', services: [named('c')] },
      ].map((one) => ({ changeId: `${id}:${one.arn}`, ...one })),
    );
    expect(told).toEqual(['a', 'b', 'c'].map((name) => `service.skipped ${name} secret-gone`));
    expect(done).toMatchObject({ missing: 4, complete: true, reasons: { 'secret-gone': 3 } });
    expect(metricIn(records, 'MissingResources')).toEqual([4]);
    const ofA = records.find(({ event, service }) => event === 'service.skipped' && service === named('a'));
    expect(ofA).toMatchObject({ changeId: `${id}:${scheduled.arn}`, arn: scheduled.arn });

    function named(name: string) {
      return `arn:aws:ecs:${loop.sim.region}:${loop.sim.account}:service/main/${name}`;
    }
  });

  it('may have been created again, and then only the full ARN of the old one leads nowhere', async () => {
    const loop = await startLoop();
    const { secret, service } = weekOld(loop);
    const old = secret('db');
    service('full', [old.arn]);
    service('partial', [old.partialArn]);
    act(loop, 'DeleteSecret', { SecretId: old.arn, ForceDeleteWithoutRecovery: true });
    loop.clock.advance(MINUTE);
    act(loop, 'CreateSecret', { Name: 'db', SecretString: 'x' });
    loop.clock.advance(HOUR);
    const { told } = await sweepOnce(loop);
    expect(told).toEqual(['service.skipped full secret-gone', 'service.skipped partial report']);
    expect(loop.told('change.notice')).toMatchObject([{ arn: old.arn, servicesTotal: 1 }]);
  });

  it('is not checked where it is in another account or Region or belongs to AWS', async () => {
    const loop = await startLoop();
    const { service } = weekOld(loop);
    service('a', [
      'arn:aws:secretsmanager:us-east-1:111122223333:secret:there-AbCdEf',
      'arn:aws:ssm:eu-west-1:999988887777:parameter/theirs',
      '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
    ]);
    const { done, told } = await sweepOnce(loop);
    expect(told).toEqual([]);
    expect(done).toMatchObject({ unchecked: 3, missing: 0, complete: true });
    expect(loop.sim.ledger.count('ssm', 'DescribeParameters')).toBe(0);
  });
});

describe('the quotas', () => {
  it('are spent only on calls that can matter', async () => {
    const loop = await startLoop();
    const { secret, service, parameter } = weekOld(loop);
    const names = Array.from({ length: 60 }, (_, i) => `/app/p${i}`);
    for (const name of names) parameter(name);
    for (let i = 0; i < 110; i++) secret(`unused-${i}`);
    const quiet = secret('quiet');
    const moved = secret('moved');
    service('a', [quiet.arn, ...names]);
    service('b', [moved.arn]);
    loop.sim.rotateSecret(moved.arn);
    loop.clock.advance(DAY);
    loop.sim.ledger.clearCalls();
    await sweepOnce(loop);
    const count = (operation: string) =>
      loop.sim.ledger.calls.filter((call) => call.operation === operation).length;
    expect(count('ListSecrets')).toBe(2);
    expect(count('DescribeSecret')).toBe(0);
    expect(count('ListSecretVersionIds')).toBe(1);
    expect(count('DescribeParameters')).toBe(2);
    expect(count('ListTasks')).toBe(1);
    expect(count('UpdateService')).toBe(0);
  });

  it('of service deployments are not spent again and again on changes of long ago', async () => {
    const loop = await startLoop();
    const { secret, service } = weekOld(loop);
    const db = secret('db');
    for (const name of ['a', 'b', 'c']) service(name, [db.arn], { startedAt: loop.clock.now() - DAY });
    await sweepOnce(loop);
    expect(loop.sim.ledger.count('ecs', 'ListServiceDeployments')).toBe(0);
  });

  it('that are used up slow a sweep down and do not make it fail', async () => {
    const loop = await startLoop();
    const { secret, service, parameter } = weekOld(loop);
    const db = secret('db');
    parameter('/key');
    service('a', [db.arn, '/key']);
    loop.sim.rotateSecret(db.arn);
    loop.clock.advance(DAY);
    // Six throttled calls are the five attempts of the SDK and one more.
    loop.sim.faults.add({ operation: 'ListSecrets', kind: 'throttle', times: 6 });
    loop.sim.faults.add({ operation: 'ListSecretVersionIds', kind: 'throttle' });
    loop.sim.faults.add({ operation: 'DescribeParameters', kind: 'throttle', times: 7 });
    expect((await sweepOnce(loop)).told).toEqual(['service.skipped a report']);
  });
});

describe('a sweep without a permission', () => {
  async function rotatedFleet() {
    const loop = await startLoop();
    const { secret, service, parameter } = weekOld(loop);
    const [db, api] = [secret('db'), secret('api')];
    parameter('/key');
    service('a', [db.arn, '/key']);
    service('b', [api.arn]);
    for (const { arn } of [db, api]) loop.sim.rotateSecret(arn);
    loop.clock.advance(DAY);
    return { loop, db, api };
  }

  it.each(['ListSecrets', 'DescribeParameters', 'ListClusters', 'DescribeServices'])(
    'fails and names the call that it could not make: %s',
    async (operation) => {
      const { loop } = await rotatedFleet();
      loop.sim.faults.add({ operation, kind: 'access-denied', times: Infinity });
      await expect(sweepOnce(loop, HEAL)).rejects.toThrow(/cannot .*AccessDenied/);
      expect(loop.told('sweep.done')).toEqual([]);
      expect(await loop.run(0)).toBe(0);
    },
  );

  it('for one secret, whose own policy denies the call, checks all others', async () => {
    const { loop, db } = await rotatedFleet();
    loop.sim.faults.add({
      operation: 'ListSecretVersionIds',
      kind: 'access-denied',
      match: ({ SecretId }) => SecretId === db.arn,
      times: Infinity,
    });
    const { done, told } = await sweepOnce(loop);
    expect(told).toEqual(['service.skipped b report']);
    expect(done).toMatchObject({ unchecked: 1, staleForCertain: 1, complete: false });
    expect(loop.told('sweep.done')).toMatchObject([{ refused: [{ arn: db.arn }] }]);
  });

  it('for the tasks of a cluster names the services whose age is not known, and is not complete', async () => {
    const { loop } = await rotatedFleet();
    loop.sim.faults.add({ operation: 'ListTasks', kind: 'access-denied', times: Infinity });
    const { done } = await sweepOnce(loop);
    expect(done).toMatchObject({ staleForCertain: 0, complete: false });
    const unreadable = ['a', 'b'].map((name) => ({
      service: expect.stringMatching(`/${name}$`),
      why: expect.stringContaining('ecs:ListTasks'),
    }));
    expect(loop.told('sweep.done')).toMatchObject([{ unreadable }]);
  });

  it('for secrets does not keep a question about a parameter from its answer', async () => {
    const { loop } = await rotatedFleet();
    loop.sim.faults.add({ operation: 'ListSecrets', kind: 'access-denied', times: Infinity });
    expect(await ask(loop, { action: 'stale', parameter: '/key' })).toMatchObject({
      changes: [{ kind: 'parameter' }],
      decisions: [{ service: expect.stringMatching(/a$/), reason: 'already-fresh' }],
      complete: true,
    });
  });
});

describe('a sweep that may not describe a secret of another account', () => {
  it('says of no service that it is fresh for what an event told, and lets alarms recover', async () => {
    const theirs = { account: '222233334444' };
    const snapshot = { SNAPSHOT_BUCKET: 'fleet', AWS_ENDPOINT_URL: 'set' };
    const loop = await startLoop({ env: snapshot, trusts: [theirs.account] });
    loop.sim.world.bucket({ name: 'fleet' });
    const { secret, service } = weekOld(loop);
    const { arn } = loop.sim.world.secret({ name: 'theirs', place: theirs });
    service('a', [arn]);
    service('b', [secret('ours').arn]);
    loop.sim.faults.add({
      operation: 'DescribeSecret',
      kind: 'access-denied',
      match: ({ SecretId }) => SecretId === arn,
      times: Infinity,
    });
    loop.forward(currentMoved(loop.sim, arn));
    await loop.run();
    expect(loop.told('service.redeployed')).toHaveLength(1);
    loop.clock.advance(HOUR);
    const { done, records } = await sweepOnce(loop, { env: snapshot });
    expect(done).toMatchObject({ matched: 1, fresh: 1, unchecked: 1, complete: false });
    expect(metricIn(records, 'StaleServices')).toEqual([0]);
  });
});

describe('a sweep to which AWS refuses an answer', () => {
  it('about parameters is not complete, and lets no alarm recover', async () => {
    const loop = await startLoop();
    const { service, parameter } = weekOld(loop);
    parameter('/app/key');
    service('a', ['/app/key']);
    loop.sim.faults.add({ operation: 'DescribeParameters', kind: 'client-error', times: Infinity });
    const { done, records } = await sweepOnce(loop);
    expect(done).toMatchObject({ complete: false, unchecked: 1, staleForCertain: 0 });
    expect(metricIn(records, 'StaleServices')).toEqual([]);
  });

  it('about tasks beside a cluster that it had no time for lets no alarm recover', async () => {
    const loop = await startLoop();
    const { secret, service } = weekOld(loop);
    const db = secret('db');
    for (const cluster of ['c1', 'c2']) service(`of-${cluster}`, [db.arn], { cluster });
    loop.sim.rotateSecret(db.arn);
    loop.clock.advance(DAY);
    const times = Infinity;
    loop.sim.faults.add({ operation: 'ListServices', kind: 'hang', match: inCluster('c2'), times });
    loop.sim.faults.add({ operation: 'ListTasks', kind: 'client-error', match: inCluster('c1'), times });
    passTimeWhenStuck(loop.sim);
    const { done, records } = await sweepOnce(loop, { remainingMs: 270_000 });
    expect(done).toMatchObject({ complete: false, matched: 1 });
    expect(metricIn(records, 'StaleServices')).toEqual([]);
  });
});

describe('a sweep without enough time', () => {
  it('does what it can, names the clusters that are left, and lets no alarm recover', async () => {
    const loop = await startLoop();
    const { secret, service } = weekOld(loop);
    const db = secret('db');
    for (const cluster of ['c1', 'c2', 'c3']) service(`of-${cluster}`, [db.arn], { cluster });
    loop.clock.advance(HOUR);
    loop.sim.faults.add({
      operation: 'ListServices',
      kind: 'hang',
      match: inCluster('c2'),
      times: Infinity,
    });
    passTimeWhenStuck(loop.sim);
    const { done, records } = await sweepOnce(loop, { remainingMs: 270_000 });
    expect(done).toMatchObject({ complete: false, matched: 2, staleForCertain: 0 });
    expect(loop.told('sweep.done')).toMatchObject([{ left: [{ cluster: 'c2' }], leftTotal: 1 }]);
    expect(metricIn(records, 'StaleServices')).toEqual([]);
    expect(metricIn(records, 'MissingResources')).toEqual([]);
  });

  it('is not complete, and names what ECS refused to list beside what it had no time for', async () => {
    const loop = await startLoop();
    const { secret, service } = weekOld(loop);
    const db = secret('prod/db');
    for (const cluster of ['c1', 'c2', 'c3']) service(`of-${cluster}`, [db.arn], { cluster });
    const [operation, times] = ['ListServices', Infinity];
    loop.sim.faults.add({ operation, kind: 'hang', match: inCluster('c2'), times });
    loop.sim.faults.add({ operation, kind: 'access-denied', match: inCluster('c3'), times });
    passTimeWhenStuck(loop.sim);
    const { done, records } = await sweepOnce(loop, { remainingMs: 270_000 });
    expect(done).toMatchObject({ complete: false, matched: 1 });
    expect(loop.told('sweep.done')).toMatchObject([
      { left: [{ cluster: 'c2' }, { cluster: 'c3' }], unreadable: [{ cluster: 'c3' }] },
    ]);
    expect(metricIn(records, 'StaleServices')).toEqual([]);
  });

  it('leaves out a cluster if there was no time to ask for its tasks', async () => {
    const loop = await startLoop();
    const { secret, service } = weekOld(loop);
    const db = secret('db');
    for (const cluster of ['c1', 'c2', 'c3']) service(`of-${cluster}`, [db.arn], { cluster });
    loop.sim.rotateSecret(db.arn);
    loop.clock.advance(DAY);
    loop.sim.faults.add({
      operation: 'ListTasks',
      kind: 'hang',
      match: inCluster('c2'),
      times: Infinity,
    });
    passTimeWhenStuck(loop.sim);
    const { done, told, records } = await sweepOnce(loop, { remainingMs: 270_000 });
    expect(told).toEqual(['service.skipped of-c1 report', 'service.skipped of-c3 report']);
    expect(done).toMatchObject({ complete: false, matched: 2, staleForCertain: 2 });
    expect(metricIn(records, 'StaleServices')).toEqual([2]);
  });
});
