import pMap from 'p-map';
import { backoffSeconds, isOverdue } from '../../core/follow-up/backoff.ts';
import { begin, type FollowUp } from '../../core/follow-up/follow-up.ts';
import { type Progress, progressOf } from '../../core/follow-up/progress.ts';
import type { Change } from '../../core/model/change.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { Result } from '../../core/plan/planned.ts';
import type { Postponed } from '../../core/read/scan.ts';
import { scanBody } from '../../formats/follow-up.ts';
import type { StepContext } from '../context.ts';
import type { Observed } from '../read/observed.ts';
import { recordEnd, recordTransitions } from './progress-records.ts';
import { sendBody, sendFollowUps } from './send.ts';

/** Changes whose messages must come back. */
export type Requeued = {
  /** Their follow-up could not be sent. */
  readonly unsent: ReadonlySet<string>;
  /** A permission is missing: their messages are to end in the dead-letter queue. */
  readonly denied: ReadonlySet<string>;
};

/**
 * After a look: a change for which nothing waits is settled; one that has had its time is unsettled; every other goes back
 * to the queue and is looked at again later.
 */
export async function followUp(
  sight: Observed,
  results: readonly Result[],
  run: StepContext,
): Promise<Requeued> {
  if (run.follow.how === 'not-at-all') return { unsent: new Set(), denied: new Set() };
  const now = run.ports.clock.now();
  // No message is older than now, whatever it says: else its time would never be over.
  const laterLooks = sight.followUps.map((one) => ({
    ...one,
    firstHandledAt: Math.min(one.firstHandledAt, now),
  }));
  const looks = [...laterLooks, ...firstLooks(sight, now)];
  const standings = looks.map((before) => rebased(progressOf(before, results, sight.seen), now, run));
  const bounced = standings.filter((standing) => isBounced(standing, sight));
  const others = standings.filter((standing) => !bounced.includes(standing));
  for (const standing of others) await recordTransitions(standing, run);
  const goesOn = (standing: Progress) => standing.followUp.open.length > 0 && mayGoOn(standing, now, run);
  const unsent = await Promise.all([
    sendAll(others.filter(goesOn), now, run),
    sendDenied(others, run),
    sendScans(sight.postponed, run),
  ]);
  for (const standing of others.filter((one) => !goesOn(one))) await recordEnd(standing, now, run);
  const denied = standings.filter(
    (one) => one.denied.length > 0 && (one.followUp.denied || one.followUp.hop === 1),
  );
  return { unsent: new Set(unsent.flat()), denied: new Set(denied.map(({ followUp }) => followUp.changeId)) };
}

/** What was started when the time was over already, by a message that lay in a dead-letter queue, is followed all the same. */
function rebased(standing: Progress, now: number, { follow: { limitMs } }: StepContext): Progress {
  const { followUp } = standing;
  const isStarted = standing.accepted > 0 && (followUp.denied || isOverdue(followUp, now, limitMs));
  return isStarted
    ? { ...standing, followUp: { ...followUp, denied: false, firstHandledAt: now } }
    : standing;
}

/**
 * A message that comes back because a permission is missing brings nothing new: what else there is to its change was told
 * and sent on when it came for the first time.
 */
function isBounced({ followUp, denied }: Progress, { again }: Observed): boolean {
  return denied.length > 0 && (followUp.denied || (followUp.hop === 1 && again.has(followUp.changeId)));
}

/** In a later look the denied services part from the rest, so that only they bounce until they are in the dead-letter queue. */
async function sendDenied(standings: readonly Progress[], run: StepContext): Promise<readonly string[]> {
  const parting = standings.filter(({ denied, followUp }) => denied.length > 0 && followUp.hop > 1);
  const unsent = parting.map(({ followUp, denied }) =>
    sendFollowUps([{ ...followUp, open: denied, denied: true }], 1, run),
  );
  return (await Promise.all(unsent)).flat();
}

function firstLooks({ changes, firstHandledAt }: Observed, now: number): readonly FollowUp[] {
  const byId = new Map<string, Change[]>();
  for (const change of changes) byId.set(change.changeId, [...(byId.get(change.changeId) ?? []), change]);
  return [...byId].map(([changeId, ofId]) => begin(changeId, ofId, firstHandledAt.get(changeId) ?? now));
}

function mayGoOn(
  { followUp }: Progress,
  now: number,
  { follow: { how, limitMs }, ports: world }: StepContext,
): boolean {
  return how === 'to-the-end' && world.queue !== undefined && !isOverdue(followUp, now, limitMs);
}

/** Follow-ups that are due at the same time travel together. */
async function sendAll(
  standings: readonly Progress[],
  now: number,
  run: StepContext,
): Promise<readonly string[]> {
  const { firstSeconds, limitMs } = run.follow;
  const byDelay = new Map<number, FollowUp[]>();
  for (const standing of standings) {
    const delay = backoffSeconds(standing, now, firstSeconds, limitMs);
    byDelay.set(delay, [...(byDelay.get(delay) ?? []), standing.followUp]);
  }
  const unsent = await pMap(byDelay, ([delay, followUps]) => sendFollowUps(followUps, delay, run), {
    concurrency: CONCURRENCY.delays,
  });
  return unsent.flat();
}

/** The rest of the fleet is read by an invocation with all its time before it, at once or when the next read is due. */
async function sendScans(postponed: readonly Postponed[], run: StepContext): Promise<readonly string[]> {
  const now = run.ports.clock.now();
  const unsent = postponed.map(({ scan: reading, notBefore }) => {
    const changeIds = [...reading.changes, ...reading.notices].map(({ changeId }) => changeId);
    return sendBody(scanBody(reading), Math.max(1, Math.ceil((notBefore - now) / 1000)), changeIds, run);
  });
  return (await Promise.all(unsent)).flat();
}
