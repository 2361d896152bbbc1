import { describe, expect, test, vi } from 'vitest';
import { bundled } from './bundle.ts';
import { SCOPES } from './scopes.ts';
import { collector, suiteOf } from './suite.ts';

type WithRows = (
  rows: readonly unknown[],
) => (title: string, body: (...row: readonly unknown[]) => void) => void;
type Api = {
  readonly describe: (title: string, body: () => void) => void;
  readonly test: ((title: string, body: () => unknown) => void) & Readonly<Record<'each' | 'for', WithRows>>;
  readonly onTestFinished: (finish: () => unknown) => void;
  readonly beforeEach: (hook: () => unknown) => void;
  readonly afterEach: (hook: () => unknown) => void;
};
const collected = () => {
  const { api, ...rest } = collector(undefined, () => undefined);
  return { ...(api as Api), ...rest };
};
const NEVER = new Promise<never>(() => undefined);

test('the tests are collected with their titles and rows, and run only when they are called', async () => {
  const seen: unknown[] = [];
  const suite = collected();
  suite.describe('outer', () => {
    suite.test.each([[1, 2], [3]])('spread', (...row) => void seen.push(row));
    suite.test.each([[1], 'one'])('whole', (...row) => void seen.push(row));
  });
  expect(seen).toEqual([]);
  for (const one of suite.cases) await one.run(NEVER);
  expect(suite.cases[0]?.groups).toEqual(['outer']);
  expect(suite.cases.map(({ title }) => title)).toEqual([
    'outer > spread',
    'outer > spread',
    'outer > whole',
    'outer > whole',
  ]);
  expect(seen).toEqual([[1, 2], [3], [[1]], ['one']]);
});

test('rows of test.for are handed on as they are', async () => {
  const seen: unknown[] = [];
  const suite = collected();
  suite.test.for([[1, 2], [3]])('row', (...row) => void seen.push(row));
  for (const one of suite.cases) await one.run(NEVER);
  expect(seen).toEqual([[[1, 2]], [[3]]]);
});

test.each(SCOPES)(
  'every file of the tests of $name can be collected, and uses nothing else of vitest',
  async (scope) => {
    const { script, uses } = await bundled(scope, new Map());
    const { api } = collector(expect, () => undefined);
    const used = [...script.matchAll(/\bimport_vitest\d*\.(\w+)\)?(?:\.(\w+))?/g)];
    const missing = used.filter(([, name = '', member]) => {
      const value: unknown = Reflect.get(api, name);
      return (
        value === undefined || (member !== undefined && Reflect.get(Object(value), member) === undefined)
      );
    });
    expect(used).not.toEqual([]);
    expect(new Set(missing.map(([all]) => all))).toEqual(new Set());
    const load = suiteOf(script, expect)(() => undefined);
    for (const file of Object.keys(uses)) expect(await load(file), file).not.toEqual([]);
  },
);

describe('a collected test', () => {
  const fine = (): unknown => undefined;
  const fail = (): unknown => Promise.reject(new Error('no'));
  test.each([
    ['that fails', fail, fine],
    ['whose end fails', fine, fail],
  ])('%s fails after all of its ends, in reverse order', async (_, body, end) => {
    const seen: string[] = [];
    const { onTestFinished, test: add, cases } = collected();
    add('one', () => {
      onTestFinished(() => void seen.push('first'));
      onTestFinished(end);
      onTestFinished(() => void seen.push('last'));
      return body();
    });
    await expect(cases[0]?.run(NEVER)).rejects.toThrow('no');
    expect(seen).toEqual(['last', 'first']);
  });

  test('is preceded and followed by what its groups and its file want', async () => {
    const seen: string[] = [];
    const { afterEach, beforeEach, describe: group, test: add, cases, endFile } = collected();
    beforeEach(() => void seen.push('before'));
    group('group', () => {
      afterEach(() => void seen.push('after'));
      add('one', () => void seen.push('one'));
    });
    add('two', () => void seen.push('two'));
    endFile();
    add('three', () => void seen.push('three'));
    for (const one of cases) await one.run(NEVER);
    expect(seen).toEqual(['before', 'one', 'after', 'before', 'two', 'three']);
  });

  test('that never ends is given up, and leaves no mock behind', async () => {
    const { test: add, cases } = collected();
    const target = { value: () => 1 };
    add('one', () => {
      vi.spyOn(target, 'value').mockReturnValue(2);
      return NEVER;
    });
    await expect(cases[0]?.run(Promise.reject(new Error('given up')))).rejects.toThrow('given up');
    expect(target.value()).toBe(1);
  });
});
