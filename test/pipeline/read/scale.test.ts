import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, type LoopOptions, startLoop } from '../../support/loop.ts';

/** So many services that it takes some time to read them all at the configured rates. */
const SERVICES = 240;
const CLUSTERS = 4;
const AFFECTED = 8;
const DAY = 86_400_000;
const MINUTE = 60_000;
const RATES = { READ_RATE: '16', READ_BURST: '40', UPDATE_RATE: '4', UPDATE_BURST: '40' };
const KEY = 'fleet.json.gz';

/** A fleet in which every 30th service uses `prod/db` and every other service a parameter of its own. */
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

/** The same fleet with a bucket in which another process has left its snapshot. */
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

/** Rotates `prod/db` and runs until all that follows is done. */
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
/** Whether every call of the first operation was made before any call of the second one. */
function precedes(loop: Loop, first: string, then: string): boolean {
  const operations = loop.sim.ledger.calls.map(({ operation }) => operation);
  return operations.lastIndexOf(first) < operations.indexOf(then);
}

describe('with a snapshot of the fleet,', () => {
  test('the services that it names are redeployed before the fleet is listed, and once', async () => {
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

  test('the whole fleet is still read, and new services are found', async () => {
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

  test('a later scan renews the snapshot without services that are gone and with new ones', async () => {
    const loop = await withSnapshot();
    loop.sim.act('ecs', 'DeleteService', { cluster: 'c-1', service: 's-1', force: true });
    loop.sim.world.service({ cluster: 'c-1', name: 'newcomer', secrets: ['/app/new'] });
    await rotate(loop);
    const text = gunzipSync(loop.sim.objects('hints').read(KEY) ?? '').toString();
    expect(text).toContain('newcomer');
    expect(text).not.toContain('"s-1"');
    expect(text).not.toContain('/app/1"');
  });

  test('the snapshot is not written again if nothing has changed since', async () => {
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

  test('the snapshot holds names and ARNs of ECS, and about a secret only the references to it', async () => {
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

describe('a redeploy ahead of the plan does not overtake', () => {
  test('a cap: with MAX_SERVICES all services are counted before one is redeployed', async () => {
    const loop = await withSnapshot({ MAX_SERVICES: String(AFFECTED - 1) });
    await rotate(loop);
    expect(updated(loop)).toEqual([]);
    expect(loop.told('service.skipped').filter(({ reason }) => reason === 'over-cap')).toHaveLength(AFFECTED);
  });

  test('a wave: the second wave begins when the first one is fresh', async () => {
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

  test('MODE=observe: no service is redeployed', async () => {
    const loop = await withSnapshot({ MODE: 'observe' });
    await rotate(loop);
    expect(updated(loop)).toEqual([]);
    expect(loop.told('service.skipped').filter(({ reason }) => reason === 'observe')).toHaveLength(AFFECTED);
  });

  test('CLUSTERS: no service of a cluster that is no longer selected is redeployed', async () => {
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

  test('a scan that fails afterwards: the message comes back, and the redeploys stand and are not repeated', async () => {
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
  /** The snapshot that was written, with a change. */
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
    ['not gzip', () => 'hello'],
    ['cut off', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['not JSON', () => gzipSync('{"format":1')],
    ['of another format', changed((one) => ({ ...one, format: 99 }))],
    ['a gzip bomb', () => gzipSync(Buffer.alloc(80_000_000))],
    ['without services', changed((one) => ({ ...one, clusters: [] }))],
    ['without revisions', changed((one) => ({ ...one, revisions: [] }))],
    [
      'without references',
      changed((one) => ({ ...one, revisions: one.revisions.map(([arn]) => [arn, []]) })),
    ],
    [
      'one in which every service refers to the secret',
      changed((one) => ({ ...one, revisions: one.revisions.map(([arn]) => [arn, invented]) })),
    ],
    [
      'one in which every service refers to the secret by a tag',
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
      'of clusters that do not exist or are not ours',
      changed((one) => ({
        ...one,
        clusters: [`${one.clusters[0]?.[0]}-x`, elsewhere].map((arn) => [arn, [['s-0', [0], invented]]]),
      })),
    ],
    [
      'one with invalid numbers of revisions',
      changed((one) => ({
        ...one,
        clusters: one.clusters.map(([arn, all]) => [arn, all.map(([name]) => [name, [1e9, -1, 0.5], []])]),
      })),
    ],
  ];

  test.each(cases)('if it is %s', async (_, spoil) => {
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
    'if S3 answers with %s',
    async (kind) => {
      const loop = await withSnapshot();
      loop.sim.faults.add({ service: 's3', operation: '*', kind, times: Number.POSITIVE_INFINITY });
      await rotate(loop);
      expect(updated(loop)).toEqual(affected);
    },
  );

  test('if two processes renew it at once: one of them wins and none fails', async () => {
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

describe('without a snapshot,', () => {
  test('a large fleet is redeployed while it is being read', async () => {
    const loop = await large({}, 1_200);
    await rotate(loop);
    expect(updated(loop)).toHaveLength(AFFECTED);
    expect(precedes(loop, 'DescribeTaskDefinition', 'UpdateService')).toBe(false);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: AFFECTED, failed: 0 }]);
  });

  test('a process that has read the fleet once uses what it remembers', async () => {
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

describe('parameters that no service refers to', () => {
  const heartbeat = (loop: Loop, name: string) => {
    const before = loop.sim.events.length;
    loop.sim.act('ssm', 'PutParameter', { Name: name, Value: 'x', Overwrite: true, Type: 'String' });
    for (const event of loop.sim.events.slice(before)) loop.send(event);
  };

  test('cost at most one scan a minute for 1,000 changes in ten minutes, and each change is settled', async () => {
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

  test('do not delay a change of a secret that services refer to', async () => {
    const loop = await large({ env: { READ_RATE: '10000', READ_BURST: '10000' } });
    heartbeat(loop, '/heartbeat');
    await loop.run(10_000);
    heartbeat(loop, '/heartbeat');
    const event = currentMoved(loop.sim, 'prod/db');
    loop.send(event);
    await loop.run(4_000);
    expect(updated(loop)).toEqual(affected);
  });

  test('cause a redeploy from the next scan on if a service begins to refer to one', async () => {
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
