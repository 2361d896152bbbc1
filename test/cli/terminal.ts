import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Simulator, type SimulatorOptions, startSimulator } from '../simulator/index.ts';
import { terminalBundle } from '../support/bundles.ts';

/** A line that says how far a read is: whether there is one depends on how fast this machine is. */
const PROGRESS = /^(?:reading|asking|listing) .*\(\d+ \w+\).*\n/gm;

/** What a command printed, but for its progress, and its exit code. */
export type Ran = { readonly out: string; readonly err: string; readonly code: number | null };

type Cleaner = { onTestFinished(clean: () => void | Promise<void>): void };

/** The access key of the person at the terminal, by which the simulator tells its calls from all others. */
export const PERSON = 'PERSON';

/** Nothing of this machine: no profile, no metadata service, no colours of whoever runs the tests. */
export const ALONE = {
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** A simulated account, by default without throttling, that ends with the test. */
export async function account(cleaner: Cleaner, options: SimulatorOptions = {}): Promise<Simulator> {
  const sim = await startSimulator({ throttling: false, ...options });
  cleaner.onTestFinished(() => sim.close());
  return sim;
}

/**
 * Runs `esr` in a pipe, as the person whose credentials the simulator knows: in this process, because one of its own takes
 * longer to start than to answer.
 */
export async function esr({ env }: Pick<Simulator, 'env'>, ...args: readonly string[]): Promise<Ran> {
  const { runInProcess } = await import('./in-process.ts');
  return shown(await runInProcess({ ...ALONE, ...env, AWS_ACCESS_KEY_ID: PERSON }, args));
}

/** The same in a process of its own, with a signal as soon as what it prints on stderr matches. */
export function esrUntil(
  { env }: Pick<Simulator, 'env'>,
  until: RegExp,
  { args, signal = 'SIGINT' }: { readonly args: readonly string[]; readonly signal?: NodeJS.Signals },
): Promise<Ran> {
  return runEsr({ ...env, AWS_ACCESS_KEY_ID: PERSON }, args, (child) => {
    let err = '';
    child.stderr.on('data', (chunk) => {
      const before = until.test(err);
      err += String(chunk);
      if (!before && until.test(err)) child.kill(signal);
    });
  });
}

/** Runs a line of bash, in which `esr` is the command. */
export async function runEsrIn(line: string, { env }: Pick<Simulator, 'env'>): Promise<Ran> {
  const script = `esr() { '${process.execPath}' '${await terminalBundle()}' "$@"; }\n${line}`;
  return run('bash', ['-c', script], { ...env, AWS_ACCESS_KEY_ID: PERSON });
}

type OnStart = (child: ChildProcessByStdio<null, Readable, Readable>) => void;

/** Runs the built `esr` in a process of its own, with exactly this environment. */
export async function runEsr(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  onStart?: OnStart,
): Promise<Ran> {
  return run(process.execPath, [await terminalBundle(), ...args], env, onStart);
}

async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onStart: OnStart = () => {},
): Promise<Ran> {
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], ...ALONE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onStart(child);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return shown({ out, err, code: child.exitCode });
}

function shown({ err, ...ran }: Ran): Ran {
  return { ...ran, err: err.replaceAll(PROGRESS, '') };
}
