import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod/mini';
import { deliverBatch } from '../support/event-source.ts';
import { answerOf, type Lambda } from '../support/lambda.ts';
import { simulatedQueue } from '../support/queue.ts';
import type { Scene } from './scene.ts';

/** A message that a function put on the queue. */
export interface Sent {
  readonly body: string;
  readonly delaySeconds: number;
}

const taken = new WeakSet<object>();

/** The messages put on the queue since the last call, due or not, oldest first. They stay on the queue. */
export function takeAll({ sim, queue }: Scene): readonly Sent[] {
  const fresh = sim.messagesIn(queue.url).filter((message) => !taken.has(message));
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

/** How the driver delivers messages; fields that are absent take the defaults of `untilQuiet`. */
export interface Delivery {
  /** After how long a message that was returned comes back. */
  readonly visibilitySeconds?: number;
  readonly deadlineMs?: number;
  /** One process that handles all batches, or a function that gives the process for the next batch. */
  readonly lambda: Lambda | (() => Promise<Lambda>);
}

/** Puts a message on the queue, as an EventBridge rule does. */
export function send({ sim, queue }: Scene, body: unknown): void {
  const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
  sim.act('sqs', 'SendMessage', { QueueUrl: queue.url, MessageBody });
}

/** Lets a function handle the messages of the queue until it is empty. Answers the processes that took part. */
export async function untilQuiet(
  { sim, queue }: Scene,
  { lambda, visibilitySeconds = 2, deadlineMs = 90_000 }: Delivery,
): Promise<readonly Lambda[]> {
  const used = new Set<Lambda>();
  const source = {
    queue: simulatedQueue(sim, queue, visibilitySeconds),
    batch: 10,
    async invoke(event: object) {
      const process = typeof lambda === 'function' ? await lambda() : lambda;
      used.add(process);
      return answerOf(await process.invoke(event, 270_000));
    },
    onDone(_size: number, _back: number, problem?: Error) {
      if (problem !== undefined) throw problem;
    },
  };
  const end = Date.now() + deadlineMs;
  while (sim.messagesIn(queue.url).length > 0) {
    if (Date.now() > end) {
      const bodies = sim.messagesIn(queue.url).map(({ body }) => body.slice(0, 500));
      throw new Error(`after ${deadlineMs} ms messages are still on the queue: ${bodies.join('\n')}`);
    }
    if ((await deliverBatch(source)) === 0) await sleep(50);
  }
  return [...used];
}
