import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod/mini';
import type { QueueRef, Simulator } from '../../simulator/index.ts';
import type { Pool } from './pool.ts';

/** Lambda's side of the queue, as serverless.yml configures it. */
const LIMIT_MS = 270_000;
const BATCH = 100;
const CONCURRENCY = 2;
const POLL_MS = 50;
/** Messages that SQS delivers in one call. */
const A_CALL = 10;

/** The counts so far. */
export type Tally = {
  readonly invocations: number;
  /** Invocations that threw or were killed. */
  readonly failed: number;
  /** Messages that a handler reported as failed. */
  readonly cameBack: number;
};

export type Pump = {
  readonly tally: Tally;
  stop(): Promise<void>;
};

/**
 * Passes messages to environments as Lambda's event source does: at most two invocations at a time. It deletes the
 * messages that are done and leaves those that failed to the visibility timeout. There is no batching window, because
 * it would add the same time to every scenario.
 */
export function startPump(sim: Simulator, queue: QueueRef, pool: Pool): Pump {
  const tally = { invocations: 0, failed: 0, cameBack: 0 };
  const stopping = new AbortController();
  const handOver = async (messages: readonly Message[]): Promise<void> => {
    tally.invocations += 1;
    const result = await pool.lend((one) => one.invoke(sqsEvent(sim, queue, messages), LIMIT_MS));
    if ('problem' in result) throw new Error(result.problem);
    const back = namedIn(result.answer);
    tally.cameBack += back.size;
    for (const { MessageId, ReceiptHandle } of messages) {
      if (!back.has(MessageId)) sim.act('sqs', 'DeleteMessage', { QueueUrl: queue.url, ReceiptHandle });
    }
  };
  const failed = (error: unknown): void => {
    tally.failed += 1;
    console.error('an invocation failed:', error);
  };
  const poll = async (): Promise<void> => {
    for (; !stopping.signal.aborted; await sleep(POLL_MS)) {
      const messages = pool.busy < CONCURRENCY ? await receive(sim, queue) : [];
      if (messages.length > 0) void handOver(messages).catch(failed);
    }
  };
  const ended = poll();
  return {
    tally,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

const Messages = z.object({
  Messages: z.optional(
    z.array(
      z.object({
        MessageId: z.string(),
        ReceiptHandle: z.string(),
        Body: z.string(),
        Attributes: z.record(z.string(), z.string()),
      }),
    ),
  ),
});
type Message = NonNullable<z.infer<typeof Messages>['Messages']>[number];

async function receive(sim: Simulator, queue: QueueRef): Promise<readonly Message[]> {
  const batch: Message[] = [];
  for (let full = true; full && batch.length < BATCH; ) {
    const { Messages: some = [] } = Messages.parse(
      await sim.act('sqs', 'ReceiveMessage', {
        QueueUrl: queue.url,
        MaxNumberOfMessages: A_CALL,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    batch.push(...some);
    full = some.length === A_CALL;
  }
  return batch;
}

function sqsEvent(sim: Simulator, queue: QueueRef, messages: readonly Message[]) {
  return {
    Records: messages.map(({ MessageId, ReceiptHandle, Body, Attributes }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: Attributes,
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: queue.arn,
      awsRegion: sim.region,
    })),
  };
}

const Answer = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

function namedIn(answer: unknown): ReadonlySet<string> {
  return new Set(Answer.parse(answer).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
}
