import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { z } from 'zod/mini';
import { deliverBatch } from '../../support/event-source.ts';
import { type PolledQueue, receiveBatch } from '../../support/queue.ts';
import type { Cloud } from './cloud.ts';
import type { DeployedFunction } from './deployed-function.ts';
import { STACK } from './stack.ts';
import type { Terminal } from './terminal.ts';

/** One of the queues that Lambda polls for a function, as deployed. */
export type EventSource = {
  readonly arn: string;
  readonly queueUrl: string;
  readonly batchSize: number;
  readonly reportsItemFailures: boolean;
};

const Mappings = z.object({
  EventSourceMappings: z.array(
    z.object({
      UUID: z.string(),
      EventSourceArn: z.string(),
      FunctionArn: z.string(),
      BatchSize: z.number(),
      FunctionResponseTypes: z.nullish(z.array(z.string())),
    }),
  ),
});

/**
 * Takes over from moto, which would hand each message to a function that it cannot run until it is a dead letter.
 * Answers the event sources of on-change and stops the polling of moto, which an update of the stack does not resume.
 */
export async function takeOver(
  terminal: Terminal,
  { place, endpoint }: Cloud,
): Promise<readonly EventSource[]> {
  const { EventSourceMappings: all } = await terminal.aws(
    `lambda list-event-source-mappings --region ${place.region}`,
    Mappings,
  );
  const mappings = all.filter(({ FunctionArn }) => FunctionArn.endsWith(`:${STACK}-on-change`));
  await Promise.all(
    mappings.map(({ UUID }) =>
      terminal.run(
        `aws lambda update-event-source-mapping --uuid ${UUID} --no-enabled --region ${place.region}`,
      ),
    ),
  );
  return mappings.map(({ EventSourceArn: arn, BatchSize, FunctionResponseTypes }) => ({
    arn,
    queueUrl: `${endpoint}/${place.account}/${arn.slice(arn.lastIndexOf(':') + 1)}`,
    batchSize: BatchSize,
    reportsItemFailures: FunctionResponseTypes?.includes('ReportBatchItemFailures') === true,
  }));
}

/**
 * Hands the messages on the queues to the function, as Lambda does, until the queues are empty of delayed follow-ups,
 * too. A message that the function returns is visible again at once, as if five minutes had passed.
 */
export async function deliverAll(
  cloud: Cloud,
  sources: readonly EventSource[],
  to: DeployedFunction,
): Promise<void> {
  for (let round = 0; round < 300; round++) {
    let delivered = 0;
    for (const source of sources) delivered += await deliverFrom(cloud, source, to);
    if (delivered === 0) await sleep(200);
    if ((await Promise.all(sources.map((source) => isEmpty(cloud, source.queueUrl)))).every(Boolean)) return;
  }
  throw new Error(`delivered 300 rounds of messages, but the queues are not empty:\n${to.output()}`);
}

/** Polls once and invokes the function if there are messages. Answers the number of messages. */
export function deliverFrom(
  cloud: Cloud,
  { arn, queueUrl, batchSize, reportsItemFailures }: EventSource,
  to: DeployedFunction,
): Promise<number> {
  return deliverBatch({
    queue: polled(cloud, queueUrl, arn),
    batch: batchSize,
    async invoke(event) {
      const answer = await to.ask(event);
      // Lambda reads the answer only with ReportBatchItemFailures; without it, every message of the batch succeeds.
      return reportsItemFailures ? answer : { batchItemFailures: [] };
    },
  });
}

function polled({ sqs }: Cloud, QueueUrl: string, arn: string): PolledQueue {
  return {
    arn,
    async receive(MaxNumberOfMessages) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages, MessageSystemAttributeNames: ['All'] }),
      );
      return Messages.map(({ MessageId = '', Body = '', ReceiptHandle = '', Attributes }) => ({
        MessageId,
        Body,
        ReceiptHandle,
        Attributes,
      }));
    },
    remove: ({ ReceiptHandle }) => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })),
    letGo: ({ ReceiptHandle }) =>
      sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 })),
  };
}

/** Whether a queue has no message that is visible, delayed or in flight. */
async function isEmpty(cloud: Cloud, queueUrl: string): Promise<boolean> {
  const attributes = await attributesOf(cloud, queueUrl);
  const counts = ['', 'Delayed', 'NotVisible'].map(
    (kind) => attributes[`ApproximateNumberOfMessages${kind}`],
  );
  return counts.every((count) => count === '0');
}

export async function attributesOf(
  { sqs }: Cloud,
  queueUrl: string,
): Promise<Readonly<Record<string, string>>> {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] });
  return (await sqs.send(command)).Attributes ?? {};
}

/** Empties a queue; answers the bodies of its messages. */
export async function drain(cloud: Cloud, queueUrl: string): Promise<readonly string[]> {
  const queue = polled(cloud, queueUrl, '');
  const messages = await receiveBatch(queue, Infinity);
  for (const message of messages) await queue.remove(message);
  return messages.map(({ Body }) => Body);
}
