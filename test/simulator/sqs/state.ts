import type { PolicyDocument } from '../iam/policy.ts';
import type { Ids } from '../ids.ts';
import { arnOf, type Place } from '../place.ts';

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly sentAt: number;
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt: number | undefined;
  /** The receipt handle, which changes with every receive: only the latest one works. */
  receipt: string | undefined;
}

export interface Queue {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  delaySeconds: number;
  visibilitySeconds: number;
  redrive: { readonly deadLetterArn: string; readonly maxReceiveCount: number } | undefined;
  /** Who may send besides the roles of the account; rules of EventBridge need it. */
  policy: PolicyDocument | undefined;
  messages: Message[];
}

export interface SqsState {
  /** The simulator's address once it listens; queue URLs begin with it. */
  endpoint: string;
  readonly queues: Map<string, Queue>;
}

/** No queues. */
export function createSqsState(): SqsState {
  return { endpoint: '', queues: new Map() };
}

/** The queue of that name, which is added with SQS's defaults if it does not exist. */
export function addQueue(
  sqs: SqsState,
  place: Place,
  name: string,
  at: number,
  traits: Partial<Pick<Queue, 'delaySeconds' | 'visibilitySeconds' | 'redrive' | 'policy'>>,
): Queue {
  const existing = sqs.queues.get(name);
  if (existing !== undefined) return existing;
  const queue: Queue = {
    name,
    arn: arnOf(place, 'sqs', name),
    createdAt: at,
    delaySeconds: traits.delaySeconds ?? 0,
    visibilitySeconds: traits.visibilitySeconds ?? 30,
    redrive: traits.redrive,
    policy: traits.policy,
    messages: [],
  };
  sqs.queues.set(name, queue);
  return queue;
}

/** Puts a message into a queue; it can be received after the delay. */
export function enqueue(
  ids: Ids,
  queue: Queue,
  message: Pick<Message, 'body' | 'attributes'> & { readonly delaySeconds: number | undefined },
  at: number,
): Message {
  const delayMs = (message.delaySeconds ?? queue.delaySeconds) * 1000;
  const entry: Message = {
    id: ids.uuid(),
    body: message.body,
    attributes: message.attributes,
    sentAt: at,
    visibleAt: at + delayMs,
    receiveCount: 0,
    firstReceivedAt: undefined,
    receipt: undefined,
  };
  queue.messages.push(entry);
  return entry;
}

/**
 * Up to `most` visible messages, which are then hidden for the visibility timeout. A message that was received too
 * often moves to the dead-letter queue.
 */
export function receive(
  sqs: SqsState,
  ids: Ids,
  queue: Queue,
  most: number,
  visibilitySeconds: number | undefined,
  at: number,
): readonly Message[] {
  const received: Message[] = [];
  for (const message of queue.messages.filter((candidate) => candidate.visibleAt <= at)) {
    if (received.length === most) break;
    if (queue.redrive !== undefined && message.receiveCount >= queue.redrive.maxReceiveCount) {
      buryIn(sqs, queue, queue.redrive.deadLetterArn, message, at);
      continue;
    }
    message.receiveCount += 1;
    message.firstReceivedAt ??= at;
    message.visibleAt = at + (visibilitySeconds ?? queue.visibilitySeconds) * 1000;
    message.receipt = ids.suffix(40);
    received.push(message);
  }
  return received;
}

function buryIn(sqs: SqsState, queue: Queue, arn: string, message: Message, at: number): void {
  remove(queue, message);
  const deadLetters = [...sqs.queues.values()].find((candidate) => candidate.arn === arn);
  deadLetters?.messages.push({ ...message, visibleAt: at, receipt: undefined });
}

/** Removes a message from its queue. */
export function remove(queue: Queue, message: Message): void {
  queue.messages = queue.messages.filter((candidate) => candidate !== message);
}
