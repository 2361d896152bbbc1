import { randomUUID } from 'node:crypto';
import { z } from 'zod/mini';
import type { Invocation } from './lambda.ts';

export interface Message {
  readonly messageId: string;
  readonly body: string;
}

/** A message with this body; a body that is not a string is sent as JSON. */
export function message(body: unknown, messageId: string = randomUUID()): Message {
  return { messageId, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

/** The event that Lambda hands to a function whose event source is a queue. */
export function sqsEvent(messages: readonly Message[]) {
  return {
    Records: messages.map(({ messageId, body }) => ({
      messageId,
      receiptHandle: `handle-${messageId}`,
      body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: String(Date.now()),
        SenderId: 'AIDAEXAMPLE',
        ApproximateFirstReceiveTimestamp: String(Date.now()),
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:eu-west-1:111122223333:changes',
      awsRegion: 'eu-west-1',
    })),
  };
}

const BatchAnswer = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

/** The ids of the messages that the function returned as failed; throws if the invocation itself failed. */
export function returned(invocation: Invocation): readonly string[] {
  if ('error' in invocation) throw new Error(`the invocation failed: ${invocation.error.message}`);
  return BatchAnswer.parse(invocation.answer)
    .batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
    .sort();
}
