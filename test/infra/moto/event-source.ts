import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { z } from 'zod/mini';
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
    for (const source of sources) delivered += await deliverBatch(cloud, source, to);
    if (delivered === 0) await sleep(200);
    if ((await Promise.all(sources.map((source) => isEmpty(cloud, source.queueUrl)))).every(Boolean)) return;
  }
  throw new Error(`delivered 300 rounds of messages, but the queues are not empty:\n${to.output()}`);
}

/** Polls once and invokes the function if there are messages. Answers the number of messages. */
export async function deliverBatch(cloud: Cloud, source: EventSource, to: DeployedFunction): Promise<number> {
  const messages = await receiveBatch(cloud, source);
  if (messages.length === 0) return 0;
  const event = { Records: messages.map((message) => recordOf(message, source, cloud.place.region)) };
  const invocation = await to.invoke(event, to.timeoutSeconds * 1000);
  const back = 'error' in invocation ? undefined : failuresIn(invocation.answer, source);
  for (const message of messages) {
    const isBack = back === undefined || back.has(message.MessageId ?? '');
    await (isBack ? letGo(cloud, source, message) : remove(cloud, source, message));
  }
  return messages.length;
}

async function receiveBatch(
  { sqs }: Cloud,
  { queueUrl, batchSize }: EventSource,
): Promise<readonly Message[]> {
  const messages: Message[] = [];
  while (messages.length < batchSize) {
    const { Messages: page = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: Math.min(10, batchSize - messages.length),
        MessageSystemAttributeNames: ['All'],
      }),
    );
    if (page.length === 0) break;
    messages.push(...page);
  }
  return messages;
}

function recordOf(message: Message, { arn }: EventSource, region: string) {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: {},
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: region,
  };
}

const BatchAnswer = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

/** Lambda reads the answer only with ReportBatchItemFailures; without it, every message of the batch succeeds. */
function failuresIn(answer: unknown, { reportsItemFailures }: EventSource): ReadonlySet<string> {
  if (!reportsItemFailures) return new Set();
  return new Set(BatchAnswer.parse(answer).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
}

function remove({ sqs }: Cloud, { queueUrl }: EventSource, { ReceiptHandle }: Message): Promise<unknown> {
  return sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
}

function letGo({ sqs }: Cloud, { queueUrl }: EventSource, { ReceiptHandle }: Message): Promise<unknown> {
  const now = { QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 };
  return sqs.send(new ChangeMessageVisibilityCommand(now));
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
export async function drain({ sqs }: Cloud, queueUrl: string): Promise<readonly string[]> {
  const bodies: string[] = [];
  for (;;) {
    const receive = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 });
    const { Messages: messages = [] } = await sqs.send(receive);
    if (messages.length === 0) return bodies;
    for (const { Body = '', ReceiptHandle } of messages) {
      bodies.push(Body);
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    }
  }
}
