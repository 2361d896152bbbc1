import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod/mini';

/** What became of one invocation. */
export type Invocation = { readonly answer: unknown } | { readonly problem: string };

/** One Lambda environment: a process that has loaded a bundle and stays warm until it is stopped. */
export type Environment = {
  /** One event at a time. A handler that exceeds the limit is killed with its environment, as on Lambda. */
  invoke(event: unknown, limitMs: number): Promise<Invocation>;
  readonly memory: Memory;
  readonly isGone: boolean;
  stop(): void;
};

/** The peak, in bytes. */
export type Memory = { readonly rss: number; readonly heap: number };

/** Starts an environment. Each line that it prints goes to `onLine`. It inherits no profile of this machine. */
export function startEnvironment(
  bundle: string,
  environment: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Environment {
  const child = fork('test/lab/bench/host.mjs', [bundle], {
    env: { ...NOTHING_OF_THIS_MACHINE, ...environment },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', onLine);
  }
  const ready = nextMessage(child);
  ready.catch(() => undefined);
  let memory: Memory = { rss: 0, heap: 0 };
  return {
    get memory() {
      return memory;
    },
    get isGone() {
      return !child.connected;
    },
    async invoke(event, limitMs) {
      await ready;
      const over = new AbortController();
      const answer = nextMessage(child);
      child.send({ event, limitMs });
      const message = await Promise.race([answer, timeIsOver(limitMs, over.signal)]).finally(() =>
        over.abort(),
      );
      if (message === undefined) {
        answer.catch(() => undefined);
        child.kill();
        return { problem: `killed after ${limitMs / 1000} s` };
      }
      if ('ready' in message) throw new Error('the environment reported twice that it is ready');
      memory = { rss: message.peakRss, heap: message.peakHeap };
      return message;
    },
    stop: () => void child.kill(),
  };
}

const NOTHING_OF_THIS_MACHINE = {
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_FUNCTION_NAME: 'on-change',
  POWERTOOLS_SERVICE_NAME: 'ecs-secret-redeploy',
};

const memory = { peakRss: z.number(), peakHeap: z.number() };
const Message = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ answer: z.unknown(), ...memory }),
  z.object({ problem: z.string(), ...memory }),
]);

async function nextMessage(child: ChildProcess): Promise<z.infer<typeof Message>> {
  const listening = new AbortController();
  const { signal } = listening;
  const ending = once(child, 'exit', { signal }).then(() => {
    throw new Error('the process of an environment ended without an answer');
  });
  try {
    const [message]: unknown[] = await Promise.race([once(child, 'message', { signal }), ending]);
    return Message.parse(message);
  } finally {
    listening.abort();
  }
}

async function timeIsOver(ms: number, signal: AbortSignal): Promise<undefined> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
