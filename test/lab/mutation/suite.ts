import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import { vi } from 'vitest';

/** A test of the suite. */
export type Case = {
  readonly title: string;
  /** The groups that contain the test, the innermost last. */
  readonly groups: readonly string[];
  /** Rejects if the test fails or if `givenUp` rejects. */
  readonly run: (givenUp: Promise<never>) => Promise<void>;
};

/** Is called with the group that is being collected, or with undefined outside of a group. */
export type Enter = (group: string | undefined) => void;

/** Loads a file of tests with the modules that are not loaded yet, and answers its tests. */
export type Load = (file: string) => Promise<readonly Case[]>;

/** Begins anew: with modules that are all to be evaluated again. */
export type Suite = (enter: Enter) => Load;

type Body = (...given: readonly unknown[]) => unknown;
/** What is to be done before or after each test. */
type Around = { readonly when: 'before' | 'after'; readonly hook: Body };

export function suiteOf(script: string, expect: unknown): Suite {
  const evaluate: unknown = compileFunction(script, ['require', 'module']);
  if (typeof evaluate !== 'function')
    throw new TypeError(
      'expected the bundle of the tests to be a function, so the tests cannot be evaluated',
    );
  const required = createRequire(import.meta.url);
  return (enter) => {
    const { api, cases, endFile } = collector(expect, enter);
    const require = (id: string): unknown => (id === 'vitest' ? api : required(id));
    const module: { exports: { readonly files?: Readonly<Record<string, () => Promise<unknown>>> } } = {
      exports: {},
    };
    Reflect.apply(evaluate, undefined, [require, module]);
    return async (file) => {
      const before = cases.length;
      await module.exports.files?.[file]?.();
      endFile();
      return cases.slice(before);
    };
  };
}

/**
 * The part of the API of vitest that the tests use. It collects the tests and does not run them. What is to be done before
 * or after each test stands before the tests, and ends with its group or, by `endFile`, with its file.
 */
export function collector(
  expect: unknown,
  enter: Enter,
): { readonly api: object; readonly cases: readonly Case[]; readonly endFile: () => void } {
  const cases: Case[] = [];
  const groups: string[] = [];
  const finishers: Body[] = [];
  let around: readonly Around[] = [];
  const titled = (title: string): string => [...groups.slice(-1), title].join(' > ');
  const group = (title: string, body: Body): void => {
    const outer = around;
    groups.push(titled(title));
    enter(groups.at(-1));
    body();
    groups.pop();
    around = outer;
    enter(groups.at(-1));
  };
  const add = (title: string, body: Body): void => {
    const ofThis = around;
    const whole = async () => {
      for (const { when, hook } of ofThis) await (when === 'before' ? hook() : finishers.push(hook));
      await body();
    };
    const run = (givenUp: Promise<never>) => runThenFinish(whole, finishers, givenUp);
    cases.push({ title: titled(title), groups: [...groups], run });
  };
  const test = Object.assign(add, { each: eachOf(add), for: forOf(add) });
  const describe = Object.assign(group, { each: eachOf(group) });
  const onTestFinished = (finish: Body): void => void finishers.push(finish);
  const hooked = (when: Around['when']) => (hook: Body) => {
    around = [...around, { when, hook }];
  };
  const each = { beforeEach: hooked('before'), afterEach: hooked('after') };
  const api = { describe, test, it: test, expect, vi, onTestFinished, ...each };
  const endFile = (): void => {
    around = [];
  };
  return { api, cases, endFile };
}

const eachOf =
  (add: (title: string, body: Body) => void) =>
  (rows: readonly unknown[]) =>
  (title: string, body: Body): void => {
    const spread = rows.every((row) => Array.isArray(row));
    for (const row of rows) add(title, () => (spread && Array.isArray(row) ? body(...row) : body(row)));
  };

const forOf =
  (add: (title: string, body: Body) => void) =>
  (rows: readonly unknown[]) =>
  (title: string, body: Body): void => {
    for (const row of rows) add(title, () => body(row));
  };

/** What a test wants to be done at its end is done in reverse order, also if it fails, and may fail itself. */
async function runThenFinish(body: Body, finishers: Body[], givenUp: Promise<never>): Promise<void> {
  finishers.length = 0;
  const failures: unknown[] = [];
  const attempt = async (one: Body): Promise<void> => {
    try {
      await Promise.race([one(), givenUp]);
    } catch (error) {
      failures.push(error);
    }
  };
  await attempt(body);
  for (const finish of finishers.splice(0).toReversed()) await attempt(finish);
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  if (failures.length > 0) throw failures[0];
}
