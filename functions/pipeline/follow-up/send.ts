import pMap from 'p-map';
import { packed } from '../../core/follow-up/backoff.ts';
import type { FollowUp } from '../../core/follow-up/follow-up.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import { followUpBody, MESSAGE_BYTES } from '../../formats/follow-up.ts';
import type { StepContext } from '../context.ts';

/** Puts follow-ups that are due at the same time on the queue. Answers the ids of the changes that could not be sent. */
export async function sendFollowUps(
  followUps: readonly FollowUp[],
  delaySeconds: number,
  run: StepContext,
): Promise<readonly string[]> {
  const unsent = await pMap(
    packed(followUps, followUpBody, MESSAGE_BYTES),
    (together) => sendBody(followUpBody(together), delaySeconds, idsOf(together), run),
    { concurrency: CONCURRENCY.messages },
  );
  return unsent.flat();
}

/** Puts one message on the queue. Answers `changeIds`, the changes that it is about, if it could not be sent. */
export async function sendBody(
  body: string,
  delaySeconds: number,
  changeIds: readonly string[],
  { ports: world, journal }: StepContext,
): Promise<readonly string[]> {
  try {
    if (world.queue === undefined) throw new Error('there is no queue: CHANGE_QUEUE_URL is not set');
    await world.queue.send(body, delaySeconds);
    return [];
  } catch (error) {
    journal.error('a follow-up could not be sent: its message comes back', error);
    return changeIds;
  }
}

function idsOf(followUps: readonly FollowUp[]): readonly string[] {
  return followUps.map(({ changeId }) => changeId);
}
