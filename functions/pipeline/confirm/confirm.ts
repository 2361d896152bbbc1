import pMap from 'p-map';
import { type Attempt, begin } from '../../core/follow-up/follow-up.ts';
import { merged } from '../../core/follow-up/merged.ts';
import type { Confirmed, OpenScan, Trigger } from '../../core/follow-up/trigger.ts';
import { type Change, isGone, type Notice, REQUEST } from '../../core/model/change.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import { grouped } from '../../core/model/lists.ts';
import { standingKey } from '../../core/plan/standing.ts';
import { type Scan, startScan } from '../../core/read/scan.ts';
import type { StepContext } from '../context.ts';
import { describing } from '../living.ts';
import { type Ask, find } from './find.ts';
import { isElsewhere } from './foreign.ts';
import { replicasNow } from './replica.ts';
import { deletedParameters, type Found } from './resolve.ts';
import { refutedOf, standingOf } from './standing.ts';

/** Checks each trigger against what Secrets Manager and Parameter Store say now. A failing trigger stops no other. */
export async function confirm(triggers: readonly Trigger[], run: StepContext): Promise<Confirmed> {
  const ask: Ask = {
    describe: describing(run),
    deleted: deletedParameters(triggers, run),
  };
  const findings = await pMap(
    triggers,
    async (trigger) => ({ trigger, found: await find(trigger, ask, run) }),
    { concurrency: CONCURRENCY.resources },
  );
  const changes = delivered(findings, (found) => (found.kind === 'changes' ? found.changes : []));
  const notices = delivered(findings, (found) => (found.kind === 'notice' ? [found.notice] : []));
  const standing = notices.filter(({ value }) => !isSuperseded(value, changes));
  record(findings, changes, notices, standing, run);
  run.hear(changes.map(({ value }) => value).filter((change) => isToBeHeard(change, run)));
  const first = firstScan(changes, standing, run.ports.clock.now());
  const later = await asTheyStand(triggers.flatMap(continuedScan), run);
  const scans = [...first, ...(await replicasNow(later, ask.describe, run)).map(opened)];
  const attempts = await replicasNow(merged(triggers.flatMap(laterAttempt)), ask.describe, run);
  return {
    attempts,
    scans,
    named: triggers.flatMap((trigger) => (trigger.kind === 'service' ? [trigger] : [])),
    messageIds: [...attempts, ...scans].flatMap(({ messageIds }) => messageIds),
    unconfirmed: messagesOf(findings, 'unconfirmed'),
    retryLater: messagesOf(findings, 'not-visible'),
  };
}

type FoundFor = { readonly trigger: Trigger; readonly found: Found };

/** A change or a notice with the messages that reported it: an event that is delivered twice is one change. */
type Delivered<T> = Pick<Attempt, 'messageIds'> & { readonly value: T };

function delivered<T extends Change | Notice>(
  findings: readonly FoundFor[],
  valuesOf: (found: Found) => readonly T[],
): readonly Delivered<T>[] {
  const byValue = new Map<string, Delivered<T>>();
  for (const { trigger, found } of findings) {
    for (const value of valuesOf(found)) {
      const key = JSON.stringify(value);
      const before = byValue.get(key);
      byValue.set(key, {
        value,
        messageIds: [...(before?.messageIds ?? []), ...messageIdsOf(trigger)],
      });
    }
  }
  return [...byValue.values()];
}

/** Whether the resource was created again after its deletion; the later change counts. */
function isSuperseded(notice: Notice, changes: readonly Delivered<Change>[]): boolean {
  const isLater = ({ value: { arn, changedAt } }: Delivered<Change>) =>
    arn === notice.arn && changedAt >= notice.at;
  return isGone(notice) && changes.some(isLater);
}

function record(
  findings: readonly FoundFor[],
  changes: readonly Delivered<Change>[],
  notices: readonly Delivered<Notice>[],
  standing: readonly Delivered<Notice>[],
  { journal }: StepContext,
): void {
  for (const subject of findings.flatMap(({ trigger }) => receivedBefore(trigger))) journal.recalled(subject);
  for (const { value } of changes) journal.received(value);
  for (const { found } of findings)
    if (found.kind === 'ignored') journal.ignored(found.origin, found.reason, found.why);
  for (const one of notices) if (!standing.includes(one)) journal.ignored(one.value, 'restored');
}

/** Whether the sweep may know of the change by its event alone. */
function isToBeHeard({ kind, source, arn, confirmed }: Change, run: StepContext): boolean {
  return kind === 'secret' && source !== REQUEST && (confirmed === false || isElsewhere(arn, run));
}

/** The changes and notices that an earlier invocation received. */
function receivedBefore(trigger: Trigger): readonly (Change | Notice)[] {
  if (trigger.kind === 'follow-up') return trigger.followUp.changes;
  return trigger.kind === 'scan' ? [...trigger.scan.changes, ...trigger.scan.notices] : [];
}

/** One scan for everything that is looked at for the first time; none if there is nothing to look at. */
function firstScan(
  changes: readonly Delivered<Change>[],
  notices: readonly Delivered<Notice>[],
  now: number,
): readonly OpenScan[] {
  const all = [...changes, ...notices];
  if (all.length === 0) return [];
  const values = <T>(some: readonly Delivered<T>[]) => some.map(({ value }) => value);
  return [
    {
      scan: startScan(values(changes), values(notices), now),
      attempts: firstAttempts(changes, now),
      messageIds: [...new Set(all.flatMap(({ messageIds }) => messageIds))],
    },
  ];
}

/** A scan that an earlier invocation has begun, or has left to this one. */
type Continued = Scan & Pick<OpenScan, 'messageIds'>;

function continuedScan(trigger: Trigger): readonly Continued[] {
  return trigger.kind === 'scan' ? [{ ...trigger.scan, messageIds: [trigger.messageId] }] : [];
}

function opened({ messageIds, ...scan }: Continued): OpenScan {
  const changes = scan.changes.map((value) => ({ value, messageIds }));
  return { scan, attempts: firstAttempts(changes, scan.firstHandledAt), messageIds };
}

/** A scan that has not begun for this long may be of changes that stand no longer. */
const STANDS_MS = 60_000;

/**
 * The scans that go on, with what became of their changes and notices since these were confirmed; none of which nothing is
 * left.
 */
async function asTheyStand(scans: readonly Continued[], run: StepContext): Promise<readonly Continued[]> {
  const isOld = ({ remaining, firstHandledAt }: Scan) =>
    remaining !== 'all' || run.ports.clock.now() - firstHandledAt > STANDS_MS;
  const old = scans.filter(isOld);
  const [standings, refuted] = await Promise.all([
    standingOf(
      old.flatMap(({ changes }) => changes),
      run,
    ),
    refutedOf(
      old.flatMap(({ notices }) => notices),
      run,
    ),
  ]);
  for (const notice of refuted) run.journal.ignored(notice, 'restored');
  return scans
    .map((scan) => ({
      ...scan,
      changes: scan.changes.map((change) => ({ ...change, ...standings.get(standingKey(change)) })),
      notices: scan.notices.filter((notice) => !refuted.includes(notice)),
    }))
    .filter(({ changes, notices }) => changes.length + notices.length > 0);
}

/** One attempt for each id: a request may name several resources, and one call may move several labels. */
function firstAttempts(changes: readonly Delivered<Change>[], firstHandledAt: number): readonly Attempt[] {
  const byId = grouped(changes, ({ value }) => value.changeId);
  return [...byId].map(([changeId, ofId]) => ({
    ...begin(
      changeId,
      ofId.map(({ value }) => value),
      firstHandledAt,
    ),
    messageIds: [...new Set(ofId.flatMap(({ messageIds }) => messageIds))],
  }));
}

function laterAttempt(trigger: Trigger): readonly Attempt[] {
  if (trigger.kind !== 'follow-up') return [];
  const { followUp, messageId } = trigger;
  // A look came before, whatever the message says.
  return [{ ...followUp, hop: Math.max(1, followUp.hop), messageIds: [messageId] }];
}

function messagesOf(findings: readonly FoundFor[], kind: Found['kind']): readonly string[] {
  return findings.flatMap(({ trigger, found }) => (found.kind === kind ? messageIdsOf(trigger) : []));
}

function messageIdsOf(trigger: Trigger): readonly string[] {
  return 'messageId' in trigger ? [trigger.messageId] : [];
}
