import { describe, expect, test } from 'vitest';
import { begin, type FollowUp, NOTHING_YET } from '../../../functions/core/follow-up/follow-up.ts';
import { type Progress, progressOf } from '../../../functions/core/follow-up/progress.ts';
import type { Notice, Subject } from '../../../functions/core/model/change.ts';
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
  SECRET,
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
      followUp: { ...first, hop: 1, tally: { ...NOTHING_YET, failed: 1 }, failedWave: 2 },
      ...closedAs('failed', undefined),
    });
  });

  test('a redeploy without permission counts as failed and is kept as denied, so that it can be tried again', () => {
    const outcome = failed({ missingAction: 'ecs:UpdateService' });
    expect(progressOf(first, [result(redeploy, { outcome })], SEEN, NOW)).toEqual({
      ...ended(first),
      followUp: { ...first, hop: 1, tally: { ...NOTHING_YET, failed: 1 }, failedWave: 2 },
      ...closedAs('failed', undefined),
      denied: { ...first, hop: 1, open: [opened], denied: true },
    });
  });

  const STALE: readonly SkipReason[] = [
    'opted-out',
    'out-of-scope',
    'secret-gone',
    'reference-gone',
    'unsupported-controller',
    'earlier-wave-failed',
    'cannot-replace',
    'over-cap',
    'possibly-stale',
  ];

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
    const subject: Notice = {
      changeId: 'n',
      kind: 'secret',
      arn: SECRET,
      notice: 'deleted',
      at: NOW,
      source: 'x',
    };
    expect(
      progressOf(first, [result(skip('secret-gone'), { subject: asSubject(subject) })], SEEN, NOW),
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
      followUp: { ...before, hop: 4, open: [], tally: { ...NOTHING_YET, fresh: 1 } },
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
