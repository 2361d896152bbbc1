import type { Board } from './board.ts';
import { type FirstRun, type Ran, runnable } from './first-run.ts';
import type { Case, Suite } from './suite.ts';

/** A test with a mutant that makes this many times as many steps as without it is endless. */
const ENDLESS = 20;
const AT_LEAST = 100_000;

/** A test with a mutant that makes no step for so many ticks, in each of which this process runs, waits for nothing. */
const STUCK_TICKS = 200;
const TICK_MS = 50;

/** For one mutant no more tests are run than take so long, in milliseconds of the processor, without it. */
const ENOUGH_MS = 5_000;

/** The test at the mirrored path comes as early as if it took this part of its time. */
const OF_MIRROR = 0.1;

export type MutantInFile = { readonly id: string; readonly file: string };

/** The files of `functions` that each file of tests uses. */
export type Uses = Readonly<Record<string, readonly string[]>>;

/** How many mutants of the same file each test has killed. */
type Kills = Map<Ran, number>;

/**
 * Runs the tests that reach each mutant until one fails. First come the quick ones, those at the mirrored path and those that
 * have killed mutants of the same file. A test that fails without a mutant is left out.
 */
export async function runMutants(
  mutants: readonly MutantInFile[],
  suite: Suite,
  uses: Uses,
  recorded: FirstRun,
  board: Board,
  told: (id: string, status: string) => void,
): Promise<void> {
  const first = await runnable(recorded, suite, board);
  const killsIn = new Map<string, Kills>();
  for (const mutant of mutants) {
    told(mutant.id, 'Begun');
    const kills = killsIn.get(mutant.file) ?? new Map<Ran, number>();
    killsIn.set(mutant.file, kills);
    told(mutant.id, await statusOf(mutant, first, kills, suite, uses, board));
  }
  board.begin(undefined);
}

async function statusOf(
  mutant: MutantInFile,
  first: FirstRun<Ran>,
  kills: Kills,
  suite: Suite,
  uses: Uses,
  board: Board,
): Promise<string> {
  const tests = enoughOf(sorted(reached(mutant, first, uses), mutant, kills));
  const anew = isStatic(mutant, first) ? reloaded(mutant, first, suite, board) : undefined;
  for (const one of anew === undefined ? tests : byFile(tests)) {
    const status = await ranWith(mutant.id, await (anew?.(one) ?? one.case), one, board);
    if (status === 'Survived') continue;
    kills.set(one, (kills.get(one) ?? 0) + 1);
    return status;
  }
  return tests.length === 0 ? 'NoCoverage' : 'Survived';
}

/** In the order of the first test of each file, so that no more files are loaded with the mutant than are needed. */
function byFile(tests: readonly Ran[]): readonly Ran[] {
  return [...new Set(tests.map(({ file }) => file))].flatMap((file) =>
    tests.filter((one) => one.file === file),
  );
}

/** Answers the tests of modules that are evaluated with the mutant, or none if their file cannot be loaded with it as without. */
function reloaded({ id }: MutantInFile, first: FirstRun<Ran>, suite: Suite, board: Board) {
  const load = suite(() => undefined);
  const loaded = new Map<string, readonly Case[]>();
  return async (one: Ran): Promise<Case | undefined> => {
    const before = first.tests.filter(({ file }) => file === one.file);
    board.begin(id, AT_LEAST * ENDLESS);
    const cases = loaded.get(one.file) ?? (await load(one.file).catch(() => []));
    loaded.set(one.file, cases);
    return cases.length === before.length ? cases[before.indexOf(one)] : undefined;
  };
}

async function ranWith(id: string, test: Case | undefined, { steps }: Ran, board: Board): Promise<string> {
  if (test === undefined) return board.isEndless ? 'Timeout' : 'Killed';
  board.begin(id, AT_LEAST + ENDLESS * steps);
  const stuck = whenStuck(board);
  try {
    await test.run(stuck.promise);
    return 'Survived';
  } catch {
    return board.isEndless || stuck.isReached() ? 'Timeout' : 'Killed';
  } finally {
    stuck.clear();
  }
}

function isStatic({ id }: MutantInFile, { loaded, collected }: FirstRun<Ran>): boolean {
  return [loaded, ...Object.values(collected)].some((counts) => counts[id] !== undefined);
}

function reached({ id, file }: MutantInFile, first: FirstRun<Ran>, uses: Uses): readonly Ran[] {
  const { tests, loaded, collected } = first;
  return tests.filter(
    (one) =>
      !one.fails &&
      (one.passed[id] !== undefined ||
        (loaded[id] !== undefined && uses[one.file]?.includes(file)) ||
        one.groups.some((group) => collected[group]?.[id] !== undefined)),
  );
}

function sorted(tests: readonly Ran[], { file }: MutantInFile, kills: Kills): readonly Ran[] {
  const mirror = file.replace('functions/', 'test/').replace(/\.ts$/, '.test.ts');
  const cost = (one: Ran): number =>
    (one.cpuMs * (one.file === mirror ? OF_MIRROR : 1)) / (1 + (kills.get(one) ?? 0));
  return tests.toSorted((a, b) => cost(a) - cost(b));
}

function enoughOf(tests: readonly Ran[]): readonly Ran[] {
  const enough: Ran[] = [];
  let ms = 0;
  for (const one of tests) {
    ms += one.cpuMs;
    if (ms > ENOUGH_MS && enough.length > 0) break;
    enough.push(one);
  }
  return enough;
}

function whenStuck(board: Board) {
  const { promise, reject } = withReject();
  let ticks = 0;
  let seen = -1;
  const timer = setInterval(() => {
    ticks = board.steps === seen ? ticks + 1 : 0;
    seen = board.steps;
    if (ticks >= STUCK_TICKS) reject(new Error('the mutant makes the test wait for nothing'));
  }, TICK_MS);
  return { promise, isReached: () => ticks >= STUCK_TICKS, clear: () => clearInterval(timer) };
}

function withReject() {
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<never>((_, rejecting) => {
    reject = rejecting;
  });
  promise.catch(() => undefined);
  return { promise, reject };
}
