import { describe, expect, test } from 'vitest';
import { assess, type Equivalent, type Mutant, nameOf } from './assess.ts';

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
      mutant({ file: 'functions/formats/z.ts' }),
    ];
    const { files, folders, survivors, explained } = assess(all, [equivalent({ replacement: 'a >= b' })]);
    expect([...folders]).toEqual([
      ['core', { killed: 3, survived: 2, equivalent: 1, score: 60 }],
      ['formats', { killed: 1, survived: 0, equivalent: 0, score: 100 }],
    ]);
    expect([...files]).toEqual([
      ['functions/core/x.ts', { killed: 2, survived: 2, equivalent: 1, score: 50 }],
      ['functions/core/y.ts', { killed: 1, survived: 0, equivalent: 0, score: 100 }],
      ['functions/formats/z.ts', { killed: 1, survived: 0, equivalent: 0, score: 100 }],
    ]);
    expect(survivors.map(({ replacement }) => replacement)).toEqual(['a > b']);
    expect(explained.map(({ reason }) => reason)).toEqual(['they are never the same']);
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
