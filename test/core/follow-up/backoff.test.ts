import { describe, expect, test } from 'vitest';
import { backoffSeconds, isOverdue, packed } from '../../../functions/core/follow-up/backoff.ts';
import { begin, type FollowUp } from '../../../functions/core/follow-up/follow-up.ts';
import { type Progress, progressOf } from '../../../functions/core/follow-up/progress.ts';
import { change, NOW } from '../../support/build.ts';

const HOUR = 3_600_000;
const NONE_SEEN = { described: new Set<never>(), refused: new Set<never>() };

function standing(hop: number, different: Partial<Progress> = {}, id = 'b'): Progress {
  const before: FollowUp = { ...begin(id, [change({ changeId: id })], NOW), hop: hop - 1 };
  return { ...progressOf(before, [], NONE_SEEN, NOW), ...different };
}
const delay = (one: Progress, { now = NOW, first = 30, limit = HOUR, max = 72 * HOUR } = {}) =>
  backoffSeconds(one, now, first, { limitMs: limit, maxMs: max });

describe('the next look at a change comes', () => {
  test.each([
    [1, 30],
    [2, 45],
    [3, 68],
    [4, 102],
    [9, 769],
    [10, 900],
    [40, 900],
  ])(
    'after look %i in %i s: each delay is half as long again, up to the longest delay of SQS',
    (hop, seconds) => {
      expect(delay(standing(hop))).toBe(seconds);
    },
  );

  test('at the latest at the end of the time limit of the change', () => {
    expect(delay(standing(9), { now: NOW + HOUR - 100_000 })).toBe(100);
  });

  test('every 15 minutes once the time limit is over, and at the latest at the end of what is followed', () => {
    expect(delay(standing(2), { now: NOW + HOUR })).toBe(900);
    expect(delay(standing(300), { now: NOW + 72 * HOUR - 100_000 })).toBe(100);
    expect(delay(standing(2, { until: NOW + HOUR + 50_000 }), { now: NOW + HOUR })).toBeLessThan(60);
  });

  test('beyond the longest time if the end of what the change waits for is known and later', () => {
    const one = standing(300);
    const known = { ...one, followUp: { ...one.followUp, knownEnd: NOW + 100 * HOUR } };
    expect(delay(known, { now: NOW + 100 * HOUR })).toBe(900);
    expect(delay(known, { now: NOW + 172 * HOUR - 5_000 })).toBe(5);
  });

  test('sooner if a service is due sooner, a few seconds apart for several changes', () => {
    const until = NOW + 10_000;
    const delays = ['a', 'b', 'c', 'd', 'e'].map((id) => delay(standing(1, { until }, id)));
    expect(delays.toSorted((a, b) => a - b)).toEqual([10, 11, 12, 13, 14]);
    expect(delay(standing(1, { until: NOW + 60_000 }))).toBe(30);
  });

  test('with a jitter of 0 to 4 s that is spread evenly over the changes', () => {
    const until = NOW + 10_000;
    const spread = Array.from(
      { length: 500 },
      (_, i) => delay(standing(1, { until }, `id-${i * 7919}😀`)) - 10,
    );
    const counts = [0, 1, 2, 3, 4].map((second) => spread.filter((one) => one === second).length);
    for (const count of counts) expect(count).toBeGreaterThan(60);
    expect(counts.reduce((a, b) => a + b)).toBe(500);
  });

  test('in a second if something can be done now', () => {
    expect(delay(standing(1, { until: NOW }))).toBe(1);
    expect(delay(standing(1, { until: 0 }))).toBe(1);
  });

  test('no sooner than 10 s after an answer was lost', () => {
    expect(delay(standing(1, { until: 0, unsure: true }))).toBe(10);
    expect(delay(standing(1, { unsure: true }))).toBe(30);
  });

  test('at the latest after the longest delay of SQS', () => {
    expect(delay(standing(1), { first: 5_000 })).toBe(900);
    expect(delay(standing(1, { until: NOW + 2 * HOUR }), { first: 5_000, limit: 3 * HOUR })).toBe(900);
  });
});

test.each([
  [-1, false],
  [0, true],
  [1, true],
])('%i ms after its time limit a change is overdue: %s', (after, overdue) => {
  expect(isOverdue(begin('a', [change()], NOW), NOW + HOUR + after, HOUR)).toBe(overdue);
});

describe('follow-ups', () => {
  const of = (...sizes: readonly number[]) =>
    sizes.map((size, i) => begin(`${i}`.padEnd(size, '.'), [], NOW));
  const sizes = (all: readonly FollowUp[], most: number) =>
    packed(all, ({ changeId }) => changeId.length, most).map((message) =>
      message.map(({ changeId }) => changeId.length),
    );

  test.each([
    [[], 10, []],
    [[4, 6], 10, [[4, 6]]],
    [[4, 7], 10, [[4], [7]]],
    [[4, 3, 3, 1], 10, [[4, 3, 3], [1]]],
    [[2, 9, 2, 2], 10, [[2], [9], [2, 2]]],
    [[20, 1], 10, [[20], [1]]],
  ])('of the sizes %j are packed into messages of at most %i: %j', (given, most, messages) => {
    expect(sizes(of(...given), most)).toEqual(messages);
  });
});
