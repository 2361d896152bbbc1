import type { Board, Counts } from './board.ts';
import type { Case, Suite } from './suite.ts';

/** A test, and what it did without a mutant. */
export type Ran = {
  readonly case: Case;
  readonly file: string;
  readonly cpuMs: number;
  readonly steps: number;
  readonly passed: Counts;
  /** It cannot tell anything here, where all tests share one process. */
  readonly fails: boolean;
};

export type FirstRun = {
  readonly tests: readonly Ran[];
  /** How often mutants were passed while modules were loaded, and while each group was collected. */
  readonly loaded: Counts;
  readonly collected: Readonly<Record<string, Counts>>;
};

/** Runs every test without a mutant, and names those that fail. */
export async function firstRun(suite: Suite, files: readonly string[], board: Board): Promise<FirstRun> {
  board.begin(undefined);
  const load = suite((group) => {
    board.currentTestId = group;
  });
  const cases: { readonly file: string; readonly case: Case }[] = [];
  for (const file of files) cases.push(...(await load(file)).map((one) => ({ file, case: one })));
  const loaded = { ...board.mutantCoverage.static };
  const collected = { ...board.mutantCoverage.perTest };
  const tests: Ran[] = [];
  for (const [i, one] of cases.entries()) {
    const id = `test ${i}`;
    board.currentTestId = id;
    board.begin(undefined);
    const began = process.cpuUsage();
    const fails = await one.case.run(NEVER).then(
      () => false,
      (error: unknown) => {
        process.stderr.write(
          `left out, for it fails without a mutant: ${one.case.title}: ${String(error)}\n`,
        );
        return true;
      },
    );
    const { user, system } = process.cpuUsage(began);
    const passed = board.mutantCoverage.perTest[id] ?? {};
    tests.push({ ...one, cpuMs: (user + system) / 1000, steps: board.steps, passed, fails });
  }
  board.currentTestId = undefined;
  return { tests, loaded, collected };
}

const NEVER = new Promise<never>(() => undefined);
