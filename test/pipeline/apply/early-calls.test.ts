import { describe, expect, test, vi } from 'vitest';
import type { OpenScan } from '../../../functions/core/follow-up/trigger.ts';
import type { Change, Notice, Subject } from '../../../functions/core/model/change.ts';
import type { Fleet, Service } from '../../../functions/core/model/fleet.ts';
import { CONCURRENCY } from '../../../functions/core/model/limits.ts';
import { type Scan, startScan } from '../../../functions/core/read/scan.ts';
import { startEarly } from '../../../functions/pipeline/apply/early.ts';
import type { FleetCache } from '../../../functions/pipeline/read/fleet-cache.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import { labelMoved, secret } from '../../support/asked.ts';
import {
  ACCOUNT,
  change,
  fleet,
  NOW,
  notice,
  PARAMETER,
  POLICY,
  SECRET,
  service,
} from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

type Ecs = Run['ports']['ecs'];
type Given = Partial<Pick<Run, 'policy' | 'scope'>> & {
  readonly ecs?: Partial<Ecs>;
  /** The services that the cache or the snapshot hints at. */
  readonly hints?: readonly Service[] | Error;
  readonly references?: Parameters<typeof fleet>[1];
  readonly describe?: () => Promise<ReturnType<typeof secret>>;
};

const named = (count: number, from = 0): readonly Service[] =>
  Array.from({ length: count }, (_, i) => service({ name: `s${i + from}` }));

/** The names of services, or nothing. */
function inShort(input: unknown): string {
  if (input instanceof Map) return [...input.values()].flat().join();
  if (Array.isArray(input)) return input.map(inShort).join();
  return typeof input === 'object' && input !== null && 'name' in input ? String(input.name) : '';
}

/** What changed, and another secret, which a new task needs, too. */
const NEEDING = { 'api:1': [SECRET, SECRET.replace('prod/db', 'prod/other')] };
const TRIGGERS = [labelMoved()];

/** An invocation whose services all exist and are stale. */
function scene({ ecs = {}, hints = [], references, describe: answer, ...different }: Given = {}) {
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const known = new Map((hints instanceof Error ? [] : hints).map((one) => [one.name, one]));
  const asked: (readonly Subject[])[] = [];
  const prefetched: unknown[] = [];
  const signals: AbortSignal[] = [];
  const fleets = {
    prefetch: (triggers: unknown) => void prefetched.push(triggers),
    hints: (subjects: readonly Subject[]) => {
      asked.push(subjects);
      return hints instanceof Error ? Promise.reject(hints) : Promise.resolve(hints);
    },
  } as unknown as FleetCache;
  const answers: Partial<Ecs> = {
    readThese: (names, wants, signal) => {
      signals.push(signal);
      const read = [...names.values()].flat().flatMap((name) => known.get(name) ?? []);
      return Promise.resolve(fleet(read.filter(wants), references));
    },
    acquireUpdates: (most) => Promise.resolve(most),
    recheck: (some) => Promise.resolve(new Map(some.map((one) => [one.key, { service: one }]))),
    answer: () => Promise.resolve({ serviceDeployments: [] }),
    forceNewDeployment: (one) =>
      Promise.resolve({ service: one.arn, result: 'accepted', deploymentId: 'd', acceptedAt: 0 }),
    ...ecs,
  };
  const { run, did, told, endReading } = fakeRun(
    { ecs: answers, secrets: { describe: answer ?? (() => Promise.resolve(secret())) } },
    { ...different, fleets },
    inShort,
  );
  const early = startEarly(TRIGGERS, run);
  return {
    early,
    run,
    did,
    told,
    asked,
    prefetched,
    signals,
    endReading,
    redeployed: () => did.flatMap((call) => call.match(/^forceNewDeployment (.*)/)?.[1] ?? []),
    calls: (name: string) => did.filter((call) => call.startsWith(name)),
    results: async () => (await early.finish()).map(({ outcome }) => outcome?.service.replace(/.*\//, '')),
  };
}

function open(
  changes: readonly Change[] = [change()],
  notices: readonly Notice[] = [],
  different: Partial<Scan> = {},
): OpenScan {
  return {
    scan: { ...startScan(changes, notices, NOW), ...different },
    attempts: [],
    messageIds: [],
  };
}

const part = (...services: readonly Service[]): Fleet => fleet(services);
const settle = () => new Promise(setImmediate);
/** A promise that a test keeps. */
function held() {
  let release = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { until, release: () => release() };
}

test('the snapshot is fetched at once, for what starts the work', () => {
  const { prefetched, did } = scene();
  expect(prefetched).toEqual([TRIGGERS]);
  expect(did).toEqual([]);
});

describe('a hinted service', () => {
  test('is read, asked about and redeployed before the read of the fleet begins', async () => {
    const { early, did, told, asked, results } = scene({ hints: [service()], references: NEEDING });
    early.begin([open()]);
    await early.hintsDone();
    expect(asked).toEqual([[{ kind: 'change', change: change() }]]);
    expect(did.filter((call) => !call.startsWith('sleep'))).toEqual([
      'readThese api',
      'answer ',
      'describe ',
      'acquireUpdates ',
      'recheck api',
      'forceNewDeployment api',
    ]);
    expect(await results()).toEqual(['api']);
    expect(told).toMatchObject([['executed', {}, {}]]);
  });

  test('is redeployed for a scan that has not begun; the others know their clusters', async () => {
    const begun = open([change({ changeId: 'begun' })], [], { remaining: [] });
    const { early, asked } = scene({ hints: [service()] });
    early.begin([begun, open()]);
    await early.hintsDone();
    expect(asked).toEqual([[{ kind: 'change', change: change() }]]);
    const none = scene();
    none.early.begin([begun]);
    await none.early.hintsDone();
    expect(none.asked).toEqual([]);
    expect(none.told).toEqual([]);
  });

  test('is not asked for if a cap needs a count of all', async () => {
    const { early, asked, did, run } = scene({ hints: [service()], policy: { ...POLICY, maxServices: 1 } });
    early.begin([open()]);
    await early.hintsDone();
    await run.ports.clock.sleep(3_001);
    early.onPart(part(service()));
    expect(await early.finish()).toEqual([]);
    expect(asked).toEqual([]);
    expect(did).toEqual(['sleep 3001']);
  });

  test.each([
    ['in a selected cluster', { configured: ['m*'], narrowed: ['main'] }, true],
    ['in a cluster that is no longer selected', { configured: ['other'], narrowed: [] }, false],
    ['in a cluster that the request leaves out', { configured: ['main'], narrowed: ['other'] }, false],
  ])('is read %s, or not', async (_, scope, isRead) => {
    const { early, calls } = scene({ hints: [service()], scope });
    early.begin([open()]);
    await early.hintsDone();
    expect(calls('readThese')).toHaveLength(isRead ? 1 : 0);
  });

  const THEIRS = '999988887777';
  test.each([
    ['of the account of the secret', [change()], [], true],
    ['of another account', [change({ arn: SECRET.replace(ACCOUNT, THEIRS) })], [], false],
    ['of another Region', [change({ arn: SECRET.replace('eu-west-1', 'us-east-1') })], [], false],
    ['of the place of one of two', [change({ arn: SECRET.replace(ACCOUNT, THEIRS) }), change()], [], true],
    ['for a name, which is of every place', [], [notice({ arn: 'prod/db' })], true],
  ])('is read if it is %s, or not', async (_, changes, notices, isRead) => {
    const { early, calls } = scene({ hints: [service()] });
    early.begin([open(changes, notices)]);
    await early.hintsDone();
    expect(calls('readThese')).toHaveLength(isRead ? 1 : 0);
  });

  test('is read with 39 others, two groups at a time, and no more than 2,000 are', async () => {
    const gate = held();
    const { early, calls } = scene({
      hints: named(2_001),
      ecs: { readThese: () => gate.until.then(() => part()) },
    });
    early.begin([open()]);
    await settle();
    expect(calls('readThese')).toHaveLength(CONCURRENCY.hintGroups);
    gate.release();
    await early.hintsDone();
    const sizes = calls('readThese').map((call) => call.split(',').length);
    expect(sizes).toEqual(Array(50).fill(40));
  });

  test.each([
    ['if there are no more than 40', 40, false],
    ['unless there are more than 40, for their redeploys take long', 41, true],
  ])('is redeployed before the read of the fleet %s', async (_, count, isDone) => {
    const gate = held();
    const { early, redeployed } = scene({
      hints: named(count),
      ecs: { answer: () => gate.until.then(() => ({ serviceDeployments: [] })) },
    });
    early.begin([open()]);
    const seen: string[] = [];
    const waiting = early.hintsDone().then(() => seen.push('done'));
    for (let i = 0; i < 5; i++) await settle();
    expect(seen).toEqual(isDone ? ['done'] : []);
    gate.release();
    await waiting;
    if (!isDone) expect(redeployed()).toHaveLength(40);
    await early.finish();
  });

  test('is left to the read of the fleet if it cannot be read, and the other groups are not', async () => {
    const hints = named(41);
    let reads = 0;
    const { early, told, results } = scene({
      hints,
      ecs: {
        readThese: () => (reads++ === 0 ? Promise.reject(new Error('x')) : Promise.resolve(part(service()))),
      },
    });
    early.begin([open()]);
    await early.hintsDone();
    await settle();
    expect(await results()).toEqual(['api']);
    expect(told.map(([what]) => what)).toEqual(['executed']);
  });

  test('is left to the read of the fleet, and told of, if there is no hint for an error', async () => {
    const error = new Error('x');
    const { early, told } = scene({ hints: error });
    early.begin([open()]);
    await early.hintsDone();
    expect(told).toEqual([['error', 'cannot use the hints; the whole fleet is read without them', error]]);
    expect(await early.finish()).toEqual([]);
  });
});

describe('a part of the fleet', () => {
  test('is held back for three seconds; then all that were held are redeployed, once', async () => {
    const { early, run, results, redeployed } = scene();
    early.begin([open()]);
    await early.hintsDone();
    early.onPart(part(service({ name: 'first' })));
    await run.ports.clock.sleep(3_000);
    early.onPart(part(service({ name: 'second' })));
    await settle();
    expect(redeployed()).toEqual([]);
    await run.ports.clock.sleep(1);
    early.onPart(part(service({ name: 'third' })));
    await vi.waitFor(() => expect(redeployed()).toHaveLength(3));
    early.onPart(part(service({ name: 'fourth' })));
    await vi.waitFor(() => expect(redeployed()).toHaveLength(4));
    expect(redeployed().slice(0, 3).sort()).toEqual(['first', 'second', 'third']);
    expect(await results()).toHaveLength(4);
  });

  test('is decided as a whole if the read ends before', async () => {
    const { early, did, results } = scene();
    early.begin([open()]);
    early.onPart(part(service()));
    expect(await results()).toEqual([]);
    expect(did).toEqual([]);
  });

  test('costs nothing if there is nothing to look for', async () => {
    const { early, run, did } = scene();
    early.begin([]);
    await run.ports.clock.sleep(3_001);
    const unread = (): never => {
      throw new Error('the part is looked at');
    };
    early.onPart(new Proxy(part(), { get: unread }));
    expect(await early.finish()).toEqual([]);
    expect(did).toEqual(['sleep 3001']);
  });

  /** A slow read, of these parts. */
  async function slowly(
    { early, run }: ReturnType<typeof scene>,
    opened: OpenScan,
    ...parts: readonly Fleet[]
  ) {
    early.begin([opened]);
    await early.hintsDone();
    await run.ports.clock.sleep(3_001);
    for (const one of parts) early.onPart(one);
    for (let i = 0; i < 10; i++) await settle();
  }

  test('is matched with scans that have begun, too', async () => {
    const world = scene();
    await slowly(world, open([change()], [], { remaining: [] }), part(service()));
    expect(world.redeployed()).toEqual(['api']);
  });

  test('is redeployed but for later waves, and for services that were looked at before', async () => {
    const hinted = service({ name: 'hinted' });
    const later = service({ name: 'later', tags: new Map([['wave', '1']]) });
    const world = scene({ hints: [hinted] });
    await slowly(world, open(), part(hinted, later), part(service()), part(service()));
    expect(world.redeployed()).toEqual(['hinted', 'api']);
    expect(world.calls('answer')).toHaveLength(2);
  });

  test('is redeployed for what certainly changed, whatever may be gone by a guess', async () => {
    const references = { 'api:1': [SECRET, PARAMETER] };
    const world = scene({ references, hints: [service()] });
    const gone = notice({ arn: SECRET.slice(0, -7), notice: 'not-found' });
    const parameter = change({ kind: 'parameter', arn: PARAMETER });
    await slowly(world, open([parameter], [gone]), fleet([service()], references));
    expect(world.redeployed()).toEqual(['api']);
  });

  test('is left to the whole read if ECS does not answer, with no word: the same error comes again', async () => {
    const world = scene({ ecs: { answer: () => Promise.reject(new Error('x')) } });
    await slowly(world, open(), part(service()));
    expect(await world.results()).toEqual([]);
    expect(world.told).toEqual([]);
  });

  test('is asked about with few others at once', async () => {
    const gate = held();
    const world = scene({ ecs: { answer: () => gate.until.then(() => ({ serviceDeployments: [] })) } });
    await slowly(world, open(), ...named(20).map((one) => part(one)));
    expect(world.calls('answer')).toHaveLength(CONCURRENCY.earlyParts);
    const finished = world.early.finish();
    gate.release();
    expect(await finished).toEqual([]);
    expect(world.calls('answer')).toHaveLength(CONCURRENCY.earlyParts);
  });
});

describe('at the end of the read', () => {
  test('no call begins any more, and the answers of those under way count', async () => {
    const gate = held();
    const { early, results, redeployed, signals } = scene({
      hints: [service()],
      ecs: {
        forceNewDeployment: async (one) => {
          await gate.until;
          return { service: one.arn, result: 'accepted', deploymentId: 'd', acceptedAt: 0 };
        },
      },
    });
    early.begin([open()]);
    await vi.waitFor(() => expect(redeployed()).toEqual(['api']));
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    const finished = results();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    gate.release();
    expect(await finished).toEqual(['api']);
  });

  test('nothing is redeployed whose needs were not answered by then', async () => {
    const gate = held();
    const { early, calls, results } = scene({
      hints: [service()],
      references: NEEDING,
      describe: () => gate.until.then(() => secret()),
    });
    early.begin([open()]);
    await vi.waitFor(() => expect(calls('describe')).toHaveLength(1));
    const finished = results();
    gate.release();
    expect(await finished).toEqual([]);
    expect(calls('acquireUpdates')).toEqual([]);
  });

  test('of the time, calls end as well; any number of them may wait for it', async () => {
    const { early, signals, endReading } = scene({ hints: [service()] });
    early.begin([open()]);
    await early.hintsDone();
    const warned = vi.spyOn(process, 'emitWarning');
    const ended = vi.fn<() => void>();
    for (let i = 0; i < 11; i++) signals[0]?.addEventListener('abort', () => ended());
    expect(warned).not.toHaveBeenCalled();
    endReading();
    expect(ended).toHaveBeenCalledTimes(11);
  });
});

test('nothing is done if nothing was begun', async () => {
  const { early, did } = scene({ hints: [service()] });
  await early.hintsDone();
  expect(await early.finish()).toEqual([]);
  expect(did).toEqual([]);
});
