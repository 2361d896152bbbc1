import type { Change, Notice } from '../model/change.ts';
import type { Decision } from '../model/decision.ts';
import type { Outcome } from '../model/outcome.ts';

/** The answer to a request (`schema/report.schema.json`). Every instant is ISO 8601 text. */
export type Report = {
  readonly changes: readonly ReportedChange[];
  readonly notices: readonly ReportedNotice[];
  readonly decisions: readonly Decision[];
  /** One outcome for each decision to redeploy that was made to be carried out; none in a plan. */
  readonly outcomes: readonly ReportedOutcome[];
  readonly summary: Summary;
} & Partial<LeftOut>;

/** How much of a report found no room in the answer; `summary` counts all of it all the same. */
export type LeftOut = {
  /** Decisions `already-fresh`. */
  readonly freshLeftOut: number;
  /** References of the decisions that are there. */
  readonly referencesLeftOut: number;
  /** Other decisions, with their outcomes. */
  readonly decisionsLeftOut: number;
};

/** What a redeploy that was asked for by hand has not finished. */
export type Unfinished = {
  /** Absent if nothing goes on. */
  readonly followed?: Followed;
  /** What went wrong after something had been done. */
  readonly error?: { readonly name: string; readonly message: string };
};

/** What goes on through the queue under the id of the request. */
export type Followed = {
  readonly changeId: string;
  /** The services that are known to go on: started, waiting, or out of time. */
  readonly services: number;
  /** Whether the fleet was read only in part, so that more services may follow. */
  readonly unread: boolean;
  /** The same in words. */
  readonly note: string;
};

type ReportedChange = Pick<
  Change,
  'changeId' | 'kind' | 'arn' | 'label' | 'versionId' | 'source' | 'confirmed'
> & {
  readonly changedAt: string;
};
type ReportedNotice = Pick<Notice, 'changeId' | 'kind' | 'arn' | 'notice' | 'source'> & {
  readonly at: string;
};
type ReportedOutcome = {
  readonly service: string;
  readonly result: Outcome['result'];
  readonly deploymentId?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly missingAction?: string };
};
export type Summary = {
  readonly matched: number;
  readonly redeploy: number;
  readonly wait: number;
  readonly skip: number;
  readonly accepted: number;
  readonly failed: number;
};

/** Combines what was found, decided and done. `failed` also counts the unknown outcomes. */
export function makeReport(
  changes: readonly Change[],
  notices: readonly Notice[],
  decisions: readonly Decision[],
  outcomes: readonly Outcome[],
): Report {
  return {
    changes: changes.map(reportedChange),
    notices: notices.map(({ at, ...notice }) => ({ ...notice, at: iso(at) })),
    decisions,
    outcomes: outcomes.map(reportedOutcome),
    summary: {
      matched: decisions.length,
      redeploy: countOf(decisions, ({ action }) => action === 'redeploy'),
      wait: countOf(decisions, ({ action }) => action === 'wait'),
      skip: countOf(decisions, ({ action }) => action === 'skip'),
      accepted: countOf(outcomes, ({ result }) => result === 'accepted'),
      failed: countOf(outcomes, ({ result }) => result === 'failed' || result === 'unknown'),
    },
  };
}

function reportedChange({
  changeId,
  kind,
  arn,
  label,
  versionId,
  changedAt,
  source,
  confirmed,
}: Change): ReportedChange {
  return {
    changeId,
    kind,
    arn,
    ...(label && { label }),
    ...(versionId && { versionId }),
    changedAt: iso(changedAt),
    source,
    ...(confirmed === false && { confirmed }),
  };
}

function reportedOutcome(outcome: Outcome): ReportedOutcome {
  const { service, result } = outcome;
  if (outcome.result === 'accepted') return { service, result, deploymentId: outcome.deploymentId };
  if (outcome.result !== 'failed' && outcome.result !== 'unknown') return { service, result };
  const { code, message, missingAction } = outcome.error;
  return { service, result, error: { code, message, ...(missingAction && { missingAction }) } };
}

const iso = (instant: number): string => new Date(instant).toISOString();
const countOf = <T>(items: readonly T[], isOne: (item: T) => boolean): number => items.filter(isOne).length;
