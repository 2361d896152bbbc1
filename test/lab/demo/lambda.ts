import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import pLimit from 'p-limit';
import { z } from 'zod/mini';

/** A function as Lambda runs it: its built bundle in a process of its own, which stays warm between invocations. */
export type LambdaFunction = {
  /** Resolves to what the handler returns, and rejects with what it throws. One invocation runs at a time. */
  invoke(event: object): Promise<unknown>;
  /** Resolves when the process has ended and its last line has been handed on. */
  stop(): Promise<void>;
};

/** Each line that the process prints goes to `onLine`. It inherits no profile of this machine and cannot reach AWS. */
export function startFunction(
  name: string,
  environment: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): LambdaFunction {
  const child = fork('test/lab/demo/lambda-host.mjs', [`dist/${name}/index.mjs`], {
    env: { ...NOTHING_OF_THIS_MACHINE, ...AS_ON_LAMBDA, ...environment, AWS_LAMBDA_FUNCTION_NAME: name },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const printed = [child.stdout, child.stderr].map((stream) => linesOf(stream, onLine));
  const exited = once(child, 'exit');
  const ready = nextMessage(child);
  ready.catch(() => undefined);
  const oneAtATime = pLimit(1);
  return {
    invoke: (event) => oneAtATime(() => invoke(child, ready, event)),
    async stop() {
      child.kill();
      await Promise.all([exited, ...printed]);
    },
  };
}

/** Resolves when the stream has ended: a process that has exited may have lines of it under way. */
async function linesOf(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  if (stream === null) return;
  const lines = createInterface({ input: stream }).on('line', onLine);
  await once(lines, 'close');
}

const NOTHING_OF_THIS_MACHINE = {
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

const AS_ON_LAMBDA = {
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  POWERTOOLS_SERVICE_NAME: 'ecs-secret-redeploy',
};

const Message = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ answer: z.unknown() }),
  z.object({ problem: z.string() }),
]);

async function invoke(child: ChildProcess, ready: Promise<unknown>, event: object): Promise<unknown> {
  await ready;
  const message = nextMessage(child);
  child.send(event);
  const answer = await message;
  if ('problem' in answer) throw new Error(answer.problem);
  return 'answer' in answer ? answer.answer : undefined;
}

async function nextMessage(child: ChildProcess): Promise<z.infer<typeof Message>> {
  if (!child.connected) throw new Error(ENDED);
  const listening = new AbortController();
  const { signal } = listening;
  const ending = once(child, 'exit', { signal }).then(() => {
    throw new Error(ENDED);
  });
  try {
    const [message]: unknown[] = await Promise.race([once(child, 'message', { signal }), ending]);
    return Message.parse(message);
  } finally {
    listening.abort();
  }
}

const ENDED = 'the process of the function ended without an answer; look for the cause in its log';
