import { describe, expect, test } from 'vitest';
import { FAILURE_CLASSES, type Failure, type StoppedTask } from '../../../functions/core/model/failure.ts';
import { adviceIn, type Shown, suspicion } from '../../../functions/core/report/advice.ts';
import { AFTER, BEFORE, CHANGED_AT, change, PARAMETER, SECRET } from '../../support/build.ts';

const NOTHING: Shown = { tasks: [], deployments: [] };
const OTHER = SECRET.replace('prod/db', 'prod/other');
const NOT_JSON: Failure = { class: 'not-json' };

function failed(failure: Failure | undefined, different: Partial<StoppedTask> = {}): StoppedTask {
  return { startedBy: 'ecs-svc/1', createdAt: BEFORE, stoppedAt: BEFORE + 1, failure, ...different };
}

test('a deployment that finds no place for a task needs repair, and one whose old tasks drain needs nothing', () => {
  expect(adviceIn('cannot-place')).toEqual({ advice: 'repair' });
  expect(adviceIn('draining')).toBeUndefined();
});

describe('the new value may be the cause', () => {
  const VALUES = ['json-key', 'not-json', 'health-check', 'essential-exit', 'other'];

  test.each(FAILURE_CLASSES)('of a failure of class %s, or it cannot be', (name) => {
    const expected = VALUES.includes(name) ? { suspect: change() } : { advice: 'repair' };
    expect(suspicion({ class: name }, [change()], NOTHING)).toEqual(expected);
  });

  test('but not if the failure names another secret', () => {
    expect(suspicion({ class: 'json-key', arn: OTHER }, [change()], NOTHING)).toEqual({ advice: 'repair' });
    expect(suspicion({ class: 'json-key', arn: SECRET }, [change()], NOTHING)).toEqual({ suspect: change() });
  });

  test('of one of several resources that changed together only if the failure names it', () => {
    const both = [change({ kind: 'parameter', arn: PARAMETER }), change()];
    expect(suspicion(NOT_JSON, both, NOTHING)).toEqual({ advice: 'compare-versions' });
    expect(suspicion({ class: 'not-json', arn: SECRET }, both, NOTHING)).toEqual({ suspect: change() });
  });

  test('and of several labels of one secret AWSCURRENT counts', () => {
    const labels = [change({ label: 'BLUE' }), change()];
    expect(suspicion(NOT_JSON, labels, NOTHING)).toEqual({ suspect: change() });
    expect(suspicion(NOT_JSON, labels.toReversed(), NOTHING)).toEqual({ suspect: change() });
    const [blue, green] = [change({ label: 'BLUE' }), change({ label: 'GREEN' })];
    expect(suspicion(NOT_JSON, [blue, green], NOTHING)).toEqual({ suspect: blue });
  });

  test('but no value is known where a person named the service', () => {
    const byHand = change({ kind: 'service' });
    expect(suspicion(NOT_JSON, [byHand], NOTHING)).toEqual({ advice: 'look-at-tasks' });
  });

  test('but without a reason a person has to look', () => {
    expect(suspicion(undefined, [change()], NOTHING)).toEqual({ advice: 'look-at-tasks' });
    const tasks = [failed(undefined), failed(undefined)];
    expect(suspicion(undefined, [change()], { ...NOTHING, tasks })).toEqual({ advice: 'look-at-tasks' });
    expect(suspicion(NOT_JSON, [], NOTHING)).toEqual({ advice: 'look-at-tasks' });
  });
});

describe('a service that failed before the change', () => {
  const last = { createdAt: BEFORE, finishedAt: BEFORE + 1_000, status: 'STOPPED' };

  test.each(['STOPPED', 'ROLLBACK_FAILED'])('is told from the end of its deployment: %s', (status) => {
    const shown = { ...NOTHING, deployments: [{ ...last, status }] };
    expect(suspicion(NOT_JSON, [change()], shown)).toEqual({ advice: 'failed-before' });
    expect(suspicion(undefined, [change()], shown)).toEqual({ advice: 'failed-before' });
    expect(suspicion({ class: 'image' }, [change()], shown)).toEqual({ advice: 'failed-before' });
  });

  test.each([
    ['was rolled back', [{ ...last, status: 'ROLLBACK_SUCCESSFUL' }]],
    ['succeeded', [{ ...last, status: 'SUCCESSFUL' }]],
    ['was replaced by ours, after the change', [{ ...last, finishedAt: AFTER }]],
    ['has not ended', [{ createdAt: BEFORE, status: 'STOPPED' }]],
    ['began after the change', [{ ...last, createdAt: AFTER, finishedAt: AFTER + 1 }]],
    ['was followed by a good one', [last, { ...last, createdAt: BEFORE + 1_000, status: 'SUCCESSFUL' }]],
  ])('is none whose last deployment %s', (_, deployments) => {
    expect(suspicion(NOT_JSON, [change()], { ...NOTHING, deployments })).toEqual({ suspect: change() });
  });

  test('is told from one that was created, or ended, at the very instant of the change', () => {
    const ended = { createdAt: BEFORE, finishedAt: CHANGED_AT, status: 'STOPPED' };
    for (const one of [ended, { ...ended, createdAt: CHANGED_AT }])
      expect(suspicion(NOT_JSON, [change()], { ...NOTHING, deployments: [one] })).toEqual({
        advice: 'failed-before',
      });
  });

  test('is told from what failed before, whatever a younger deployment does', () => {
    const younger = { createdAt: AFTER, status: 'IN_PROGRESS' };
    const shown = { ...NOTHING, deployments: [younger, last] };
    expect(suspicion(NOT_JSON, [change()], shown)).toEqual({ advice: 'failed-before' });
  });

  test('is told from tasks that stopped for the same reason before', () => {
    const tasks = [failed(NOT_JSON), failed(NOT_JSON, { stoppedAt: CHANGED_AT })];
    expect(suspicion(NOT_JSON, [change()], { ...NOTHING, tasks })).toEqual({ advice: 'failed-before' });
  });

  test.each([
    ['only one crashed', [failed(NOT_JSON)]],
    ['they failed for another reason', [failed({ class: 'other' }), failed({ class: 'other' })]],
    ['they stopped in good order', [failed(undefined), failed(undefined)]],
    [
      'they stopped after the change',
      [CHANGED_AT + 1, null].map((stoppedAt) => failed(NOT_JSON, { stoppedAt })),
    ],
  ])('is none if %s', (_, tasks) => {
    expect(suspicion(NOT_JSON, [change()], { ...NOTHING, tasks })).toEqual({ suspect: change() });
  });
});
