import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import { createInterface } from 'node:readline';
import pLimit from 'p-limit';
import { z } from 'zod/mini';

/** A function as Lambda runs it: its built bundle in a process of its own, which stays warm between invocations. */
export type LambdaFunction = {
  /** Answers what the handler answers, and rejects with what it throws; one invocation at a time. */
  invoke(event: object): Promise<unknown>;
  stop(): void;
};

/** Whatever the process prints goes to `onLine`. It inherits nothing: no profile of this machine can lead it to AWS. */
export function startFunction(
  name: string,
  environment: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): LambdaFunction {
  const child = fork('test/demo/lambda-host.mjs', [`dist/${name}/index.mjs`], {
    env: { ...NOTHING_OF_THIS_MACHINE, ...AS_ON_LAMBDA, ...environment, AWS_LAMBDA_FUNCTION_NAME: name },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', onLine);
  }
  const ready = nextMessage(child);
  ready.catch(() => undefined);
  const oneAtATime = pLimit(1);
  return {
    invoke: (event) => oneAtATime(() => invoke(child, ready, event)),
    stop: () => void child.kill(),
  };
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

const ENDED = 'the function ended without an answer: its log may tell why';
