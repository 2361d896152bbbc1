import pMap from 'p-map';
import { packed } from '../../core/follow-up/backoff.ts';
import type { FollowUp } from '../../core/follow-up/follow-up.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import { followUpBody, shareOfMessage } from '../../formats/follow-up.ts';
import type { StepContext } from '../context.ts';

const NOT_SENT =
  'cannot put a follow-up on the queue; SQS will deliver the message of its change again, or the next sweep will find its services again';

/** Follow-ups that travel together, and when they are due. */
type Batch<One extends FollowUp> = { readonly followUps: readonly One[]; readonly delaySeconds: number };

/** Puts follow-ups on the queue, each batch in as few messages as possible. Answers those that could not be sent. */
export async function sendFollowUps<One extends FollowUp>(
  batches: readonly Batch<One>[],
  run: StepContext,
): Promise<readonly One[]> {
  const messages = batches.flatMap(({ followUps, delaySeconds }) =>
    packed(followUps, shareOfMessage, 1).map((together) => ({ together, delaySeconds })),
  );
  const unsent = await pMap(
    messages,
    async ({ together, delaySeconds }) =>
      (await sendBody(() => followUpBody(together), delaySeconds, run)) ? [] : together,
    { concurrency: CONCURRENCY.messages },
  );
  return unsent.flat();
}

/** Puts one message on the queue. Answers whether it was sent; an error is logged, also one of writing the body. */
export async function sendBody(
  write: () => string,
  delaySeconds: number,
  { ports, journal }: StepContext,
): Promise<boolean> {
  try {
    if (ports.queue === undefined) throw new Error('there is no queue, because CHANGE_QUEUE_URL is not set');
    await ports.queue.send(write(), delaySeconds);
    return true;
  } catch (error) {
    journal.error(NOT_SENT, error);
    return false;
  }
}
