import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { simulate } from './testing.ts';

async function receive(sqs: SQSClient, QueueUrl: string) {
  const { Messages } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages ?? [];
}

function entries(count: number, body = 'x') {
  return Array.from({ length: count }, (_, i) => ({ Id: `${i}`, MessageBody: body }));
}

describe('SQS', () => {
  it('refuses what is no character of XML, and takes every other', async () => {
    const { sqs } = await simulate();
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'changes' }));
    const send = (MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    for (const body of ['a\u0000', '\u001b[0m', '\ufffe', '"\uffff"', '\ud800'])
      await expect(send(body)).rejects.toMatchObject({ name: 'InvalidMessageContents' });
    await expect(send('')).rejects.toMatchObject({ name: 'MissingParameter' });
    await send('\t\n\r \u007f\ufffd\u{1F511}\u{10FFFF}');
  });

  it('refuses a visibility, a wait and the id of an entry that are out of range', async () => {
    const { sqs } = await simulate();
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'changes' }));
    const poll = (input: object) => sqs.send(new ReceiveMessageCommand({ QueueUrl, ...input }));
    await expect(poll({ WaitTimeSeconds: 21 })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(poll({ VisibilityTimeout: 43_201 })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    const Entries = [{ Id: 'a.b', MessageBody: 'x' }];
    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).rejects.toMatchObject({
      name: 'InvalidBatchEntryId',
    });
  });

  it('moves the messages of dead-letter queues only', async () => {
    const { sim, sqs } = await simulate();
    const { arn: SourceArn } = sim.world.queue({ name: 'changes' });
    const move = (of: string) => sqs.send(new StartMessageMoveTaskCommand({ SourceArn: of }));
    await expect(move(SourceArn)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(move(`${SourceArn}-none`)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('delivers a message, hides it while it is handled, and forgets it once it is deleted', async () => {
    const { clock, sqs } = await simulate();
    const { QueueUrl = '' } = await sqs.send(
      new CreateQueueCommand({ QueueName: 'changes', Attributes: { VisibilityTimeout: '60' } }),
    );
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'changes' }))).QueueUrl).toBe(QueueUrl);
    await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: 'a change \u{1F511}',
        MessageAttributes: { kind: { DataType: 'String', StringValue: 'native' } },
      }),
    );
    const [first] = await receive(sqs, QueueUrl);
    expect(first).toMatchObject({
      Body: 'a change \u{1F511}',
      Attributes: { ApproximateReceiveCount: '1' },
      MessageAttributes: { kind: { StringValue: 'native' } },
    });
    expect(await receive(sqs, QueueUrl)).toEqual([]);
    clock.advance(60_000);
    const [again] = await receive(sqs, QueueUrl);
    expect(again?.Attributes?.['ApproximateReceiveCount']).toBe('2');
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl,
        ReceiptHandle: again?.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    const [third] = await receive(sqs, QueueUrl);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: third?.ReceiptHandle }));
    clock.advance(3_600_000);
    expect(await receive(sqs, QueueUrl)).toEqual([]);
  });

  it('delays messages by up to 900 seconds', async () => {
    const { sim, clock, sqs } = await simulate();
    const { url: QueueUrl } = sim.world.queue();
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 900 }));
    clock.advance(899_999);
    expect(await receive(sqs, QueueUrl)).toEqual([]);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessagesDelayed'] }),
    );
    expect(Attributes).toEqual({ ApproximateNumberOfMessagesDelayed: '1' });
    clock.advance(1);
    expect(await receive(sqs, QueueUrl)).toHaveLength(1);
    await expect(
      sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', DelaySeconds: 901 })),
    ).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('moves a message to the dead-letter queue after maxReceiveCount receives', async () => {
    const { sim, clock, sqs } = await simulate();
    const queue = sim.world.queue({ name: 'changes', maxReceiveCount: 2, visibilitySeconds: 10 });
    await sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: 'poison' }));
    for (let i = 0; i < 2; i++) {
      expect(await receive(sqs, queue.url)).toHaveLength(1);
      clock.advance(10_000);
    }
    expect(await receive(sqs, queue.url)).toEqual([]);
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'changes-dead' }));
    expect((await receive(sqs, QueueUrl ?? '')).map(({ Body }) => Body)).toEqual(['poison']);
  });

  it('takes batches of at most ten entries and a mebibyte, and reports each entry by itself', async () => {
    const { sim, sqs } = await simulate();
    const { url: QueueUrl } = sim.world.queue();
    const send = (Entries: { Id: string; MessageBody: string; DelaySeconds?: number }[]) =>
      sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    await expect(send(entries(11))).rejects.toMatchObject({ name: 'TooManyEntriesInBatchRequest' });
    await expect(send(entries(3, 'x'.repeat(400_000)))).rejects.toMatchObject({
      name: 'BatchRequestTooLong',
    });
    const { Successful, Failed } = await send([
      ...entries(2),
      { Id: 'late', MessageBody: 'x', DelaySeconds: 901 },
    ]);
    expect(Successful?.map(({ Id }) => Id)).toEqual(['0', '1']);
    expect(Failed?.map(({ Id }) => Id)).toEqual(['late']);
    const messages = await receive(sqs, QueueUrl);
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl,
        Entries: messages.map(({ ReceiptHandle }, i) => ({ Id: `${i}`, ReceiptHandle })),
      }),
    );
    expect(sim.messagesIn(QueueUrl)).toEqual([]);
  });

  it('refuses a queue that does not exist', async () => {
    const { sim, sqs } = await simulate();
    await expect(
      sqs.send(new SendMessageCommand({ QueueUrl: `${sim.endpoint}/111122223333/none`, MessageBody: 'x' })),
    ).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  });

  it('receives the events that a test pipes into a queue', async () => {
    const { sim, sqs } = await simulate();
    const { url } = sim.world.queue();
    sim.world.secret({ name: 'prod/db' });
    sim.pipeEvents(url, (event) => event['detail-type'] === 'Secret Label Updated');
    sim.rotateSecret('prod/db');
    const [message] = await receive(sqs, url);
    expect(JSON.parse(message?.Body ?? '')).toEqual(
      sim.events.find((event) => event['detail-type'] === 'Secret Label Updated'),
    );
  });
});
