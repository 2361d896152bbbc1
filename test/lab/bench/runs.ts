import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { z } from 'zod/mini';
import { bundleBaseline } from './bundles.ts';
import type { Options } from './options.ts';
import { Missing, Row } from './row.ts';
import { nameOf, type Scenario } from './scenarios.ts';

/** The time between the starts of two scenarios, so that none is measured while others load their code. */
const STAGGER_MS = 5_000;

const Result = z.union([Row, Missing]);

/**
 * Runs the scenarios side by side, each in processes of its own, and prints a line as each one ends. A scenario that
 * fails becomes a Missing and does not affect the others.
 */
export async function runAll(
  all: readonly Scenario[],
  { dist, jobs }: Options,
  tell: (line: string) => void,
): Promise<readonly (Row | Missing)[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    // A copy, because another build may replace `dist` while the scenarios run.
    await cp(dist, join(folder, 'dist'), { recursive: true });
    const bundles = { dist: join(folder, 'dist'), baseline: await bundleBaseline(join(folder, 'baseline')) };
    const limit = pLimit(jobs);
    return await Promise.all(
      all.map((scenario, index) =>
        limit(async () => {
          await sleep((index % jobs) * STAGGER_MS);
          const row = await rowFor(scenario, bundles);
          tell(
            `${nameOf(scenario)}: ${'missing' in row ? row.missing : `last update after ${row.lastUpdate} s`}`,
          );
          return row;
        }),
      ),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function rowFor(scenario: Scenario, bundles: object): Promise<Row | Missing> {
  try {
    return await inItsOwnProcess({ ...scenario, ...bundles });
  } catch (error) {
    const { method, services, affected } = scenario;
    return { method, services, affected, missing: String(error) };
  }
}

/** The message comes before the disconnection, which comes even if the process dies. */
async function inItsOwnProcess(task: object): Promise<Row | Missing> {
  const child = fork('test/support/run.mjs', ['test/lab/bench/scenario.ts', JSON.stringify(task)], {
    execArgv: [],
  });
  const message: unknown = await Promise.race([
    once(child, 'message').then(([first]: unknown[]) => first),
    once(child, 'disconnect').then(() => undefined),
  ]);
  if (message === undefined) throw new Error('the process of the scenario ended without a result');
  return Result.parse(message);
}
