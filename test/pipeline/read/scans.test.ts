import { describe, expect, test } from 'vitest';
import { type Attempt, begin } from '../../../functions/core/follow-up/follow-up.ts';
import type { OpenScan } from '../../../functions/core/follow-up/trigger.ts';
import type { ClusterArn } from '../../../functions/core/model/arn.ts';
import { about, type Subject } from '../../../functions/core/model/change.ts';
import {
  type Fleet,
  joinFleets,
  type NamedFleet,
  type NamedService,
} from '../../../functions/core/model/fleet.ts';
import { type FleetPart, type Scan, startScan } from '../../../functions/core/read/scan.ts';
import { type Early, NOTHING_EARLY, scanFleet } from '../../../functions/pipeline/read/scan.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import { change, fleet, NOW, notice, service } from '../../support/build.ts';
import { confirmedOnly, fakeRun } from '../../support/fake-run.ts';

const api = service();
const MAIN = api.cluster.arn;
const clusterNamed = (name: string) => MAIN.replace('main', name) as ClusterArn;
const [A, B, C] = [clusterNamed('a'), clusterNamed('b'), clusterNamed('c')];
const WHOLE: FleetPart = { fleet: fleet([api]), remaining: [] };
const NOTHING: Fleet = joinFleets(NOW, []);
const LIMIT_MS = 1_000;

const attempt = (different: Partial<Attempt> = {}): Attempt => ({
  ...begin('change-1', [change()], NOW),
  messageIds: ['m'],
  ...different,
});
const open = (different: Partial<Scan> = {}, one = attempt()): OpenScan => ({
  scan: { ...startScan(one.changes, [], NOW), ...different },
  attempts: [one],
  messageIds: one.messageIds,
});
type Read = { readonly anew?: boolean } & (FleetPart | { readonly notBefore: number });

/** What the whole fleet, a part of it and named services show; what is read, with the share of the time that it may take. */
function scene({
  whole = { ...WHOLE, anew: true },
  part = { fleet: NOTHING, remaining: [] },
  these = fleet([api]),
  named = { ...fleet([api]), missing: [], outOfScope: [] },
  shows = true,
  scope = { configured: [], narrowed: [] },
  now = NOW,
}: {
  readonly whole?: Read | Error;
  readonly part?: FleetPart | Error;
  readonly these?: Fleet | Error;
  readonly named?: NamedFleet;
  /** Whether a part of the fleet is shown before a read ends. */
  readonly shows?: boolean;
  readonly scope?: Run['scope'];
  readonly now?: number;
} = {}) {
  const did: unknown[] = [];
  const asked: string[] = [];
  const answer = async <T>(one: T | Error): Promise<T> => {
    await Promise.resolve();
    if (one instanceof Error) throw one;
    return one;
  };
  const share = (run: Run) => (run.reading === fake.run.reading ? 'all' : 'part');
  const fleets = {
    read: (subjects: readonly Subject[], first: unknown, onPart: (one: Fleet) => void, run: Run) => {
      asked.push(...subjects.map((one) => about(one).changeId));
      did.push(['read', first, share(run)]);
      if (shows) onPart(NOTHING);
      return answer(whole);
    },
    readOn: (left: unknown, onPart: (one: Fleet) => void, run: Run) => {
      did.push(['readOn', left, share(run)]);
      if (shows) onPart(NOTHING);
      return answer(part);
    },
  } as unknown as Run['fleets'];
  const fake = fakeRun(
    {
      ecs: {
        readThese: (places, wants) => {
          did.push(['readThese', Object.fromEntries(places), wants(api)]);
          return answer(these);
        },
        readNamed: (services, globs) => {
          did.push(['readNamed', services, globs]);
          return answer(named);
        },
      },
    },
    {
      fleets,
      scope,
      now,
      remainingMs: () => 900_000,
      follow: { firstSeconds: 30, limitMs: LIMIT_MS, maxMs: 9_000 },
    },
  );
  return { ...fake, did, asked };
}

const early = (did: unknown[]): Early => ({
  ...NOTHING_EARLY,
  onPart: () => void did.push('part'),
  hintsDone: () => {
    did.push('hints done');
    return Promise.resolve();
  },
});

describe('scans that begin', () => {
  test('share one read of the whole fleet, after the known services, and are decided together', async () => {
    const { run, did, asked } = scene();
    const second = attempt({ changeId: 'change-2', changes: [change({ changeId: 'change-2' })] });
    const started = [{ cluster: MAIN, name: 'api', deploymentId: 'd' }];
    const scans = [open({ notices: [notice()] }), open({ started }, second)];
    expect(await scanFleet(confirmedOnly({ scans }), early(did), run)).toEqual({
      parts: [{ attempts: [attempt(), second], notices: [notice()], started, fleet: WHOLE.fleet }],
      postponed: [],
    });
    expect(did).toEqual(['hints done', ['read', [], 'all'], 'part']);
    expect(asked).toEqual(['change-1', 'n', 'change-2']);
  });

  test('leave time to the changes that are followed beside them', async () => {
    const { run, did } = scene();
    await scanFleet(confirmedOnly({ scans: [open()], attempts: [attempt()] }), NOTHING_EARLY, run);
    expect(did).toEqual([['read', [], 'part']]);
  });

  test('read nothing without a change or a notice', async () => {
    const { run, did } = scene();
    expect(await scanFleet(confirmedOnly({}), NOTHING_EARLY, run)).toEqual({ parts: [], postponed: [] });
    expect(did).toEqual([]);
  });

  test('wait for a read that they share', async () => {
    const { run } = scene({ whole: { notBefore: NOW + 5 }, shows: false });
    const scans = [open()];
    expect(await scanFleet(confirmedOnly({ scans }), NOTHING_EARLY, run)).toEqual({
      parts: [],
      postponed: [{ ...open(), notBefore: NOW + 5 }],
    });
  });

  test('go on in the next invocation where there is no time for all clusters', async () => {
    const { run } = scene({ whole: { fleet: fleet([api]), remaining: [A], anew: true } });
    expect(await scanFleet(confirmedOnly({ scans: [open()] }), NOTHING_EARLY, run)).toEqual({
      parts: [],
      postponed: [{ ...open({ matched: [{ cluster: MAIN, name: 'api' }], remaining: [A] }), notBefore: 0 }],
    });
  });

  test.each<[string, Parameters<typeof scene>[0], boolean]>([
    ['nothing was read', { whole: { fleet: NOTHING, remaining: [A] }, shows: false }, true],
    ['something was shown', { whole: { fleet: NOTHING, remaining: [A] } }, false],
    ['a service was read', { whole: { fleet: fleet([api]), remaining: [A] }, shows: false }, false],
    ['there is nothing to read', { whole: { fleet: NOTHING, remaining: [] }, shows: false }, false],
  ])('fail if the time ends before anything is known: %s', async (_, given, fails) => {
    const { run } = scene(given);
    const scanned = scanFleet(confirmedOnly({ scans: [open()] }), NOTHING_EARLY, run);
    if (fails)
      await expect(scanned).rejects.toMatchObject({
        name: 'TimeIsOver',
        message: 'ECS showed no service within the time for reading',
      });
    else await expect(scanned).resolves.toBeDefined();
  });
});

describe('scans that go on', () => {
  const MATCHED = [{ cluster: MAIN, name: 'api' }];

  test('read the clusters that are left, each once, and then what matched as it is now', async () => {
    const { run, did } = scene();
    const scans = [open({ remaining: [A, B], matched: MATCHED }), open({ remaining: [B] })];
    const { parts, postponed } = await scanFleet(confirmedOnly({ scans }), early(did), run);
    expect(did).toEqual([
      ['readOn', [A, B], 'all'],
      'part',
      ['readThese', { [MAIN]: ['api'] }, true],
      ['readThese', {}, true],
    ]);
    expect(parts).toEqual([
      { attempts: [attempt()], notices: [], started: [], fleet: fleet([api]) },
      { attempts: [attempt()], notices: [], started: [], fleet: fleet([api]) },
    ]);
    expect(postponed).toEqual([]);
  });

  test('each wait for their own clusters only', async () => {
    const { run } = scene({ part: { fleet: NOTHING, remaining: [B] } });
    const scans = [open({ remaining: [A] }), open({ remaining: [A, B] })];
    const { parts, postponed } = await scanFleet(confirmedOnly({ scans }), NOTHING_EARLY, run);
    expect(parts).toHaveLength(1);
    expect(postponed).toEqual([{ ...open({ remaining: [B] }), notBefore: 0 }]);
  });

  test('take what a new read of the whole fleet shows, which begins with their clusters', async () => {
    const { run, did } = scene();
    await scanFleet(confirmedOnly({ scans: [open({ remaining: [A] }), open()] }), NOTHING_EARLY, run);
    expect(did).toEqual([
      ['read', [A], 'part'],
      ['readThese', { [MAIN]: ['api'] }, true],
    ]);
  });

  test('read their clusters themselves where the new scans need no new read', async () => {
    const { run, did } = scene({ whole: { ...WHOLE, anew: false } });
    const { parts } = await scanFleet(
      confirmedOnly({ scans: [open({ remaining: [A] }), open()] }),
      NOTHING_EARLY,
      run,
    );
    expect(did).toEqual([
      ['read', [A], 'part'],
      ['readOn', [A], 'all'],
      ['readThese', {}, true],
    ]);
    expect(parts).toHaveLength(2);
  });

  test('leave out clusters that are not selected any more', async () => {
    const { run, did } = scene({ scope: { configured: ['a'], narrowed: [] } });
    await scanFleet(confirmedOnly({ scans: [open({ remaining: [A, B] })] }), NOTHING_EARLY, run);
    expect(did[0]).toEqual(['readOn', [A], 'all']);
  });

  test('fail with the error of ECS, which is tried again', async () => {
    const { run } = scene({ part: new Error('throttled') });
    const scanned = scanFleet(confirmedOnly({ scans: [open({ remaining: [A] })] }), NOTHING_EARLY, run);
    await expect(scanned).rejects.toThrow('throttled');
  });

  const looked = (these: Fleet | Error, ended: boolean, now = NOW) => {
    const made = scene({ these, now });
    if (ended) made.endReading();
    return scanFleet(
      confirmedOnly({ scans: [open({ remaining: [A], matched: MATCHED })] }),
      NOTHING_EARLY,
      made.run,
    );
  };

  test('read their last part again where there was no time to look at what matched', async () => {
    expect(await looked(new Error('over'), true)).toEqual({
      parts: [],
      postponed: [{ ...open({ remaining: [A], matched: MATCHED }), notBefore: 0 }],
    });
  });

  test('fail where ECS refuses what matched', async () => {
    await expect(looked(new Error('throttled'), false)).rejects.toThrow('throttled');
  });

  test('end in the dead-letter queue where their time limit is over before what matched is seen', async () => {
    await expect(looked(new Error('over'), true, NOW + LIMIT_MS)).rejects.toMatchObject({
      name: 'TimeIsOver',
      message:
        'the services that were found could not be looked at again within the time limit of their change',
    });
  });
});

describe('scans whose time limit is over', () => {
  const unread = (arn: ClusterArn, cluster: string, why = 'there was no time to read it') => ({
    arn,
    cluster,
    why,
  });

  test('are decided with what is left as unread, and leave time to look at what they found', async () => {
    const before = unread(C, 'c', 'no');
    const { run, did } = scene({
      now: NOW + LIMIT_MS,
      part: { fleet: NOTHING, remaining: [A] },
      these: { ...fleet([api]), unreadableClusters: [unread(B, 'b', 'gone')] },
    });
    const scans = [open({ remaining: [A, B], unread: [before] })];
    const { parts, postponed } = await scanFleet(confirmedOnly({ scans }), NOTHING_EARLY, run);
    expect(did[0]).toEqual(['readOn', [A, B], 'part']);
    expect(parts[0]?.fleet.unreadableClusters).toEqual([before, unread(A, 'a'), unread(B, 'b', 'gone')]);
    expect(postponed).toEqual([]);
  });

  test('leave that time also where another one has time left', async () => {
    const { run, did } = scene({ now: NOW + LIMIT_MS });
    const young = open({ remaining: [B], firstHandledAt: NOW + 1 });
    await scanFleet(confirmedOnly({ scans: [open({ remaining: [A] }), young] }), NOTHING_EARLY, run);
    expect(did[0]).toEqual(['readOn', [A, B], 'part']);
  });

  test('go on one millisecond before', async () => {
    const { run } = scene({ now: NOW + LIMIT_MS - 1, part: { fleet: NOTHING, remaining: [A] } });
    const { postponed } = await scanFleet(
      confirmedOnly({ scans: [open({ remaining: [A, B] })] }),
      NOTHING_EARLY,
      run,
    );
    expect(postponed).toHaveLength(1);
  });

  test('are decided without a read that the end of the time cut short', async () => {
    const { run, endReading } = scene({ now: NOW + LIMIT_MS, part: new Error('over') });
    endReading();
    const { parts } = await scanFleet(
      confirmedOnly({ scans: [open({ remaining: [A] })] }),
      NOTHING_EARLY,
      run,
    );
    expect(parts[0]?.fleet.unreadableClusters).toEqual([unread(A, 'a')]);
    expect(parts[0]?.fleet.services).toEqual([api]);
  });

  test('fail with an error of ECS all the same', async () => {
    const { run } = scene({ now: NOW + LIMIT_MS, part: new Error('throttled') });
    const scanned = scanFleet(confirmedOnly({ scans: [open({ remaining: [A] })] }), NOTHING_EARLY, run);
    await expect(scanned).rejects.toThrow('throttled');
  });
});

describe('services that are named by hand', () => {
  const named: NamedService = { cluster: 'main', name: 'api', asGiven: 'main/api' };
  const origin = { changeId: 'r', at: NOW - 5, source: 'request' };

  test('are read alone, and each is a change of its own', async () => {
    const scope = { configured: ['m*'], narrowed: ['main'] };
    const hidden = { service: service({ name: 'hidden' }).arn, cluster: 'main', why: 'no' };
    const outside = { service: service({ name: 'outside' }).arn, cluster: 'x' };
    const shown = { ...fleet([api]), unreadable: [hidden], outOfScope: [outside], missing: [] };
    const { run, did, told } = scene({ scope, named: shown });
    const { parts, postponed } = await scanFleet(
      confirmedOnly({ named: [{ origin, named }], scans: [open()] }),
      NOTHING_EARLY,
      run,
    );
    const changes = [api.arn, hidden.service, outside.service].map((arn) => ({
      changeId: 'r',
      kind: 'service',
      arn,
      changedAt: NOW - 5,
      source: 'request',
      optedOut: false,
    }));
    expect(did).toEqual([['readNamed', [named], [['m*'], ['main']]]]);
    expect(told).toEqual(changes.map((one) => ['received', one]));
    const first = { ...begin('r', changes as never, NOW), messageIds: [] };
    expect(parts).toEqual([{ attempts: [first], notices: [], started: [], fleet: shown }]);
    expect(postponed).toEqual([]);
  });

  test('that are none are no change', async () => {
    const { run } = scene({ named: { ...NOTHING, outOfScope: [], missing: [] } });
    const { parts } = await scanFleet(confirmedOnly({ named: [{ origin, named }] }), NOTHING_EARLY, run);
    expect(parts).toMatchObject([{ attempts: [] }]);
  });

  test('that do not exist refuse the whole request', async () => {
    const { run, told } = scene({
      named: { ...fleet([api]), outOfScope: [], missing: ['main/x', 'main/y'] },
    });
    await expect(
      scanFleet(confirmedOnly({ named: [{ origin, named }] }), NOTHING_EARLY, run),
    ).rejects.toMatchObject({
      name: 'NoSuchService',
      asGiven: ['main/x', 'main/y'],
      message:
        'wrong request, nothing was done: services: service main/x does not exist; services: service main/y does not exist',
    });
    expect(told).toEqual([]);
  });
});

test('nothing is done early where nothing may be', async () => {
  expect(NOTHING_EARLY.begin([])).toBeUndefined();
  expect(NOTHING_EARLY.onPart(NOTHING)).toBeUndefined();
  await NOTHING_EARLY.hintsDone();
  expect(await NOTHING_EARLY.finish()).toEqual([]);
});
