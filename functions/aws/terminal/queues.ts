import { GetQueueAttributesCommand, SQSClient, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import type { Queues } from '../../ports.ts';
import { type CallCounts, counted, reads, writes } from '../clients.ts';
import { readFailed } from '../errors.ts';

/** The queues of an installed service. */
export function makeQueues(counts: CallCounts): Queues {
  // Like every client, these take their endpoint from the environment, not from the queue's URL.
  const client = counted(new SQSClient({ ...reads, useQueueUrlAsEndpoint: false }), counts);
  const once = counted(new SQSClient({ ...writes, useQueueUrlAsEndpoint: false }), counts);
  return {
    async count(QueueUrl, abortSignal) {
      try {
        const command = new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ATTRIBUTES.map((one) => one),
        });
        const { Attributes = {} } = await client.send(command, { abortSignal });
        return {
          arn: Attributes['QueueArn'] ?? '',
          visible: Number(Attributes['ApproximateNumberOfMessages'] ?? 0),
          inFlight: Number(Attributes['ApproximateNumberOfMessagesNotVisible'] ?? 0),
          delayed: Number(Attributes['ApproximateNumberOfMessagesDelayed'] ?? 0),
        };
      } catch (error) {
        throw readFailed(`count the messages of queue ${QueueUrl}`, error);
      }
    },
    async redrive(SourceArn) {
      try {
        await once.send(new StartMessageMoveTaskCommand({ SourceArn }));
      } catch (error) {
        throw readFailed(`move the messages of queue ${SourceArn} back`, error);
      }
    },
  };
}

const ATTRIBUTES = [
  'QueueArn',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;
