import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Queue } from '../ports.ts';

/** The queue that feeds on-change. */
export function makeQueue(client: SQSClient, queueUrl: string): Queue {
  return {
    async send(body, delaySeconds) {
      await client.send(
        new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, DelaySeconds: delaySeconds }),
      );
    },
  };
}
