import { LOST_ANSWER_MS } from '../model/limits.ts';
import type { FollowUp } from './follow-up.ts';
import type { Progress } from './progress.ts';

/**
 * How long a change is followed, in milliseconds. `limitMs`: from its first handling on, quickly. `maxMs`: as long as it
 * waits for what ends by itself, slowly; counted from the end that is known, if one is.
 */
export type Limits = { readonly limitMs: number; readonly maxMs: number };

/** The longest delay of a message in SQS (functions/README.md, Queue and Lambda). */
const MAX_DELAY_S = 900;
const JITTER_S = 5;

/** Each look waits 1.5 times as long as the one before. */
const BACKOFF_FACTOR = 1.5;

/**
 * Seconds until the next look at a change. They grow from `firstSeconds`, and are the longest that the queue allows once
 * the time limit is over. The look comes sooner if it is known when there will be something to do, and no later than the
 * next of the change's limits.
 */
export function backoffSeconds(
  { followUp, until, unsure }: Progress,
  now: number,
  firstSeconds: number,
  limits: Limits,
): number {
  const isSlow = isOverdue(followUp, now, limits.limitMs);
  const grown = isSlow
    ? MAX_DELAY_S
    : Math.min(MAX_DELAY_S, firstSeconds * BACKOFF_FACTOR ** (followUp.hop - 1));
  const known =
    until === undefined ? Infinity : (until - now) / 1000 + (until > now ? jitter(followUp.changeId) : 0);
  const end = isSlow ? followedUntil(followUp, limits.maxMs) : followUp.firstHandledAt + limits.limitMs;
  const left = (end - now) / 1000;
  const delay = Math.ceil(Math.min(grown, Math.max(known, 0), Math.max(left, 0)));
  return Math.min(MAX_DELAY_S, Math.max(delay, unsure ? LOST_ANSWER_MS / 1000 : 1));
}

/**
 * Several changes may wait for the same instant. A few seconds apart, the later ones find what the first one started.
 */
function jitter(changeId: string): number {
  const sum = Array.from(changeId).reduce((total, char) => total + (char.codePointAt(0) ?? 0), 0);
  return sum % JITTER_S;
}

export function isOverdue(
  { firstHandledAt }: Pick<FollowUp, 'firstHandledAt'>,
  now: number,
  limitMs: number,
): boolean {
  return now >= firstHandledAt + limitMs;
}

/** The instant until which a change is followed that waits for what ends by itself. */
export function followedUntil(
  { firstHandledAt, knownEnd }: Pick<FollowUp, 'firstHandledAt' | 'knownEnd'>,
  maxMs: number,
): number {
  return Math.max(firstHandledAt, knownEnd ?? 0) + maxMs;
}

/**
 * Packs follow-ups that are due at the same time into as few messages as possible, and never splits one. `sizeOf` says
 * how much of a message each takes, `most` how much there is; one that takes more has a message of its own.
 */
export function packed<One extends FollowUp>(
  followUps: readonly One[],
  sizeOf: (followUp: FollowUp) => number,
  most: number,
): readonly One[][] {
  const messages: One[][] = [];
  let room = 0;
  for (const followUp of followUps) {
    const size = sizeOf(followUp);
    const last = messages.at(-1);
    if (last === undefined || size > room) {
      messages.push([followUp]);
      room = most - size;
    } else {
      last.push(followUp);
      room -= size;
    }
  }
  return messages;
}
