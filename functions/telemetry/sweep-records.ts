import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { about, type Notice } from '../core/model/change.ts';
import { reasonHas } from '../core/plan/reasons.ts';
import {
  countsOf,
  type HealResult,
  recordOf,
  type SweepCounts,
  type SweepRecord,
} from '../core/report/sweep-report.ts';
import type { Sweep } from '../core/sweep/sweep.ts';
import {
  countedByReason,
  idsOf,
  iso,
  type Level,
  noticeFields,
  type RecordWriter,
  someOf,
} from './record.ts';

/** The fields of `sweep.done`, which are the answer of the function, too. */
export type SweepDone = SweepCounts & {
  readonly reasons: Readonly<Record<string, number>>;
  readonly missing: number;
  readonly unchecked: number;
  readonly complete: boolean;
};

/**
 * Records a sweep: one record for each service that needs attention, one for each resource that is gone, and one for
 * the whole sweep. What happens to changes has metrics of its own; of the services of a sweep, only the stale ones are
 * counted.
 */
export function recordSweep(found: Sweep, healed: HealResult, now: number, writer: RecordWriter): SweepDone {
  const done = doneOf(found, healed, now);
  for (const subject of [...found.changes, ...found.notices]) writer.isAbout(subject);
  for (const one of found.swept) {
    const told = recordOf(one, healed, now);
    if (told !== undefined) recordService(told, writer);
  }
  for (const decision of found.unreadable)
    recordService({ action: 'skip', reason: decision.reason ?? '', decision }, writer);
  for (const notice of found.notices) recordNotice(notice, found, writer);
  const stale = done.staleForCertain - done.young;
  // A 0 is written, too, so that an alarm recovers; but not if a part was unread, which may be stale or refer to gone
  // resources.
  if (found.completeButHidden || stale > 0) writer.measure('StaleServices', MetricUnit.Count, stale);
  if (found.completeButHidden || done.missing > 0)
    writer.measure('MissingResources', MetricUnit.Count, done.missing);
  const isBad = stale + done.missing > 0 || !done.complete || found.errors.length > 0;
  writer.record(levelOf(isBad), 'sweep.done', { changeId: found.id, ...done, ...listsOf(found) });
  return done;
}

function doneOf(found: Sweep, healed: HealResult, now: number): SweepDone {
  return {
    ...countsOf(found.swept, healed, now),
    reasons: countedByReason([...found.swept.map(({ decision }) => decision), ...found.unreadable]),
    missing: found.notices.length,
    unchecked: found.unchecked.length,
    complete: found.complete,
  };
}

function listsOf({ swept, remaining, errors, unchecked }: Sweep): object {
  const named = (isOne: (one: Sweep['swept'][number]) => boolean) =>
    swept.filter(isOne).map(({ decision: { service, cluster } }) => ({ service, cluster }));
  return {
    ...someOf(
      'stale',
      named(({ certain }) => certain.length > 0),
    ),
    ...someOf(
      'possibly',
      named(({ certain, possibly }) => certain.length === 0 && possibly.length > 0),
    ),
    ...someOf(
      'left',
      remaining.map((cluster) => ({ cluster })),
    ),
    ...someOf('unreadable', errors),
    ...someOf('refused', unchecked.filter(({ why }) => why !== undefined).map(asRefused)),
  };
}

function asRefused({ arn, why, lastEvent }: Sweep['unchecked'][number]): object {
  return { arn, why, ...(lastEvent !== undefined && { lastEvent: iso(lastEvent) }) };
}

function recordService({ action, reason, decision }: SweepRecord, writer: RecordWriter): void {
  const { service, cluster, changeIds, wave } = decision;
  const isBad = reasonHas('alarms', reason) || reason === 'report';
  writer.record(levelOf(isBad), action === 'wait' ? 'service.waiting' : 'service.skipped', {
    ...idsOf(changeIds),
    service,
    cluster,
    wave,
    reason,
  });
}

function recordNotice(notice: Notice, { swept }: Sweep, writer: RecordWriter): void {
  const services = swept
    .filter(({ planned }) =>
      planned.verdicts.some(({ match }) => about(match.subject).changeId === notice.changeId),
    )
    .map(({ decision }) => decision.service);
  writer.record('warn', 'change.notice', noticeFields(notice, services));
}

const levelOf = (isBad: boolean): Level => (isBad ? 'warn' : 'info');
