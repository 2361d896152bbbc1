import { describe, expect, test } from 'vitest';
import { NOTHING_SEEN, type Snapshot, withRead } from '../../../functions/core/read/snapshot.ts';
import { parseSnapshot, snapshotBytes } from '../../../functions/formats/snapshot.ts';
import { SnapshotStore } from '../../../functions/pipeline/read/snapshot-store.ts';
import type { Snapshots } from '../../../functions/ports.ts';
import { change, fleet, service } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const HERE = fleet([service()]);
const MORE = fleet([service(), service({ name: 'web' })]);
const all = () => true;
const SEEN = withRead(NOTHING_SEEN, HERE, all);
const heardOf = (count: number) => change({ changedAt: count });

/** What S3 holds; `others`: what other processes write right before each of our writes. */
function bucket(stored?: Snapshot, others: readonly Snapshot[] = []) {
  let object = stored && { bytes: snapshotBytes(stored), version: 'v0' };
  const waiting = [...others];
  let versions = 0;
  const calls: string[] = [];
  const snapshots: Snapshots = {
    get: () => {
      calls.push('get');
      return Promise.resolve(object);
    },
    put: (bytes, before) => {
      calls.push(`put over ${before}`);
      const other = waiting.shift();
      if (other !== undefined) object = { bytes: snapshotBytes(other), version: `other ${++versions}` };
      if (before !== object?.version) return Promise.resolve(undefined);
      object = { bytes, version: `ours ${++versions}` };
      return Promise.resolve(object.version);
    },
  };
  return { snapshots, calls, holds: () => object && parseSnapshot(object.bytes) };
}

describe('the snapshot', () => {
  test('is fetched once and kept', async () => {
    const { snapshots, calls } = bucket(SEEN);
    const store = new SnapshotStore(snapshots);
    const { run } = fakeRun({});
    expect(await Promise.all([store.load(run), store.load(run)])).toEqual([
      parseSnapshot(snapshotBytes(SEEN)),
      parseSnapshot(snapshotBytes(SEEN)),
    ]);
    expect(calls).toEqual(['get']);
  });

  test.each([
    ['there is no store', undefined],
    ['nothing is stored', bucket().snapshots],
  ])('shows nothing where %s', async (_, snapshots) => {
    const { run, told } = fakeRun({});
    const store = new SnapshotStore(snapshots);
    expect(await store.load(run)).toEqual(NOTHING_SEEN);
    expect(await store.heard(run)).toEqual([]);
    expect(told).toEqual([]);
  });

  test('that cannot be read shows nothing, which is logged', async () => {
    const { run, told } = fakeRun({});
    const error = new Error('refused');
    const store = new SnapshotStore({ ...bucket().snapshots, get: () => Promise.reject(error) });
    expect(await store.load(run)).toEqual(NOTHING_SEEN);
    expect(told).toEqual([
      ['error', 'cannot read the snapshot of the fleet; changes are handled without it', error],
    ]);
  });

  test('that is broken is written anew, over what is there', async () => {
    const { run, told } = fakeRun({});
    const broken = { bytes: new Uint8Array([1, 2, 3]), version: 'broken' };
    const puts: unknown[] = [];
    const store = new SnapshotStore({
      get: () => Promise.resolve(broken),
      put: (_, before) => {
        puts.push(before);
        return Promise.resolve('new');
      },
    });
    store.stage(HERE, all);
    await store.save(run);
    expect(puts).toEqual(['broken']);
    expect(told).toHaveLength(1);
  });
});

describe('what was read', () => {
  test('is written, after all that was read before, and is what the process knows then', async () => {
    const { snapshots, calls, holds } = bucket();
    const store = new SnapshotStore(snapshots);
    const { run } = fakeRun({});
    store.stage(HERE, all);
    store.stage(MORE, all);
    await store.save(run);
    expect(calls).toEqual(['get', 'put over undefined']);
    expect(holds()).toEqual(parseSnapshot(snapshotBytes(withRead(SEEN, MORE, all))));
    expect((await store.load(run)).heard).toBeUndefined();
    expect(parseSnapshot(snapshotBytes(await store.load(run)))).toEqual(holds());
    expect(calls).toHaveLength(2);
  });

  test('of a part of the clusters leaves the others as they were', async () => {
    const { snapshots, holds } = bucket(SEEN);
    const store = new SnapshotStore(snapshots);
    store.stage(fleet([]), () => false);
    await store.save(fakeRun({}).run);
    expect(holds()).toEqual(parseSnapshot(snapshotBytes(SEEN)));
  });

  test('is not written where it changes nothing', async () => {
    const { snapshots, calls } = bucket(SEEN);
    const store = new SnapshotStore(snapshots);
    store.stage(HERE, all);
    await store.save(fakeRun({}).run);
    expect(calls).toEqual(['get']);
  });

  test('is written where nothing is stored, even an empty fleet', async () => {
    const { snapshots, calls } = bucket();
    const store = new SnapshotStore(snapshots);
    store.stage(fleet([]), all);
    await store.save(fakeRun({}).run);
    expect(calls).toEqual(['get', 'put over undefined']);
  });

  test('is not written a second time', async () => {
    const { snapshots, calls } = bucket();
    const store = new SnapshotStore(snapshots);
    const { run } = fakeRun({});
    store.stage(HERE, all);
    await store.save(run);
    await store.save(run);
    expect(calls).toEqual(['get', 'put over undefined']);
  });

  test('is not written where the invocation discards it', async () => {
    const { snapshots, calls } = bucket();
    const store = new SnapshotStore(snapshots);
    store.stage(HERE, all);
    store.hear([change()]);
    store.discard();
    await store.save(fakeRun({}).run);
    expect(calls).toEqual([]);
  });

  test('is not written without a store', async () => {
    const { run, told } = fakeRun({});
    const store = new SnapshotStore(undefined);
    store.stage(HERE, all);
    await store.save(run);
    expect(told).toEqual([]);
  });

  test('is given up if another process was faster, whose snapshot is fetched next', async () => {
    const { snapshots, calls, holds } = bucket(undefined, [SEEN]);
    const store = new SnapshotStore(snapshots);
    const { run } = fakeRun({});
    store.stage(MORE, all);
    await store.save(run);
    expect(calls).toEqual(['get', 'put over undefined']);
    expect(await store.load(run)).toEqual(holds());
    expect(calls).toHaveLength(3);
  });

  test('that cannot be written is logged, and the snapshot is fetched anew', async () => {
    const { snapshots, calls } = bucket();
    const error = new Error('refused');
    const store = new SnapshotStore({ ...snapshots, put: () => Promise.reject(error) });
    const { run, told } = fakeRun({});
    store.stage(HERE, all);
    store.hear([change()]);
    await store.save(run);
    expect(told).toEqual([
      ['error', 'cannot write the snapshot of the fleet; changes are handled without it', error],
    ]);
    await store.load(run);
    expect(calls).toEqual(['get', 'get']);
  });
});

describe('what was heard', () => {
  test('is added to what any process has heard, and to what was read', async () => {
    const { snapshots, holds } = bucket();
    const store = new SnapshotStore(snapshots);
    const { run } = fakeRun({});
    store.hear([change({ changedAt: 1_000 })]);
    store.stage(HERE, all);
    store.hear([change({ changedAt: 2_000, arn: `${change().arn.slice(0, -1)}x` })]);
    await store.save(run);
    expect(new Set(holds()?.heard?.map(({ at }) => at))).toEqual(new Set([1_000, 2_000]));
    expect(await store.heard(run)).toHaveLength(2);
  });

  test('is asked for anew each time, because other processes hear, too', async () => {
    const { snapshots, calls } = bucket(SEEN);
    const store = new SnapshotStore(snapshots);
    const { run } = fakeRun({});
    await store.heard(run);
    await store.heard(run);
    expect(calls).toEqual(['get', 'get']);
  });

  test('of no change writes nothing', async () => {
    const { snapshots, calls } = bucket();
    const store = new SnapshotStore(snapshots);
    store.hear([]);
    await store.save(fakeRun({}).run);
    expect(calls).toEqual([]);
  });

  test.each([
    [3, true],
    [4, false],
  ])(
    'is written four times at most: where others are faster %i times it is kept: %s',
    async (times, isKept) => {
      const others = Array.from({ length: times }, (_, i) => withRead(SEEN, i % 2 === 0 ? MORE : HERE, all));
      const { snapshots, calls, holds } = bucket(undefined, others);
      const store = new SnapshotStore(snapshots);
      store.hear([heardOf(1_000)]);
      await store.save(fakeRun({}).run);
      expect(holds()?.heard?.length ?? 0).toBe(isKept ? 1 : 0);
      expect(calls.filter((one) => one.startsWith('put'))).toHaveLength(4);
    },
  );

  test('is forgotten for the next write: a read alone is written once', async () => {
    const { snapshots, calls } = bucket(undefined, [SEEN, SEEN, SEEN]);
    const store = new SnapshotStore(snapshots);
    const { run } = fakeRun({});
    store.hear([heardOf(1_000)]);
    store.discard();
    store.stage(MORE, all);
    await store.save(run);
    expect(calls.filter((one) => one.startsWith('put'))).toHaveLength(1);
  });
});
