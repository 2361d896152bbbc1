import type { HealResult, How } from '../../core/report/sweep-report.ts';
import { healingOf } from '../../core/sweep/heal.ts';
import type { Sweep } from '../../core/sweep/sweep.ts';
import type { StepContext } from '../context.ts';
import { sendFollowUps } from '../follow-up/send.ts';

/**
 * Puts the services that are stale for certain on the queue, as changes that have been looked at once. It starts no
 * deployment itself: on-change looks at exactly these services again, with all rules such as waves and cooldown, and
 * follows them to the end.
 */
export async function heal(found: Sweep, how: How, run: StepContext): Promise<HealResult> {
  const healing = healingOf(found, run.policy.maxServices, run.ports.clock.now());
  if (how !== 'heal') return { how, healing, unsent: new Set() };
  for (const change of healing.followUps.flatMap(({ changes }) => changes)) run.journal.received(change);
  // The next sweep finds again what could not be sent.
  const unsent = await sendFollowUps([{ followUps: healing.followUps, delaySeconds: 0 }], run);
  return { how, healing, unsent: new Set(unsent.map(({ changeId }) => changeId)) };
}
