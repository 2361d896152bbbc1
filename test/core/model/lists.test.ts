import { expect, test } from 'vitest';
import { chunks, grouped } from '../../../functions/core/model/lists.ts';

test.each([
  [[], []],
  [[1, 2], [[1, 2]]],
  [
    [1, 2, 3],
    [[1, 2], [3]],
  ],
])(
  'the list %j is split into chunks of two, in order, and the last one may be shorter',
  (items, expected) => {
    expect(chunks(items, 2)).toEqual(expected);
  },
);

test('groups and their items keep the order in which they were met', () => {
  const groups = grouped(['b1', 'a1', 'b2'], (item) => item.slice(0, 1));
  expect([...groups]).toEqual([
    ['b', ['b1', 'b2']],
    ['a', ['a1']],
  ]);
});
