import { backoffSeconds, followedUntil, isOverdue } from '../../core/follow-up/backoff.ts';
import { type Attempt, awaitsAny, type Sight } from '../../core/follow-up/follow-up.ts';
import { type Progress, progressOf } from '../../core/follow-up/progress.ts';
import { grouped } from '../../core/model/lists.ts';
import type { Result } from '../../core/plan/planned.ts';
import { scanBody } from '../../formats/follow-up.ts';
import type { StepContext } from '../context.ts';
import type { Observed, Postponed } from '../read/observed.ts';
import { recordEnd, recordLimit, recordTransitions } from './progress-records.ts';
import { sendBody, sendFollowUps } from './send.ts';

/** Whether changes are followed until no service waits for them, or end with the first look. */
type Reach = 'to-the-end' | 'first-look-only';

/**
 * After a look, a change for which no service waits is settled, a change whose time limit is over is unsettled, and
 * every other change is put on the queue again; so is an unsettled change that waits for what ends by itself. Answers the messages that SQS must deliver again: their follow-up could
 * not be sent, or a permission is missing and they must end in the dead-letter queue.
 */
export async function followUp(
  observed: Observed,
  results: readonly Result[],
  reach: Reach,
  run: StepContext,
): Promise<readonly string[]> {
  const now = run.ports.clock.now();
  const progress = observed.sights.map((sight) => progressAfter(sight, observed, results, now, run));
  const others = progress.filter((one) => !isBounced(one)).map((one) => paced(one, reach, now, run));
  for (const { look } of others) await recordTransitions(look, run);
  const unsent = await Promise.all([
    sendAll(others.filter(({ pace }) => pace !== 'over').map(lookOf), now, run),
    sendDenied(others.map(lookOf), run),
    sendScans(observed.postponed, run),
  ]);
  for (const { look, pace, atLimit } of others) {
    if (atLimit) recordLimit(look, run);
    if (pace === 'over' && !isEndedElsewhere(look)) recordEnd(look, now, run);
  }
  const redelivered = [...unsent.flat(), ...progress.filter(mustBounce).map((one) => one.followUp)];
  return redelivered.flatMap(({ messageIds }) => messageIds);
}

type AttemptProgress = Progress<Attempt>;

function progressAfter(
  { attempt, unread, overdue }: Sight<Attempt>,
  { seen }: Observed,
  results: readonly Result[],
  now: number,
  run: StepContext,
): AttemptProgress {
  // A message may claim a first handling in the future; it counts as now, because the time limit would never be over.
  const before = { ...attempt, firstHandledAt: Math.min(attempt.firstHandledAt, now) };
  return renewed(progressOf(before, results, seen, now, { unread, overdue }), now, run);
}

/**
 * A message that lay in a dead-letter queue may start deployments after the change's time limit, or find that what was
 * denied is permitted now. What it waits for is followed, too, with a new time limit.
 */
function renewed(
  progress: AttemptProgress,
  now: number,
  { follow: { limitMs } }: StepContext,
): AttemptProgress {
  const { followUp: after, accepted, denied } = progress;
  const isPermitted = after.denied && (accepted > 0 || denied === undefined);
  const isLate = isPermitted || (accepted > 0 && isOverdue(after, now, limitMs));
  return isLate
    ? { ...progress, followUp: { ...after, denied: false, firstHandledAt: now, triedAt: now } }
    : progress;
}

/**
 * Whether the message says of itself that all its services lack a permission, and they still do: it brings nothing new. If
 * they do not, it was renewed and no longer says so. An event that comes back says no such thing, so all its services are
 * looked at and followed again.
 */
function isBounced({ followUp: { denied } }: AttemptProgress): boolean {
  return denied;
}

/**
 * An event that comes back because a permission is missing finds fresh what it redeployed at an earlier delivery: the
 * follow-up of that delivery has recorded, or will record, the end of the change.
 */
function isEndedElsewhere(progress: AttemptProgress): boolean {
  const { tally, open, hop } = progress.followUp;
  return hop === 1 && progress.denied !== undefined && open.length === 0 && tally.fresh > 0;
}

/**
 * Whether the message must end in the dead-letter queue, from which it can be redriven once the permission is granted.
 */
function mustBounce(progress: AttemptProgress): boolean {
  return isBounced(progress) || (progress.denied !== undefined && progress.followUp.hop === 1);
}

/** How a change goes on after a look. `atLimit`: its time limit is over, which has not been recorded yet. */
type Paced = {
  readonly look: AttemptProgress;
  readonly pace: 'quick' | 'slow' | 'over';
  readonly atLimit: boolean;
};

const lookOf = ({ look }: Paced): AttemptProgress => look;

function paced(look: AttemptProgress, reach: Reach, now: number, run: StepContext): Paced {
  const pace = reach === 'to-the-end' ? paceOf(look, now, run) : 'over';
  if (pace !== 'slow') return { look, pace, atLimit: false };
  const { followUp: after } = look;
  const next = { ...look, followUp: { ...after, limitRecorded: true } };
  return { look: next, pace, atLimit: !after.limitRecorded };
}

/** What ends by itself is followed beyond the time limit, with looks that are further apart. */
function paceOf(
  { followUp: after, endsByItself }: AttemptProgress,
  now: number,
  { follow: { limitMs, maxMs }, ports }: StepContext,
): Paced['pace'] {
  if (!awaitsAny(after) || ports.queue === undefined) return 'over';
  if (!isOverdue(after, now, limitMs)) return 'quick';
  return endsByItself && now < followedUntil(after, maxMs) ? 'slow' : 'over';
}

/** Sends follow-ups; those that are due at the same time share messages. */
async function sendAll(
  progress: readonly AttemptProgress[],
  now: number,
  run: StepContext,
): Promise<readonly Attempt[]> {
  const delayOf = (one: AttemptProgress) => backoffSeconds(one, now, run.follow.firstSeconds, run.follow);
  // Changes that wait for nothing but what is unread need one read for all of them.
  const isIdle = ({ followUp: { open } }: AttemptProgress) => open.length === 0;
  const together = Math.min(...progress.filter(isIdle).map(delayOf));
  const byDelay = grouped(progress, (one) => (isIdle(one) ? together : delayOf(one)));
  const batches = [...byDelay].map(([delaySeconds, due]) => ({
    followUps: due.map((one) => one.followUp),
    delaySeconds,
  }));
  return sendFollowUps(batches, run);
}

/**
 * After a later look, sends the denied services and what waits for them in a message of their own, so that only this
 * one ends in the dead-letter queue.
 */
async function sendDenied(
  progress: readonly AttemptProgress[],
  run: StepContext,
): Promise<readonly Attempt[]> {
  const denied = progress.flatMap((one) => (one.followUp.hop > 1 ? (one.denied ?? []) : []));
  const batches = denied.map((one) => ({ followUps: [one], delaySeconds: 1 }));
  return sendFollowUps(batches, run);
}

/**
 * Sends the postponed scans: a new invocation, with its full time, continues them at once or when the next read is due.
 */
async function sendScans(postponed: readonly Postponed[], run: StepContext): Promise<readonly Postponed[]> {
  const now = run.ports.clock.now();
  const unsent = postponed.map(async (one) => {
    const delay = Math.max(1, Math.ceil((one.notBefore - now) / 1000));
    return (await sendBody(() => scanBody(one.scan), delay, run)) ? [] : [one];
  });
  return (await Promise.all(unsent)).flat();
}
