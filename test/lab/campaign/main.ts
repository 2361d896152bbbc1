import { parseArgs } from 'node:util';
import { bundleWorker } from './bundle.ts';
import { added, type Counts, INJECTED } from './counts.ts';
import { PLANTS, type Plant } from './plants.ts';
import { workThrough } from './pool.ts';
import { printCounts, printFailure, printPairs } from './print.ts';
import type { Answer, Task } from './worker.ts';

const USAGE = `npm run faults -- [--runs 2000] [--seed 1] [--threads 2]      the campaign
npm run faults -- --plant NAME | all [--runs 200] [--seed 1]   with a defect planted: it must be caught
npm run faults -- --pairs 1000 [--seed 1]                      two invocations at once of the same message
defects: ${PLANTS.map(({ name }) => name).join(', ')}
`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
    plant: { type: 'string' },
    pairs: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const threads = Number(values.threads);

/** Runs random scenarios. Exit code 1: a promise was broken, or a kind of fault was not injected. */
async function campaign(runs: number): Promise<number> {
  const { failed, counts } = await runAll(undefined, runs);
  const violations = failed.flatMap((one) => one.violations);
  printCounts(counts, violations);
  const untried = INJECTED.filter((name) => (counts[name] ?? 0) === 0);
  // A short campaign cannot contain every fault.
  if (runs >= ENOUGH && untried.length > 0) {
    process.stdout.write(`never injected: ${untried.join(', ')}\n`);
    return 1;
  }
  return failed.length === 0 ? 0 : 1;
}

/** With this many runs a campaign must inject every fault. */
const ENOUGH = 500;
/** The number of failures that are shrunk and shown; the others are mostly the same. */
const SHOWN = 3;

/** Plants defects, each of which must be caught. The source files are not changed. */
async function plant(name: string, runs: number): Promise<number> {
  const chosen = PLANTS.filter((one) => name === 'all' || one.name === name);
  if (chosen.length === 0) throw new Error(`looked for the defect ${name}, which does not exist\n${USAGE}`);
  const missed: string[] = [];
  for (const one of chosen) {
    const { failed, counts } = await runAll(one, runs);
    const [first] = failed;
    process.stdout.write(
      first === undefined
        ? `${one.name}: NOT CAUGHT within ${runs} runs\n\n`
        : `${one.name} (${one.what}): caught by seed ${first.seed}, run ${counts['runs']}\n\n`,
    );
    if (first === undefined) missed.push(one.name);
  }
  process.stdout.write(`${chosen.length - missed.length} of ${chosen.length} defects caught\n`);
  return missed.length === 0 ? 0 : 1;
}

type Failed = Extract<Answer, { task: 'run' }>;

/** Without a defect all runs are made; with one the runs end at the first failure. */
async function runAll(
  planted: Plant | undefined,
  runs: number,
): Promise<{ readonly failed: readonly Failed[]; readonly counts: Counts }> {
  const bundle = await bundleWorker(planted);
  const failed: Failed[] = [];
  let counts: Counts = {};
  try {
    await workThrough(bundle.file, threads, tasks('run', runs), (answer) => {
      if (answer.task !== 'run') return true;
      counts = added(counts, answer.counts);
      if (answer.violations.length > 0) failed.push(answer);
      return planted === undefined || failed.length === 0;
    });
    const shown = failed.toSorted((a, b) => a.seed - b.seed).slice(0, planted === undefined ? SHOWN : 1);
    const shrinking = shown.map((one): Task => ({ task: 'shrink', seed: one.seed }));
    await workThrough(bundle.file, Math.min(threads, shown.length), shrinking, (answer) => {
      if (answer.task === 'shrink') printFailure(answer.seed, answer.shrunk);
      return true;
    });
  } finally {
    await bundle.remove();
  }
  return { failed: failed.toSorted((a, b) => a.seed - b.seed), counts };
}

async function pairs(count: number): Promise<number> {
  const bundle = await bundleWorker(undefined);
  const measured: Extract<Answer, { task: 'pair' }>[] = [];
  try {
    await workThrough(bundle.file, threads, tasks('pair', count), (answer) => {
      if (answer.task === 'pair') measured.push(answer);
      return true;
    });
  } finally {
    await bundle.remove();
  }
  return printPairs(measured) ? 0 : 1;
}

function* tasks(task: Task['task'], count: number): Generator<Task, void> {
  for (let index = 0; index < count; index++) yield { task, seed: seed + index };
}

// This stands last because everything above must be initialised first.
if (values.help) process.stdout.write(USAGE);
else if (values.pairs !== undefined) process.exitCode = await pairs(Number(values.pairs));
else if (values.plant === undefined) process.exitCode = await campaign(Number(values.runs ?? 2_000));
else process.exitCode = await plant(values.plant, Number(values.runs ?? 200));
