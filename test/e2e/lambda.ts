import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod/mini';
import { type BundleName, bundle } from './bundles.ts';

/** The result of one invocation. */
export type Invocation =
  | { readonly answer: unknown }
  | { readonly error: { readonly name: string; readonly message: string } };

/** A structured record of the log. Its fields are not typed: a test types those that it reads. */
export type LogRecord = Readonly<Record<string, unknown>>;

/** One Lambda environment: a process that has imported a bundle and keeps its memory between invocations. */
export interface Lambda {
  invoke(event: unknown, remainingMs?: number): Promise<Invocation>;
  /** The environment variables that the bundle read while it was imported. */
  readonly askedByImport: readonly string[];
  /** All output so far, from stdout and stderr. */
  output(): string;
  /** The JSON lines of the output that have an `event`. */
  records(): readonly LogRecord[];
  stop(): void;
}

const Result = z.union([
  z.object({ answer: z.unknown() }),
  z.object({ error: z.object({ name: z.string(), message: z.string() }) }),
]);

/** Starts a process with exactly this environment and imports the bundle in it. */
export async function startLambda(
  name: BundleName,
  env: Readonly<Record<string, string>>,
  watchEnvironment = false,
): Promise<Lambda> {
  return startBundle(await bundle(name), env, watchEnvironment);
}

/** The same, with a bundle at any address. */
export async function startBundle(
  address: string,
  env: Readonly<Record<string, string>>,
  watchEnvironment = false,
): Promise<Lambda> {
  const host = new URL('host.mjs', import.meta.url).pathname;
  const child = fork(host, [address, watchEnvironment ? 'watch' : ''], {
    env: { PATH: process.env['PATH'], ...SEALED, ...env },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const streams = [linesOf(child, 'stdout'), linesOf(child, 'stderr')] as const;
  const died = once(child, 'exit').then(() => undefined);
  const ready = await marker(died, streams[0], 'READY');
  const records = (): readonly LogRecord[] => streams.flatMap(({ lines }) => lines.flatMap(recordIn));
  return {
    askedByImport: z.array(z.string()).parse(JSON.parse(ready)),
    async invoke(event, remainingMs) {
      const ended = Promise.all([marker(died, streams[0], 'RESULT'), marker(died, streams[1], 'END')]);
      child.send({ event, ...(remainingMs === undefined ? {} : { remainingMs }) });
      const [result] = await ended;
      return Result.parse(JSON.parse(result));
    },
    output: () => streams.flatMap(({ lines }) => lines).join('\n'),
    records,
    stop: () => void child.kill('SIGKILL'),
  };
}

/** Keeps the configuration of the machine that runs the tests from the SDK. */
const SEALED = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

interface Lines {
  readonly lines: string[];
  readonly waiting: Map<string, (text: string) => void>;
}

function linesOf(child: ChildProcess, name: 'stdout' | 'stderr'): Lines {
  const found: Lines = { lines: [], waiting: new Map() };
  let rest = '';
  child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) take(found, line);
  });
  return found;
}

function take({ lines, waiting }: Lines, line: string): void {
  if (!line.startsWith('\u0001')) {
    lines.push(line);
    return;
  }
  const [kind = '', ...text] = line.slice(1).split(' ');
  waiting.get(kind)?.(text.join(' '));
  waiting.delete(kind);
}

async function marker(died: Promise<undefined>, { lines, waiting }: Lines, kind: string): Promise<string> {
  const arrived = new Promise<string>((resolve) => void waiting.set(kind, resolve));
  const text = await Promise.race([arrived, died]);
  if (text === undefined)
    throw new Error(`waited for ${kind}, but the process ended first:\n${lines.slice(-20).join('\n')}`);
  return text;
}

function recordIn(line: string): LogRecord[] {
  if (!line.startsWith('{')) return [];
  try {
    const parsed = z.record(z.string(), z.unknown()).parse(JSON.parse(line));
    return typeof parsed['event'] === 'string' ? [parsed] : [];
  } catch {
    return [];
  }
}
