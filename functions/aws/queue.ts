import type { Queue } from '../ports.ts';
import { type CallCounts, counted, lazily, reads } from './clients.ts';

/**
 * The characters in JSON that SQS refuses to take
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html): a staging label may contain them.
 */
const REFUSED = /[\ufffe\uffff]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16)}`;

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
    async send(json, DelaySeconds) {
      const { client, SendMessageCommand } = await sqs();
      const MessageBody = json.replace(REFUSED, escaped);
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody, DelaySeconds }));
    },
  };
}
