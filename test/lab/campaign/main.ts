import { parseArgs } from 'node:util';
import { wholeNumber } from '../whole-number.ts';
import { bundleWorker } from './bundle.ts';
import { added, type Counts, INJECTED } from './counts.ts';
import { type Caught, SEEDS, writeTable } from './plant-table.ts';
import { PLANTS, type Plant } from './plants.ts';
import { workThrough } from './pool.ts';
import { printCounts, printFailure, printPairs, printViolations } from './print.ts';
import { THEMES, type Theme, themeOfRun } from './themes.ts';
import type { Answer, Task } from './worker.ts';

const USAGE = `npm run faults -- [--runs 2000] [--seed 1] [--threads 2]      the campaign
npm run faults -- --theme NAME [--runs 300] [--seed 1]         small worlds in which one kind of trouble is likely
npm run faults -- --plant NAME | all [--runs 300] [--seed 1]   with a defect planted: it must be caught
npm run faults -- --plant NAME | all --write                   from each of ${SEEDS.length} seeds, into docs/reliability.md
npm run faults -- --pairs 1000 [--seed 1]                      two invocations at once of the same message
The campaign steers every second run to one theme after the other.
themes: ${Object.keys(THEMES).join(', ')}
defects: ${PLANTS.map(({ name }) => name).join(', ')}
`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
    theme: { type: 'string' },
    plant: { type: 'string' },
    write: { type: 'boolean', default: false },
    pairs: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const seed = wholeNumber('--seed', values.seed, USAGE);
const threads = wholeNumber('--threads', values.threads, USAGE);

/** Runs random scenarios. Exit code 1: a promise was broken, or a kind of fault was not injected. */
async function campaign(runs: number, theme: Theme | undefined): Promise<number> {
  const themeOf = theme === undefined ? themeOfRun : () => theme;
  const bundle = await bundleWorker(undefined);
  const failed: Failed[] = [];
  let counts: Counts = {};
  try {
    const before = process.cpuUsage();
    await workThrough(bundle.file, threads, tasks('run', runs, seed, themeOf), (answer) => {
      if (answer.task !== 'run') return true;
      counts = added(counts, answer.counts);
      if (answer.violations.length > 0) failed.push(answer);
      printViolations(answer.seed, answer.violations);
      return true;
    });
    const { user, system } = process.cpuUsage(before);
    const violations = failed.flatMap((one) => one.violations);
    printCounts(counts, violations, (user + system) / 1e6 / runs);
    await showSmallest(bundle.file, failed, themeOf);
  } finally {
    await bundle.remove();
  }
  const untried = INJECTED.filter((name) => (counts[name] ?? 0) === 0);
  // Neither a short campaign nor one of a theme contains every fault.
  if (runs >= ENOUGH && theme === undefined && untried.length > 0) {
    process.stdout.write(`never injected: ${untried.join(', ')}\n`);
    return 1;
  }
  return failed.length === 0 ? 0 : 1;
}

/** With this many runs a campaign must inject every fault. */
const ENOUGH = 500;
/** The number of failures that are shrunk and shown; the others are mostly the same. */
const SHOWN = 3;

type Failed = Extract<Answer, { task: 'run' }>;

async function showSmallest(file: string, failed: readonly Failed[], themeOf: ThemeOf): Promise<void> {
  const shown = failed.toSorted((a, b) => a.seed - b.seed).slice(0, SHOWN);
  const shrinking = shown.map((one): Task => ({ task: 'shrink', seed: one.seed, theme: themeOf(one.seed) }));
  await workThrough(file, Math.min(threads, shown.length), shrinking, (answer) => {
    if (answer.task === 'shrink') printFailure(answer.seed, answer.shrunk, themeOf(answer.seed));
    return true;
  });
}

/**
 * Plants defects, each of which must be caught in worlds of its theme. The source files are not changed. A defect that is
 * asked for by its name is shown with the smallest world that shows it.
 */
async function plant(name: string, runs: number): Promise<number> {
  const chosen = PLANTS.filter((one) => name === 'all' || one.name === name);
  if (chosen.length === 0) throw new Error(`looked for the defect ${name}, which does not exist\n${USAGE}`);
  const caught = new Map<Plant, readonly Caught[]>();
  for (const one of chosen) {
    caught.set(one, await catches(one, runs, name !== 'all' && !values.write));
    if (values.write) writeTable(caught);
  }
  const missed = [...caught].filter(([, all]) => all.some(({ runsNeeded }) => runsNeeded === undefined));
  process.stdout.write(`${chosen.length - missed.length} of ${chosen.length} defects caught\n`);
  return missed.length === 0 ? 0 : 1;
}

/** The runs that were needed to catch a defect, from each seed. */
async function catches(planted: Plant, runs: number, isShown: boolean): Promise<readonly Caught[]> {
  const bundle = await bundleWorker(planted);
  const themeOf = planted.theme === undefined ? themeOfRun : () => planted.theme;
  const caught: Caught[] = [];
  try {
    for (const from of values.write ? SEEDS : [seed]) {
      const failed: Failed[] = [];
      await workThrough(bundle.file, threads, tasks('run', runs, from, themeOf), (answer) => {
        if (answer.task === 'run' && answer.violations.length > 0) failed.push(answer);
        return failed.length === 0;
      });
      const first = failed.toSorted((a, b) => a.seed - b.seed)[0];
      caught.push({ from, runsNeeded: first && first.seed - from + 1 });
      process.stdout.write(
        first === undefined
          ? `${planted.name}: NOT CAUGHT within ${runs} runs from seed ${from}\n`
          : `${planted.name}: caught in run ${first.seed - from + 1} from seed ${from}: ${first.violations[0]?.promise}\n`,
      );
      if (isShown) await showSmallest(bundle.file, failed.slice(0, 1), themeOf);
    }
  } finally {
    await bundle.remove();
  }
  return caught;
}

async function pairs(count: number): Promise<number> {
  const bundle = await bundleWorker(undefined);
  const measured: Extract<Answer, { task: 'pair' }>[] = [];
  try {
    await workThrough(bundle.file, threads, tasks('pair', count, seed), (answer) => {
      if (answer.task === 'pair') measured.push(answer);
      return true;
    });
  } finally {
    await bundle.remove();
  }
  return printPairs(measured) ? 0 : 1;
}

/** The theme to which the run of a seed is steered, if any. */
type ThemeOf = (seed: number) => Theme | undefined;

function* tasks(task: 'run' | 'pair', count: number, from: number, themeOf?: ThemeOf): Generator<Task, void> {
  for (let index = 0; index < count; index++)
    yield task === 'pair'
      ? { task, seed: from + index }
      : { task, seed: from + index, theme: themeOf?.(from + index) };
}

function themeNamed(name: string | undefined): Theme | undefined {
  const known = Object.keys(THEMES) as Theme[];
  const theme = known.find((one) => one === name);
  if (name !== undefined && theme === undefined)
    throw new Error(`looked for the theme ${name}, which does not exist\n${USAGE}`);
  return theme;
}

function runsOr(usual: number): number {
  return values.runs === undefined ? usual : wholeNumber('--runs', values.runs, USAGE);
}

// This stands last because everything above must be initialised first.
if (values.help) process.stdout.write(USAGE);
else if (values.pairs !== undefined)
  process.exitCode = await pairs(wholeNumber('--pairs', values.pairs, USAGE));
else if (values.plant !== undefined) process.exitCode = await plant(values.plant, runsOr(300));
else {
  const theme = themeNamed(values.theme);
  process.exitCode = await campaign(runsOr(theme === undefined ? 2_000 : 300), theme);
}
