import type { Decision } from './core/decision.ts';

/** Every value that the field `event` of a record can have (DESIGN §9). */
export const RECORDS = [
  'change.received',
  'change.ignored',
  'change.notice',
  'plan.made',
  'service.redeployed',
  'service.skipped',
  'service.waiting',
  'service.fresh',
  'service.failed',
  'change.settled',
  'change.unsettled',
  'request.received',
] as const;
export type RecordName = (typeof RECORDS)[number];

/** Items of one kind that a record carries at most: a line of the log has a limit of its own. */
export const SHOWN = 100;

/** Left alone, and yet somebody should look. */
export const ALARMING: readonly string[] = [
  'secret-gone',
  'unreadable',
  'unsupported-controller',
  'rollout-failed',
  'cannot-replace',
  'over-cap',
];

/** One change in most cases; of several the first stands for them, so that every record has a `changeId`. */
export function idsOf(changeIds: readonly string[]): {
  readonly changeId?: string;
  readonly changeIds?: readonly string[];
} {
  const ids = [...new Set(changeIds)];
  const [changeId] = ids;
  return changeId === undefined ? {} : ids.length === 1 ? { changeId } : { changeId, changeIds: ids };
}

export function countedByReason(decisions: readonly Decision[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { reason } of decisions) if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries(counts);
}

export function someOf(name: string, items: readonly object[]): object {
  return items.length === 0 ? {} : { [name]: items.slice(0, SHOWN), [`${name}Total`]: items.length };
}

export const iso = (instant: number): string => new Date(instant).toISOString();
