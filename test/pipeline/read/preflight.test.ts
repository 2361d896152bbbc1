import { describe, expect, test } from 'vitest';
import { onRequest } from '../../../functions/on-request.ts';
import { readConfig } from '../../../functions/runtime/config.ts';
import { connectedHandler } from '../../../functions/runtime/handler.ts';
import type { Statement } from '../../simulator/iam/policy.ts';
import { actAs, currentMoved, type Loop, QUICK, redeploys, startLoop } from '../../support/loop.ts';
import { schema } from '../../support/schemas.ts';
import { sweepOnce } from '../../support/sweeper.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GET = 'secretsmanager:GetSecretValue';
const ALLOWED: Statement = { Effect: 'Allow', Action: GET, Resource: '*' };

type Spec = Parameters<Loop['sim']['world']['service']>[0];

/** Services of the secret `db`, each with a role of its own that may read it or not. */
async function scene(mode: string, options: Parameters<typeof startLoop>[0] = {}) {
  const loop = await startLoop({ ...options, env: { PREFLIGHT: mode, ...options.env } });
  const { world } = loop.sim;
  const db = world.secret({ name: 'db' });
  const make = (name: string, statements: readonly Statement[] | 'no-role', spec: Spec = {}) => {
    const gone = `arn:aws:iam::${loop.sim.account}:role/${name}-gone`;
    const executionRole = statements === 'no-role' ? gone : world.role({ name, inline: statements }).arn;
    return world.service({
      name,
      secrets: [db.arn],
      startedAt: loop.clock.now() - DAY,
      executionRole,
      ...spec,
    });
  };
  return { loop, db, make, rotate: () => loop.send(currentMoved(loop.sim, 'db')) };
}

const nameOf = (service: unknown) => String(service).split('/').at(-1);
const redeployed = (loop: Loop) => redeploys(loop).map(({ input }) => nameOf(input['service']));
const iamCalls = (loop: Loop) =>
  loop.sim.ledger.calls.filter(
    ({ service, operation }) => service === 'iam' || operation === 'GetResourcePolicy',
  );

describe('PREFLIGHT=off', () => {
  test('asks nothing and redeploys what cannot start', async () => {
    const { loop, make, rotate } = await scene('off');
    make('denied', []);
    rotate();
    await loop.run();
    expect(redeployed(loop)).toEqual(['denied']);
    expect(iamCalls(loop)).toEqual([]);
    expect(loop.told('service.redeployed')[0]).not.toHaveProperty('access');
  });
});

describe('PREFLIGHT=warn', () => {
  test('redeploys, and the record says what is missing', async () => {
    const { loop, db, make, rotate } = await scene('warn');
    make('denied', []);
    make('fine', [ALLOWED]);
    rotate();
    await loop.run();
    expect(new Set(redeployed(loop))).toEqual(new Set(['denied', 'fine']));
    const [denied, fine] = ['denied', 'fine'].map((name) =>
      loop.told('service.redeployed').find(({ service }) => nameOf(service) === name),
    );
    expect(denied).toMatchObject({
      level: 'WARN',
      access: {
        certainty: 'cannot',
        findings: [
          {
            certainty: 'cannot',
            cause: 'implicit-deny',
            role: `arn:aws:iam::${loop.sim.account}:role/denied`,
            action: GET,
            arn: db.arn,
            deniedBy: 'identity',
            statement: { Effect: 'Allow', Action: GET, Resource: db.arn },
          },
        ],
      },
    });
    expect(fine).toMatchObject({ level: 'INFO' });
    expect(fine).not.toHaveProperty('access');
  });
});

describe('PREFLIGHT=block', () => {
  test.for<readonly [string, readonly Statement[] | 'no-role']>([
    ['nothing allows it', []],
    ['a statement denies it', [ALLOWED, { Effect: 'Deny', Action: GET, Resource: '*' }]],
    ['the role does not exist', 'no-role'],
  ])('skips a service at once where %s, and the change ends', async ([, statements]) => {
    const { loop, make, rotate } = await scene('block');
    make('denied', statements);
    make('fine', [ALLOWED]);
    rotate();
    await loop.run();
    expect(redeployed(loop)).toEqual(['fine']);
    expect(loop.told('service.skipped')).toMatchObject([
      { reason: 'cannot-read', level: 'WARN', access: { certainty: 'cannot' } },
    ]);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 1, skipped: 1, left: 1 }]);
  });

  test.for<readonly [string, readonly Statement[]]>([
    [
      'depends on a tag of the secret',
      [{ ...ALLOWED, Condition: { StringEquals: { 'aws:ResourceTag/team': 'a' } } }],
    ],
    [
      'depends on the endpoint',
      [
        ALLOWED,
        {
          Effect: 'Deny',
          Action: '*',
          Resource: '*',
          Condition: { StringNotEquals: { 'aws:SourceVpce': 'v' } },
        },
      ],
    ],
  ])('does not skip a service whose access %s', async ([, statements]) => {
    const { loop, make, rotate } = await scene('block');
    make('maybe', statements);
    rotate();
    await loop.run();
    expect(redeployed(loop)).toEqual(['maybe']);
    expect(loop.told('service.redeployed')).toMatchObject([{ access: { certainty: 'unknown' } }]);
  });

  test('does not skip what a resource policy, or an organization on a condition, may decide', async () => {
    const { loop, make, rotate } = await scene('block');
    const { arn } = loop.sim.world.secret({
      name: 'shared',
      resourcePolicy: {
        Statement: [{ Sid: 'SENTINEL', Effect: 'Allow', Principal: '*', Action: GET, Resource: '*' }],
      },
    });
    make('by-policy', [], { secrets: [arn] });
    loop.send(currentMoved(loop.sim, 'shared'));
    await loop.run();
    loop.sim.world.organization([[{ ...ALLOWED, Condition: { Null: { 'aws:SourceVpc': 'false' } } }]]);
    make('by-organization', [ALLOWED]);
    rotate();
    await loop.run();
    expect(redeployed(loop)).toEqual(['by-policy', 'by-organization']);
    expect(JSON.stringify(loop.records)).not.toContain('SENTINEL');
    expect(loop.told('service.redeployed').map(({ access }) => access)).toMatchObject([
      { certainty: 'probably-cannot' },
      { certainty: 'probably-cannot' },
    ]);
  });

  test('skips for a reference other than the one that moved', async () => {
    const { loop, db, make, rotate } = await scene('block');
    const other = loop.sim.world.parameter({ name: '/other' });
    make('two', [ALLOWED], { secrets: [db.arn, other.arn] });
    rotate();
    await loop.run();
    expect(redeployed(loop)).toEqual([]);
    expect(loop.told('service.skipped')).toMatchObject([
      { reason: 'cannot-read', access: { findings: [{ action: 'ssm:GetParameters', arn: other.arn }] } },
    ]);
  });

  test('a skipped service is stale for the sweep, and is redeployed once the permission is there', async () => {
    const { loop, make, rotate } = await scene('block');
    make('denied', []);
    rotate();
    await loop.run();
    loop.clock.advance(HOUR);
    const found = await sweepOnce(loop, { env: { SWEEP: 'heal' } });
    expect(found.done).toMatchObject({ staleForCertain: 1, healed: 1 });
    await loop.run();
    expect(loop.told('service.skipped').map(({ reason }) => reason)).toEqual(['cannot-read', 'cannot-read']);
    loop.sim.world.role({ name: 'denied', inline: [ALLOWED] });
    loop.clock.advance(HOUR);
    await sweepOnce(loop, { env: { SWEEP: 'heal' } });
    await loop.run();
    expect(redeployed(loop)).toEqual(['denied']);
    loop.clock.advance(HOUR);
    expect((await sweepOnce(loop)).done).toMatchObject({ staleForCertain: 0 });
  });

  test('what a person asks for is done, with the same warning', async () => {
    const { loop, make } = await scene('block');
    make('denied', []);
    currentMoved(loop.sim, 'db');
    actAs('on-request');
    const config = readConfig([], { PREFLIGHT: 'block', CHANGE_QUEUE_URL: loop.queueUrl, ...QUICK });
    const handle = connectedHandler(config, onRequest, {
      now: loop.clock.now,
      sleep: (ms) => Promise.resolve(loop.clock.advance(ms)),
    });
    loop.clock.advance(10_000);
    const report = await handle({ action: 'redeploy', secret: 'db' });
    const isReport = schema('report');
    expect(isReport(report), JSON.stringify(isReport.errors)).toBe(true);
    expect(report).toMatchObject({
      decisions: [{ action: 'redeploy', access: { certainty: 'cannot' } }],
      outcomes: [{ result: 'accepted' }],
    });
  });

  test('a secret that is gone is seen twice before it blocks, where old tasks would survive as well', async () => {
    const { loop, db, make, rotate } = await scene('block');
    const other = loop.sim.world.secret({ name: 'other' });
    make('needs', [ALLOWED], { secrets: [db.arn, other.arn] });
    loop.sim.act('secretsmanager', 'DeleteSecret', { SecretId: 'other' });
    rotate();
    await loop.run(50_000);
    expect(loop.told('service.waiting')).toMatchObject([{ reason: 'unreadable' }]);
    await loop.run();
    expect(loop.told('service.skipped')).toMatchObject([{ reason: 'reference-gone' }]);
    expect(redeployed(loop)).toEqual([]);
  });
});

describe('a service of one task that ECS stops before a new one runs, and a role that has lost its permission:', () => {
  const play = async (mode: string) => {
    const { loop, make, rotate } = await scene(mode, { rolesMatter: true });
    const only = { desired: 1, minimumHealthyPercent: 0, maximumPercent: 100 };
    const services = [make('only', [], only), make('gone', 'no-role', only), make('fine', [ALLOWED], only)];
    rotate();
    await loop.run(5 * MINUTE);
    const running = services.map(
      (one) => loop.sim.tasksOf(one).filter(({ startedAt, stoppedAt }) => startedAt && !stoppedAt).length,
    );
    return { running, failed: loop.told('service.failed') };
  };

  test('without the preflight its task is lost', async () => {
    const { running, failed } = await play('off');
    expect(running).toEqual([0, 0, 1]);
    expect(new Set(failed.map(({ failure }) => (failure as { class: string }).class))).toEqual(
      new Set(['denied', 'role']),
    );
  });

  test('with block it keeps the task with the old value', async () => {
    const { running, failed } = await play('block');
    expect(running).toEqual([1, 1, 1]);
    expect(failed).toEqual([]);
  });
});

describe('while IAM gives no answer,', () => {
  test('services are redeployed, and the record names the missing permission', async () => {
    const { loop, make, rotate } = await scene('block');
    make('denied', []);
    make('fine', [ALLOWED]);
    loop.sim.faults.add({ service: 'iam', operation: '*', kind: 'access-denied', times: Infinity });
    rotate();
    await loop.run();
    expect(new Set(redeployed(loop))).toEqual(new Set(['denied', 'fine']));
    const [record] = loop.told('service.redeployed');
    expect(record).toMatchObject({ level: 'INFO', access: { certainty: 'unknown' } });
    expect(JSON.stringify(record)).toContain('"missingAction":"iam:SimulatePrincipalPolicy"');
    const told = loop.records.filter(({ message }) =>
      String(message).startsWith('cannot ask whether execution roles'),
    );
    expect(told).toHaveLength(1);
  });

  test('throttled calls are repeated until it does', async () => {
    const { loop, make, rotate } = await scene('block');
    for (let i = 0; i < 20; i++) make(`s-${i}`, i % 2 === 0 ? [] : [ALLOWED]);
    loop.sim.faults.add({ service: 'iam', operation: '*', kind: 'throttle', times: 30 });
    rotate();
    await loop.run();
    expect(redeployed(loop)).toHaveLength(10);
    expect(loop.told('service.skipped')).toHaveLength(10);
  });

  test('what has no answer in a fifth of the remaining time is redeployed', async () => {
    const { loop, make, rotate } = await scene('block', {
      remainingMs: 31_000,
      latencyMs: (service) => (service === 'iam' ? 400 : 0),
    });
    make('denied', []);
    rotate();
    await loop.run();
    expect(redeployed(loop)).toEqual(['denied']);
    expect(loop.told('service.redeployed')).toMatchObject([
      { access: { findings: [{ cause: 'not-shown', why: 'AWS has not answered in time' }] } },
    ]);
  });
});

describe('the questions', () => {
  test('are asked before a redeploy that begins before everything has been read', async () => {
    const env = { SNAPSHOT_BUCKET: 'hints', AWS_ENDPOINT_URL: 'set' };
    const { loop, make, rotate } = await scene('block', { env });
    loop.sim.world.bucket('hints');
    for (let i = 0; i < 60; i++) loop.sim.world.service({ name: `other-${i}`, secrets: ['/app/other'] });
    make('denied', [ALLOWED]);
    make('fine', [ALLOWED]);
    rotate();
    await loop.run();
    loop.sim.world.role({ name: 'denied' });
    loop.restart();
    loop.clock.advance(HOUR);
    loop.sim.ledger.clearCalls();
    rotate();
    await loop.run();
    const calls = loop.sim.ledger.calls.map(({ operation }) => operation);
    expect(calls.indexOf('UpdateService')).toBeLessThan(calls.indexOf('ListClusters'));
    expect(redeployed(loop)).toEqual(['fine']);
    expect(loop.told('service.skipped')).toMatchObject([{ reason: 'cannot-read' }]);
  });

  test('are asked once for a role and a resource, and first for services that lose tasks', async () => {
    const { loop, db, rotate } = await scene('warn');
    const { world } = loop.sim;
    const role = world.role({ name: 'shared', inline: [ALLOWED] });
    const fragile = world.role({ name: 'fragile', inline: [ALLOWED] });
    for (let i = 0; i < 6; i++)
      world.service({
        name: `api-${i}`,
        secrets: [db.arn],
        startedAt: loop.clock.now() - DAY,
        executionRole: role.arn,
      });
    world.service({
      name: 'z-fragile',
      secrets: [db.arn],
      startedAt: loop.clock.now() - DAY,
      executionRole: fragile.arn,
      minimumHealthyPercent: 0,
    });
    rotate();
    await loop.run(1000);
    const asked = iamCalls(loop).map(({ operation, input }) => {
      const { RoleName, PolicySourceArn } = input;
      return `${operation} ${nameOf(RoleName ?? PolicySourceArn)}`;
    });
    expect(asked.filter((one) => one.startsWith('Simulate'))).toEqual([
      'SimulatePrincipalPolicy fragile',
      'SimulatePrincipalPolicy shared',
    ]);
    expect(asked.filter((one) => one.startsWith('GetRole'))).toHaveLength(2);
    expect(asked.filter((one) => one.startsWith('GetResourcePolicy'))).toHaveLength(1);
  });
});
