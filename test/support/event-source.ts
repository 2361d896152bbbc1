import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSEvent } from 'aws-lambda';
import { type PolledQueue, type Received, receiveBatch, returnedIn, sqsEvent } from './queue.ts';

/** Lambda's event source by the real clock. `simulated-event-source.ts` is the one by simulated time. */
export type EventSource = {
  readonly queue: PolledQueue;
  /** Resolves to what the handler returns; if it throws, every message of the batch comes back. */
  readonly invoke: (event: SQSEvent) => Promise<unknown>;
  readonly batch?: number;
  /** How long messages are gathered before the function is called (the batching window). */
  readonly windowMs?: number;
  /** How many invocations run at the same time. */
  readonly concurrency?: number;
  readonly onBatch?: (messages: readonly Received[]) => void;
  /** With a `problem` the invocation failed as a whole, and every message is delivered again. */
  readonly onDone?: (size: number, comeBack: number, problem?: Error) => void;
};

/** The batch size of serverless.yml. */
const BATCH = 100;
const POLL_MS = 50;

/** Polls the queue and calls the function in batches, until it is stopped. */
export function startEventSource(source: EventSource): { stop(): Promise<void> } {
  const { concurrency = 1 } = source;
  const stopping = new AbortController();
  const running = new Set<Promise<unknown>>();
  const poll = async (): Promise<void> => {
    for (; !stopping.signal.aborted; await sleep(POLL_MS)) {
      const messages = running.size < concurrency ? await gather(source, stopping.signal) : [];
      if (messages.length === 0) continue;
      const one = handle(source, messages).finally(() => running.delete(one));
      running.add(one);
    }
    await Promise.all(running);
  };
  const ended = poll();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** Polls once and calls the function if there are messages; the number of messages. */
export async function deliverBatch(source: EventSource): Promise<number> {
  const messages = await receiveBatch(source.queue, source.batch ?? BATCH);
  if (messages.length > 0) await handle(source, messages);
  return messages.length;
}

/** The window opens with the first message. A stop ends it, and the messages come back. */
async function gather(
  { queue, batch = BATCH, windowMs = 0 }: EventSource,
  signal: AbortSignal,
): Promise<readonly Received[]> {
  const first = await receiveBatch(queue, batch);
  if (first.length === 0 || windowMs === 0) return first;
  await sleep(windowMs, undefined, { signal }).catch(() => undefined);
  if (signal.aborted) return [];
  return [...first, ...(await receiveBatch(queue, batch - first.length))];
}

async function handle(source: EventSource, messages: readonly Received[]): Promise<void> {
  const { queue, invoke, onBatch, onDone } = source;
  onBatch?.(messages);
  const all = new Set(messages.map(({ MessageId }) => MessageId));
  const { returned, problem } = await invoke(sqsEvent(messages, queue.arn))
    .then((answer) => returnedIn(answer, messages))
    .then(
      (some) => ({ returned: some, problem: undefined }),
      (error: unknown) => ({
        returned: all,
        problem: error instanceof Error ? error : new Error(String(error)),
      }),
    );
  for (const message of messages) {
    if (returned.has(message.MessageId)) await queue.letGo?.(message);
    else await queue.remove(message);
  }
  onDone?.(messages.length, returned.size, problem);
}
