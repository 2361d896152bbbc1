import { describe, expect, test } from 'vitest';
import { laterEnd, type Rollout, shownRollout } from '../../../functions/core/model/rollout.ts';
import { NOW } from '../../support/build.ts';

const MINUTE = 60_000;
const iso = (instant: number) => new Date(instant).toISOString();

describe('a state of a deployment', () => {
  test.each<[string, Rollout | undefined]>([
    ['of a service that waits for something else', undefined],
    ['in which the deployment just goes on', { state: 'progressing' }],
    ['in which old tasks drain as behind a load balancer', { state: 'draining' }],
  ])('%s is not told', (_, rollout) => {
    expect(shownRollout(rollout, NOW - 14 * MINUTE, NOW)).toBeUndefined();
  });

  test('in which old tasks drain for a quarter of an hour is told with its beginning', () => {
    const since = NOW - 15 * MINUTE;
    expect(shownRollout({ state: 'draining', oldTasks: 2, opensWaves: true }, since, NOW)).toStrictEqual({
      state: 'draining',
      oldTasks: 2,
      since: iso(since),
    });
  });

  test('is told at once with all of its evidence in any other case', () => {
    const approval = {
      serviceDeployment: 'arn:1',
      hookId: 'h',
      expiresAt: NOW + 5,
      timeoutAction: 'CONTINUE',
    } as const;
    const failure = { class: 'image' } as const;
    expect(
      shownRollout({ state: 'awaiting-approval', until: NOW + 5, approval, failure, failures: 2 }, NOW, NOW),
    ).toStrictEqual({
      state: 'awaiting-approval',
      since: iso(NOW),
      until: iso(NOW + 5),
      failure,
      failures: 2,
      approval: { serviceDeployment: 'arn:1', hookId: 'h', timeoutAction: 'CONTINUE' },
    });
  });
});

test('of two ends of an exposure the later one counts, and one that is known beats none', () => {
  const early = { at: 1, by: 'stopped-task' } as const;
  const late = { at: 2, by: 'look' } as const;
  expect([
    laterEnd(early, late),
    laterEnd(late, early),
    laterEnd(null, early),
    laterEnd(early, null),
  ]).toEqual([late, late, early, early]);
  expect(laterEnd(null, null)).toBeNull();
  expect(laterEnd(early, { ...late, at: early.at })).toBe(early);
});
