import pMap from 'p-map';
import { packed } from '../../core/follow-up/backoff.ts';
import type { FollowUp } from '../../core/follow-up/follow-up.ts';
import type { Healed, How } from '../../core/report/sweep-report.ts';
import { healingOf } from '../../core/sweep/heal.ts';
import type { Sweep } from '../../core/sweep/sweep.ts';
import { followUpBody, MESSAGE_BYTES } from '../../formats/follow-up.ts';
import type { StepContext } from '../context.ts';

const CONCURRENCY = 8;

/**
 * Puts what is stale for certain on the queue, as changes that have been looked at once. It redeploys nothing by itself:
 * on-change looks at exactly these services again, with waves, cooldown and all, and follows them to the end.
 */
export async function heal({ swept }: Sweep, how: How, run: StepContext): Promise<Healed> {
  const healing = healingOf(swept, run.policy.maxServices, run.world.clock.now());
  if (how !== 'heal') return { how, healing, unsent: new Set() };
  for (const change of healing.followUps.flatMap(({ changes }) => changes)) run.journal.received(change);
  const messages = packed(healing.followUps, followUpBody, MESSAGE_BYTES);
  const unsent = await pMap(messages, (together) => send(together, run), { concurrency: CONCURRENCY });
  return { how, healing, unsent: new Set(unsent.flat()) };
}

/** Answers the changes that could not be sent; the next sweep finds their services again. */
async function send(
  followUps: readonly FollowUp[],
  { world, journal }: StepContext,
): Promise<readonly string[]> {
  try {
    if (world.queue === undefined) throw new Error('there is no queue: CHANGE_QUEUE_URL is not set');
    await world.queue.send(followUpBody(followUps), 0);
    return [];
  } catch (error) {
    journal.trouble('what the sweep found could not be put on the queue', error);
    return followUps.map(({ changeId }) => changeId);
  }
}
