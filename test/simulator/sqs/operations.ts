import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod/mini';
import type { Aws, Operation, Operations } from '../aws.ts';
import { AwsError } from '../errors.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import { type Input, isRecord, number, record, requiredText, text, texts } from '../input.ts';
import { bodyIn, checkSize, eachEntry, entriesIn, invalid } from './entries.ts';
import { md5, md5OfAttributes } from './md5.ts';
import { attributesOf, rendered } from './render.ts';
import { addQueue, enqueue, type Message, type Queue, receive, remove } from './state.ts';

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
  const wait = number(input, 'WaitTimeSeconds') ?? 0;
  if (wait < 0 || wait > 20) throw invalid('WaitTimeSeconds', 'must be >= 0 and <= 20, if provided');
  checkVisibility(number(input, 'VisibilityTimeout') ?? 0);
  const take = () => receive(aws.sqs, aws.ids, queue, most, number(input, 'VisibilityTimeout'), aws.now());
  const until = Date.now() + wait * 1000;
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
  checkVisibility(seconds);
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

const PolicyIn = z.custom<PolicyDocument>((value) => isRecord(value) && 'Statement' in value);

/** Policy and RedrivePolicy; an empty text removes them. */
const setQueueAttributes: Operation = (aws, input) => {
  const queue = needQueue(aws, input);
  const attributes = record(input, 'Attributes') ?? {};
  const policy = text(attributes, 'Policy');
  if (policy !== undefined) queue.policy = policy === '' ? undefined : PolicyIn.parse(JSON.parse(policy));
  if (text(attributes, 'RedrivePolicy') === '') queue.redrive = undefined;
  return {};
};

const deleteQueue: Operation = (aws, input) => {
  aws.sqs.queues.delete(needQueue(aws, input).name);
  return {};
};

/** Moves every message of a dead-letter queue to the queue that names it, at once. */
const startMessageMoveTask: Operation = (aws, input, { at }) => {
  const arn = requiredText(input, 'SourceArn');
  const queues = [...aws.sqs.queues.values()];
  const source = queues.find((queue) => queue.arn === arn);
  const target = queues.find(({ redrive }) => redrive?.deadLetterArn === arn);
  if (source !== undefined && target === undefined)
    throw new AwsError('InvalidParameterValue', 'Source queue must be configured as a Dead Letter Queue.');
  if (source === undefined || target === undefined)
    throw new AwsError(
      'ResourceNotFoundException',
      'The resource that you specified for the SourceArn parameter does not exist.',
    );
  const moved = source.messages.splice(0);
  for (const { body, attributes } of moved)
    enqueue(aws.ids, target, { body, attributes, delaySeconds: undefined }, at);
  return { TaskHandle: aws.ids.uuid() };
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
  SetQueueAttributes: setQueueAttributes,
  DeleteQueue: deleteQueue,
  StartMessageMoveTask: startMessageMoveTask,
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

function send(aws: Aws, queue: Queue, input: Input, at: number) {
  const body = bodyIn(input);
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

function checkVisibility(seconds: number): void {
  if (seconds < 0 || seconds > 43_200) throw invalid('VisibilityTimeout', 'must be between 0 and 43200');
}

function byReceipt(queue: Queue, input: Input): Message | undefined {
  const receipt = requiredText(input, 'ReceiptHandle');
  return queue.messages.find((message) => message.receipt === receipt);
}

/** A second deletion of a message is no error. */
function discard(queue: Queue, input: Input): void {
  const message = byReceipt(queue, input);
  if (message !== undefined) remove(queue, message);
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
