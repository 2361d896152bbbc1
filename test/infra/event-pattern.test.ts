import { describe, expect, test } from 'vitest';
import { compilePattern, type Json } from './event-pattern.ts';

type Row = readonly [wanted: Json, value: Json | undefined, matches: boolean];

const LEAVES: Readonly<Record<string, readonly Row[]>> = {
  'exact values': [
    [['a', 'b'], 'b', true],
    [['a'], 'A', false],
    [['a'], 'ab', false],
    [['a'], undefined, false],
    [[''], '', true],
    [[''], null, false],
    [[null], null, true],
    [[null], '', false],
    [[null], undefined, false],
    [[true], true, true],
    [[true], 'true', false],
    [[100], 100.0, true],
    [[100], '100', false],
  ],
  'a list in the event counts as its elements': [
    [['b'], ['a', 'b'], true],
    [['c'], ['a', 'b'], false],
    [['c'], [['a'], ['c']], true],
    [[{ exists: true }], [], false],
    [[{ 'anything-but': 'a' }], ['a'], false],
    [[{ 'anything-but': 'a' }], ['a', 'b'], true],
  ],
  prefix: [
    [[{ prefix: 'ab' }], 'abc', true],
    [[{ prefix: 'ab' }], 'Abc', false],
    [[{ prefix: 'ab' }], 5, false],
    [[{ prefix: { 'equals-ignore-case': 'aB' } }], 'AbC', true],
    [[{ prefix: { 'equals-ignore-case': 'ab' } }], 'cab', false],
  ],
  suffix: [
    [[{ suffix: '.png' }], 'a.png', true],
    [[{ suffix: '.png' }], 'a.PNG', false],
    [[{ suffix: { 'equals-ignore-case': '.pnG' } }], 'a.PNg', true],
  ],
  'equals-ignore-case': [
    [[{ 'equals-ignore-case': 'Alice' }], 'aLICE', true],
    [[{ 'equals-ignore-case': 'alice' }], 'alic', false],
  ],
  'anything-but': [
    [[{ 'anything-but': 'a' }], 'b', true],
    [[{ 'anything-but': 'a' }], 'a', false],
    [[{ 'anything-but': 'a' }], undefined, false],
    [[{ 'anything-but': 'a' }], null, true],
    [[{ 'anything-but': ['a', 'b'] }], 'b', false],
    [[{ 'anything-but': ['a', 'b'] }], 'c', true],
    [[{ 'anything-but': 5 }], 5, false],
    [[{ 'anything-but': [5, 6] }], 7, true],
    [[{ 'anything-but': { prefix: 'us-' } }], 'us-east-1', false],
    [[{ 'anything-but': { prefix: 'us-' } }], 'eu-west-1', true],
    [[{ 'anything-but': { prefix: ['us-', 'eu-'] } }], 'eu-west-1', false],
    [[{ 'anything-but': { suffix: '.png' } }], 'a.png', false],
    [[{ 'anything-but': { suffix: ['.png', '.gif'] } }], 'a.jpg', true],
    [[{ 'anything-but': { 'equals-ignore-case': 'ON' } }], 'on', false],
    [[{ 'anything-but': { 'equals-ignore-case': ['ON', 'UP'] } }], 'down', true],
    [[{ 'anything-but': { wildcard: '*/lib/*' } }], 'a/lib/b', false],
    [[{ 'anything-but': { wildcard: ['*/lib/*', '*/bin/*'] } }], 'a/src/b', true],
  ],
  numeric: [
    [[{ numeric: ['=', 3.018e2] }], 301.8, true],
    [[{ numeric: ['>', 0, '<=', 5] }], 5, true],
    [[{ numeric: ['>', 0, '<=', 5] }], 0, false],
    [[{ numeric: ['>=', 0, '<', 5] }], 0, true],
    [[{ numeric: ['<', 5] }], 5, false],
    [[{ numeric: ['<', 5] }], '4', false],
  ],
  exists: [
    [[{ exists: true }], null, true],
    [[{ exists: true }], undefined, false],
    [[{ exists: false }], undefined, true],
    [[{ exists: false }], '', false],
    // An object is no leaf.
    [[{ exists: true }], { inner: 1 }, false],
    [['a', { exists: false }], undefined, true],
    [['a', { exists: false }], 'a', true],
    [['a', { exists: false }], 'b', false],
  ],
  cidr: [
    [[{ cidr: '10.0.0.0/24' }], '10.0.0.255', true],
    [[{ cidr: '10.0.0.0/24' }], '10.0.1.0', false],
    [[{ cidr: '10.0.0.0/24' }], 'ten', false],
    [[{ cidr: '2001:db8::/32' }], '2001:db8:1::1', true],
    [[{ cidr: '2001:db8::/32' }], '10.0.0.1', false],
  ],
  wildcard: [
    [[{ wildcard: 'dir/*.png' }], 'dir/a/b.png', true],
    [[{ wildcard: 'dir/*.png' }], 'dir/aXpng', false],
    [[{ wildcard: '*' }], '', true],
    [[{ wildcard: 'a\\*b*' }], 'a*bc', true],
    [[{ wildcard: 'a\\*b' }], 'axb', false],
    [[{ wildcard: 'a\\\\*' }], 'a\\b', true],
    [[{ wildcard: 'a*' }], 'a\nb', true],
    [[{ wildcard: 'a*' }], 7, false],
  ],
};

for (const [operator, rows] of Object.entries(LEAVES)) {
  describe(`under "${operator}",`, () => {
    test.each(rows)('the pattern %j applied to %j gives %s', (wanted, value, matches) => {
      const event = value === undefined ? {} : { field: value };
      expect(compilePattern({ field: wanted })(event)).toBe(matches);
    });
  });
}

describe('among the fields of a pattern,', () => {
  const pattern = compilePattern({ source: ['a'], detail: { state: ['on'], error: [{ exists: false }] } });
  test.each<[string, Parameters<typeof pattern>[0], boolean]>([
    ['all must match', { source: 'a', detail: { state: 'on' } }, true],
    ['one that does not match prevents a match', { source: 'a', detail: { state: 'off' } }, false],
    [
      'those that only the event has are ignored',
      { source: 'a', more: 1, detail: { state: 'on', more: {} } },
      true,
    ],
    ['one that must be absent prevents a match', { source: 'a', detail: { state: 'on', error: 'x' } }, false],
    ['those of a missing object do not match', { source: 'a' }, false],
  ])('%s', (_, event, matches) => {
    expect(pattern(event)).toBe(matches);
  });

  test.each<[Json | undefined]>([[undefined], [null], ['text'], [{}], [[]]])(
    'one within %j counts as absent',
    (value) => {
      const absent = compilePattern({ outer: { inner: [{ exists: false }] } });
      expect(absent(value === undefined ? {} : { outer: value })).toBe(true);
    },
  );

  test('those of one object in a list must match together', () => {
    const employees = [
      { first: 'Anna', last: 'Smith' },
      { first: 'Peter', last: 'Jones' },
    ];
    expect(compilePattern({ employees: { first: ['Anna'], last: ['Smith'] } })({ employees })).toBe(true);
    expect(compilePattern({ employees: { first: ['Anna'], last: ['Jones'] } })({ employees })).toBe(false);
  });
});

describe('a pattern with $or', () => {
  const pattern = compilePattern({
    source: ['a'],
    $or: [{ x: [1] }, { y: [2], z: [3] }, { $or: [{ v: [4] }, { deep: { w: [5] } }] }],
  });
  test.each<[Parameters<typeof pattern>[0], boolean]>([
    [{ source: 'a', x: 1 }, true],
    [{ source: 'b', x: 1 }, false],
    [{ source: 'a', y: 2 }, false],
    [{ source: 'a', y: 2, z: 3 }, true],
    [{ source: 'a', v: 4 }, true],
    [{ source: 'a', deep: { w: 5 } }, true],
    [{ source: 'a' }, false],
  ])('matches %j: %s', (event, matches) => {
    expect(pattern(event)).toBe(matches);
  });
});

describe('compilePattern refuses, before it sees any event,', () => {
  test.each<[string, Json]>([
    ['an operator that does not exist', [{ prefixed: 'a' }]],
    ['an operator within another that does not exist', [{ 'anything-but': { begins: 'a' } }]],
    ['an operator that is not allowed within prefix', [{ prefix: { suffix: 'a' } }]],
    ['two operators in one expression', [{ prefix: 'a', suffix: 'b' }]],
    ['an expression without operator', [{}]],
    ['a value outside a list', 'a'],
    ['an empty list', []],
    ['an empty object', {}],
    ['a list within a list', [['a']]],
    ['a prefix that is no text', [{ prefix: 5 }]],
    ['exists with a text', [{ exists: 'false' }]],
    ['anything-but with mixed values', [{ 'anything-but': ['a', 1] }]],
    ['anything-but null', [{ 'anything-but': [null] }]],
    ['anything-but nothing', [{ 'anything-but': [] }]],
    ['half a comparison', [{ numeric: ['>'] }]],
    ['a comparison that does not exist', [{ numeric: ['!=', 1] }]],
    ['a comparison with a text', [{ numeric: ['>', '1'] }]],
    ['an address without a range', [{ cidr: '10.0.0.1' }]],
    ['two stars in a row', [{ wildcard: 'a**b' }]],
    ['a stray backslash', [{ wildcard: 'a\\b' }]],
  ])('%s', (_, wanted) => {
    expect(() => compilePattern({ field: wanted })).toThrow();
  });

  test('an $or with a single branch, or with a branch that is not an object', () => {
    expect(() => compilePattern({ $or: [{ a: [1] }] })).toThrow('two branches');
    expect(() => compilePattern({ $or: [{ a: [1] }, 'b'] })).toThrow('not an object');
  });
});
