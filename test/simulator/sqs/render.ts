import { type Input, texts } from '../input.ts';
import { md5, md5OfAttributes } from './md5.ts';
import type { Message, Queue } from './state.ts';

/** A message as ReceiveMessage answers it, with the attributes that the request asked for. */
export function rendered(input: Input, message: Message) {
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

/** Every attribute that GetQueueAttributes knows. */
export function attributesOf(queue: Queue, at: number): Readonly<Record<string, string>> {
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
    ...(queue.policy === undefined ? {} : { Policy: JSON.stringify(queue.policy) }),
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
