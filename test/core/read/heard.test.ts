import { expect, test } from 'vitest';
import { heardOf, MAX_HEARD, withHeard } from '../../../functions/core/read/heard.ts';
import { CHANGED_AT, change, SECRET } from '../../support/build.ts';

test('of each label of a secret the last change is kept, in whatever order they come', () => {
  const [older, blue, younger] = [
    change({ versionId: 'v1', changedAt: CHANGED_AT }),
    change({ label: 'blue' }),
    change({ versionId: 'v2', changedAt: CHANGED_AT + 1 }),
  ];
  const expected = [
    { arn: SECRET, label: 'AWSCURRENT', versionId: 'v2', at: CHANGED_AT + 1 },
    { arn: SECRET, label: 'blue', versionId: 'version-2', at: CHANGED_AT },
  ];
  expect(withHeard([], [older, blue, younger])).toEqual(expected);
  expect(withHeard(withHeard([], [younger, blue]), [older])).toEqual(expected);
});

test('the youngest are kept', () => {
  const many = Array.from({ length: MAX_HEARD + 5 }, (_, i) =>
    change({ arn: `${SECRET}${i}`, changedAt: i + 1 }),
  );
  const kept = withHeard([], many);
  expect(kept).toHaveLength(MAX_HEARD);
  expect(Math.min(...kept.map(({ at }) => at))).toBe(6);
});

test('a secret is found by its full ARN, its partial ARN and its name, and by nothing that only begins so', () => {
  const heard = withHeard([], [change()]);
  for (const name of [SECRET, SECRET.slice(0, -7), 'prod/db']) expect(heardOf(name, heard)).toEqual(heard);
  for (const name of ['prod/d', 'prod/db-a1B2c3', SECRET.slice(0, -1), ''])
    expect(heardOf(name, heard)).toEqual([]);
});

test.each([
  { label: 'x'.repeat(257) },
  { versionId: 'x'.repeat(257) },
  { arn: SECRET.replace('prod/db', 'x'.repeat(2048)) },
  { changedAt: -1 },
])('what is not of AWS is not kept, because the snapshot could not be read with it', (told) => {
  expect(withHeard([], [change(told)])).toEqual([]);
});

test('of one instant the last that was told is kept, and a change of the whole secret beside those of its labels', () => {
  const { label: _, versionId: _version, ...whole } = change();
  const heard = withHeard([], [change({ versionId: 'v1' }), whole, change({ versionId: 'v2' })]);
  expect(heard).toStrictEqual([
    { arn: SECRET, at: CHANGED_AT },
    { arn: SECRET, label: 'AWSCURRENT', versionId: 'v2', at: CHANGED_AT },
  ]);
});

test('they are sorted by ARN and label, in whatever order they come', () => {
  const told = ['c', 'a', 'd', 'b'].map((label, i) => change({ label, changedAt: CHANGED_AT + i }));
  for (const some of [told, told.toReversed()])
    expect(withHeard([], some).map(({ label }) => label)).toEqual(['a', 'b', 'c', 'd']);
});

test('the longest label, version and ARN of AWS are kept, and the earliest instant', () => {
  const longest = {
    label: 'x'.repeat(256),
    versionId: 'x'.repeat(256),
    arn: `${SECRET}${'x'.repeat(2048)}`.slice(0, 2048),
  };
  expect(withHeard([], [change({ ...longest, changedAt: 0 })])).toEqual([{ ...longest, at: 0 }]);
});
