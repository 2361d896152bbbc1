import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { AFFECTED, affected, calls, KEY, MINUTE, rotate, updated, withSnapshot } from '../large-fleet.ts';

describe('the snapshot of the fleet', () => {
  test('is renewed by a later scan, without services that are gone and with new ones', async () => {
    const loop = await withSnapshot();
    loop.sim.act('ecs', 'DeleteService', { cluster: 'c-1', service: 's-1', force: true });
    loop.sim.world.service({ cluster: 'c-1', name: 'newcomer', secrets: ['/app/new'] });
    await rotate(loop);
    const text = gunzipSync(loop.sim.objects('hints').read(KEY) ?? '').toString();
    expect(text).toContain('newcomer');
    expect(text).not.toContain('"s-1"');
    expect(text).not.toContain('/app/1"');
  });

  test('is not written again if nothing has changed since', async () => {
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

  test('holds names and ARNs of ECS, and about a secret only the references to it', async () => {
    const loop = await withSnapshot();
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
