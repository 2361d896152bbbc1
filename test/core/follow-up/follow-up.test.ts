import { describe, expect, test } from 'vitest';
import {
  awaitsAny,
  begin,
  countedBefore,
  earlierLooks,
  type FollowUp,
  followingOf,
  isKnown,
  matchAgain,
  NOTHING_YET,
  openKey,
  type Sight,
} from '../../../functions/core/follow-up/follow-up.ts';
import { serviceArn } from '../../../functions/core/model/arn.ts';
import { about } from '../../../functions/core/model/change.ts';
import {
  AFTER,
  BEFORE,
  CHANGED_AT,
  change,
  deployment,
  fleet,
  NOW,
  openService as open,
  reference,
  revisionArn,
  SECRET,
  service,
} from '../../support/build.ts';

const followUp = (different: Partial<FollowUp> = {}): FollowUp => ({
  ...begin('change-1', [change()], NOW),
  hop: 1,
  open: [open()],
  ...different,
});
const DARK = [{ cluster: service().cluster.arn, name: 'dark' }];
const young = { id: 'ecs-svc/2', createdAt: AFTER } as const;

test.each([
  ['for nothing', {}, false],
  ['for a service', { open: [open()] }, true],
  ['for a service, even if it is given up what is unread', { open: [open()], givenUp: true }, true],
  ['for what is unread', { unread: DARK }, true],
  ['for nothing that is given up', { unread: DARK, givenUp: true }, false],
])('a change waits %s, or not', (_, different, isWaiting) => {
  expect(awaitsAny(followUp({ open: [], ...different }))).toBe(isWaiting);
});

test('a change begins with an empty tally, no open service and no look behind it', () => {
  expect(begin('change-1', [change()], NOW)).toEqual({
    changeId: 'change-1',
    changes: [change()],
    firstHandledAt: NOW,
    triedAt: NOW,
    hop: 0,
    open: [],
    tally: { redeployed: 0, fresh: 0, failed: 0, skipped: 0, left: 0 },
    denied: false,
    failedWave: null,
    deniedWave: null,
    unread: [],
    givenUp: false,
    limitRecorded: false,
    knownEnd: null,
    exposureEnd: null,
    notMade: 0,
  });
  expect(NOTHING_YET).toEqual(begin('', [], 0).tally);
});

describe('a service that a change waits for', () => {
  test.each([
    ['is followed where the deployment that we started is PRIMARY', {}, [deployment(young)], 'followed'],
    [
      'is adopted where a deployment that we did not start is PRIMARY',
      { ours: false },
      [deployment(young)],
      'adopted',
    ],
    [
      'is superseded where another deployment has taken the place of ours',
      {},
      [deployment({ ...young, id: 'ecs-svc/3' })],
      'superseded',
    ],
    ['is superseded where there is no deployment left', {}, [], 'superseded'],
    ['waits where no deployment is followed', { deploymentId: null }, [deployment(young)], 'waiting'],
    [
      'is newly read where ECS has not told enough about it before',
      { deploymentId: null, lastLogged: 'wait unreadable' },
      [deployment(young)],
      'newly-read',
    ],
    [
      'is followed although ECS did not tell enough about it at the look before',
      { lastLogged: 'wait unreadable' },
      [deployment(young)],
      'followed',
    ],
    [
      'waits where the followed deployment is older than the change',
      {},
      [deployment({ ...young, createdAt: BEFORE })],
      'waiting',
    ],
    [
      'waits where the followed deployment is as old as the change',
      {},
      [deployment({ ...young, createdAt: CHANGED_AT })],
      'waiting',
    ],
  ] as const)('%s', (_, opened, deployments, following) => {
    expect(
      followingOf(followUp({ open: [open({ name: 'web' }), open(opened)] }), service({ deployments })),
    ).toBe(following);
  });

  test('waits unless its deployment is younger than every change of the follow-up', () => {
    const later = followUp({ changes: [change(), change({ changedAt: AFTER + 1 })] });
    expect(followingOf(later, service({ deployments: [deployment(young)] }))).toBe('waiting');
  });

  test('is newly read where ECS did not show it before', () => {
    const unread = [{ cluster: service().cluster.arn, name: 'api' }];
    expect(followingOf(followUp({ open: [], unread }), service())).toBe('newly-read');
  });

  test('is not confused with a service of another name', () => {
    expect(followingOf(followUp(), service({ name: 'web' }))).toBeUndefined();
  });

  test.each([
    ['followed', true],
    ['adopted', true],
    ['superseded', false],
    ['waiting', false],
    [undefined, false],
  ] as const)('needs no references if it is %s: %s', (following, known) => {
    expect(isKnown(following)).toBe(known);
  });
});

describe('a later look', () => {
  const world = (...services: Parameters<typeof fleet>[0]) =>
    fleet(services, { 'api:1': ['/else'], 'api:2': [SECRET] });
  const web = (revision: string) =>
    service({
      name: 'web',
      taskDefinition: revisionArn(revision),
      deployments: [deployment({ taskDefinition: revisionArn(revision) })],
    });
  const look = (before: FollowUp, ...services: Parameters<typeof fleet>[0]) =>
    matchAgain(before, world(...services), 'ignore').map(
      ({ service: { name }, subject, following, hits, partlyUnreadable }) => ({
        name,
        changeId: about(subject).changeId,
        following,
        hits: hits.length,
        partlyUnreadable,
      }),
    );
  const of = (name: string, following: string, hits: number) => ({
    name,
    changeId: 'change-1',
    following,
    hits,
    partlyUnreadable: false,
  });

  test('treats a followed service as matched, whatever its revision refers to', () => {
    expect(look(followUp(), service({ deployments: [deployment(young)] }))).toEqual([
      of('api', 'followed', 0),
    ]);
  });

  test('matches the other services again and drops those that no longer refer to the change', () => {
    const before = followUp({
      open: [open({ deploymentId: null }), open({ name: 'web', deploymentId: null })],
    });
    expect(look(before, service(), web('api:2'))).toEqual([of('web', 'waiting', 1)]);
  });

  test('reports that the followed deployment was superseded when it matches the service again', () => {
    const before = followUp({ open: [open({ name: 'web', deploymentId: 'ecs-svc/9' })] });
    expect(look(before, web('api:2'))).toEqual([of('web', 'superseded', 1)]);
  });

  test('ignores a service that the change does not wait for', () => {
    expect(look(followUp(), service({ deployments: [deployment(young)] }), web('api:2'))).toEqual([
      of('api', 'followed', 0),
    ]);
  });

  test('matches each service named by hand with its own change only', () => {
    const [api, web2] = [service({ deployments: [deployment(young)] }), web('api:2')];
    const changes = [api, web2].map(({ arn }, i) =>
      change({ kind: 'service', arn, changeId: `change-${i}` }),
    );
    const before = followUp({ changes, open: [open(), open({ name: 'web', deploymentId: 'ecs-svc/1' })] });
    expect(
      look(before, api, web2).map(({ name, changeId, following }) => [name, changeId, following]),
    ).toEqual([
      ['api', 'change-0', 'followed'],
      ['web', 'change-1', 'waiting'],
    ]);
  });
});

describe('a followed service is connected with the change by its tag alone', () => {
  const also = (valueFrom: string) => [reference({ place: 'also', valueFrom, container: null })];
  const byTag = (
    tag: readonly ReturnType<typeof reference>[],
    references: Parameters<typeof fleet>[1] = { 'api:1': [] },
  ) => {
    const world = fleet(
      [service({ name: 'other' }), service({ also: tag, deployments: [deployment(young)] })],
      references,
    );
    return matchAgain(followUp(), world, 'ignore').map(({ byTagAlone = false }) => byTagAlone);
  };

  test.each([
    ['if its tag names the secret and nothing else does', also('prod/db'), undefined, true],
    ['but not if a reference names it, too', also('prod/db'), { 'api:1': [{}] }, false],
    [
      'but not if a registry credential names it, too',
      also('prod/db'),
      { 'api:1': [{ place: 'pull' as const }] },
      false,
    ],
    ['but not if its tag names something else', also('prod/else'), undefined, false],
    ['but not without a tag', [], undefined, false],
  ])('%s', (_, tag, references, expected) => {
    expect(byTag(tag, references)).toEqual([expected]);
  });
});

test('an open service has the key of the service itself, in either format of its ARN', () => {
  const old = serviceArn('arn:aws:ecs:eu-west-1:111122223333:service/api');
  expect(openKey(open())).toBe('main/api');
  expect(openKey(open())).toBe(service({ arn: old }).key);
});

function sight(attempt: FollowUp, different: Partial<Sight> = {}): Sight {
  return { attempt, missesOpen: false, unread: [], overdue: false, knownToRefer: false, ...different };
}

test('earlier looks have counted what they redeployed and what they left waiting, but not what they could not read', () => {
  const waiting = open({ name: 'web', deploymentId: null, ours: false, lastLogged: 'wait cooldown' });
  const adopted = open({ name: 'job', deploymentId: 'ecs-svc/7', ours: false });
  const unreadable = open({ name: 'dark', deploymentId: null, ours: false, lastLogged: 'wait unreadable' });
  const tally = { ...NOTHING_YET, redeployed: 2 };
  const all = [open(), waiting, adopted, unreadable];
  expect([...countedBefore([sight(followUp({ open: all, tally }))])]).toEqual([['change-1', 4]]);
  const notMade = followUp({ tally, open: [], notMade: 3 });
  expect([...countedBefore([sight(notMade)])]).toEqual([['change-1', 5]]);
  const sights = [followUp({ tally }), followUp({ open: [] }), followUp({ changeId: 'change-2', open: [] })];
  expect([...countedBefore(sights.map((one) => sight(one)))]).toEqual([
    ['change-1', 2],
    ['change-2', 0],
  ]);
});

describe('what earlier looks tell of waves', () => {
  test('is the earliest wave that failed, and which changes wait for a service that ECS does not show', () => {
    const failed = followUp({ changeId: 'failed', failedWave: 2, open: [] });
    const refused = followUp({ changeId: 'refused', open: [open({ name: 'web' }), open()] });
    const { failed: waves, unseen } = earlierLooks([
      sight(followUp(), { missesOpen: true }),
      sight(failed),
      sight(refused, { missesOpen: true }),
    ]);
    expect([...waves]).toEqual([['failed', 2]]);
    expect([...unseen].toSorted()).toEqual(['change-1', 'refused']);
    expect(earlierLooks([sight(refused)]).unseen.size).toBe(0);
  });

  test('is the wave of what was denied, unless another message of the same change tries it again at this look', () => {
    const before = sight(followUp({ deniedWave: 1, failedWave: 3 }));
    const wavesBeside = (...others: readonly FollowUp[]) => [
      ...earlierLooks([before, ...others.map((one) => sight(one))]).failed,
    ];
    expect(wavesBeside()).toEqual([['change-1', 1]]);
    expect(wavesBeside(followUp(), followUp({ changeId: 'change-2', denied: true }))).toEqual([
      ['change-1', 1],
    ]);
    for (const again of [followUp({ denied: true }), followUp({ hop: 0 })])
      expect(wavesBeside(again)).toEqual([['change-1', 3]]);
  });

  test('is that a followed service which ECS does not show fails them at the time limit, until that is recorded', () => {
    const late = (different: Partial<FollowUp>, missesOpen = true) => {
      const one = earlierLooks([
        sight(followUp(different), { missesOpen, overdue: true, knownToRefer: true }),
      ]);
      return [[...one.failed], one.unseen.size];
    };
    expect(late({})).toEqual([[['change-1', 0]], 0]);
    expect(late({ limitRecorded: true })).toEqual([[], 1]);
    expect(late({ limitRecorded: true, failedWave: 3 })).toEqual([[['change-1', 3]], 1]);
    expect(late({}, false)).toEqual([[], 0]);
    expect(earlierLooks([sight(followUp())]).overdue.size).toBe(0);
  });

  test('is that what is unread holds them back until the time limit, and fails them then if it refers to the change', () => {
    const unread = [{ cluster: open().cluster, name: 'dark' }];
    expect([...earlierLooks([sight(followUp(), { unread })]).unseen]).toEqual(['change-1']);
    const late = earlierLooks([sight(followUp(), { unread, overdue: true })]);
    expect([late.unseen.size, late.failed.size, [...late.overdue]]).toEqual([0, 0, ['change-1']]);
    const known = { unread, overdue: true, knownToRefer: true };
    expect([...earlierLooks([sight(followUp(), known)]).failed]).toEqual([['change-1', 0]]);
    expect(earlierLooks([sight(followUp({ givenUp: true }), { unread })]).unseen.size).toBe(0);
  });
});
