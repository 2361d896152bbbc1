import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import pLimit from 'p-limit';
import { z } from 'zod/mini';
import type { BundleName } from './bundles.ts';

/** The result of one invocation. */
export type Invocation =
  | { readonly answer: unknown }
  | { readonly error: { readonly name: string; readonly message: string } };

/** A structured record of the log. Its fields are not typed: a test types those that it reads. */
export type LogRecord = Readonly<Record<string, unknown>>;

/** What one invocation took, and the peaks of its process so far in bytes. */
export type Used = { readonly durationMs: number; readonly peakRss: number; readonly peakHeap: number };

/** One Lambda environment: a process that has imported a bundle and keeps its memory between invocations. */
export interface Lambda {
  /** One invocation runs at a time; a later one waits for it. Rejects if the process ends. */
  invoke(event: unknown, remainingMs?: number): Promise<Invocation>;
  /** The environment variables that the bundle read while it was imported. */
  readonly askedByImport: readonly string[];
  /** All output so far, from stdout and stderr. */
  output(): string;
  /** The JSON lines of the output that have an `event`. */
  records(): readonly LogRecord[];
  isGone(): boolean;
  /** Resolves when the process has ended and its last line has been handed on. */
  stop(): Promise<void>;
}

export type LambdaOptions = {
  /** The whole environment of the process, besides PATH and what keeps it from the profile of this machine. */
  readonly env: Readonly<Record<string, string>>;
  readonly watchEnvironment?: boolean;
  /** Receives each line that the process prints. */
  readonly onLine?: (line: string) => void;
  /** Receives what each invocation used. */
  readonly onUsed?: (used: Used) => void;
};

const Result = z.object({
  result: z.union([
    z.object({ answer: z.unknown() }),
    z.object({ error: z.object({ name: z.string(), message: z.string() }) }),
  ]),
  used: z.object({ durationMs: z.number(), peakRss: z.number(), peakHeap: z.number() }),
});

/** Starts a built function with the variables that Lambda and serverless.yml give to it. */
export function startFunction(
  name: BundleName,
  { env, ...options }: LambdaOptions,
  dist = 'dist',
): Promise<Lambda> {
  return startLambda(pathToFileURL(resolve(dist, name, 'index.mjs')).href, {
    ...options,
    env: {
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_FUNCTION_NAME: name,
      POWERTOOLS_SERVICE_NAME: 'ecs-secret-redeploy',
      ...env,
    },
  });
}

/** Starts a process with exactly this environment and imports the bundle at the address in it. */
export async function startLambda(
  address: string,
  { env, watchEnvironment = false, onLine = () => {}, onUsed = () => {} }: LambdaOptions,
): Promise<Lambda> {
  const child = fork('test/support/lambda-host.mjs', [address, watchEnvironment ? 'watch' : ''], {
    env: { PATH: process.env['PATH'], ...NOTHING_OF_THIS_MACHINE, ...env },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  const out = printed(child.stdout, onLine);
  const err = printed(child.stderr, onLine);
  const lines = () => [...out.lines, ...err.lines];
  const orEnded = async (text: string | undefined): Promise<string> => {
    if (text !== undefined) return text;
    await exited;
    throw new Error(`the process of the function ended without an answer:\n${lines().slice(-20).join('\n')}`);
  };
  const oneAtATime = pLimit(1);
  const invoke = async (event: unknown, remainingMs?: number): Promise<Invocation> => {
    const ended = Promise.all([out.marker('RESULT'), err.marker('END')]);
    send(child, { event, ...(remainingMs !== undefined && { remainingMs }) });
    const [text] = await ended;
    const { result, used } = Result.parse(JSON.parse(await orEnded(text)));
    onUsed(used);
    return result;
  };
  return {
    askedByImport: z.array(z.string()).parse(JSON.parse(await orEnded(await out.marker('READY')))),
    invoke: (event, remainingMs) => oneAtATime(invoke, event, remainingMs),
    output: () => lines().join('\n'),
    records: () => lines().flatMap(recordIn),
    isGone: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      child.kill();
      await Promise.all([exited, out.ended, err.ended]);
    },
  };
}

/** The answer of an invocation; throws what the handler threw. */
export function answerOf(invocation: Invocation): unknown {
  if ('error' in invocation) throw new Error(`the invocation failed: ${invocation.error.message}`);
  return invocation.answer;
}

const NOTHING_OF_THIS_MACHINE = {
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

/** A process that has just ended cannot take a message; the markers of its output report that. */
function send(child: ChildProcess, message: object): void {
  if (child.connected) child.send(message, () => {});
}

/** What a process prints on one stream: the markers of the host and, apart from them, the lines of the function. */
type Printed = {
  readonly lines: readonly string[];
  /** The text of the next marker of a kind; undefined if the stream ends first. */
  marker(kind: string): Promise<string | undefined>;
  readonly ended: Promise<unknown>;
};

function printed(stream: Readable | null, onLine: (line: string) => void): Printed {
  if (stream === null) throw new TypeError('the process has no output');
  const lines: string[] = [];
  const waiting = new Map<string, (text: string) => void>();
  const reader = createInterface({ input: stream }).on('line', (line) => {
    if (!line.startsWith('\u0001')) {
      lines.push(line);
      onLine(line);
      return;
    }
    const [kind = '', ...text] = line.slice(1).split(' ');
    waiting.get(kind)?.(text.join(' '));
    waiting.delete(kind);
  });
  const ended = once(reader, 'close');
  return {
    lines,
    ended,
    marker(kind) {
      const arrived = new Promise<string>((resolve) => void waiting.set(kind, resolve));
      return Promise.race([arrived, ended.then(() => undefined)]);
    },
  };
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
