import pMap from 'p-map';
import { backoffSeconds, isOverdue } from '../../core/follow-up/backoff.ts';
import type { Attempt } from '../../core/follow-up/follow-up.ts';
import { type Progress, progressOf } from '../../core/follow-up/progress.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { Result } from '../../core/plan/planned.ts';
import { scanBody } from '../../formats/follow-up.ts';
import type { StepContext } from '../context.ts';
import type { Observed, Postponed } from '../read/observed.ts';
import { recordEnd, recordTransitions } from './progress-records.ts';
import { sendBody, sendFollowUps } from './send.ts';

/** Whether changes are followed until nothing waits for them, or end with the first look. */
type Reach = 'to-the-end' | 'first-look-only';

/**
 * After a look: a change for which nothing waits is settled, one that has had its time is unsettled, and every other is put
 * on the queue again. Answers the messages that SQS must deliver again: their follow-up could not be sent, or a permission
 * is missing and they are to end in the dead-letter queue.
 */
export async function followUp(
  observed: Observed,
  results: readonly Result[],
  reach: Reach,
  run: StepContext,
): Promise<readonly string[]> {
  const now = run.ports.clock.now();
  const progress = observed.attempts.map((attempt) => progressAfter(attempt, observed, results, now, run));
  const others = progress.filter((one) => !isBounced(one));
  for (const one of others) await recordTransitions(one, run);
  const goesOn = (one: AttemptProgress) => reach === 'to-the-end' && mayGoOn(one, now, run);
  const unsent = await Promise.all([
    sendAll(others.filter(goesOn), now, run),
    sendDenied(others, run),
    sendScans(observed.postponed, now, run),
  ]);
  for (const one of others.filter((each) => !goesOn(each))) await recordEnd(one, now, run);
  const redelivered = [...unsent.flat(), ...progress.filter(mustBounce).map((one) => one.followUp)];
  return redelivered.flatMap(({ messageIds }) => messageIds);
}

type AttemptProgress = Progress<Attempt>;

function progressAfter(
  attempt: Attempt,
  { seen }: Observed,
  results: readonly Result[],
  now: number,
  run: StepContext,
): AttemptProgress {
  // No message is older than now, whatever it says: its time would never be over.
  const before = { ...attempt, firstHandledAt: Math.min(attempt.firstHandledAt, now) };
  return renewed(progressOf(before, results, seen), now, run);
}

/** What was started when the time was over already, by a message that lay in a dead-letter queue, is followed all the same. */
function renewed(
  progress: AttemptProgress,
  now: number,
  { follow: { limitMs } }: StepContext,
): AttemptProgress {
  const { followUp: after, accepted } = progress;
  const isLate = accepted > 0 && (after.denied || isOverdue(after, now, limitMs));
  return isLate ? { ...progress, followUp: { ...after, denied: false, firstHandledAt: now } } : progress;
}

/**
 * A message that comes back because a permission is missing brings nothing new: what else there is to its change was recorded
 * and sent on when it came for the first time.
 */
function isBounced({ followUp: { denied, hop, redelivered }, ...progress }: AttemptProgress): boolean {
  return progress.denied.length > 0 && (denied || (hop === 1 && redelivered));
}

/** It is to end in the dead-letter queue, from where it can be redriven when the permission has been given. */
function mustBounce({ followUp: { denied, hop }, ...progress }: AttemptProgress): boolean {
  return progress.denied.length > 0 && (denied || hop === 1);
}

function mayGoOn({ followUp: after }: AttemptProgress, now: number, { follow, ports }: StepContext): boolean {
  return after.open.length > 0 && ports.queue !== undefined && !isOverdue(after, now, follow.limitMs);
}

/** Follow-ups that are due at the same time travel together. */
async function sendAll(
  progress: readonly AttemptProgress[],
  now: number,
  run: StepContext,
): Promise<readonly Attempt[]> {
  const { firstSeconds, limitMs } = run.follow;
  const byDelay = new Map<number, Attempt[]>();
  for (const one of progress) {
    const delay = backoffSeconds(one, now, firstSeconds, limitMs);
    byDelay.set(delay, [...(byDelay.get(delay) ?? []), one.followUp]);
  }
  const unsent = await pMap(byDelay, ([delay, followUps]) => sendFollowUps(followUps, delay, run), {
    concurrency: CONCURRENCY.delays,
  });
  return unsent.flat();
}

/** In a later look the denied services part from the rest, so that only they bounce until they are in the dead-letter queue. */
async function sendDenied(
  progress: readonly AttemptProgress[],
  run: StepContext,
): Promise<readonly Attempt[]> {
  const parting = progress.filter(({ denied, followUp: { hop } }) => denied.length > 0 && hop > 1);
  const unsent = parting.map(({ followUp: after, denied }) =>
    sendFollowUps([{ ...after, open: denied, denied: true }], 1, run),
  );
  return (await Promise.all(unsent)).flat();
}

/** The rest of the fleet is read by an invocation with all its time before it, at once or when the next read is due. */
async function sendScans(
  postponed: readonly Postponed[],
  now: number,
  run: StepContext,
): Promise<readonly Postponed[]> {
  const unsent = postponed.map(async (one) => {
    const delay = Math.max(1, Math.ceil((one.notBefore - now) / 1000));
    return (await sendBody(scanBody(one.scan), delay, run)) ? [] : [one];
  });
  return (await Promise.all(unsent)).flat();
}
