import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod/mini';
import { returned, sqsEvent } from './batch.ts';
import type { Lambda } from './lambda.ts';
import type { Scene } from './scene.ts';

/** A message that a function put on the queue. */
export interface Sent {
  readonly body: string;
  readonly delaySeconds: number;
}

const taken = new WeakSet<object>();

/** The messages put on the queue since the last call, due or not, oldest first. They stay on the queue. */
export function takeAll({ sim, queueUrl }: Scene): readonly Sent[] {
  const fresh = sim.messagesIn(queueUrl).filter((message) => !taken.has(message));
  for (const message of fresh) taken.add(message);
  return fresh.map(({ body, sentAt, visibleAt }) => ({
    body,
    delaySeconds: Math.round((visibleAt - sentAt) / 1000),
  }));
}

/** The fields of a follow-up message that tests rely on; its other fields are internal to the functions. */
const FollowUps = z.looseObject({
  kind: z.literal('follow-up'),
  version: z.number(),
  followUps: z.array(
    z.looseObject({
      changeId: z.string(),
      open: z.array(z.tuple([z.string(), z.array(z.tuple([z.string()], z.unknown()))])),
    }),
  ),
});
type FollowUpBody = z.infer<typeof FollowUps>;

/** A message body as a follow-up; undefined if it is an event. */
export function followUpIn(body: string): FollowUpBody | undefined {
  return FollowUps.safeParse(JSON.parse(body)).data;
}

/** The services that the follow-ups in a body still wait for, as `cluster/service`, sorted. */
export function openIn(body: string): readonly string[] {
  const followUps = followUpIn(body)?.followUps ?? [];
  return followUps.flatMap(openOf).sort();
}

/** The services of one follow-up, as `cluster/service`. */
export function openOf({ open }: FollowUpBody['followUps'][number]): readonly string[] {
  return open.flatMap(([cluster, services]) =>
    services.map(([name]) => `${String(cluster.split('/').at(-1))}/${name}`),
  );
}

const Received = z.object({
  Messages: z._default(
    z.array(z.object({ MessageId: z.string(), Body: z.string(), ReceiptHandle: z.string() })),
    [],
  ),
});

/** How the driver delivers messages; fields that are absent take the defaults of `untilQuiet`. */
export interface Delivery {
  /** After how long a message that was returned comes back. */
  readonly visibilitySeconds?: number;
  readonly deadlineMs?: number;
  /** One process that handles all batches, or a function that gives the process for the next batch. */
  readonly lambda: Lambda | (() => Promise<Lambda>);
}

/** Puts a message on the queue, as an EventBridge rule does. */
export function send({ sim, queueUrl }: Scene, body: unknown): void {
  const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
  sim.act('sqs', 'SendMessage', { QueueUrl: queueUrl, MessageBody });
}

/**
 * Lambda's event source, by the real clock: hands the messages that are due to a function and deletes those that it
 * does not return as failed, until the queue is empty. Answers the processes that took part.
 */
export async function untilQuiet(
  { sim, queueUrl }: Scene,
  { lambda, visibilitySeconds = 2, deadlineMs = 40_000 }: Delivery,
): Promise<readonly Lambda[]> {
  const used = new Set<Lambda>();
  const end = Date.now() + deadlineMs;
  const receive = { QueueUrl: queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: visibilitySeconds };
  while (sim.messagesIn(queueUrl).length > 0) {
    if (Date.now() > end)
      throw new Error(`after ${deadlineMs} ms messages are still on the queue: ${bodiesOn(sim, queueUrl)}`);
    const { Messages: messages } = Received.parse(await sim.act('sqs', 'ReceiveMessage', receive));
    if (messages.length === 0) {
      await sleep(50);
      continue;
    }
    const process = typeof lambda === 'function' ? await lambda() : lambda;
    used.add(process);
    const batch = messages.map(({ MessageId, Body }) => ({ messageId: MessageId, body: Body }));
    const back = new Set(returned(await process.invoke(sqsEvent(batch), 270_000)));
    for (const { MessageId, ReceiptHandle } of messages) {
      if (!back.has(MessageId)) sim.act('sqs', 'DeleteMessage', { QueueUrl: queueUrl, ReceiptHandle });
    }
  }
  return [...used];
}

function bodiesOn(sim: Scene['sim'], queueUrl: string): string {
  return sim
    .messagesIn(queueUrl)
    .map(({ body }) => body.slice(0, 500))
    .join('\n');
}
