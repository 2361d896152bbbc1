import { describe, expect, test } from 'vitest';
import { REASONS, reasonHas } from '../../../functions/core/plan/reasons.ts';

type Property = Parameters<typeof reasonHas>[0];
const having = (property: Property) =>
  Object.keys(REASONS)
    .filter((reason) => reasonHas(property, reason))
    .toSorted((a, b) => a.localeCompare(b));

describe('a reason', () => {
  test.each<[Property, readonly string[]]>([
    [
      'leavesStale',
      [
        'cannot-read',
        'cannot-replace',
        'earlier-wave-failed',
        'opted-out',
        'out-of-scope',
        'over-cap',
        'possibly-stale',
        'reference-gone',
        'secret-gone',
        'unsupported-controller',
      ],
    ],
    [
      'alarms',
      [
        'cannot-read',
        'cannot-replace',
        'over-cap',
        'reference-gone',
        'rollout-failed',
        'secret-gone',
        'unreadable',
        'unsupported-controller',
      ],
    ],
    ['countsAsStale', ['cannot-read', 'cannot-replace', 'over-cap', 'reference-gone']],
    ['timeless', ['label-not-moved', 'no-tasks', 'not-active', 'opted-out', 'pinned', 'pull-only']],
  ])('%s where the table says so', (property, reasons) => {
    expect(having(property)).toEqual(reasons);
  });

  test('of a record alone, or none, has no property', () => {
    for (const reason of ['observe', 'gone', 'report', '', null, undefined])
      expect(reasonHas('alarms', reason)).toBe(false);
  });
});
