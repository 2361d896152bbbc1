import { describe, expect, test } from 'vitest';
import { begin, type FollowUp, NOTHING_YET } from '../../../functions/core/follow-up/follow-up.ts';
import { type Progress, progressOf } from '../../../functions/core/follow-up/progress.ts';
import type { Subject } from '../../../functions/core/model/change.ts';
import {
  redeploy,
  type SkipReason,
  skip,
  type Verdict,
  wait,
} from '../../../functions/core/model/decision.ts';
import type { CallError, Outcome } from '../../../functions/core/model/outcome.ts';
import type { Evidence } from '../../../functions/core/plan/evidence.ts';
import type { Result } from '../../../functions/core/plan/planned.ts';
import {
  AFTER,
  asSubject,
  change,
  deployment,
  NOW,
  notice,
  reference,
  SKIP_REASONS,
  service,
} from '../../support/build.ts';

const api = service({
  tags: new Map([['wave', '2']]),
  deployments: [deployment({ id: 'ecs-svc/2', createdAt: AFTER })],
});
const SEEN = { described: new Set([api.key]), refused: new Set<never>() };
const NONE_SEEN = { described: new Set<never>(), refused: new Set<never>() };
const about = { service: api.arn, cluster: 'main' };
const opened = {
  cluster: api.cluster.arn,
  name: 'api',
  deploymentId: null,
  ours: false,
  lastLogged: 'redeploy',
};
const first = begin('change-1', [change()], NOW);
const later = (different: Partial<FollowUp['open'][number]> = {}): FollowUp => ({
  ...first,
  hop: 3,
  open: [{ ...opened, lastLogged: 'wait cooldown', ...different }],
});

type Given = { readonly outcome?: Outcome; readonly evidence?: Evidence; readonly subject?: Subject };

/** The verdict on the service for the change, and its outcome. `together` is the verdict for all changes at once. */
function result(
  own: Verdict,
  { outcome, evidence = {}, subject = asSubject(change()) }: Given = {},
  together = own,
): Result {
  const { action, reason } = together;
  const decision = {
    ...about,
    action,
    reason,
    changeIds: ['change-1'],
    wave: 2,
    references: [],
  } as Result['decision'];
  const match = { service: api, subject, hits: [], partlyUnreadable: false };
  const planned = { decision, service: api, verdicts: [{ match, verdict: own }], evidence };
  return { planned, decision, ...(outcome && { outcome }) };
}

const error = (different: Partial<CallError> = {}): CallError => ({
  code: 'ServerException',
  message: 'sorry',
  retryable: true,
  throttled: false,
  ...different,
});
const accepted: Outcome = {
  service: api.arn,
  result: 'accepted',
  deploymentId: 'ecs-svc/3',
  acceptedAt: NOW,
};
const failed = (different?: Partial<CallError>): Outcome => ({
  service: api.arn,
  result: 'failed',
  error: error(different),
});

/** The whole progress of a change if nothing is left to do. */
const ended = (before: FollowUp): Progress => ({
  followUp: { ...before, open: [], hop: before.hop + 1 },
  closed: [],
  endsByItself: false,
  waiting: [],
  transitions: [],
  alarms: 0,
  accepted: 0,
  denied: undefined,
  moved: before.open.length > 0,
  until: undefined,
  unsure: false,
});

/** The progress after a first look in which the service stays open, in the given state and for the given reason. */
const open = (as: object, reason: string, more: Partial<Progress> = {}): Progress => ({
  ...ended(first),
  followUp: {
    ...first,
    hop: 1,
    open: [{ ...opened, ...as }],
    knownEnd: more.until === undefined || more.until === 0 ? null : more.until,
  },
  endsByItself: reason !== 'unreadable',
  waiting: [{ ...about, reason }],
  ...more,
});
const closedAs = (how: 'fresh' | 'failed' | 'skipped', told: Result['decision'] | undefined) => ({
  closed: [
    {
      ...about,
      how,
      wasOpen: false,
      decision: told,
      now: api,
      ...(told?.reason === 'rollout-failed' && { badEnd: 'failed' as const }),
    },
  ],
});

describe('after the first look', () => {
  test('the deployment that ECS accepted is followed as ours', () => {
    const { followUp, ...rest } = open(
      { deploymentId: 'ecs-svc/3', ours: true, lastLogged: 'wait rolling-out' },
      'rolling-out',
      {
        accepted: 1,
        moved: true,
      },
    );
    const tally = { ...NOTHING_YET, redeployed: 1 };
    expect(progressOf(first, [result(redeploy, { outcome: accepted })], SEEN, NOW)).toEqual({
      ...rest,
      followUp: { ...followUp, tally },
    });
  });

  test.each<[string, Result, Progress]>([
    [
      'for which there was no time is due at once',
      result(redeploy, { outcome: { service: api.arn, result: 'not-executed', why: 'out-of-time' } }),
      open({}, 'out-of-time', { until: 0 }),
    ],
    [
      'whose answer from ECS was lost is looked at again, but not at once',
      result(redeploy, {
        outcome: { service: api.arn, result: 'unknown', error: error({ code: 'ECONNRESET' }) },
      }),
      open({}, 'ECONNRESET', { unsure: true }),
    ],
    [
      'that ECS could not redeploy is tried again',
      result(redeploy, { outcome: failed() }),
      open({}, 'ServerException'),
    ],
    [
      'that waits for its cooldown is due at the end of the cooldown',
      result(wait('cooldown', NOW + 5)),
      open({ lastLogged: 'wait cooldown' }, 'cooldown', { until: NOW + 5 }),
    ],
    [
      'that waits for an unknown time stays open without a due time',
      result(wait('deployment-in-progress')),
      open({ lastLogged: 'wait deployment-in-progress' }, 'deployment-in-progress'),
    ],
    [
      'that another process deployed is adopted while it rolls out',
      result(wait('rolling-out')),
      open({ deploymentId: 'ecs-svc/2', lastLogged: 'wait rolling-out' }, 'rolling-out'),
    ],
    [
      'that is rolled back is not followed, for the end of a rollback is no success',
      result(wait('rolling-out'), {
        evidence: { serviceDeployments: [{ createdAt: AFTER, status: 'ROLLBACK_IN_PROGRESS' }] },
      }),
      open({ lastLogged: 'wait rolling-out' }, 'rolling-out'),
    ],
    ['without an attempt to redeploy it stays open', result(redeploy), open({}, 'redeploy')],
    [
      'that another change holds back waits for the same reason',
      result(redeploy, {}, wait('earlier-wave')),
      open({ lastLogged: 'wait earlier-wave' }, 'earlier-wave'),
    ],
  ])('a service %s', (_, given, standing) => {
    expect(progressOf(first, [given], SEEN, NOW)).toEqual(standing);
  });

  test('a service without a PRIMARY, which only has to drain, is open without a followed deployment', () => {
    const given = result(wait('rolling-out'));
    const bare = { ...api, deployments: [] };
    const planned = { ...given.planned, service: bare };
    expect(progressOf(first, [{ ...given, planned }], SEEN, NOW).followUp.open).toMatchObject([
      { deploymentId: null },
    ]);
  });

  test('a change with several waiting services is due when the first of them is due', () => {
    const both = [
      result(wait('cooldown', NOW + 5)),
      result(wait('too-often', NOW + 3)),
      result(wait('rolling-out')),
    ];
    expect(progressOf(first, both, SEEN, NOW).until).toBe(NOW + 3);
  });

  test.each<[string, Outcome]>([
    ['gone', { service: api.arn, result: 'gone' }],
    ['only planned', { service: api.arn, result: 'not-executed', why: 'plan' }],
    ['only observed', { service: api.arn, result: 'not-executed', why: 'observe' }],
  ])(
    'a service that is %s is closed as skipped without a decision, for a record has been written before',
    (_, outcome) => {
      expect(progressOf(first, [result(redeploy, { outcome })], SEEN, NOW)).toEqual({
        ...ended(first),
        followUp: { ...first, hop: 1, tally: { ...NOTHING_YET, skipped: 1 } },
        ...closedAs('skipped', undefined),
      });
    },
  );

  test('a redeploy that failed for good stops the later waves', () => {
    expect(
      progressOf(first, [result(redeploy, { outcome: failed({ retryable: false }) })], SEEN, NOW),
    ).toEqual({
      ...ended(first),
      followUp: { ...first, hop: 1, tally: { ...NOTHING_YET, failed: 1 }, failedWave: 2, notMade: 1 },
      ...closedAs('failed', undefined),
    });
  });

  test('a redeploy without permission counts as failed and is kept as denied, so that it can be tried again', () => {
    const outcome = failed({ missingAction: 'ecs:UpdateService' });
    expect(progressOf(first, [result(redeploy, { outcome })], SEEN, NOW)).toEqual({
      ...ended(first),
      followUp: { ...first, hop: 1, tally: { ...NOTHING_YET, failed: 1 }, deniedWave: 2, notMade: 1 },
      ...closedAs('failed', undefined),
      denied: { ...first, hop: 1, open: [opened], denied: true, notMade: 0 },
    });
  });

  const STALE: readonly SkipReason[] = [
    'opted-out',
    'out-of-scope',
    'secret-gone',
    'reference-gone',
    'cannot-read',
    'unsupported-controller',
    'earlier-wave-failed',
    'cannot-replace',
    'over-cap',
    'possibly-stale',
  ];

  const COUNTED: readonly SkipReason[] = [
    'cannot-replace',
    'over-cap',
    'earlier-wave-failed',
    'reference-gone',
    'cannot-read',
  ];

  test('a service that this change has redeployed counts towards the cap as redeployed', () => {
    const skipped = [result(skip('cannot-replace'))];
    expect(progressOf(later(), skipped, SEEN, NOW).followUp).toHaveProperty('notMade', 1);
    expect(progressOf(later({ ours: true }), skipped, SEEN, NOW).followUp).toHaveProperty('notMade', 0);
  });

  test('what the cap counts without a redeploy stays counted beside what is denied', () => {
    const denied = result(redeploy, { outcome: failed({ missingAction: 'ecs:UpdateService' }) });
    const before = { ...later(), notMade: 2 };
    expect(progressOf(before, [denied], SEEN, NOW)).toMatchObject({
      followUp: { notMade: 3 },
      denied: { notMade: 2 },
    });
    const beside = [denied, result(skip('over-cap')), result(wait('cooldown'))];
    expect(progressOf(before, beside, SEEN, NOW)).toMatchObject({
      followUp: { notMade: 4 },
      denied: { notMade: 3 },
    });
    const again = progressOf(later({ ours: true }), [denied], SEEN, NOW);
    expect(again.followUp).toHaveProperty('notMade', 0);
    expect(again.denied).toHaveProperty('notMade', 0);
  });

  test.each(SKIP_REASONS.map((reason) => [reason, STALE.includes(reason)] as const))(
    'a service that is skipped as %s is left with the old value: %s',
    (reason, left) => {
      const given = result(skip(reason));
      const how = reason === 'already-fresh' ? 'fresh' : reason === 'rollout-failed' ? 'failed' : 'skipped';
      expect(progressOf(first, [given], SEEN, NOW)).toEqual({
        ...ended(first),
        followUp: {
          ...first,
          hop: 1,
          tally: { ...NOTHING_YET, [how]: 1, left: left ? 1 : 0 },
          failedWave: how === 'failed' ? 2 : null,
          ...(COUNTED.includes(reason) && { notMade: 1 }),
        },
        ...closedAs(how, given.decision),
      });
    },
  );

  test('the decision for another change closes a service that this change would only wait for', () => {
    const given = result(wait('cooldown'), {}, skip('secret-gone'));
    expect(progressOf(first, [given], SEEN, NOW)).toMatchObject({
      closed: [{ how: 'skipped', decision: { reason: 'secret-gone' } }],
      followUp: { tally: { skipped: 1, left: 1 } },
    });
  });

  test('a result for another subject is ignored', () => {
    expect(
      progressOf(first, [result(skip('secret-gone'), { subject: asSubject(notice()) })], SEEN, NOW),
    ).toEqual(ended(first));
  });
});

describe('after a later look', () => {
  const look = (before: FollowUp, ...results: readonly Result[]) => progressOf(before, results, SEEN, NOW);

  test('a service that waits as before is no transition, and one that waits for another reason is one', () => {
    const waits = result(wait('cooldown'));
    expect(look(later(), waits).transitions).toEqual([]);
    expect(look(later({ lastLogged: 'wait too-often' }), waits).transitions).toEqual([waits.decision]);
    expect(
      look(later({ lastLogged: 'wait too-often' }), result(redeploy, { outcome: accepted })).transitions,
    ).toEqual([]);
    expect(look(first, waits).transitions).toEqual([]);
  });

  test('a deployment of ours stays ours while it is followed', () => {
    const ours = later({ deploymentId: 'ecs-svc/2', ours: true, lastLogged: 'wait rolling-out' });
    expect(look(ours, result(wait('rolling-out'))).followUp.open).toEqual(ours.open);
    const other = later({ deploymentId: 'ecs-svc/1', ours: true });
    expect(look(other, result(wait('rolling-out'))).followUp.open).toMatchObject([
      { deploymentId: 'ecs-svc/2', ours: false },
    ]);
    const theirs = later({ deploymentId: 'ecs-svc/2', ours: false });
    expect(look(theirs, result(wait('rolling-out'))).followUp.open).toMatchObject([
      { deploymentId: 'ecs-svc/2', ours: false },
    ]);
  });

  test('a followed deployment stays followed while the service waits for another reason', () => {
    const before = later({ deploymentId: 'ecs-svc/9', ours: true });
    expect(look(before, result(wait('deployment-in-progress'))).followUp.open).toMatchObject([
      { deploymentId: 'ecs-svc/9', ours: true },
    ]);
  });

  test('a result about a service that the change does not wait for is ignored', () => {
    const before = { ...later({ name: 'web' }), tally: NOTHING_YET };
    const standing = progressOf(before, [result(skip('already-fresh'))], NONE_SEEN, NOW);
    expect(standing.closed).toMatchObject([{ how: 'skipped', wasOpen: true, now: undefined }]);
    expect(standing.followUp.tally).toEqual({ ...NOTHING_YET, skipped: 1 });
  });

  test('the tally is continued, and the earliest failed wave is kept', () => {
    const tally = { redeployed: 4, fresh: 5, failed: 6, skipped: 7, left: 8 };
    const before = { ...later(), tally, failedWave: 1 };
    const ends = (verdict: Verdict, outcome?: Outcome) =>
      look(before, result(verdict, outcome && { outcome })).followUp;
    expect(ends(skip('already-fresh'))).toMatchObject({ tally: { ...tally, fresh: 6 }, failedWave: 1 });
    expect(ends(skip('rollout-failed'))).toMatchObject({ tally: { ...tally, failed: 7 }, failedWave: 1 });
    expect(ends(skip('over-cap'))).toMatchObject({ tally: { ...tally, skipped: 8, left: 9 } });
    expect(ends(redeploy, accepted)).toMatchObject({ tally: { ...tally, redeployed: 5 } });
    expect(look({ ...before, failedWave: 3 }, result(skip('rollout-failed'))).followUp.failedWave).toBe(2);
  });

  test('the change has moved something if a service was open or has been redeployed', () => {
    expect(look(later(), result(skip('already-fresh'))).moved).toBe(true);
    expect(look({ ...later(), open: [] }).moved).toBe(false);
    expect(look({ ...later(), open: [], tally: { ...NOTHING_YET, redeployed: 1 } }).moved).toBe(true);
    expect(look(first, result(skip('already-fresh'))).moved).toBe(false);
  });

  test('a service that was open is closed as one that was open', () => {
    expect(look(later(), result(skip('already-fresh'))).closed).toMatchObject([
      { how: 'fresh', wasOpen: true },
    ]);
  });
});

describe('a service that no result is about', () => {
  const before = later({ deploymentId: 'ecs-svc/2', ours: true });
  const vanished = { ...about, wasOpen: true, decision: undefined, now: undefined };

  test('counts as fresh if ECS described it, for it no longer refers to what changed', () => {
    expect(progressOf(before, [], SEEN, NOW)).toEqual({
      ...ended(before),
      followUp: {
        ...before,
        hop: 4,
        open: [],
        tally: { ...NOTHING_YET, fresh: 1 },
        exposureEnd: { at: NOW, by: 'look' },
      },
      closed: [{ ...vanished, how: 'fresh' }],
    });
  });

  test('counts as skipped if ECS did not describe it, for it no longer exists', () => {
    expect(progressOf(before, [], NONE_SEEN, NOW).closed).toEqual([{ ...vanished, how: 'skipped' }]);
  });

  test('stays open if ECS refused to describe it', () => {
    expect(progressOf(before, [], { ...NONE_SEEN, refused: new Set([api.key]) }, NOW)).toEqual({
      ...ended(before),
      followUp: { ...before, hop: 4 },
      waiting: [{ ...about, reason: 'unreadable' }],
    });
  });
});

describe('a service that ECS does not show in full', () => {
  const doubtful = (own: Verdict, partlyUnreadable = true) => {
    const one = result(own);
    const verdicts = one.planned.verdicts.map(({ match, ...rest }) => ({
      ...rest,
      match: { ...match, partlyUnreadable },
    }));
    return { ...one, planned: { ...one.planned, verdicts } };
  };
  const unread = { cluster: api.cluster.arn, name: 'api' };
  const refused = { ...about, reason: 'unreadable' };

  test('is unread if it may refer to the change', () => {
    expect(progressOf(first, [doubtful(wait('unreadable'))], SEEN, NOW)).toEqual({
      ...ended(first),
      followUp: { ...first, hop: 1, unread: [unread] },
      waiting: [refused],
    });
  });

  test('is unread for the change to which its doubtful match belongs, whatever is known for another', () => {
    const one = doubtful(wait('unreadable'));
    const other = asSubject(change({ changeId: 'change-2' }));
    const known = {
      match: { ...one.planned.verdicts[0], service: api, subject: other, hits: [], partlyUnreadable: false },
      verdict: redeploy,
    };
    const both = { ...one, planned: { ...one.planned, verdicts: [...one.planned.verdicts, known] } };
    expect(progressOf(first, [both], SEEN, NOW).followUp.unread).toEqual([unread]);
  });

  test('is not unread if one of the resources of the change is known to concern it', () => {
    const [one, known] = [doubtful(wait('unreadable')), doubtful(wait('unreadable'), false)];
    const verdicts = [...one.planned.verdicts, ...known.planned.verdicts];
    const { followUp } = progressOf(first, [{ ...one, planned: { ...one.planned, verdicts } }], SEEN, NOW);
    expect([followUp.unread, followUp.open.map(({ name }) => name)]).toEqual([[], ['api']]);
  });

  test('is not unread if it is skipped whatever it refers to', () => {
    const { followUp, closed } = progressOf(first, [doubtful(skip('opted-out'))], SEEN, NOW);
    expect([followUp.unread, closed.map(({ how }) => how)]).toEqual([[], ['skipped']]);
  });

  test('stays open if it is known to refer to the change, or was open before', () => {
    const known = progressOf(first, [doubtful(wait('unreadable'), false)], SEEN, NOW).followUp;
    expect([known.unread, known.open.map(({ name }) => name)]).toEqual([[], ['api']]);
    const before = progressOf(later(), [doubtful(wait('unreadable'))], SEEN, NOW).followUp;
    expect([before.unread, before.open.map(({ name }) => name)]).toEqual([[], ['api']]);
  });

  test('is open like any other as soon as it is shown', () => {
    const before = { ...later(), open: [], unread: [unread] };
    const { followUp, transitions } = progressOf(before, [result(wait('cooldown'))], SEEN, NOW);
    expect(followUp.open).toEqual([{ ...opened, lastLogged: 'wait cooldown' }]);
    expect(transitions).toMatchObject([{ reason: 'cooldown' }]);
    expect(progressOf(before, [result(skip('already-fresh'))], SEEN, NOW).closed).toMatchObject([
      { wasOpen: true },
    ]);
    for (const partly of [true, false])
      expect(progressOf(before, [doubtful(wait('unreadable'), partly)], SEEN, NOW).transitions).toEqual([]);
  });

  test('is given up at the time limit, and then not looked at again', () => {
    const missed = (overdue: boolean, ...names: readonly string[]) => ({
      overdue,
      unread: names.map((name) => ({ ...unread, name })),
    });
    const leftAfter = (before: FollowUp, ...given: Parameters<typeof missed>) => {
      const { givenUp, unread: left } = progressOf(before, [], SEEN, NOW, missed(...given)).followUp;
      return [givenUp, left.map((one) => ('name' in one ? one.name : ''))];
    };
    expect(leftAfter(first, false, 'a')).toEqual([false, ['a']]);
    expect(leftAfter(first, true, 'a')).toEqual([true, ['a']]);
    expect(leftAfter(first, true)).toEqual([false, []]);
    const givenUp = { ...first, givenUp: true, unread: [{ ...unread, name: 'b' }] };
    expect(leftAfter(givenUp, false, 'a')).toEqual([true, ['b']]);
  });
});

describe('the end of the exposure', () => {
  const stopped = [{ startedBy: null, createdAt: 0, stoppedAt: 7, failure: undefined }];
  const endAfter = (before: FollowUp, own: Verdict, evidence: Evidence) =>
    progressOf(before, [result(own, { evidence })], SEEN, NOW).followUp.exposureEnd;

  test('is the end of the last old task of a service that became fresh, or this look if ECS does not show it', () => {
    expect(endAfter(later(), skip('already-fresh'), { stopped })).toEqual({ at: 7, by: 'stopped-task' });
    expect(endAfter(later(), skip('already-fresh'), { stopped: [] })).toEqual({ at: NOW, by: 'look' });
  });

  test('is this look if the age of the running tasks shows that the service is fresh', () => {
    const tasks = [{ createdAt: AFTER }];
    expect(endAfter(later(), skip('already-fresh'), { tasks })).toEqual({ at: NOW, by: 'look' });
  });

  test('is the end of the last old task of a service that was scaled to zero', () => {
    expect(endAfter(later(), skip('no-tasks'), { stopped })).toEqual({ at: 7, by: 'stopped-task' });
    expect(endAfter(later(), skip('no-tasks'), { stopped: 'refused' })).toEqual({ at: NOW, by: 'look' });
    for (const reason of ['no-tasks', 'label-not-moved', 'pinned', 'pull-only'] as const)
      expect(endAfter(later(), skip(reason), {})).toEqual({ at: NOW, by: 'look' });
  });

  test('counts the tasks from before the youngest of the changes', () => {
    const between = [{ ...stopped[0], createdAt: AFTER } as (typeof stopped)[number]];
    const changes = [change({ changedAt: AFTER + 1 }), change()];
    for (const some of [changes, changes.toReversed()])
      expect(
        endAfter({ ...later(), changes: some }, skip('already-fresh'), { stopped: between }),
      ).toMatchObject({ at: 7 });
  });

  test.each<[string, FollowUp, Verdict, Evidence]>([
    ['that was fresh at the first look', first, skip('already-fresh'), { stopped }],
    ['whose tasks were not asked for', later(), skip('already-fresh'), {}],
    ['that had no tasks at the first look', first, skip('no-tasks'), { stopped }],
    ['that is skipped', later(), skip('opted-out'), { stopped }],
    ['that failed', later(), skip('rollout-failed'), { stopped }],
  ])('is not told by a service %s', (_, before, own, evidence) => {
    expect(endAfter(before, own, evidence)).toBeNull();
  });
});

test('a service that becomes fresh is recorded with the state that has ended', () => {
  const rollout = { state: 'baking', since: NOW - 5_000, alarmed: false } as const;
  const before = later({ lastLogged: 'wait rolling-out baking', rollout });
  const { closed } = progressOf(before, [result(skip('already-fresh'))], SEEN, NOW);
  expect(closed).toMatchObject([{ after: { state: 'baking', seconds: 5 } }]);
});

test('a service that nothing but a tag connects with the change stops no later wave when it fails', () => {
  const hit = (place: 'also' | 'secrets') =>
    ({ reference: reference({ place }) }) as Result['planned']['verdicts'][number]['match']['hits'][number];
  type Places = readonly ('also' | 'secrets')[];
  const failedFor = (...resources: readonly Places[]) => {
    const one = result(skip('rollout-failed'));
    const verdicts = resources.flatMap((places) =>
      one.planned.verdicts.map(({ match, verdict }) => ({
        verdict,
        match: { ...match, hits: places.map(hit) },
      })),
    );
    const other = {
      verdict: redeploy,
      match: {
        ...result(redeploy, { subject: asSubject(change({ changeId: 'change-2' })) }).planned.verdicts[0]
          ?.match,
        hits: [hit('secrets')],
      },
    };
    const planned = { ...one.planned, verdicts: [...verdicts, other as (typeof verdicts)[number]] };
    return progressOf(first, [{ ...one, planned }], SEEN, NOW).followUp.failedWave;
  };
  expect(failedFor(['also'])).toBeNull();
  expect(failedFor(['also'], ['also'])).toBeNull();
  expect(failedFor(['also', 'secrets'])).toBe(2);
  expect(failedFor(['also'], ['secrets'])).toBe(2);
  expect(failedFor([])).toBe(2);
});

test('what a denied service holds back is kept with it: the later waves up to one that failed by itself', () => {
  const inWave = (wave: number, own: Verdict, outcome?: Outcome) => {
    const one = result(own, outcome && { outcome });
    const other = service({ name: `w${wave}`, tags: new Map([['wave', String(wave)]]) });
    return { ...one, planned: { ...one.planned, service: other } };
  };
  const denied = result(redeploy, { outcome: failed({ missingAction: 'ecs:UpdateService' }) });
  const held = [0, 2, 3, 4].map((wave) => inWave(wave, wait('earlier-wave')));
  const namesIn = (...more: readonly Result[]) =>
    progressOf(first, [denied, ...held, ...more], SEEN, NOW).denied?.open.map(({ name }) => name);
  expect(namesIn(inWave(5, wait('cooldown')))).toEqual(['api', 'w3', 'w4']);
  expect(namesIn(inWave(3, redeploy, failed({ retryable: false })))).toEqual(['api', 'w3']);
  const ofWave0 = inWave(0, redeploy, failed({ missingAction: 'ecs:UpdateService' }));
  expect(namesIn(ofWave0, inWave(5, wait('cooldown')))).toEqual(['api', 'w0', 'w2', 'w3', 'w4']);
});

test('a rotation that is not finished may last to the time limit, and of two known ends the later one counts', () => {
  const one = progressOf(first, [result(wait('rotation-unfinished', NOW + 5))], SEEN, NOW);
  expect([one.endsByItself, one.followUp.knownEnd]).toEqual([false, NOW + 5]);
  const two = [result(wait('cooldown', NOW + 5)), result(wait('too-often', NOW + 9))];
  expect(progressOf(first, two, SEEN, NOW).followUp.knownEnd).toBe(NOW + 9);
});

test('the alarms of a look are counted', () => {
  const failing = wait('rolling-out', undefined, { state: 'tasks-failing', failures: 3 });
  expect(progressOf(later({ deploymentId: 'ecs-svc/2' }), [result(failing)], SEEN, NOW).alarms).toBe(1);
});

test('a redeploy for another change that failed changes nothing for a change that waits for its rollout', () => {
  const failing = wait('rolling-out', undefined, { state: 'tasks-failing', failures: 3 });
  const outcome: Outcome = { service: api.arn, result: 'failed', error: error({ retryable: false }) };
  const looks: Progress[] = [];
  for (const [i, one] of [undefined, outcome, undefined].entries()) {
    const from = looks.at(-1)?.followUp ?? later({ deploymentId: 'ecs-svc/2', ours: true });
    const seen = one === undefined ? result(failing) : result(failing, { outcome: one }, redeploy);
    looks.push(progressOf(from, [seen], SEEN, NOW + i * 30_000));
  }
  expect(looks.map(({ transitions, alarms, closed }) => [transitions.length, alarms, closed.length])).toEqual(
    [
      [1, 1, 0],
      [0, 0, 0],
      [0, 0, 0],
    ],
  );
  expect(looks.map(({ followUp }) => followUp.open[0]?.deploymentId)).toEqual(Array(3).fill('ecs-svc/2'));
});

test('a redeploy for another change whose answer was lost may have moved something', () => {
  const outcome: Outcome = { service: api.arn, result: 'unknown', error: error() };
  const seen = result(wait('rolling-out'), { outcome }, redeploy);
  expect(progressOf(later({ deploymentId: 'ecs-svc/2' }), [seen], SEEN, NOW).unsure).toBe(true);
});

describe('a change that did not demand the redeploy of this look', () => {
  const own = wait('rolling-out');
  const before = later({ deploymentId: 'ecs-svc/2', lastLogged: 'wait rolling-out' });
  const seen = (outcome: Outcome) => progressOf(before, [result(own, { outcome }, redeploy)], SEEN, NOW);

  test.each<[string, Outcome, boolean]>([
    ['failed', failed(), false],
    ['was lost', { service: api.arn, result: 'unknown', error: error() }, true],
  ])('goes on waiting for what it waited for if the call %s', (_, outcome, unsure) => {
    const { followUp, waiting, accepted: count, unsure: isUnsure } = seen(outcome);
    expect(followUp.open.map(({ deploymentId, lastLogged }) => [deploymentId, lastLogged])).toEqual([
      ['ecs-svc/2', 'wait rolling-out'],
    ]);
    expect(waiting).toEqual([{ ...about, reason: 'rolling-out' }]);
    expect([count, isUnsure]).toEqual([0, unsure]);
  });

  test('waits for the new deployment if the call was accepted', () => {
    const { followUp, accepted: count } = seen(accepted);
    expect(followUp.open.map(({ deploymentId, ours }) => [deploymentId, ours])).toEqual([
      ['ecs-svc/3', true],
    ]);
    expect(count).toBe(1);
  });

  test('is done with a service that the call found gone', () => {
    const { followUp, closed } = seen({ service: api.arn, result: 'gone' } as unknown as Outcome);
    expect(followUp.open).toEqual([]);
    expect(closed).toHaveLength(1);
  });
});
