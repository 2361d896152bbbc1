import type { ServiceKey } from '../model/arn.ts';
import type { Decision } from '../model/decision.ts';
import type { Result } from '../plan/planned.ts';
import { type Advance, advance, type Closed, stillRefused, vanished, type Waiting } from './advance.ts';
import { type FollowUp, openKey, type Tally } from './follow-up.ts';
import { asWaiting, joinUnread, type Unread } from './unread.ts';

/** Where a change stands after a look. */
export type Progress<One extends FollowUp = FollowUp> = {
  readonly followUp: One;
  readonly closed: readonly Closed[];
  /** The services that are open, and what they wait for; and what is unread. */
  readonly waiting: readonly (Waiting | ReturnType<typeof asWaiting>)[];
  /** Services that wait for something else than after the look before. */
  readonly transitions: readonly Decision[];
  /** Services whose rollout was under way at the look before and still is. */
  readonly stuck: readonly Pick<Closed, 'service' | 'cluster' | 'now'>[];
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

/** Where the change stands after these results. */
export function progressOf<One extends FollowUp>(
  before: One,
  results: readonly Result[],
  seen: Seen,
  missed: Missed = NOTHING_MISSED,
): Progress<One> {
  const openBefore = new Map(before.open.map((open) => [openKey(open), open]));
  const matched = results.flatMap((result) => advance(before, openBefore, result) ?? []);
  const keys = new Set(matched.map(({ key }) => key));
  const unmatched = [...openBefore].filter(([key]) => !keys.has(key));
  const refused = unmatched.filter(([key]) => seen.refused.has(key));
  const gone = unmatched.filter(([key]) => !seen.refused.has(key));
  const advances = [
    ...matched,
    ...refused.map(([, open]) => stillRefused(open)),
    ...gone.map(([, open]) => vanished(open, seen.described)),
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
  const followUp: One = {
    ...before,
    open: open.map((one) => one.open),
    tally,
    failedWave: failedWaveAfter(before, advances),
    unread,
    givenUp: before.givenUp || (missed.overdue && unread.length > 0),
    hop: before.hop + 1,
  };
  return {
    followUp,
    closed: advances.flatMap(({ next }) => (next.kind === 'closed' ? [next.closed] : [])),
    waiting: [...open.map(({ waiting }) => waiting), ...unread.map(asWaiting)],
    transitions: advances.flatMap(({ transition }) => transition ?? []),
    stuck: open.flatMap(({ stuck }) => stuck ?? []),
    denied: deniedIn(before, followUp, advances),
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
function deniedIn<One extends FollowUp>(
  before: One,
  after: One,
  advances: readonly Advance[],
): One | undefined {
  const denied = advances.flatMap(({ denied: one }) => one ?? []);
  if (denied.length === 0) return undefined;
  const others = advances.filter((one) => one.denied === undefined);
  const failedWave = failedWaveAfter(before, others);
  const from = failedWaveAfter(before, advances) ?? Infinity;
  const to = failedWave ?? Infinity;
  const held = others.filter(({ heldWave = -1 }) => heldWave > from && heldWave <= to);
  return {
    ...after,
    open: [...denied, ...held.flatMap(({ next }) => (next.kind === 'open' ? [next.open] : []))],
    tally: { ...after.tally, failed: after.tally.failed - denied.length },
    failedWave,
    denied: true,
  };
}

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

function failedWaveAfter(before: FollowUp, advances: readonly Advance[]): number | null {
  const waves = advances.flatMap(({ next }) => (next.kind === 'closed' ? (next.failedWave ?? []) : []));
  const earliest = Math.min(before.failedWave ?? Infinity, ...waves);
  return Number.isFinite(earliest) ? earliest : null;
}

function count(advances: readonly Advance[], isOne: (one: Advance) => boolean): number {
  return advances.filter(isOne).length;
}
