import * as fc from 'fast-check';
import type { Mutant } from './assess.ts';
import type { Load } from './bundle.ts';
import type { Instrumented } from './instrument.ts';
import type { Case } from './suite.ts';

/** The variables that the instrumented code and this file share. */
type Switchboard = {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  mutantCoverage?: { readonly static: Counts; readonly perTest: Record<string, Counts> };
  hitCount?: number;
  hitLimit?: number;
};
type Counts = Record<string, number>;

/** A mutant that is passed this many times as often as without it counts as endless. */
const ENDLESS = 20;
const AT_LEAST = 100_000;

/** Runs the tests that reach each mutant, quickest first, until one fails. Throws if a test fails without a mutant. */
export async function runMutants(
  { mutants }: Instrumented,
  load: Load,
  progress: (done: number) => void,
): Promise<readonly Mutant[]> {
  // The drawing is always the same. A failure is enough: its smallest example is not needed.
  fc.configureGlobal({ seed: 1, numRuns: 30, endOnFailure: true });
  const board = switchboard();
  const first = await firstRun(load, board);
  const tested: Mutant[] = [];
  for (const [id, mutant] of mutants) {
    tested.push({ ...mutant, status: await statusOf(id, first, load, board) });
    progress(tested.length);
  }
  board.activeMutant = undefined;
  return tested;
}

type FirstRun = {
  readonly cases: readonly Case[];
  /** The numbers of the tests, quickest first. */
  readonly order: readonly number[];
  /** How often mutants were passed: while modules were loaded, while each group was collected and in each test. */
  readonly loaded: Counts;
  readonly collected: Readonly<Record<string, Counts>>;
  readonly tested: readonly Counts[];
};

async function firstRun(load: Load, board: Switchboard): Promise<FirstRun> {
  const coverage = { static: {}, perTest: {} as Record<string, Counts> };
  board.mutantCoverage = coverage;
  const cases = load((group) => {
    board.currentTestId = group;
  });
  const loaded = { ...coverage.static };
  const collected = { ...coverage.perTest };
  const durations: number[] = [];
  for (const [i, one] of cases.entries()) {
    board.currentTestId = numbered(i);
    const began = performance.now();
    await one.run();
    durations.push(performance.now() - began);
  }
  board.currentTestId = undefined;
  return {
    cases,
    order: [...cases.keys()].toSorted((a, b) => (durations[a] ?? 0) - (durations[b] ?? 0)),
    loaded,
    collected,
    tested: cases.map((_, i) => coverage.perTest[numbered(i)] ?? {}),
  };
}

const numbered = (test: number): string => `test ${test}`;

async function statusOf(id: string, first: FirstRun, load: Load, board: Switchboard): Promise<string> {
  const { loaded, collected, tested } = first;
  const before = [loaded, ...Object.values(collected)].reduce((sum, counts) => sum + (counts[id] ?? 0), 0);
  const hits = tested.reduce((sum, counts) => sum + (counts[id] ?? 0), before);
  if (hits === 0) return 'NoCoverage';
  board.activeMutant = id;
  board.hitCount = 0;
  board.hitLimit = Math.max(AT_LEAST, hits * ENDLESS);
  try {
    // A value made while a module is loaded may reach every test, and one made for a group each test of the group.
    const cases = before > 0 ? load(() => undefined) : first.cases;
    if (cases.length !== first.cases.length) return 'Killed';
    const reaches = (i: number) =>
      loaded[id] !== undefined ||
      tested[i]?.[id] !== undefined ||
      first.cases[i]?.groups.some((group) => collected[group]?.[id] !== undefined);
    for (const i of first.order) if (reaches(i)) await cases[i]?.run();
    return 'Survived';
  } catch {
    return board.hitCount > board.hitLimit ? 'Timeout' : 'Killed';
  }
}

function switchboard(): Switchboard {
  const global = globalThis as { __stryker__?: Switchboard };
  global.__stryker__ ??= {};
  return global.__stryker__;
}
