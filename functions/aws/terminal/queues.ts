import { GetQueueAttributesCommand, SQSClient, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import type { QueueCount } from '../../core/doctor/facts.ts';
import type { Queues } from '../../ports.ts';
import type { Installation } from '../../ports-doctor.ts';
import { type CallCounts, counted, reads, writes } from '../clients.ts';
import { readFailed } from '../errors.ts';
import { asked } from './asked.ts';

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
        return countIn(Attributes);
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

/** The queues with what they let in and where they put what fails, where no answer is an answer. */
export function makeQueueFacts(counts: CallCounts): Pick<Installation, 'queue'> {
  const client = counted(new SQSClient({ ...reads, useQueueUrlAsEndpoint: false }), counts);
  const gone = ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'];
  return {
    queue: (QueueUrl, abortSignal) =>
      asked({ attempt: `look at queue ${QueueUrl}`, action: 'sqs:GetQueueAttributes', gone }, async () => {
        const AttributeNames = [...ATTRIBUTES, 'Policy', 'RedrivePolicy'] as const;
        const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] });
        const { Attributes = {} } = await client.send(command, { abortSignal });
        const { Policy: policy, RedrivePolicy: redrive } = Attributes;
        return { ...countIn(Attributes), policy: policy || undefined, deadLetters: deadLettersIn(redrive) };
      }),
  };
}

function countIn(attributes: Readonly<Record<string, string>>): QueueCount {
  return {
    arn: attributes['QueueArn'] ?? '',
    visible: Number(attributes['ApproximateNumberOfMessages'] ?? 0),
    inFlight: Number(attributes['ApproximateNumberOfMessagesNotVisible'] ?? 0),
    delayed: Number(attributes['ApproximateNumberOfMessagesDelayed'] ?? 0),
  };
}

function deadLettersIn(redrive: string | undefined): string | undefined {
  const policy: unknown = JSON.parse(redrive || '{}');
  if (typeof policy !== 'object' || policy === null || !('deadLetterTargetArn' in policy)) return undefined;
  return String(policy.deadLetterTargetArn);
}

const ATTRIBUTES = [
  'QueueArn',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;
