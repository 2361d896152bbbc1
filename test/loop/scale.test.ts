import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, type LoopOptions, startLoop } from './driver.ts';

/** Enough services that reading them all takes its time at the configured rates. */
const SERVICES = 240;
const CLUSTERS = 4;
const AFFECTED = 8;
const DAY = 86_400_000;
const MINUTE = 60_000;
const RATES = { READ_RATE: '16', READ_BURST: '40', UPDATE_RATE: '4', UPDATE_BURST: '40' };
const KEY = 'fleet.json.gz';

/** A fleet of which every 30th service uses `prod/db`, the others one of their own. */
async function large({ env, ...options }: LoopOptions = {}, services = SERVICES): Promise<Loop> {
  const loop = await startLoop({ rolloutMs: 20_000, ...options, env: { ...RATES, ...env } });
  const { world } = loop.sim;
  const { arn } = world.secret({ name: 'prod/db' });
  world.secret({ name: 'prod/rare' });
  for (let i = 0; i < services; i++) {
    const own = i % (services / AFFECTED) === 0 ? arn : `/app/${i}`;
    world.service({
      cluster: `c-${i % CLUSTERS}`,
      name: `s-${i}`,
      secrets: [own],
      startedAt: loop.clock.now() - DAY,
    });
  }
  return loop;
}

/** The same with a bucket, in which another process has left its snapshot. */
async function withSnapshot(
  env: Readonly<Record<string, string>> = {},
  options: LoopOptions = {},
): Promise<Loop> {
  const loop = await large({
    ...options,
    env: { SNAPSHOT_BUCKET: 'hints', AWS_ENDPOINT_URL: 'set', ...env },
  });
  loop.sim.world.bucket('hints');
  loop.send(currentMoved(loop.sim, 'prod/rare'));
  await loop.run();
  expect(loop.sim.objects('hints').keys).toEqual([KEY]);
  loop.restart();
  loop.clock.advance(10 * MINUTE);
  loop.sim.ledger.clearCalls();
  return loop;
}

/** `prod/db` moves, and all that follows is done. */
async function rotate(loop: Loop): Promise<string> {
  const event = currentMoved(loop.sim, 'prod/db');
  loop.send(event);
  await loop.run();
  return event.id;
}

const calls = (loop: Loop, operation: string) =>
  loop.sim.ledger.calls.filter((call) => call.operation === operation);
const updated = (loop: Loop) =>
  calls(loop, 'UpdateService')
    .map(({ input }) => String(input['service']).split('/').at(-1) ?? '')
    .toSorted((a, b) => a.localeCompare(b));
const affected = Array.from({ length: AFFECTED }, (_, i) => `s-${(i * SERVICES) / AFFECTED}`).toSorted(
  (a, b) => a.localeCompare(b),
);
/** Whether every call of the one was made before any of the other. */
function precedes(loop: Loop, first: string, then: string): boolean {
  const operations = loop.sim.ledger.calls.map(({ operation }) => operation);
  return operations.lastIndexOf(first) < operations.indexOf(then);
}

describe('with a snapshot of the fleet', () => {
  test('those at whom it hints are redeployed before the fleet is listed, and once', async () => {
    const loop = await withSnapshot();
    const changeId = await rotate(loop);
    expect(updated(loop)).toEqual(affected);
    expect(precedes(loop, 'UpdateService', 'ListClusters')).toBe(true);
    const [first] = loop.sim.ledger.calls;
    const last = calls(loop, 'UpdateService').at(-1);
    expect((last?.at ?? 0) - (first?.at ?? 0)).toBeLessThanOrEqual(4_000);
    expect(loop.told('change.settled').filter((one) => one.changeId === changeId)).toMatchObject([
      { redeployed: AFFECTED, failed: 0, left: 0 },
    ]);
    const told = loop.records.filter((one) => one.changeId === changeId).map(({ event }) => event);
    expect(told.filter((event) => event === 'service.redeployed')).toHaveLength(AFFECTED);
    expect(told.filter((event) => event === 'service.fresh')).toHaveLength(AFFECTED);
    expect(told).not.toContain('service.waiting');
  });

  test('the whole fleet is read all the same, and who is new is found', async () => {
    const loop = await withSnapshot();
    const { arn } = loop.sim.world.secret({ name: 'prod/new' });
    const startedAt = loop.clock.now() - DAY;
    loop.sim.world.service({ cluster: 'c-1', name: 'newcomer', secrets: [arn], startedAt });
    loop.sim.world.service({ cluster: 'later', name: 'stranger', secrets: [arn], startedAt });
    loop.send(currentMoved(loop.sim, 'prod/new'));
    await loop.run();
    expect(updated(loop)).toEqual(['newcomer', 'stranger']);
    expect(calls(loop, 'DescribeTaskDefinition')).toHaveLength(SERVICES + 2);
  });

  test('a later read renews it: who is gone is left out, who is new is in', async () => {
    const loop = await withSnapshot();
    loop.sim.act('ecs', 'DeleteService', { cluster: 'c-1', service: 's-1', force: true });
    loop.sim.world.service({ cluster: 'c-1', name: 'newcomer', secrets: ['/app/new'] });
    await rotate(loop);
    const text = gunzipSync(loop.sim.objects('hints').read(KEY) ?? '').toString();
    expect(text).toContain('newcomer');
    expect(text).not.toContain('"s-1"');
    expect(text).not.toContain('/app/1"');
  });

  test('which nothing has changed since is not written again', async () => {
    const loop = await withSnapshot();
    await rotate(loop);
    await rotate(loop);
    expect(calls(loop, 'PutObject').length).toBeLessThanOrEqual(1);
    loop.restart();
    loop.sim.ledger.clearCalls();
    loop.clock.advance(10 * MINUTE);
    await rotate(loop);
    expect(calls(loop, 'GetObject')).toHaveLength(1);
    expect(calls(loop, 'PutObject')).toHaveLength(0);
  });

  test('it holds names and ARNs of ECS, and nothing of a secret but how it is referred to', async () => {
    const loop = await withSnapshot({}, {});
    const { world } = loop.sim;
    const description = 'a-description';
    const { arn } = world.secret({ name: 'prod/tagged', description, tags: { owner: 'a-tag-of-it' } });
    world.service({
      name: 'tagged',
      secrets: [arn],
      tags: { team: 'a-tag-of-ours', 'secret-redeploy:wave': '7' },
    });
    await rotate(loop);
    const text = gunzipSync(loop.sim.objects('hints').read(KEY) ?? '').toString();
    expect(text).toContain(arn);
    for (const kept of [description, 'a-tag-of-it', 'a-tag-of-ours', 'wave', 'SecretString'])
      expect(text).not.toContain(kept);
  });
});

describe('the first look at a few does not overtake', () => {
  test('a cap: with MAX_SERVICES all are counted before one is redeployed', async () => {
    const loop = await withSnapshot({ MAX_SERVICES: String(AFFECTED - 1) });
    await rotate(loop);
    expect(updated(loop)).toEqual([]);
    expect(loop.told('service.skipped').filter(({ reason }) => reason === 'over-cap')).toHaveLength(AFFECTED);
  });

  test('a wave: the second begins when the first is through', async () => {
    const loop = await withSnapshot();
    const { arn } = loop.sim.world.secret({ name: 'prod/waves' });
    const startedAt = loop.clock.now() - DAY;
    for (const wave of ['0', '1']) {
      const tags = { 'secret-redeploy:wave': wave };
      loop.sim.world.service({ cluster: 'c-0', name: `wave-${wave}`, secrets: [arn], startedAt, tags });
    }
    loop.send(currentMoved(loop.sim, 'prod/rare'));
    await loop.run();
    loop.restart();
    loop.sim.ledger.clearCalls();
    loop.send(currentMoved(loop.sim, 'prod/waves'));
    await loop.run();
    const [first, second] = calls(loop, 'UpdateService');
    expect(updated(loop)).toEqual(['wave-0', 'wave-1']);
    expect(String(first?.input['service'])).toContain('wave-0');
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(20_000);
  });

  test('MODE=observe: nothing is written', async () => {
    const loop = await withSnapshot({ MODE: 'observe' });
    await rotate(loop);
    expect(updated(loop)).toEqual([]);
    expect(loop.told('service.skipped').filter(({ reason }) => reason === 'observe')).toHaveLength(AFFECTED);
  });

  test('CLUSTERS: a cluster that is no longer selected is not looked at', async () => {
    const loop = await withSnapshot();
    const narrowed = await large({
      env: { SNAPSHOT_BUCKET: 'hints', AWS_ENDPOINT_URL: 'set', CLUSTERS: '!c-0' },
    });
    narrowed.sim.world.bucket('hints');
    narrowed.sim.objects('hints').plant(KEY, loop.sim.objects('hints').read(KEY) ?? '');
    await rotate(narrowed);
    const inCluster = (name: string) => Number(name.slice(2)) % CLUSTERS;
    expect(updated(narrowed)).toEqual(affected.filter((name) => inCluster(name) !== 0));
  });

  test('a read that fails afterwards: the message comes back, what was done stands and is not done again', async () => {
    const loop = await withSnapshot();
    loop.sim.faults.add({
      operation: 'ListServices',
      kind: 'client-error',
      code: 'UnrecognizedClientException',
    });
    const changeId = await rotate(loop);
    expect(updated(loop)).toEqual(affected);
    expect(loop.told('change.settled').filter((one) => one.changeId === changeId)).toHaveLength(1);
  });
});

describe('a snapshot that cannot be trusted changes no outcome', () => {
  /** What this service would have written, changed. */
  const changed = (change: (snapshot: Written) => unknown) => (bytes: Buffer) =>
    gzipSync(JSON.stringify(change(JSON.parse(gunzipSync(bytes).toString()) as Written)));
  type Reference = readonly [string, string];
  type Written = {
    readonly format: number;
    readonly revisions: readonly (readonly [string, readonly Reference[]])[];
    readonly clusters: readonly (readonly [
      string,
      readonly (readonly [string, readonly number[], readonly Reference[]])[],
    ])[];
  };
  const DB = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db';
  const invented: readonly Reference[] = [['secrets', DB]];
  const elsewhere = 'arn:aws:ecs:us-east-1:999900001111:cluster/theirs';
  const cases: readonly (readonly [string, (bytes: Buffer) => Buffer | string | undefined])[] = [
    ['absent', () => undefined],
    ['empty', () => ''],
    ['no gzip', () => 'hello'],
    ['cut off', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['no JSON', () => gzipSync('{"format":1')],
    ['of another format', changed((one) => ({ ...one, format: 99 }))],
    ['a bomb', () => gzipSync(Buffer.alloc(80_000_000))],
    ['without services', changed((one) => ({ ...one, clusters: [] }))],
    ['without revisions', changed((one) => ({ ...one, revisions: [] }))],
    [
      'without references',
      changed((one) => ({ ...one, revisions: one.revisions.map(([arn]) => [arn, []]) })),
    ],
    [
      'in which everybody refers to it',
      changed((one) => ({ ...one, revisions: one.revisions.map(([arn]) => [arn, invented]) })),
    ],
    [
      'in which everybody refers to it by tag',
      changed((one) => ({
        ...one,
        clusters: one.clusters.map(([arn, all]) => [arn, all.map(([name, used]) => [name, used, invented])]),
      })),
    ],
    [
      'of services that do not exist',
      changed((one) => ({
        ...one,
        clusters: one.clusters.map(([arn]) => [
          arn,
          Array.from({ length: 3_000 }, (_, i) => [`ghost-${i}`, [0], invented]),
        ]),
      })),
    ],
    [
      'of clusters that do not exist, or are not ours',
      changed((one) => ({
        ...one,
        clusters: [`${one.clusters[0]?.[0]}-x`, elsewhere].map((arn) => [arn, [['s-0', [0], invented]]]),
      })),
    ],
    [
      'with numbers of revisions that are none',
      changed((one) => ({
        ...one,
        clusters: one.clusters.map(([arn, all]) => [arn, all.map(([name]) => [name, [1e9, -1, 0.5], []])]),
      })),
    ],
  ];

  test.each(cases)('%s', async (_, spoil) => {
    const loop = await withSnapshot();
    const objects = loop.sim.objects('hints');
    const spoiled = spoil(objects.read(KEY) ?? Buffer.of());
    if (spoiled === undefined) objects.remove(KEY);
    else objects.plant(KEY, spoiled);
    const changeId = await rotate(loop);
    expect(updated(loop)).toEqual(affected);
    expect(loop.told('change.settled').filter((one) => one.changeId === changeId)).toMatchObject([
      { redeployed: AFFECTED, failed: 0, left: 0 },
    ]);
    expect(calls(loop, 'DescribeServices').length).toBeLessThan(400);
    expect(gunzipSync(objects.read(KEY) ?? '').toString()).toContain('"s-0"');
  });

  test.each(['access-denied', 'server-error', 'cut', 'reset-before'] as const)(
    'S3 answers with %s',
    async (kind) => {
      const loop = await withSnapshot();
      loop.sim.faults.add({ service: 's3', operation: '*', kind, times: Number.POSITIVE_INFINITY });
      await rotate(loop);
      expect(updated(loop)).toEqual(affected);
    },
  );

  test('two processes renew it at once: one of them wins, none fails', async () => {
    const loop = await withSnapshot();
    loop.sim.world.service({ cluster: 'c-1', name: 'newcomer', secrets: ['/app/new'] });
    loop.sim.faults.add({
      service: 's3',
      operation: 'PutObject',
      kind: 'client-error',
      code: 'PreconditionFailed',
      status: 412,
    });
    await rotate(loop);
    expect(updated(loop)).toEqual(affected);
    expect(loop.records.filter(({ level }) => level === 'ERROR')).toEqual([]);
  });
});

describe('without a snapshot', () => {
  test('a large fleet is redeployed while it is being read', async () => {
    const loop = await large({}, 1_200);
    await rotate(loop);
    expect(updated(loop)).toHaveLength(AFFECTED);
    expect(precedes(loop, 'DescribeTaskDefinition', 'UpdateService')).toBe(false);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: AFFECTED, failed: 0 }]);
  });

  test('a process that has read it once goes by what it remembers', async () => {
    const loop = await large();
    loop.send(currentMoved(loop.sim, 'prod/rare'));
    await loop.run();
    loop.clock.advance(10 * MINUTE);
    loop.sim.ledger.clearCalls();
    await rotate(loop);
    expect(updated(loop)).toEqual(affected);
    expect(precedes(loop, 'UpdateService', 'ListClusters')).toBe(true);
    expect(calls(loop, 'DescribeTaskDefinition')).toEqual([]);
  });
});

describe('parameters that nobody refers to', () => {
  const heartbeat = (loop: Loop, name: string) => {
    const before = loop.sim.events.length;
    loop.sim.act('ssm', 'PutParameter', { Name: name, Value: 'x', Overwrite: true, Type: 'String' });
    for (const event of loop.sim.events.slice(before)) loop.send(event);
  };

  test('1,000 changes in ten minutes cost a read a minute at most, and each is settled', async () => {
    const loop = await large({ env: { READ_RATE: '10000', READ_BURST: '10000' } });
    for (let batch = 0; batch < 100; batch++) {
      for (let i = 0; i < 10; i++) heartbeat(loop, `/heartbeat/${i}`);
      await loop.run(6_000);
    }
    await loop.run();
    expect(loop.sim.ledger.count('ecs', 'ListClusters')).toBeLessThanOrEqual(11);
    expect(loop.told('change.settled')).toHaveLength(1_000);
    expect(updated(loop)).toEqual([]);
  });

  test('do not delay a change of what is referred to', async () => {
    const loop = await large({ env: { READ_RATE: '10000', READ_BURST: '10000' } });
    heartbeat(loop, '/heartbeat');
    await loop.run(10_000);
    heartbeat(loop, '/heartbeat');
    const event = currentMoved(loop.sim, 'prod/db');
    loop.send(event);
    await loop.run(4_000);
    expect(updated(loop)).toEqual(affected);
  });

  test('who begins to refer to one meanwhile is found by the next read', async () => {
    const loop = await large({ env: { READ_RATE: '10000', READ_BURST: '10000' } });
    heartbeat(loop, '/heartbeat');
    await loop.run(10_000);
    loop.sim.world.service({ name: 'newcomer', secrets: ['/heartbeat'], startedAt: loop.clock.now() });
    await loop.run(5_000);
    heartbeat(loop, '/heartbeat');
    await loop.run(120_000);
    expect(updated(loop)).toEqual(['newcomer']);
  });
});
