import { describe, expect, test } from 'vitest';
import { type Attempt, begin } from '../../../functions/core/follow-up/follow-up.ts';
import type { Unread } from '../../../functions/core/follow-up/unread.ts';
import type { ClusterArn } from '../../../functions/core/model/arn.ts';
import { type Fleet, joinFleets, type Service } from '../../../functions/core/model/fleet.ts';
import { FleetCache } from '../../../functions/pipeline/read/fleet-cache.ts';
import { readFollowed, sightsOf } from '../../../functions/pipeline/read/followed.ts';
import { SnapshotStore } from '../../../functions/pipeline/read/snapshot-store.ts';
import {
  AFTER,
  asSubject,
  change,
  deployment,
  fleet,
  NOW,
  openService,
  revisionArn,
  type ServiceDifference,
  service,
} from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const api = service();
const web = service({ name: 'web' });
const MAIN = api.cluster.arn;
const OTHER = MAIN.replace('main', 'other') as ClusterArn;
const attempt = (different: Partial<Attempt> = {}): Attempt => ({
  ...begin('change-1', [change()], NOW),
  hop: 1,
  messageIds: ['m'],
  ...different,
});
/** The service whose followed deployment is PRIMARY. */
const young = (different: ServiceDifference = {}) =>
  service({ deployments: [deployment({ id: 'ecs-svc/2', createdAt: AFTER })], ...different });
const NOTHING: Fleet = joinFleets(NOW, []);

/** What ECS answers for named services, and for clusters; what it is asked, in order. */
function scene({
  these = fleet([api]),
  clusters = NOTHING,
  remaining = [],
  configured = [],
}: {
  readonly these?: Fleet;
  readonly clusters?: Fleet;
  readonly remaining?: readonly ClusterArn[];
  readonly configured?: readonly string[];
} = {}) {
  const asked: unknown[] = [];
  let wants: (one: Service) => boolean = () => false;
  const fleets = new FleetCache(new SnapshotStore(undefined));
  const { run } = fakeRun(
    {
      ecs: {
        readThese: (places, wantsRevisions) => {
          asked.push(Object.fromEntries(places));
          wants = wantsRevisions;
          return Promise.resolve(these);
        },
        readFleet: (_globs, _, options) => {
          asked.push(options?.only);
          return Promise.resolve({ fleet: clusters, remaining });
        },
      },
    },
    { fleets, scope: { configured, narrowed: [] } },
  );
  return { run, asked, wants: (one: Service) => wants(one) };
}

describe('of the changes that are followed', () => {
  test('the services are read for which they wait, each once, ten a call and no others', async () => {
    const { run, asked } = scene({ these: fleet([api, web]) });
    const attempts = [
      attempt({ open: [openService(), openService({ name: 'web' })] }),
      attempt({ changeId: 'change-2', open: [openService()] }),
    ];
    const { fleet: seen, matches, seen: described } = await readFollowed(attempts, run);
    expect(asked).toEqual([{ [MAIN]: ['api', 'web'] }]);
    expect(seen).toEqual({ ...fleet([api, web]), beganAt: NOW });
    expect(matches.map(({ service: { name }, subject }) => [name, subject.kind])).toEqual([
      ['api', 'change'],
      ['web', 'change'],
      ['api', 'change'],
    ]);
    expect(described).toEqual({ described: new Set([api.key, web.key]), refused: new Set() });
  });

  test('nothing is read where they wait for nothing', async () => {
    const { run, asked } = scene();
    expect(await readFollowed([attempt()], run)).toEqual({
      fleet: NOTHING,
      matches: [],
      seen: { described: new Set(), refused: new Set() },
    });
    expect(asked).toEqual([]);
  });

  test.each<[string, Parameters<typeof openService>[0], Service, boolean]>([
    ['of a followed deployment they are known', {}, young(), false],
    ['of a service of which nothing is followed yet they are read', { deploymentId: null }, api, true],
    ['of a service with an also tag they are read', {}, young({ also: [revisionReference()] }), true],
    ['of a service that no change waits for they are not', { name: 'web' }, api, false],
  ])('the references are read where they are needed: %s', async (_, open, about, isWanted) => {
    const { run, wants } = scene();
    await readFollowed([attempt({ open: [openService(open)] }), attempt()], run);
    expect(wants(about)).toBe(isWanted);
  });

  test('services that were unread are looked at by name', async () => {
    const { run, asked } = scene();
    const unread: readonly Unread[] = [{ cluster: OTHER, name: 'api' }];
    await readFollowed([attempt({ open: [openService()], unread })], run);
    expect(asked).toEqual([{ [MAIN]: ['api'], [OTHER]: ['api'] }]);
  });

  test('clusters that were unread are read whole, each once, but no service twice', async () => {
    const both = fleet([api, web]);
    const { run, asked } = scene({ clusters: both });
    const unread: readonly Unread[] = [{ cluster: MAIN, except: [] }];
    const attempts = [attempt({ open: [openService()], unread }), attempt({ unread })];
    const { fleet: seen } = await readFollowed(attempts, run);
    expect(asked).toEqual([{ [MAIN]: ['api'] }, [MAIN]]);
    expect(seen.services).toEqual([api, web]);
    expect(seen.unreadableClusters).toEqual([]);
  });

  test('clusters for which there was no time are still unread', async () => {
    const { run, asked } = scene({ remaining: [OTHER] });
    const { fleet: seen } = await readFollowed([attempt({ unread: [{ cluster: OTHER, except: [] }] })], run);
    expect(asked).toEqual([[OTHER]]);
    expect(seen.unreadableClusters).toEqual([
      { arn: OTHER, cluster: 'other', why: 'there was no time to read it' },
    ]);
  });

  test('clusters that are not selected any more are not read', async () => {
    const { run, asked } = scene({ configured: ['main'] });
    const unread: readonly Unread[] = [
      { cluster: OTHER, except: [] },
      { cluster: MAIN, except: [] },
    ];
    await readFollowed([attempt({ unread })], run);
    expect(asked).toEqual([[MAIN]]);
  });

  test('what one of them has given up is not looked at again', async () => {
    const { run, asked } = scene();
    await readFollowed([attempt({ givenUp: true, unread: [{ cluster: OTHER, name: 'api' }] })], run);
    expect(asked).toEqual([]);
  });

  test('services that ECS refuses to show, or whose revision it refuses, are not gone', async () => {
    const hidden = { service: web.arn, cluster: 'main', why: 'no' };
    const half = service({ name: 'half', taskDefinition: revisionArn('half:1') });
    const these = fleet([api, half]);
    const revisions = new Map([
      ...these.revisions,
      [revisionArn('half:1'), { kind: 'unreadable' as const, why: 'no' }],
    ]);
    const { run } = scene({ these: { ...these, revisions, unreadable: [hidden] } });
    const { seen } = await readFollowed([attempt({ open: [openService()] })], run);
    expect(seen).toEqual({
      described: new Set([api.key, half.key]),
      refused: new Set([web.key, half.key]),
    });
  });
});

function revisionReference() {
  const [reference] = [...fleet([]).revisions.values()].flatMap((one) =>
    one.kind === 'readable' ? one.references : [],
  );
  if (reference === undefined) throw new Error('the revision has a reference');
  return reference;
}

describe('what a change cannot see at this look', () => {
  const hidden = (name: string) => ({ service: service({ name }).arn, cluster: 'main', why: 'no' });
  const sight = async (
    different: Partial<Attempt>,
    {
      whole = NOTHING,
      now = NOTHING,
      refused = [],
      knows = true,
      limitMs = 10,
    }: {
      readonly whole?: Fleet;
      readonly now?: Fleet;
      readonly refused?: readonly Service['key'][];
      readonly knows?: boolean;
      readonly limitMs?: number;
    } = {},
  ) => {
    const asked: unknown[] = [];
    const fleets = {
      knows: (subjects: unknown, about: unknown) => {
        expect(subjects).toEqual([asSubject(change())]);
        asked.push(about);
        return Promise.resolve(knows);
      },
    } as unknown as FleetCache;
    const { run } = fakeRun({}, { fleets, follow: { firstSeconds: 30, limitMs, maxMs: 100 } });
    const seen = { described: new Set<Service['key']>(), refused: new Set(refused) };
    const one = attempt(different);
    const [found] = await sightsOf([one], whole, { fleet: now, matches: [], seen }, run);
    return { found, asked, one };
  };
  const CLUSTER: readonly Unread[] = [{ cluster: MAIN, except: ['api'] }];

  test('is what the whole fleet does not show at the first', async () => {
    const { found, one } = await sight({ hop: 0 }, { whole: { ...NOTHING, unreadable: [hidden('web')] } });
    expect(found).toEqual({
      attempt: one,
      missesOpen: false,
      unread: [{ cluster: MAIN, name: 'web' }],
      overdue: false,
      knownToRefer: false,
    });
  });

  test('is what was unread before and is still unread at a later one', async () => {
    const now = { ...NOTHING, unreadable: [hidden('web'), hidden('api')] };
    const { found } = await sight(
      { unread: CLUSTER },
      { now, whole: { ...NOTHING, unreadable: [hidden('x')] } },
    );
    expect(found?.unread).toEqual([{ cluster: MAIN, name: 'web' }]);
  });

  test('is what was given up', async () => {
    const { found, asked } = await sight({ givenUp: true, unread: CLUSTER, firstHandledAt: 0 });
    expect(found).toMatchObject({ unread: CLUSTER, overdue: true, knownToRefer: false });
    expect(asked).toEqual([]);
  });

  test.each([
    [[api.key], true],
    [[web.key], false],
    [[], false],
  ])('misses a service that the change waits for where ECS refuses it: %s', async (refused, misses) => {
    const { found } = await sight({ open: [openService(), openService({ name: 'b' })] }, { refused });
    expect(found?.missesOpen).toBe(misses);
  });

  test.each([
    [10, true, true],
    [10, false, false],
    [11, true, false],
  ])(
    'is known to refer to the change only after its time limit: %i ms, %s',
    async (limitMs, knows, isKnown) => {
      const now = { ...NOTHING, unreadable: [hidden('web')] };
      const { found, asked } = await sight(
        { unread: CLUSTER, firstHandledAt: NOW - 10 },
        { now, knows, limitMs },
      );
      expect(found).toMatchObject({ overdue: limitMs === 10, knownToRefer: isKnown });
      expect(asked).toEqual(limitMs === 10 ? [[{ cluster: MAIN, name: 'web' }]] : []);
    },
  );

  test.each([
    [
      'a service of which ECS shows a part counts where it was unread',
      'half',
      [{ cluster: MAIN, name: 'half' }],
    ],
    ['and not where it was seen', 'api', []],
  ])('%s', async (_, name, about) => {
    const half = service({ name, taskDefinition: revisionArn('half:1') });
    const revisions = new Map([[revisionArn('half:1'), { kind: 'unreadable' as const, why: 'no' }]]);
    const now = { ...NOTHING, services: [half, web], revisions };
    const { asked } = await sight({ unread: CLUSTER, firstHandledAt: 0 }, { now });
    expect(asked).toEqual([about]);
    const first = await sight({ hop: 0, unread: CLUSTER, firstHandledAt: 0 }, { whole: now });
    expect(first.asked).toEqual([about]);
  });
});
