import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { z } from 'zod/mini';
import type { QueueRef } from '../../simulator/index.ts';
import type { LambdaFunction } from './lambda.ts';

export type EventSourceOptions = {
  readonly sqs: SQSClient;
  readonly queue: QueueRef;
  readonly region: string;
  readonly target: LambdaFunction;
  /** How long messages are gathered before the function is called (the batching window). */
  readonly windowMs: number;
  readonly onBatch: (bodies: readonly string[]) => void;
  /** With a `problem` the invocation failed as a whole, and every message is delivered again. */
  readonly onDone: (size: number, comeBack: number, problem?: Error) => void;
};

/** Messages that SQS delivers or deletes in one call. */
const A_CALL = 10;
const WAIT_SECONDS = 1;

/**
 * Polls a queue and calls a function in batches, as Lambda's event source does. It deletes the messages that are done
 * and leaves those that the function reports as failed to their visibility timeout. Returns a function that stops it.
 */
export function startEventSource(options: EventSourceOptions): () => Promise<void> {
  const stopping = new AbortController();
  const ended = poll(options, stopping.signal);
  return async () => {
    stopping.abort();
    await ended;
  };
}

async function poll(options: EventSourceOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const batch = await gather(options, signal);
      if (batch.length > 0) await handle(options, batch);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** The window opens with the first message. */
async function gather(options: EventSourceOptions, signal: AbortSignal): Promise<readonly Message[]> {
  const first = await receive(options, WAIT_SECONDS, signal);
  if (first.length === 0) return [];
  await sleep(options.windowMs, undefined, { signal });
  const batch = [...first];
  for (let more = await receive(options, 0, signal); more.length > 0; ) {
    batch.push(...more);
    more = await receive(options, 0, signal);
  }
  return batch;
}

async function receive(
  { sqs, queue }: EventSourceOptions,
  waitSeconds: number,
  abortSignal: AbortSignal,
): Promise<readonly Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queue.url,
      MaxNumberOfMessages: A_CALL,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
    }),
    { abortSignal },
  );
  return Messages;
}

async function handle(options: EventSourceOptions, batch: readonly Message[]): Promise<void> {
  const { target, onBatch, onDone } = options;
  onBatch(batch.map(({ Body }) => Body ?? ''));
  try {
    const failed = failuresIn(await target.invoke(eventOf(options, batch)));
    await remove(
      options,
      batch.filter(({ MessageId }) => !failed.has(MessageId ?? '')),
    );
    onDone(batch.length, failed.size);
  } catch (problem) {
    onDone(batch.length, batch.length, problem instanceof Error ? problem : new Error(String(problem)));
  }
}

const BatchResponse = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

function failuresIn(answer: unknown): ReadonlySet<string> {
  return new Set(BatchResponse.parse(answer).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
}

function eventOf({ queue, region }: EventSourceOptions, batch: readonly Message[]): SQSEvent {
  const recordOf = (message: Message): SQSRecord => ({
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: {
      ApproximateReceiveCount: message.Attributes?.ApproximateReceiveCount ?? '',
      SentTimestamp: message.Attributes?.SentTimestamp ?? '',
      SenderId: 'events.amazonaws.com',
      ApproximateFirstReceiveTimestamp: message.Attributes?.ApproximateFirstReceiveTimestamp ?? '',
    },
    messageAttributes: {},
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: queue.arn,
    awsRegion: region,
  });
  return { Records: batch.map(recordOf) };
}

async function remove({ sqs, queue }: EventSourceOptions, done: readonly Message[]): Promise<void> {
  for (let from = 0; from < done.length; from += A_CALL) {
    const Entries = done
      .slice(from, from + A_CALL)
      .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries }));
  }
}
