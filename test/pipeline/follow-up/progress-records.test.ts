import { describe, expect, test } from 'vitest';
import { begin, type FollowUp, NOTHING_YET } from '../../../functions/core/follow-up/follow-up.ts';
import type { Closed } from '../../../functions/core/follow-up/look.ts';
import type { Progress } from '../../../functions/core/follow-up/progress.ts';
import type { Transition } from '../../../functions/core/follow-up/seen-rollout.ts';
import { CONCURRENCY } from '../../../functions/core/model/limits.ts';
import type { ShownRollout } from '../../../functions/core/model/rollout.ts';
import { MAX_EXPLAINED } from '../../../functions/pipeline/follow-up/explain.ts';
import {
  recordEnd,
  recordLimit,
  recordTransitions,
} from '../../../functions/pipeline/follow-up/progress-records.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import { AFTER, CHANGED_AT, change, NOW, service } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const api = service();
const about = { service: api.arn, cluster: 'main' };

/** A change after a look that changed nothing. */
function progress({
  followUp,
  ...different
}: Partial<Omit<Progress, 'followUp'>> & { readonly followUp?: Partial<FollowUp> } = {}): Progress {
  return {
    followUp: { ...begin('change-1', [change()], NOW), ...followUp },
    closed: [],
    endsByItself: false,
    waiting: [],
    transitions: [],
    alarms: 0,
    accepted: 0,
    denied: undefined,
    moved: false,
    until: undefined,
    unsure: false,
    ...different,
  };
}

/** A decision to wait or to skip, recorded under the ids of all changes of the invocation. */
const decided = (action: 'wait' | 'skip', reason: string, more: Partial<Transition> = {}) =>
  ({
    ...about,
    action,
    reason,
    changeIds: ['change-1', 'change-2'],
    wave: 0,
    references: [],
    ...more,
  }) as Transition;

const closed = (different: Partial<Closed> = {}): Closed => ({
  ...about,
  how: 'fresh',
  wasOpen: true,
  decision: undefined,
  now: api,
  ...different,
});
const failed = (different: Partial<Closed> = {}) =>
  closed({ how: 'failed', decision: decided('skip', 'rollout-failed'), ...different });

const FAILURE = { class: 'not-json' } as const;
const FAILED_TASK = { startedBy: 'ecs-svc/2', createdAt: AFTER, stoppedAt: NOW, failure: FAILURE };
const EXPLAINED = { failure: FAILURE, advice: 'compare-versions' };
const UNEXPLAINED = { advice: 'look-at-tasks' };

/** ECS shows one failed task of each service, or what the test says. */
const scene = (ecs: Partial<Run['ports']['ecs']> = {}) =>
  fakeRun(
    {
      ecs: {
        stoppedTasks: () => Promise.resolve([FAILED_TASK]),
        answer: () => Promise.resolve({}),
        ...ecs,
      },
      secrets: { describe: () => Promise.resolve(undefined) },
    },
    {},
    (input) => (typeof input === 'string' ? input : ''),
  );
const NO_ALARM = ['tasksFailing', 0];

describe('of a look is recorded', () => {
  test('what a service waits for now, for this change alone, and how many services need a person', async () => {
    const { run, told } = scene();
    const waits = decided('wait', 'cooldown');
    await recordTransitions(progress({ transitions: [waits], alarms: 2 }), run);
    expect(told).toEqual([
      ['decided', { ...waits, changeIds: ['change-1'] }],
      ['tasksFailing', 2],
    ]);
  });

  test.each([
    ['a service that is fresh', closed(), ['fresh', 'change-1', closed()]],
    [
      'a service that is gone or refers to the resource no longer',
      closed({ how: 'skipped', now: undefined }),
      ['gone', 'change-1', closed({ how: 'skipped', now: undefined })],
    ],
    [
      'a service that is skipped now',
      closed({ how: 'skipped', decision: decided('skip', 'no-tasks') }),
      ['decided', decided('skip', 'no-tasks', { changeIds: ['change-1'] })],
    ],
  ])('the end of %s', async (_, one, record) => {
    const { run, told } = scene();
    await recordTransitions(progress({ closed: [one] }), run);
    expect(told).toEqual([NO_ALARM, record]);
  });

  test('a service as fresh even if it does not exist any more', async () => {
    const { run, told } = scene();
    const one = closed({ now: undefined });
    await recordTransitions(progress({ closed: [one] }), run);
    expect(told).toEqual([NO_ALARM, ['fresh', 'change-1', one]]);
  });

  test.each([
    ['was decided at the first look', closed({ wasOpen: false })],
    ['was gone at the first look', closed({ how: 'skipped', now: undefined, wasOpen: false })],
    ['failed at the first look', failed({ wasOpen: false })],
    ['was skipped by an outcome, which is recorded when the call is made', closed({ how: 'skipped' })],
    ['failed in its call, which is recorded when it is made', closed({ how: 'failed' })],
    ['failed for another reason', failed({ decision: decided('skip', 'earlier-wave-failed') })],
  ])('nothing of a service that %s', async (_, one) => {
    const { run, told, did } = scene();
    await recordTransitions(progress({ closed: [one] }), run);
    expect(told).toEqual([NO_ALARM]);
    expect(did).toEqual([]);
  });
});

describe('services whose new tasks fail', () => {
  const deployment: ShownRollout = { state: 'tasks-failing', since: new Date(NOW).toISOString() };
  const failing = (name = 'api') =>
    decided('wait', 'rolling-out', {
      deployment,
      failing: service({ name }),
      tasks: { running: 1, before: 2 },
    });

  test('are recorded with the state of their deployment, why they fail and what helps', async () => {
    const { run, told } = scene();
    await recordTransitions(progress({ transitions: [failing()], alarms: 1 }), run);
    const { deployment: _, failing: __, ...decision } = failing();
    expect(told).toEqual([
      ['inState', { ...decision, changeIds: ['change-1'] }, deployment, EXPLAINED],
      ['tasksFailing', 1],
    ]);
  });

  test('are recorded after those that only wait', async () => {
    const { run, told } = scene();
    await recordTransitions(progress({ transitions: [failing(), decided('wait', 'cooldown')] }), run);
    expect(told.map(([name]) => name)).toEqual(['decided', 'inState', 'tasksFailing']);
  });

  test('are recorded with why they fail, however many others only wait', async () => {
    const { run, told } = scene();
    const waits = Array.from({ length: MAX_EXPLAINED }, () => decided('wait', 'cooldown'));
    await recordTransitions(progress({ transitions: [...waits, failing()] }), run);
    expect(told.filter(([name]) => name === 'inState').map((record) => record[3])).toEqual([EXPLAINED]);
  });

  test('are recorded without a reason if ECS was asked about enough others in this look', async () => {
    const { run, told, did } = scene();
    const many = Array.from({ length: MAX_EXPLAINED + 1 }, (_, i) => failing(`api-${i}`));
    await recordTransitions(progress({ transitions: many }), run);
    const why = told.filter(([name]) => name === 'inState').map((record) => record[3]);
    expect(why).toEqual([...Array.from({ length: MAX_EXPLAINED }, () => EXPLAINED), UNEXPLAINED]);
    expect(did.filter((one) => one.startsWith('stoppedTasks'))).toHaveLength(MAX_EXPLAINED);
  });
});

describe('a rollout that failed', () => {
  test('is recorded with why its tasks stopped and what helps', async () => {
    const { run, told } = scene();
    await recordTransitions(progress({ closed: [failed()] }), run);
    expect(told).toEqual([NO_ALARM, ['rolloutFailed', 'change-1', failed(), EXPLAINED]]);
  });

  test('is recorded without a reason if ECS was asked about enough others in this look', async () => {
    const { run, told, did } = scene();
    const many = Array.from({ length: MAX_EXPLAINED + 1 }, (_, i) =>
      failed({ now: service({ name: `api-${i}` }) }),
    );
    await recordTransitions(progress({ closed: many }), run);
    const whyOf = new Map(told.map(([, , one, why]) => [one, why]));
    expect(many.map((one) => whyOf.get(one))).toEqual([
      ...Array.from({ length: MAX_EXPLAINED }, () => EXPLAINED),
      UNEXPLAINED,
    ]);
    expect(did.filter((one) => one.startsWith('stoppedTasks'))).toHaveLength(MAX_EXPLAINED);
  });

  test('is asked about together with a few others, not with all at once', async () => {
    let underWay = 0;
    let most = 0;
    const { run } = scene({
      stoppedTasks: async () => {
        most = Math.max(most, ++underWay);
        await new Promise(setImmediate);
        underWay--;
        return [];
      },
    });
    const many = Array.from({ length: CONCURRENCY.stoppedTasks + 2 }, () => failed());
    await recordTransitions(progress({ closed: many }), run);
    expect(most).toBe(CONCURRENCY.stoppedTasks);
  });
});

describe('a change', () => {
  const tally = { ...NOTHING_YET, redeployed: 1, fresh: 2 };
  const waiting = [{ ...about, reason: 'rolling-out' }];
  const end = (given: Parameters<typeof progress>[0]) => {
    const { run, told } = fakeRun({});
    recordEnd(progress(given), NOW, run);
    return told;
  };

  test('whose time limit is over is unsettled, and followed on', () => {
    const { run, told } = fakeRun({});
    recordLimit(progress({ followUp: { tally }, waiting }), run);
    expect(told).toEqual([['unsettled', 'change-1', tally, waiting, 'followed']]);
  });

  test('ends unsettled if a service still waits', () => {
    expect(end({ followUp: { tally }, waiting, moved: true })).toEqual([
      ['unsettled', 'change-1', tally, waiting, 'final'],
    ]);
  });

  test('that moved something is settled with its exposure, until this look if no other end is known', () => {
    expect(end({ followUp: { tally }, moved: true })).toEqual([
      ['settled', 'change-1', tally, { ms: NOW - CHANGED_AT, by: 'look' }],
    ]);
  });

  test('is exposed from the first of its changes to the end of the last old task', () => {
    const changes = [change(), change({ changedAt: CHANGED_AT - 5_000 })];
    const exposureEnd = { at: CHANGED_AT + 3_000, by: 'stopped-task' } as const;
    expect(end({ followUp: { tally, changes, exposureEnd }, moved: true })).toEqual([
      ['settled', 'change-1', tally, { ms: 8_000, by: 'stopped-task' }],
    ]);
  });

  test('is not exposed for less than no time', () => {
    const exposureEnd = { at: CHANGED_AT - 1, by: 'service-deployment' } as const;
    expect(end({ followUp: { exposureEnd }, moved: true })).toEqual([
      ['settled', 'change-1', NOTHING_YET, { ms: 0, by: 'service-deployment' }],
    ]);
  });

  test.each([
    ['that moved nothing', { tally }, false],
    ['with a failure', { tally: { ...tally, failed: 1 } }, true],
    ['that left a service with the old value', { tally: { ...tally, left: 1 } }, true],
    ['with a failure and a service that was left', { tally: { ...tally, failed: 1, left: 1 } }, true],
  ])('%s is settled without an exposure', (_, followUp, moved) => {
    expect(end({ followUp, moved })).toEqual([['settled', 'change-1', followUp.tally, undefined]]);
  });
});
