import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { z } from 'zod/mini';
import { ANYBODY } from './cloud.ts';

/** `region` is the Region of the call. */
type Fill = (call: unknown, motoEndpoint: string, region: string) => Promise<unknown>;

/** The calls that moto 5.2.1 does not support or answers wrongly, by the header that names the call. */
export const GAPS: ReadonlyMap<string, Fill> = new Map([
  // The fleet of the test is minutes old, so the functions must ask how often a service was deployed in the last hour.
  // Here only the functions deploy, far less often than MAX_REDEPLOYS_PER_HOUR allows, and no rollout of moto fails.
  [
    'AmazonEC2ContainerServiceV20141113.ListServiceDeployments',
    () => Promise.resolve({ serviceDeployments: [] }),
  ],
  ['secretsmanager.ListSecretVersionIds', listSecretVersionIds],
  ['AmazonSQS.StartMessageMoveTask', startMessageMoveTask],
]);

const OfSecret = z.object({ SecretId: z.string() });

/** moto gives every version the present instant as its date; only with a version's value it gives the real date. */
async function listSecretVersionIds(call: unknown, endpoint: string, region: string): Promise<unknown> {
  const { SecretId } = OfSecret.parse(call);
  const secrets = new SecretsManagerClient({ endpoint, region, credentials: ANYBODY });
  const { ARN, Name, VersionIdsToStages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId }));
  const versions = Object.entries(VersionIdsToStages).map(async ([VersionId, VersionStages]) => {
    const { CreatedDate } = await secrets.send(new GetSecretValueCommand({ SecretId, VersionId }));
    return { VersionId, VersionStages, CreatedDate: (CreatedDate?.getTime() ?? 0) / 1000 };
  });
  return { ARN, Name, Versions: await Promise.all(versions) };
}

const MoveTask = z.object({ SourceArn: z.string() });

/**
 * Like SQS, this moves only messages of a queue that is the dead-letter queue of another queue. Unlike SQS, it does not
 * know the source of a message: all messages go to the first of those queues.
 */
async function startMessageMoveTask(call: unknown, endpoint: string, region: string): Promise<unknown> {
  const { SourceArn } = MoveTask.parse(call);
  const name = SourceArn.slice(SourceArn.lastIndexOf(':') + 1);
  const sqs = new SQSClient({ endpoint, region, credentials: ANYBODY });
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  const { queueUrls = [] } = await sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl }));
  const [destination] = queueUrls;
  if (destination === undefined)
    throw new Error(`cannot move the messages of ${name}: it is not the dead-letter queue of any queue`);
  await moveAll(sqs, QueueUrl, destination);
  return { TaskHandle: 'done' };
}

async function moveAll(sqs: SQSClient, from: string | undefined, to: string): Promise<void> {
  for (;;) {
    const received = await sqs.send(new ReceiveMessageCommand({ QueueUrl: from, MaxNumberOfMessages: 10 }));
    const messages = received.Messages ?? [];
    if (messages.length === 0) return;
    for (const { Body, ReceiptHandle } of messages) {
      await sqs.send(new SendMessageCommand({ QueueUrl: to, MessageBody: Body }));
      await sqs.send(new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle }));
    }
  }
}
