import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { MutantInFile } from './run-mutants.ts';

/** A process that tells nothing for so long hangs in its mutant, which is where no step can be counted. */
const SILENT_MS = 900_000;
const LOOK_MS = 5_000;

const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/lab/mutation/vitest.config.ts'];

/**
 * Runs the mutants in so many processes, whose bundles are in the folder, and answers the status of each by its id. A
 * process that ends or hangs before it is done is started again behind the mutant that it had begun, which counts as `Timeout`.
 */
export async function runShares(
  mutants: readonly MutantInFile[],
  folder: string,
  processes: number,
  progress: (soFar: ReadonlyMap<string, string>) => void,
): Promise<ReadonlyMap<string, string>> {
  const statuses = Array.from({ length: processes }, () => new Map<string, string>());
  const all = () => new Map(statuses.flatMap((some) => [...some]));
  const telling = setInterval(() => {
    for (const [share, some] of statuses.entries()) read(folder, share, some);
    progress(all());
  }, LOOK_MS);
  const running = new Set<ChildProcess>();
  const run = (share: number, isFirst: boolean) =>
    runProcess(
      {
        MUTANTS_FOLDER: folder,
        MUTANTS_SHARE: String(share),
        MUTANTS_SHARES: String(processes),
        MUTANTS_FIRST: isFirst ? 'yes' : '',
      },
      `${folder}/${share}.done`,
      running,
    );
  await Promise.all(statuses.map((_, share) => run(share, true)));
  await Promise.all(
    statuses.map((some, share) =>
      runShare(
        mutants.filter((_, i) => i % processes === share),
        folder,
        share,
        some,
        () => run(share, false),
      ),
    ),
  ).finally(() => {
    clearInterval(telling);
    for (const one of running) one.kill('SIGKILL');
  });
  return new Map([...all()].map(([id, status]) => [id, status === 'Begun' ? 'Timeout' : status]));
}

async function runShare(
  mutants: readonly MutantInFile[],
  folder: string,
  share: number,
  statuses: Map<string, string>,
  run: () => Promise<void>,
): Promise<void> {
  for (;;) {
    const left = mutants.filter(({ id }) => !statuses.has(id));
    if (left.length === 0) return;
    writeFileSync(`${folder}/${share}.json`, JSON.stringify(left));
    await run();
    read(folder, share, statuses);
    if (left.every(({ id }) => !statuses.has(id)))
      throw new Error('a process of mutants ended before its first mutant; what it wrote stands above');
  }
}

function runProcess(
  settings: Readonly<Record<string, string>>,
  done: string,
  running: Set<ChildProcess>,
): Promise<void> {
  const env = { ...process.env, ...settings };
  const child = spawn(process.execPath, VITEST, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  running.add(child);
  const looking = setInterval(() => {
    if (existsSync(done) && Date.now() - statSync(done).mtimeMs > SILENT_MS) child.kill('SIGKILL');
  }, LOOK_MS);
  return new Promise((resolve) => {
    child.once('exit', () => {
      clearInterval(looking);
      running.delete(child);
      resolve();
    });
  });
}

function read(folder: string, share: number, statuses: Map<string, string>): void {
  const done = `${folder}/${share}.done`;
  const lines = existsSync(done)
    ? readFileSync(done, 'utf8')
        .split('\n')
        .filter((line) => line.endsWith('}'))
    : [];
  for (const line of lines) {
    const { id, status } = JSON.parse(line) as { readonly id: string; readonly status: string };
    statuses.set(id, status);
  }
}
