import type { Queue } from '../ports.ts';
import { type CallCounts, counted, lazily, reads } from './clients.ts';

/** The adapter of the queue that feeds on-change. */
export function makeQueue(QueueUrl: string, counts: CallCounts): Queue {
  const sqs = lazily(async () => {
    const { SQSClient, SendMessageCommand } = await import('./sdk/sqs.ts');
    // Like every client, this one takes its endpoint from the environment, not from the queue's URL. A message that was taken is sent, even
    // if the answer lacks its MD5.
    const client = counted(new SQSClient({ ...reads, useQueueUrlAsEndpoint: false, md5: false }), counts);
    return { client, SendMessageCommand };
  });
  return {
    async send(MessageBody, DelaySeconds) {
      const { client, SendMessageCommand } = await sqs();
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody, DelaySeconds }));
    },
  };
}
