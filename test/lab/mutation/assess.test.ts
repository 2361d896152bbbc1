import { describe, expect, test } from 'vitest';
import { assess, type Equivalent, type Mutant, nameOf } from './assess.ts';
import { collector } from './suite.ts';

const mutant = (different: Partial<Mutant> = {}): Mutant => ({
  file: 'functions/core/x.ts',
  line: 7,
  mutator: 'EqualityOperator',
  within: 'return a < b;',
  original: 'a < b',
  replacement: 'a <= b',
  status: 'Killed',
  ...different,
});
const equivalent = (different: Partial<Equivalent> = {}): Equivalent => ({
  file: 'functions/core/x.ts',
  within: 'return a < b;',
  original: 'a < b',
  replacement: 'a <= b',
  reason: 'they are never the same',
  ...different,
});

describe('the score', () => {
  test('is the share of killed mutants, where one that hangs counts as killed and an equivalent one as survived', () => {
    const all = [
      mutant(),
      mutant({ status: 'Timeout' }),
      mutant({ replacement: 'a > b', status: 'NoCoverage' }),
      mutant({ replacement: 'a >= b', status: 'Survived' }),
      mutant({ file: 'functions/core/y.ts' }),
    ];
    const { files, total, survivors, explained } = assess(all, [equivalent({ replacement: 'a >= b' })]);
    expect(total).toEqual({ killed: 3, survived: 2, equivalent: 1, score: 60 });
    expect([...files]).toEqual([
      ['functions/core/x.ts', { killed: 2, survived: 2, equivalent: 1, score: 50 }],
      ['functions/core/y.ts', { killed: 1, survived: 0, equivalent: 0, score: 100 }],
    ]);
    expect(survivors.map(({ replacement }) => replacement)).toEqual(['a > b']);
    expect(explained.map(({ reason }) => reason)).toEqual(['they are never the same']);
  });

  test('of no mutants is 0', () => {
    expect(assess([], []).total.score).toBe(0);
  });
});

describe('the list of equivalent mutants is wrong', () => {
  test.each([
    ['where a listed mutant is killed', equivalent(), 'is killed'],
    ['where a listed mutant does not exist', equivalent({ replacement: 'true' }), 'does not exist'],
    ['where the line has changed', equivalent({ within: 'return b > a;' }), 'does not exist'],
    ['where the file has gone', equivalent({ file: 'functions/core/z.ts' }), 'does not exist'],
  ])('%s', (_, entry, problem) => {
    const { wrong } = assess([mutant()], [entry]);
    expect(wrong).toEqual([expect.stringContaining(problem)]);
  });

  test('but not where a listed mutant survives, even if its line has moved', () => {
    expect(assess([mutant({ status: 'Survived', line: 99 })], [equivalent()]).wrong).toEqual([]);
  });
});

test('a mutant is named by its place and its replacement', () => {
  expect(nameOf(mutant({ original: 'a\n    < b' }))).toBe(
    'functions/core/x.ts:7 EqualityOperator: a < b  →  a <= b',
  );
});

test('the tests are collected with their titles and rows, and run only when they are called', () => {
  const seen: unknown[] = [];
  const { api, cases } = collector(undefined, () => undefined);
  const { describe, test } = api as {
    describe: (title: string, body: () => void) => void;
    test: { each: (rows: readonly unknown[]) => (title: string, body: (...row: unknown[]) => void) => void };
  };
  describe('outer', () => {
    test.each([[1, 2], [3]])('spread', (...row) => seen.push(row));
    test.each([[1], 'one'])('whole', (...row) => seen.push(row));
  });
  expect(seen).toEqual([]);
  for (const one of cases) one.run();
  expect(cases[0]?.groups).toEqual(['outer']);
  expect(cases.map(({ title }) => title)).toEqual([
    'outer > spread',
    'outer > spread',
    'outer > whole',
    'outer > whole',
  ]);
  expect(seen).toEqual([[1, 2], [3], [[1]], ['one']]);
});
