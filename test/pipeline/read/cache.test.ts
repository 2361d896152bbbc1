import { describe, expect, test } from 'vitest';
import type { Trigger } from '../../../functions/core/follow-up/trigger.ts';
import type { Unread } from '../../../functions/core/follow-up/unread.ts';
import type { Fleet, Service } from '../../../functions/core/model/fleet.ts';
import { NOTHING_SEEN, withRead } from '../../../functions/core/read/snapshot.ts';
import { snapshotBytes } from '../../../functions/formats/snapshot.ts';
import { FleetCache } from '../../../functions/pipeline/read/fleet-cache.ts';
import { SnapshotStore } from '../../../functions/pipeline/read/snapshot-store.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import { asSubject, CHANGED_AT, change, fleet, NOW, notice, SECRET, service } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const api = service();
const GONE = service({ name: 'gone' });
const CLUSTER = api.cluster.arn;
const OTHER = `${CLUSTER}-2` as typeof CLUSTER;
const subjects = [asSubject(change())];
const ELSEWHERE = [asSubject(change({ arn: `${SECRET.slice(0, -1)}9` }))];
const onPart = () => undefined;
const many = (count: number) => Array.from({ length: count }, (_, i) => service({ name: `s${i}` }));
const namesOf = (services: readonly Service[]) => services.map(({ name }) => name);
type Part = { readonly fleet: Fleet; readonly remaining: readonly (typeof CLUSTER)[] };

/** A cache, what S3 holds for it, and the calls that it makes: of ECS, and of S3. */
function scene({
  stored,
  part = { fleet: fleet([api]), remaining: [] },
  queue = true,
  ...different
}: {
  readonly stored?: Fleet;
  readonly part?: Part;
  readonly queue?: boolean;
  readonly now?: number;
} & Partial<Pick<Run, 'scope'>> = {}) {
  let fetched = 0;
  const asked: unknown[][] = [];
  const bytes = stored && snapshotBytes(withRead(NOTHING_SEEN, stored, () => true));
  const cache = new FleetCache(
    new SnapshotStore({
      get: () => {
        fetched++;
        return Promise.resolve(bytes && { bytes, version: 'v' });
      },
      put: () => Promise.resolve('w'),
    }),
  );
  const fake = fakeRun(
    {
      ecs: {
        readFleet: (...given) => {
          asked.push(['readFleet', given[0], given[2]]);
          return Promise.resolve(part);
        },
        readThese: (places, wants) => {
          asked.push(['readThese', Object.fromEntries(places), wants(api)]);
          return Promise.resolve({ ...part.fleet, services: [api] });
        },
      },
      ...(queue && { queue: { send: () => Promise.resolve() } }),
    },
    { ...different },
  );
  return {
    cache,
    asked,
    ...fake,
    fetched: () => fetched,
  };
}

/** A read that began long after the change. */
const LATE: Part = {
  fleet: { ...fleet([api, service({ name: 'b' })]), beganAt: CHANGED_AT + 3_001 },
  remaining: [],
};

describe('the fleet is read', () => {
  test('whole, beginning with the clusters that another read left', async () => {
    const { cache, run, asked } = scene({ scope: { configured: ['a*'], narrowed: [] } });
    expect(await cache.read(subjects, [OTHER], onPart, run)).toEqual({
      fleet: fleet([api]),
      remaining: [],
      anew: true,
    });
    expect(asked).toEqual([['readFleet', [['a*']], { first: [OTHER], onPart }]]);
  });

  test('narrowed by a request, which is not remembered', async () => {
    const { cache, run, asked } = scene({ part: LATE, scope: { configured: ['a*'], narrowed: ['ab'] } });
    expect(await cache.read(subjects, [OTHER], onPart, run)).toEqual({ ...LATE, anew: true });
    await cache.read(subjects, [], onPart, run);
    expect(asked).toEqual([
      ['readFleet', [['a*'], ['ab']], { onPart }],
      ['readFleet', [['a*'], ['ab']], { onPart }],
    ]);
  });

  test('no more where the last read is young enough: only what it matched is read again', async () => {
    const { cache, run, asked } = scene({ part: LATE });
    await cache.read(subjects, [], onPart, run);
    expect(await cache.read(subjects, [], onPart, run)).toMatchObject({ remaining: [], anew: false });
    expect(asked[1]).toEqual(['readThese', { [CLUSTER]: ['api', 'b'] }, true]);
  });

  test('no more where the last read shows that nothing is concerned', async () => {
    const { cache, run, asked } = scene({ part: LATE });
    await cache.read(subjects, [], onPart, run);
    expect(await cache.read(ELSEWHERE, [], onPart, run)).toEqual({
      fleet: { ...LATE.fleet, services: [] },
      remaining: [],
      anew: false,
    });
    expect(asked).toHaveLength(1);
  });

  test.each<[string, Part, Parameters<FleetCache['read']>[0]]>([
    [
      'began less than three seconds after the change',
      { ...LATE, fleet: { ...LATE.fleet, beganAt: CHANGED_AT + 3_000 } },
      subjects,
    ],
    ['ended before everything was read', { ...LATE, remaining: [OTHER] }, subjects],
    [
      'was refused a part',
      { ...LATE, fleet: { ...LATE.fleet, unreadableClusters: [{ arn: OTHER, cluster: 'x', why: 'y' }] } },
      subjects,
    ],
    [
      'began before the instant until which the change may have happened',
      LATE,
      [asSubject(change({ possiblyUntil: CHANGED_AT + 1 }))],
    ],
    ['began before a notice', LATE, [asSubject(notice({ at: CHANGED_AT + 1 }))]],
    [
      'is too old for one of two changes',
      LATE,
      [...subjects, asSubject(change({ changedAt: CHANGED_AT + 1 }))],
    ],
  ])('anew where the last read %s', async (_, part, given) => {
    const { cache, run, asked } = scene({ part });
    await cache.read(subjects, [], onPart, run);
    await cache.read(given, [], onPart, run);
    expect(asked.map(([name]) => name)).toEqual(['readFleet', 'readFleet']);
  });

  test.each([
    ['forgets what was not found in a cluster', [], false],
    ['keeps what may be where there was no time to look', [CLUSTER], true],
  ])('and what other processes know %s', async (_, remaining, isKept) => {
    const { cache, run } = scene({ stored: fleet([GONE]), part: { fleet: fleet([]), remaining } });
    await cache.read(subjects, [], onPart, run);
    await cache.snapshot.save(run);
    expect(await cache.knows(subjects, [{ cluster: CLUSTER, name: 'gone' }], run)).toBe(isKept);
  });
});

describe('changes that concern no known service', () => {
  const inVain = async (given: Parameters<typeof scene>[0] = {}, of = ELSEWHERE) => {
    const made = scene({ ...given, part: { fleet: { ...fleet([api]), beganAt: NOW - 1 }, remaining: [] } });
    await made.cache.read(ELSEWHERE, [], onPart, made.run);
    const [subject] = of;
    const younger = subject?.kind === 'change' ? [asSubject({ ...subject.change, changedAt: NOW })] : [];
    return { ...made, younger };
  };

  test('share one read, a minute after the last one in vain', async () => {
    const { cache, run, younger, asked } = await inVain();
    expect(await cache.read(younger, [], onPart, run)).toEqual({ notBefore: NOW - 1 + 60_000 });
    expect(asked).toHaveLength(1);
  });

  test('are read for once the minute is over', async () => {
    const { cache, run, younger, asked } = await inVain();
    await run.ports.clock.sleep(59_998);
    expect(await cache.read(younger, [], onPart, run)).toEqual({ notBefore: NOW + 59_999 });
    await run.ports.clock.sleep(1);
    await cache.read(younger, [], onPart, run);
    expect(asked).toHaveLength(2);
  });

  test.each([
    ['concerns a known service', {}, subjects],
    ['was requested by hand', {}, [asSubject(change({ arn: `${SECRET.slice(0, -1)}9`, source: 'request' }))]],
    ['cannot go through a queue', { queue: false }, ELSEWHERE],
  ])('do not make a change wait that %s', async (_, given, of) => {
    const { cache, run, younger, asked } = await inVain(given, of);
    expect(await cache.read(younger, [], onPart, run)).toMatchObject({ anew: true });
    expect(asked).toHaveLength(2);
  });

  test('do not wait beside a request', async () => {
    const { cache, run, younger, asked } = await inVain();
    const [subject] = younger;
    const beside = subject?.kind === 'change' ? [asSubject({ ...subject.change, source: 'request' })] : [];
    await cache.read([...beside, ...younger], [], onPart, run);
    expect(asked).toHaveLength(2);
  });

  test('do not wait after a read that matched a service', async () => {
    const { cache, run, asked } = scene({
      part: { fleet: { ...fleet([api]), beganAt: NOW }, remaining: [] },
    });
    await cache.read(subjects, [], onPart, run);
    await cache.read(
      ELSEWHERE.map((one) => ({ ...one })),
      [],
      onPart,
      run,
    );
    const [{ change: of } = { change: change() }] = ELSEWHERE as { change: ReturnType<typeof change> }[];
    await cache.read([asSubject({ ...of, changedAt: NOW })], [], onPart, run);
    expect(asked.filter(([name]) => name === 'readFleet')).toHaveLength(2);
  });
});

describe('the services to look at first', () => {
  test('are those of the last read that refer to the change, each once', async () => {
    const { cache, run } = scene({
      part: { fleet: { ...fleet(many(41)), beganAt: CHANGED_AT }, remaining: [] },
    });
    await cache.read(subjects, [], onPart, run);
    const both = [...subjects, asSubject(change({ changeId: 'again' }))];
    expect(namesOf(await cache.hints(both, run))).toEqual(namesOf(many(41)));
    expect(await cache.hints(ELSEWHERE, run)).toEqual([]);
  });

  test('are those of the snapshot where this process has read nothing', async () => {
    const { cache, run } = scene({ stored: fleet(many(41)) });
    expect(namesOf(await cache.hints(subjects, run)).toSorted()).toEqual(namesOf(many(41)).toSorted());
  });

  test.each([
    [
      'the fleet is small',
      scene({ part: { fleet: { ...fleet(many(40)), beganAt: CHANGED_AT }, remaining: [] } }),
    ],
    [
      'the last read is young enough, so that nothing else is read',
      scene({ part: { fleet: { ...fleet(many(41)), beganAt: CHANGED_AT + 3_001 }, remaining: [] } }),
    ],
  ])('are none where %s', async (_, { cache, run }) => {
    await cache.read(subjects, [], onPart, run);
    expect(await cache.hints(subjects, run)).toEqual([]);
  });

  test.each<[string, Trigger['kind'], number]>([
    ['an event', 'event', 1],
    ['a follow-up', 'follow-up', 0],
    ['a service named by hand', 'service', 0],
  ])('are fetched while %s is confirmed: %s, %i call', async (_, kind, calls) => {
    const { cache, run, fetched } = scene({ stored: fleet(many(41)) });
    cache.prefetch([{ kind } as Trigger], run);
    await Promise.resolve();
    expect(fetched()).toBe(calls);
  });

  test('are fetched where one of several triggers is new', async () => {
    const { cache, run, fetched } = scene({ stored: fleet(many(41)) });
    cache.prefetch([{ kind: 'follow-up' } as Trigger, { kind: 'event' } as Trigger], run);
    await Promise.resolve();
    expect(fetched()).toBe(1);
  });

  test('are not fetched where this process has read the fleet', async () => {
    const { cache, run, fetched } = scene();
    await cache.read(subjects, [], onPart, run);
    cache.prefetch([{ kind: 'event' } as Trigger], run);
    await Promise.resolve();
    expect(fetched()).toBe(0);
  });
});

describe('what is unread now is known to refer to a change', () => {
  const unread: readonly Unread[] = [{ cluster: CLUSTER, name: 'api' }];

  test.each([
    ['by the snapshot', { stored: fleet([api]) }, false, unread, true],
    ['by the last read', {}, true, unread, true],
    ['by nothing', {}, false, unread, false],
    ['not where something else is unread', {}, true, [{ cluster: CLUSTER, name: 'other' }], false],
  ] as const)('%s', async (_, given, reads, about, isKnown) => {
    const { cache, run } = scene(given);
    if (reads) await cache.read(subjects, [], onPart, run);
    expect(await cache.knows(subjects, about, run)).toBe(isKnown);
  });

  test('not where it refers to something else', async () => {
    const { cache, run } = scene({ stored: fleet([api]) });
    expect(await cache.knows(ELSEWHERE, unread, run)).toBe(false);
  });

  test('of nothing, without a look at the snapshot', async () => {
    const { cache, run, fetched } = scene({ stored: fleet([api]) });
    expect(await cache.knows(subjects, [], run)).toBe(false);
    expect(fetched()).toBe(0);
  });
});

describe('the clusters that another invocation left', () => {
  test('are read alone, within the configured ones', async () => {
    const { cache, run, asked } = scene({ scope: { configured: ['a*'], narrowed: [] } });
    expect(await cache.readOn([OTHER], onPart, run)).toEqual({ fleet: fleet([api]), remaining: [] });
    expect(asked).toEqual([['readFleet', [['a*']], { only: [OTHER], onPart, continues: true }]]);
  });

  test.each([
    ['that were read', [CLUSTER], [], false],
    ['for which there was time', [CLUSTER, OTHER], [OTHER], false],
    ['and not those for which there was none', [CLUSTER], [CLUSTER], true],
    ['and no others', [OTHER], [], true],
  ])('are what other processes know anew: %s', async (_, left, remaining, isKept) => {
    const { cache, run } = scene({ stored: fleet([GONE]), part: { fleet: fleet([]), remaining } });
    await cache.readOn(left, onPart, run);
    await cache.snapshot.save(run);
    expect(await cache.knows(subjects, [{ cluster: CLUSTER, name: 'gone' }], run)).toBe(isKept);
  });
});
