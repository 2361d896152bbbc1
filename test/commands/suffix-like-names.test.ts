import { describe, expect, test } from 'vitest';
import { onRequest } from '../../functions/on-request.ts';
import { readConfig } from '../../functions/runtime/config.ts';
import { connectedHandler } from '../../functions/runtime/handler.ts';
import { actAs, type LogRecord, type Loop, QUICK, startLoop } from '../support/loop.ts';
import { sweepOnce } from '../support/sweeper.ts';

const HOUR = 3_600_000;
const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:';
const PASS = '/aws/reference/secretsmanager/';

type Spec = { readonly secrets: Readonly<Record<string, string>>; readonly services: Refs };
type Refs = Readonly<Record<string, string>>;

/** `secrets`: name → suffix; `services`: name → the one reference of the service. */
async function scene({ secrets, services }: Spec): Promise<Loop> {
  const loop = await startLoop();
  for (const [name, suffix] of Object.entries(secrets)) loop.sim.world.secret({ name, suffix });
  for (const [name, reference] of Object.entries(services))
    loop.sim.world.service({ name, secrets: [reference], startedAt: loop.clock.now() - HOUR });
  return loop;
}

/** Secrets Manager takes every ARN that ends in a hyphen and six characters for a full one. */
function takesForFull({ sim }: Loop, arn: string): void {
  sim.faults.add({
    service: 'secretsmanager',
    operation: 'DescribeSecret',
    match: ({ SecretId }) => SecretId === arn,
    kind: 'client-error',
    code: 'ResourceNotFoundException',
    message: "Secrets Manager can't find the specified secret.",
    times: Infinity,
  });
}

/** Rotates `db` and handles the native event of its label. */
async function rotate(loop: Loop): Promise<void> {
  const before = loop.sim.events.length;
  loop.sim.rotateSecret('db');
  for (const event of loop.sim.events.slice(before))
    if (event['detail-type'] === 'Secret Label Updated') loop.send(event);
  loop.clock.advance(5_000);
  await loop.run();
}

type Asked = {
  readonly decisions?: readonly {
    readonly service: string;
    readonly action: string;
    readonly reason: string | null;
  }[];
  readonly uses?: readonly { readonly service: string }[];
};

async function ask({ clock, records }: Loop, request: object): Promise<readonly string[]> {
  const handle = connectedHandler(readConfig([], QUICK), onRequest, {
    now: clock.now,
    sleep: (ms) => Promise.resolve(clock.advance(ms)),
  });
  const before = records.length;
  actAs('on-request');
  const { decisions, uses } = (await handle(request).finally(() => actAs('on-change'))) as Asked;
  // What a question tells goes to the log alone, and the mirror of own events knows nothing of questions.
  (records as LogRecord[]).splice(before);
  const name = (service: string) => service.split('/').at(-1) ?? '';
  return (
    decisions?.map(({ service, action, reason }) => `${name(service)} ${reason ?? action}`) ??
    uses?.map(({ service }) => name(service)) ??
    []
  );
}

const warned = (loop: Loop) =>
  loop
    .told('plan.made')
    .flatMap(({ referenceWarnings = [] }) => referenceWarnings as readonly { readonly valueFrom: string }[])
    .map(({ valueFrom }) => valueFrom);

describe('a change of db', () => {
  test.each([
    ['-secret', 'db-secret', 'GhIjKl'],
    ['-abc123, which looks like a suffix, of a living secret', 'db-abc123', 'GhIjKl'],
    ['-Master, which looks like a suffix, of a living secret', 'db-Master', 'GhIjKl'],
    ['-password', 'db-password', 'GhIjKl'],
  ])('warns of no reference by a partial ARN that ends in %s', async (_, other, suffix) => {
    const loop = await scene({
      secrets: { db: 'AbCdEf', [other]: suffix },
      services: { one: `${ARN}db-AbCdEf`, two: `${ARN}${other}`, three: `${ARN}${other}:key::` },
    });
    await rotate(loop);
    expect(loop.told('service.redeployed').map(({ service }) => String(service).split('/').at(-1))).toEqual([
      'one',
    ]);
    expect(warned(loop)).toEqual([]);
    expect(loop.told('service.skipped')).toEqual([]);
  });

  test('warns of none if Secrets Manager takes the partial ARN for a full one and knows the name', async () => {
    const loop = await scene({
      secrets: { db: 'AbCdEf', 'db-abc123': 'GhIjKl' },
      services: { one: `${ARN}db-AbCdEf`, two: `${ARN}db-abc123` },
    });
    takesForFull(loop, `${ARN}db-abc123`);
    await rotate(loop);
    expect(warned(loop)).toEqual([]);
  });

  test('warns of a reference with the suffix of an older secret, and asks for it once', async () => {
    const loop = await scene({
      secrets: { db: 'AbCdEf' },
      services: { one: `${ARN}db-AbCdEf`, two: `${ARN}db-OldOld`, three: `${ARN}db-OldOld:key::` },
    });
    await rotate(loop);
    expect([...new Set(warned(loop))]).toEqual([`${ARN}db-OldOld`, `${ARN}db-OldOld:key::`]);
    const asked = loop.sim.ledger.calls.filter(({ input }) => input['SecretId'] === `${ARN}db-OldOld`);
    expect(asked.length).toBe(loop.told('plan.made').length);
  });

  test('warns of none that Secrets Manager refuses to describe', async () => {
    const loop = await scene({
      secrets: { db: 'AbCdEf' },
      services: { one: `${ARN}db-AbCdEf`, two: `${ARN}db-OldOld` },
    });
    loop.sim.faults.add({
      operation: 'DescribeSecret',
      match: ({ SecretId }) => SecretId === `${ARN}db-OldOld`,
      kind: 'access-denied',
      times: Infinity,
    });
    await rotate(loop);
    expect(warned(loop)).toEqual([]);
    expect(loop.told('service.redeployed')).toHaveLength(1);
  });
});

const FORCED = { action: 'redeploy', force: true, at: '2026-01-01T00:00:00Z' };

describe.each([
  ['plan', { action: 'plan' }],
  ['a forced redeploy', FORCED],
  ['stale', { action: 'stale' }],
])('%s of a secret that does not exist', (_, request) => {
  test.each([
    ['db', `${ARN}db-secret`, { 'db-secret': 'GhIjKl' }],
    ['db', `${ARN}db-abc123`, { 'db-abc123': 'GhIjKl' }],
    ['db', `${ARN}db-secret`, {}],
    ['db-secret', `${ARN}db`, { db: 'AbCdEf' }],
    ['db-AbC123', `${ARN}db-AbC123`, { db: 'AbC123' }],
    [`${ARN}db-secret`, `${ARN}db`, { db: 'AbCdEf' }],
    [`${ARN}db-OldOld`, `${ARN}db`, { db: 'AbCdEf' }],
    ['x', `${ARN}x-abcdef-QwErT1`, { 'x-abcdef': 'QwErT1' }],
    ['x', `${ARN}x-abcdef`, { 'x-abcdef': 'QwErT1' }],
  ])('named %s says nothing of a service that refers to %s', async (secret, reference, secrets) => {
    const loop = await scene({ secrets, services: { api: reference } });
    expect(await ask(loop, { ...request, secret })).toEqual([]);
    expect(await ask(loop, { action: 'uses', secret })).toEqual([]);
  });

  test.each([
    ['db', `${ARN}db-OldOld`],
    ['db', `${ARN}db`],
    ['db', `${PASS}db`],
    ['db-secret', `${ARN}db-secret`],
    ['db-secret', `${PASS}db-secret`],
    ['db-abc123', `${ARN}db-abc123`],
    [`${ARN}db-abc123`, `${ARN}db-abc123`],
    [`${ARN}db-secret`, `${PASS}db-secret`],
    [`${ARN}db-OldOld`, `${ARN}db`],
  ])('named %s tells that a service refers to %s', async (secret, reference) => {
    const loop = await scene({ secrets: {}, services: { api: reference } });
    expect(await ask(loop, { ...request, secret })).toEqual(['api secret-gone']);
    expect(await ask(loop, { action: 'uses', secret })).toEqual(['api']);
  });

  test('is not made from a guess that Secrets Manager refuses to check', async () => {
    const loop = await scene({ secrets: {}, services: { api: `${ARN}db-OldOld` } });
    loop.sim.faults.add({
      operation: 'DescribeSecret',
      match: ({ SecretId }) => SecretId === `${ARN}db-OldOld`,
      kind: 'access-denied',
      times: Infinity,
    });
    expect(await ask(loop, { ...request, secret: 'db' })).toEqual([]);
  });
});

test('a plan by a partial ARN that is taken for a full one finds the secret by its name', async () => {
  const loop = await scene({ secrets: { 'db-secret': 'GhIjKl' }, services: { api: `${ARN}db-secret` } });
  takesForFull(loop, `${ARN}db-secret`);
  const found = await ask(loop, { action: 'plan', secret: `${ARN}db-secret` });
  expect(found).toEqual(['api already-fresh']);
});

describe('the sweep', () => {
  test('misses no secret whose partial ARN is taken for a full one', async () => {
    const loop = await scene({
      secrets: { db: 'AbCdEf', 'db-secret': 'GhIjKl', 'db-abc123': 'MnOpQr' },
      services: { one: `${ARN}db-AbCdEf`, two: `${ARN}db-secret`, three: `${ARN}db-abc123` },
    });
    loop.sim.faults.add({
      operation: 'ListSecrets',
      kind: 'client-error',
      times: Infinity,
    });
    takesForFull(loop, `${ARN}db-secret`);
    takesForFull(loop, `${ARN}db-abc123`);
    const { told, done } = await sweepOnce(loop);
    expect(told).toEqual([]);
    expect(done).toMatchObject({ missing: 0 });
  });

  test('finds missing what no living secret answers, whatever it looks like', async () => {
    const loop = await scene({
      secrets: { db: 'AbCdEf' },
      services: { one: `${ARN}db`, two: `${ARN}db-secret`, three: `${PASS}db-abc123` },
    });
    const { told } = await sweepOnce(loop);
    expect(told).toEqual(['service.skipped three secret-gone', 'service.skipped two secret-gone']);
  });
});
