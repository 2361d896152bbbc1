import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { z } from 'zod/mini';
import type { QueueRef, Simulator } from '../simulator/index.ts';

/** Lambda's side of a queue, which both event sources share. */

/** A message as ReceiveMessage gives it. */
export type Received = {
  readonly MessageId: string;
  readonly Body: string;
  readonly ReceiptHandle: string;
  readonly Attributes?: Readonly<Record<string, string>> | undefined;
  /** The queue it came from, where a source has several. */
  readonly queueArn?: string;
};

/** A queue from which Lambda takes messages: one of the simulator, or one behind SQS's API. */
export type PolledQueue = {
  readonly arn: string;
  /** At most ten messages, which are then hidden for the visibility timeout. */
  receive(most: number): Promise<readonly Received[]>;
  remove(message: Received): unknown;
  /** What is done with a message that comes back; by default it waits for its visibility timeout. */
  letGo?(message: Received): unknown;
};

type Answer = { readonly Messages?: readonly Received[] };

/** A queue of the simulator, without a call over HTTP, so that the poller is neither throttled nor counted. */
export function simulatedQueue(
  sim: Simulator,
  { url: QueueUrl, arn }: Pick<QueueRef, 'url' | 'arn'>,
  visibilitySeconds?: number,
): PolledQueue {
  return {
    arn,
    async receive(most) {
      const { Messages = [] } = (await sim.act('sqs', 'ReceiveMessage', {
        QueueUrl,
        MaxNumberOfMessages: most,
        MessageSystemAttributeNames: ['All'],
        ...(visibilitySeconds !== undefined && { VisibilityTimeout: visibilitySeconds }),
      })) as Answer;
      return Messages;
    },
    remove: ({ ReceiptHandle }) => sim.act('sqs', 'DeleteMessage', { QueueUrl, ReceiptHandle }),
  };
}

/** Messages that SQS delivers in one call. */
const A_CALL = 10;

/** All messages that can be received now, `batch` at most. */
export async function receiveBatch(queue: PolledQueue, batch: number): Promise<readonly Received[]> {
  const messages: Received[] = [];
  while (messages.length < batch) {
    const some = await queue.receive(Math.min(A_CALL, batch - messages.length));
    if (some.length === 0) break;
    messages.push(...some);
  }
  return messages;
}

const HERE = 'arn:aws:sqs:eu-west-1:111122223333:changes';

/** The event that Lambda hands to a function whose event source is a queue. */
export function sqsEvent(messages: readonly Received[], queueArn = HERE): SQSEvent {
  const now = String(Date.now());
  const recordOf = ({ MessageId, ReceiptHandle, Body, Attributes = {}, ...from }: Received): SQSRecord => ({
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: now,
      SenderId: 'events.amazonaws.com',
      ApproximateFirstReceiveTimestamp: now,
      ...Attributes,
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: from.queueArn ?? queueArn,
    awsRegion: queueArn.split(':')[3] ?? '',
  });
  return { Records: messages.map(recordOf) };
}

const BatchAnswer = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

/**
 * The ids of the messages that a function returned as failed. Throws for an answer that Lambda takes for the failure of the whole
 * batch: one of another shape, or one that names what is not in the batch
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
 */
export function returnedIn(answer: unknown, messages: readonly Received[]): ReadonlySet<string> {
  const sent = new Set(messages.map(({ MessageId }) => MessageId));
  const named = BatchAnswer.parse(answer).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  const unknown = named.filter((id) => !sent.has(id));
  if (unknown.length > 0) throw new Error(`not in the batch: ${JSON.stringify(unknown)}`);
  return new Set(named);
}
