import type { ServiceKey } from '../model/arn.ts';
import { type ExposureEnd, laterEnd } from '../model/rollout.ts';
import type { Result } from '../plan/planned.ts';
import { earliestWave } from '../plan/waves.ts';
import { advance, stillRefused, vanished } from './advance.ts';
import { type FollowUp, openKey, type Tally } from './follow-up.ts';
import type { Advance, Closed, Waiting } from './look.ts';
import { latest } from './merged.ts';
import type { Transition } from './seen-rollout.ts';
import { asWaiting, joinUnread, type Unread } from './unread.ts';

/** Where a change stands after a look. */
export type Progress<One extends FollowUp = FollowUp> = {
  readonly followUp: One;
  readonly closed: readonly Closed[];
  /** Something that the change waits for ends by itself. */
  readonly endsByItself: boolean;
  /** The services that are open, and what they wait for; and what is unread. */
  readonly waiting: readonly (Waiting | ReturnType<typeof asWaiting>)[];
  /** Services that wait for something else than after the look before. */
  readonly transitions: readonly Transition[];
  /** How many services have new tasks that fail, so that a person should look. */
  readonly alarms: number;
  /** Redeploys of this look. */
  readonly accepted: number;
  /** What is left to do once a missing permission is granted; undefined if none is missing. */
  readonly denied: One | undefined;
  /** A service has been redeployed or followed since the first look. */
  readonly moved: boolean;
  /** The earliest instant at which a new look may find something to do, if it is known. */
  readonly until: number | undefined;
  /** The answer to a call was lost: ECS needs time to show what became of the call. */
  readonly unsure: boolean;
};

/** The services of the follow-ups: those that ECS described, and those that it refused to describe. */
export type Seen = { readonly described: ReadonlySet<ServiceKey>; readonly refused: ReadonlySet<ServiceKey> };

/** What ECS did not show although it may refer to the change, and whether the change's time limit is over. */
export type Missed = { readonly unread: readonly Unread[]; readonly overdue: boolean };

const NOTHING_MISSED: Missed = { unread: [], overdue: false };

/** What a change waits for until its time limit only: nothing says that it will end by itself. */
const LAST_TO_THE_LIMIT: readonly string[] = ['unreadable', 'rotation-unfinished'];

/** Where the change stands after these results. */
export function progressOf<One extends FollowUp>(
  before: One,
  results: readonly Result[],
  seen: Seen,
  now: number,
  missed: Missed = NOTHING_MISSED,
): Progress<One> {
  const openBefore = new Map(before.open.map((open) => [openKey(open), open]));
  const matched = results.flatMap((result) => advance(before, openBefore, result, now) ?? []);
  const keys = new Set(matched.map(({ key }) => key));
  const unmatched = [...openBefore].filter(([key]) => !keys.has(key));
  const refused = unmatched.filter(([key]) => seen.refused.has(key));
  const gone = unmatched.filter(([key]) => !seen.refused.has(key));
  const advances = [
    ...matched,
    ...refused.map(([, open]) => stillRefused(open)),
    ...gone.map(([, open]) => vanished(open, seen.described, now)),
  ];
  return folded(before, advances, missed);
}

function folded<One extends FollowUp>(
  before: One,
  advances: readonly Advance[],
  missed: Missed,
): Progress<One> {
  const open = advances.flatMap(({ next }) => (next.kind === 'open' ? [next] : []));
  const tally = tallyAfter(before.tally, advances);
  const untils = open.flatMap(({ until }) => until ?? []);
  const doubtful = advances.flatMap(({ next }) => (next.kind === 'unread' ? [next.unread] : []));
  const unread = before.givenUp ? before.unread : joinUnread(missed.unread, doubtful);
  const ends = untils.filter((until) => until > 0);
  const knownEnd = ends.length === 0 ? null : Math.max(...ends);
  const followUp: One = {
    ...before,
    open: open.map((one) => one.open),
    tally,
    failedWave: earliestWave(before.failedWave, ...failedWavesIn(advances, false)),
    deniedWave: earliestWave(before.deniedWave, ...failedWavesIn(advances, true)),
    unread,
    givenUp: before.givenUp || (missed.overdue && unread.length > 0),
    knownEnd: latest(before.knownEnd, knownEnd),
    exposureEnd: exposureEndAfter(before, advances),
    notMade: before.notMade + count(advances, isNotMade),
    hop: before.hop + 1,
  };
  return {
    followUp,
    closed: advances.flatMap(({ next }) => (next.kind === 'closed' ? [next.closed] : [])),
    endsByItself: open.some(({ waiting }) => !LAST_TO_THE_LIMIT.includes(waiting.reason)),
    waiting: [...open.map(({ waiting }) => waiting), ...unread.map(asWaiting)],
    transitions: advances.flatMap(({ transition }) => transition ?? []),
    alarms: open.filter(({ alarms }) => alarms).length,
    denied: deniedIn(followUp, advances),
    accepted: count(advances, ({ accepted }) => accepted),
    moved: before.open.length > 0 || tally.redeployed > 0,
    until: untils.length === 0 ? undefined : Math.min(...untils),
    unsure: open.some(({ unsure }) => unsure),
  };
}

/**
 * The services for which we lack a permission, and those of later waves that wait for nothing else: a denied service
 * counts as failed only as long as it is denied.
 */
function deniedIn<One extends FollowUp>(after: One, advances: readonly Advance[]): One | undefined {
  const denied = advances.flatMap(({ denied: one }) => one ?? []);
  if (denied.length === 0) return undefined;
  const { failedWave, deniedWave } = after;
  const from = earliestWave(failedWave, deniedWave) ?? Infinity;
  const to = failedWave ?? Infinity;
  const held = advances.filter(({ heldWave = -1 }) => heldWave > from && heldWave <= to);
  return {
    ...after,
    open: [...denied, ...held.flatMap(({ next }) => (next.kind === 'open' ? [next.open] : []))],
    tally: { ...after.tally, failed: after.tally.failed - denied.length },
    notMade: after.notMade - count(advances, isDeniedNow),
    deniedWave: null,
    denied: true,
  };
}

const isNotMade = ({ next }: Advance): boolean => next.kind === 'closed' && next.notMade === true;

/** What is denied is tried again by a message of its own, for which the cap counts it. */
const isDeniedNow = (one: Advance): boolean => one.denied !== undefined && isNotMade(one);

function tallyAfter(before: Tally, advances: readonly Advance[]): Tally {
  const closed = (how: Closed['how']) =>
    count(advances, ({ next }) => next.kind === 'closed' && next.closed.how === how);
  return {
    redeployed: before.redeployed + count(advances, ({ accepted }) => accepted),
    fresh: before.fresh + closed('fresh'),
    failed: before.failed + closed('failed'),
    skipped: before.skipped + closed('skipped'),
    left: before.left + count(advances, ({ next }) => next.kind === 'closed' && next.left),
  };
}

/** The waves of the services whose redeploys failed in this look: those for which a permission is missing, or the others. */
function failedWavesIn(advances: readonly Advance[], areDenied: boolean): readonly number[] {
  return advances.flatMap(({ next, denied }) =>
    next.kind === 'closed' && (denied !== undefined) === areDenied ? (next.failedWave ?? []) : [],
  );
}

function exposureEndAfter(before: FollowUp, advances: readonly Advance[]): ExposureEnd | null {
  const ends = advances.flatMap(({ next }) => (next.kind === 'closed' ? (next.exposureEnd ?? []) : []));
  return ends.reduce(laterEnd, before.exposureEnd);
}

function count(advances: readonly Advance[], isOne: (one: Advance) => boolean): number {
  return advances.filter(isOne).length;
}
