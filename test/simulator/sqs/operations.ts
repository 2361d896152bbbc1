import { setTimeout as sleep } from 'node:timers/promises';
import type { Aws, Operation, Operations } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { type Input, isRecord, number, record, records, requiredText, text, texts } from '../input.ts';
import { md5, md5OfAttributes } from './md5.ts';
import { addQueue, enqueue, type Message, type Queue, receive, remove } from './state.ts';

const MEBIBYTE = 1_048_576;

const createQueue: Operation = (aws, input, { at }) => {
  const queue = addQueue(aws.sqs, aws.place, requiredText(input, 'QueueName'), at, {});
  applyAttributes(queue, record(input, 'Attributes') ?? {});
  return { QueueUrl: urlOf(aws, queue) };
};

const getQueueUrl: Operation = (aws, input) => {
  const queue = aws.sqs.queues.get(requiredText(input, 'QueueName'));
  if (queue === undefined) throw noSuchQueue();
  return { QueueUrl: urlOf(aws, queue) };
};

const sendMessage: Operation = (aws, input, { at }) => {
  const queue = needQueue(aws, input);
  checkSize([input]);
  return send(aws, queue, input, at);
};

const sendMessageBatch: Operation = (aws, input, { at }) => {
  const queue = needQueue(aws, input);
  const entries = entriesIn(input);
  checkSize(entries);
  const results = eachEntry(entries, (entry) => send(aws, queue, entry, at));
  return results;
};

const receiveMessage: Operation = async (aws, input) => {
  const queue = needQueue(aws, input);
  const most = number(input, 'MaxNumberOfMessages') ?? 1;
  if (most < 1 || most > 10) throw invalid('MaxNumberOfMessages', 'must be between 1 and 10, if provided');
  const take = () => receive(aws.sqs, aws.ids, queue, most, number(input, 'VisibilityTimeout'), aws.now());
  const until = Date.now() + (number(input, 'WaitTimeSeconds') ?? 0) * 1000;
  let messages = take();
  while (messages.length === 0 && Date.now() < until) {
    await sleep(20);
    messages = take();
  }
  return messages.length === 0 ? {} : { Messages: messages.map((message) => rendered(input, message)) };
};

const deleteMessage: Operation = (aws, input) => {
  discard(needQueue(aws, input), input);
  return {};
};

const deleteMessageBatch: Operation = (aws, input) => {
  const queue = needQueue(aws, input);
  return eachEntry(entriesIn(input), (entry) => {
    discard(queue, entry);
    return {};
  });
};

const changeMessageVisibility: Operation = (aws, input, { at }) => {
  const queue = needQueue(aws, input);
  const message = byReceipt(queue, input);
  const seconds = number(input, 'VisibilityTimeout') ?? queue.visibilitySeconds;
  if (seconds < 0 || seconds > 43_200) throw invalid('VisibilityTimeout', 'must be between 0 and 43200');
  if (message === undefined || message.visibleAt <= at) {
    throw new AwsError('MessageNotInflight', 'The message is not in flight.');
  }
  message.visibleAt = at + seconds * 1000;
  return {};
};

const getQueueAttributes: Operation = (aws, input, { at }) => {
  const queue = needQueue(aws, input);
  const asked = texts(input, 'AttributeNames');
  const all = attributesOf(queue, at);
  return {
    Attributes: Object.fromEntries(
      Object.entries(all).filter(([name]) => asked.includes('All') || asked.includes(name)),
    ),
  };
};

/** SQS's operations. */
export const SQS: Operations = {
  CreateQueue: createQueue,
  GetQueueUrl: getQueueUrl,
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  ReceiveMessage: receiveMessage,
  DeleteMessage: deleteMessage,
  DeleteMessageBatch: deleteMessageBatch,
  ChangeMessageVisibility: changeMessageVisibility,
  GetQueueAttributes: getQueueAttributes,
};

/** The queue's URL at this simulator's endpoint. */
export function urlOf(aws: Aws, queue: Queue): string {
  return `${aws.sqs.endpoint}/${aws.place.account}/${queue.name}`;
}

/** The queue behind a URL; only its last part counts. */
export function queueAt(aws: Aws, url: string): Queue {
  const queue = aws.sqs.queues.get(url.split('/').at(-1) ?? '');
  if (queue === undefined) throw noSuchQueue();
  return queue;
}

function needQueue(aws: Aws, input: Input): Queue {
  return queueAt(aws, requiredText(input, 'QueueUrl'));
}

function noSuchQueue(): AwsError {
  return new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
}

function invalid(name: string, problem: string): AwsError {
  return new AwsError('InvalidParameterValue', `Value for parameter ${name} is invalid. Reason: ${problem}.`);
}

function send(aws: Aws, queue: Queue, input: Input, at: number) {
  const body = requiredText(input, 'MessageBody');
  const delaySeconds = number(input, 'DelaySeconds');
  if (delaySeconds !== undefined && (delaySeconds < 0 || delaySeconds > 900)) {
    throw invalid('DelaySeconds', 'DelaySeconds must be >= 0 and <= 900');
  }
  const attributes = record(input, 'MessageAttributes') ?? {};
  const message = enqueue(aws.ids, queue, { body, attributes, delaySeconds }, at);
  const digest = md5OfAttributes(attributes);
  return {
    MessageId: message.id,
    MD5OfMessageBody: md5(body),
    ...(digest === undefined ? {} : { MD5OfMessageAttributes: digest }),
  };
}

function checkSize(entries: readonly Input[]): void {
  const bytes = entries.reduce(
    (sum, entry) =>
      sum +
      Buffer.byteLength(requiredText(entry, 'MessageBody')) +
      Buffer.byteLength(JSON.stringify(record(entry, 'MessageAttributes') ?? '')) -
      2,
    0,
  );
  if (bytes <= MEBIBYTE) return;
  if (entries.length === 1) throw invalid('MessageBody', `must be shorter than ${MEBIBYTE} bytes`);
  throw new AwsError(
    'BatchRequestTooLong',
    `Batch requests cannot be longer than ${MEBIBYTE} bytes. You have sent ${bytes} bytes.`,
  );
}

function entriesIn(input: Input): readonly Input[] {
  const entries = records(input, 'Entries');
  if (entries.length === 0)
    throw new AwsError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > 10) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    );
  }
  const ids = new Set(entries.map((entry) => requiredText(entry, 'Id')));
  if (ids.size < entries.length)
    throw new AwsError('BatchEntryIdsNotDistinct', 'Two or more batch entries have the same Id.');
  return entries;
}

/** Every entry by itself: one that fails is reported and stops no other. */
function eachEntry(entries: readonly Input[], act: (entry: Input) => object) {
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    const Id = requiredText(entry, 'Id');
    try {
      Successful.push({ Id, ...act(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: true });
    }
  }
  return { Successful, ...(Failed.length === 0 ? {} : { Failed }) };
}

function byReceipt(queue: Queue, input: Input): Message | undefined {
  const receipt = requiredText(input, 'ReceiptHandle');
  return queue.messages.find((message) => message.receipt === receipt);
}

/** Deleting twice is no error. */
function discard(queue: Queue, input: Input): void {
  const message = byReceipt(queue, input);
  if (message !== undefined) remove(queue, message);
}

function rendered(input: Input, message: Message) {
  const wanted = [...texts(input, 'AttributeNames'), ...texts(input, 'MessageSystemAttributeNames')];
  const system = {
    SentTimestamp: String(Math.round(message.sentAt)),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(Math.round(message.firstReceivedAt ?? 0)),
  };
  const attributes = Object.fromEntries(
    Object.entries(system).filter(([name]) => wanted.includes('All') || wanted.includes(name)),
  );
  const askedFor = texts(input, 'MessageAttributeNames');
  const own = Object.fromEntries(
    Object.entries(message.attributes).filter(
      ([name]) => askedFor.includes('All') || askedFor.includes(name),
    ),
  );
  const digest = md5OfAttributes(own);
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(Object.keys(attributes).length === 0 ? {} : { Attributes: attributes }),
    ...(digest === undefined ? {} : { MessageAttributes: own, MD5OfMessageAttributes: digest }),
  };
}

function applyAttributes(queue: Queue, attributes: Input): void {
  queue.delaySeconds = Number(attributes['DelaySeconds'] ?? queue.delaySeconds);
  queue.visibilitySeconds = Number(attributes['VisibilityTimeout'] ?? queue.visibilitySeconds);
  const policy = text(attributes, 'RedrivePolicy');
  if (policy === undefined) return;
  const parsed: unknown = JSON.parse(policy);
  if (!isRecord(parsed)) throw invalid('RedrivePolicy', 'must be a JSON object');
  queue.redrive = {
    deadLetterArn: requiredText(parsed, 'deadLetterTargetArn'),
    maxReceiveCount: Number(parsed['maxReceiveCount']),
  };
}

function attributesOf(queue: Queue, at: number): Readonly<Record<string, string>> {
  const visible = queue.messages.filter((message) => message.visibleAt <= at);
  const hidden = queue.messages.filter((message) => message.visibleAt > at);
  const delayed = hidden.filter((message) => message.receiveCount === 0);
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible.length),
    ApproximateNumberOfMessagesDelayed: String(delayed.length),
    ApproximateNumberOfMessagesNotVisible: String(hidden.length - delayed.length),
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
    DelaySeconds: String(queue.delaySeconds),
    VisibilityTimeout: String(queue.visibilitySeconds),
    ...(queue.redrive === undefined
      ? {}
      : {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: queue.redrive.deadLetterArn,
            maxReceiveCount: queue.redrive.maxReceiveCount,
          }),
        }),
  };
}
