import type { Board, Counts } from './board.ts';
import type { Case, Suite } from './suite.ts';

/** What a test did without a mutant. It is the one at this place in its file. */
export type Recorded = {
  readonly file: string;
  readonly at: number;
  readonly groups: readonly string[];
  readonly cpuMs: number;
  readonly steps: number;
  readonly passed: Counts;
  /** It cannot tell anything here, where all tests share one process. */
  readonly fails: boolean;
};

/** A run of tests without a mutant: plain data, so that one process records it for all. */
export type FirstRun<Test = Recorded> = {
  readonly tests: readonly Test[];
  /** How often mutants were passed while modules were loaded, and while each group was collected. */
  readonly loaded: Counts;
  readonly collected: Readonly<Record<string, Counts>>;
};

/** A recorded test that can be run in this process. */
export type Ran = Recorded & { readonly case: Case };

/** Runs every test of the files without a mutant, and names those that fail. */
export async function firstRun(suite: Suite, files: readonly string[], board: Board): Promise<FirstRun> {
  board.begin(undefined);
  const load = suite((group) => {
    board.currentTestId = group;
  });
  const cases: (Pick<Recorded, 'file' | 'at'> & { readonly case: Case })[] = [];
  for (const file of files) cases.push(...(await load(file)).map((one, at) => ({ file, at, case: one })));
  const loaded = { ...board.mutantCoverage.static };
  const collected = { ...board.mutantCoverage.perTest };
  const tests: Recorded[] = [];
  for (const [i, { case: test, ...place }] of cases.entries()) {
    const id = `test ${i}`;
    board.currentTestId = id;
    board.begin(undefined);
    const began = process.cpuUsage();
    const fails = await test.run(NEVER).then(
      () => false,
      (error: unknown) => {
        process.stderr.write(`left out, for it fails without a mutant: ${test.title}: ${String(error)}\n`);
        return true;
      },
    );
    const { user, system } = process.cpuUsage(began);
    const passed = board.mutantCoverage.perTest[id] ?? {};
    const cpuMs = (user + system) / 1000;
    tests.push({ ...place, groups: test.groups, cpuMs, steps: board.steps, passed, fails });
  }
  board.currentTestId = undefined;
  return { tests, loaded, collected };
}

/** First runs of some files each, as one. */
export function joined(runs: readonly FirstRun[]): FirstRun {
  return {
    tests: runs.flatMap(({ tests }) => tests),
    loaded: Object.assign({}, ...runs.map(({ loaded }) => loaded)),
    collected: Object.assign({}, ...runs.map(({ collected }) => collected)),
  };
}

/** The recorded tests with what runs them here. */
export async function runnable(first: FirstRun, suite: Suite, board: Board): Promise<FirstRun<Ran>> {
  board.begin(undefined);
  const load = suite(() => undefined);
  const cases = new Map<string, readonly Case[]>();
  for (const file of new Set(first.tests.map((one) => one.file))) cases.set(file, await load(file));
  const tests = first.tests.flatMap((one) => {
    const found = cases.get(one.file)?.[one.at];
    return found === undefined ? [] : [{ ...one, case: found }];
  });
  return { ...first, tests };
}

const NEVER = new Promise<never>(() => undefined);
