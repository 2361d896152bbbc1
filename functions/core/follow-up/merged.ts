import type { Change } from '../model/change.ts';
import { laterEnd } from '../model/rollout.ts';
import { earliestWave } from '../plan/waves.ts';
import { type Attempt, type FollowUp, openKey } from './follow-up.ts';
import { joinUnread } from './unread.ts';

/**
 * A change that was received more than once becomes one attempt, which waits for what any of its messages waits for.
 */
export function merged(attempts: readonly Attempt[]): readonly Attempt[] {
  const byId = new Map<string, Attempt>();
  for (const one of attempts) {
    const id = `${one.denied} ${one.changeId}`;
    const before = byId.get(id);
    byId.set(id, before === undefined ? one : mergedTwo(before, one));
  }
  return [...byId.values()];
}

function mergedTwo(a: Attempt, b: Attempt): Attempt {
  const open = new Map([...a.open, ...b.open].map((one) => [openKey(one), one]));
  return {
    ...(a.hop > b.hop ? a : b),
    firstHandledAt: Math.min(a.firstHandledAt, b.firstHandledAt),
    triedAt: Math.max(a.triedAt, b.triedAt),
    open: [...open.values()],
    failedWave: earliestWave(a.failedWave, b.failedWave),
    deniedWave: deniedWaveOf(a, b),
    unread: joinUnread(a.unread, b.unread),
    givenUp: a.givenUp && b.givenUp,
    limitRecorded: a.limitRecorded || b.limitRecorded,
    knownEnd: latest(a.knownEnd, b.knownEnd),
    exposureEnd: laterEnd(a.exposureEnd, b.exposureEnd),
    notMade: Math.max(a.notMade, b.notMade),
    messageIds: [...new Set([...a.messageIds, ...b.messageIds])],
  };
}

/** What one message knows as denied may have been tried again by another one. */
function deniedWaveOf(a: FollowUp, b: FollowUp): number | null {
  if (a.triedAt === b.triedAt) return earliestWave(a.deniedWave, b.deniedWave);
  return a.triedAt > b.triedAt ? a.deniedWave : b.deniedWave;
}

/** The later of two instants of which either may be unknown. */
export function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

/** A change that came in several scans at its first look becomes one attempt, too. */
export function mergedFirst(attempts: readonly Attempt[]): readonly Attempt[] {
  const byId = new Map<string, Attempt>();
  for (const one of attempts) {
    const before = byId.get(one.changeId);
    const changes = new Map(
      [...(before?.changes ?? []), ...one.changes].map((each) => [keyOfChange(each), each]),
    );
    byId.set(one.changeId, {
      ...(before === undefined ? one : mergedTwo(before, one)),
      changes: [...changes.values()],
    });
  }
  return [...byId.values()];
}

function keyOfChange({ kind, arn, label, versionId, changedAt }: Change): string {
  return JSON.stringify([kind, arn, label, versionId, changedAt]);
}
