import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Change, IgnoredReason, Notice } from './core/change.ts';
import type { Decision } from './core/decision.ts';
import { unreadableOf } from './core/fleet.ts';
import { type Match, suffixWarnings } from './core/match.ts';
import type { Outcome } from './core/outcome.ts';
import type { Plan } from './core/plan.ts';
import { oddTag, tagWarnings } from './core/tags.ts';
import type { Request } from './input/request.ts';
import type { Sight } from './read.ts';

/** Every value that the field `event` of a record can have (DESIGN §9). */
export const RECORDS = [
  'change.received',
  'change.ignored',
  'change.notice',
  'plan.made',
  'service.redeployed',
  'service.skipped',
  'service.waiting',
  'service.failed',
  'request.received',
] as const;
type RecordName = (typeof RECORDS)[number];

/** Items of one kind that a record carries at most: a line of the log has a limit of its own. */
const SHOWN = 100;

/**
 * Writes the records and counts the metrics that operations see. Names and ARNs only: no value, no tag, no description,
 * no event and no environment ever reaches a line of the log.
 */
export class Journal {
  readonly #logger: Logger;
  readonly #metrics: Metrics | undefined;
  /** When the changes of this invocation happened, for the reaction times of those that an event told of. */
  readonly #changedAt = new Map<string, number>();

  /** Without metrics for what a person only asks: it must not move the dashboards. */
  constructor(logger: Logger, metrics?: Metrics) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  requested(changeId: string, request: Request): void {
    const { services, at, ...asked } = request;
    this.#record('info', 'request.received', {
      changeId,
      ...asked,
      services: services.map(({ asGiven }) => asGiven),
      ...(at === undefined ? {} : { at: iso(at) }),
    });
  }

  received(change: Change): void {
    const { changeId, kind, arn, label, versionId, changedAt, source } = change;
    if (source !== REQUEST)
      this.#changedAt.set(changeId, Math.min(changedAt, this.#changedAt.get(changeId) ?? changedAt));
    this.#count('Changes');
    this.#record('info', 'change.received', {
      changeId,
      kind,
      arn,
      label,
      versionId,
      changedAt: iso(changedAt),
      source,
    });
  }

  ignored(
    { changeId, source }: { readonly changeId: string; readonly source: string },
    reason: IgnoredReason,
  ): void {
    this.#record('info', 'change.ignored', { changeId, source, reason });
  }

  /** What was decided about everybody, what is left alone and why; the redeploys are recorded when they are done. */
  planned({ notices, fleet, subjects }: Sight, matches: readonly Match[], plan: Plan): void {
    for (const notice of notices) this.#noticed(notice, matches);
    if (subjects.length === 0) return;
    const tags = [
      ...[...new Set(matches.map(({ service }) => service))].flatMap(tagWarnings),
      ...subjects.flatMap((subject) => ('oddTag' in subject ? oddTag(subject.arn) : [])),
    ];
    const suffixes = suffixWarnings(fleet, subjects);
    const unreadable = unreadableOf(fleet);
    this.#count('Matched', plan.redeploys.length + plan.others.length);
    this.#record(
      tags.length + suffixes.length + unreadable.length + fleet.unreadableClusters.length > 0
        ? 'warn'
        : 'info',
      'plan.made',
      {
        ...idsOf(subjects.map(({ changeId }) => changeId)),
        redeploy: plan.redeploys.length,
        wait: plan.others.filter(({ action }) => action === 'wait').length,
        skip: plan.others.filter(({ action }) => action === 'skip').length,
        reasons: countedByReason(plan.others),
        ...someOf('tagWarnings', tags),
        ...someOf('referenceWarnings', suffixes),
        ...someOf('unreadable', unreadable),
        ...someOf('unreadableClusters', fleet.unreadableClusters),
      },
    );
    for (const decision of plan.others) this.decided(decision);
  }

  /** A service that is left alone, for now or altogether. */
  decided(decision: Decision): void {
    if (decision.action === 'skip') this.#count('Skipped');
    if (decision.reason === 'rollout-failed') this.#count('RolloutFailed');
    if (decision.reason === 'cannot-replace' || decision.reason === 'over-cap') this.#count('StaleServices');
    const level = decision.reason !== null && ALARMING.includes(decision.reason) ? 'warn' : 'info';
    this.#service(
      level,
      decision.action === 'wait' ? 'service.waiting' : 'service.skipped',
      decision,
      decision.reason,
    );
  }

  /** A redeploy that was decided upon, but is not to be made. */
  stopped(decision: Decision, why: 'plan' | 'observe'): void {
    if (why === 'observe') this.#count('Skipped');
    this.#service('info', 'service.skipped', decision, why);
  }

  carriedOut(decision: Decision, outcome: Outcome): void {
    switch (outcome.result) {
      case 'accepted': {
        this.#count('Redeployed');
        const reactionMs = this.#reaction(decision, outcome.acceptedAt);
        if (reactionMs !== undefined)
          this.#metrics?.addMetric('ReactionMs', MetricUnit.Milliseconds, reactionMs);
        const { deploymentId } = outcome;
        this.#service('info', 'service.redeployed', decision, null, { deploymentId, reactionMs });
        break;
      }
      case 'gone':
        this.#count('Skipped');
        this.#service('info', 'service.skipped', decision, 'gone');
        break;
      case 'not-executed':
        this.#service('warn', 'service.waiting', decision, 'out-of-time');
        break;
      case 'failed':
      case 'unknown': {
        this.#count('Failed');
        const { code, message, missingAction } = outcome.error;
        const error = { code, message, missingAction };
        this.#service('error', 'service.failed', decision, outcome.result, { error });
        break;
      }
      default:
        outcome satisfies never;
    }
  }

  /** Something that keeps us from our work and is no record of a change; `error` is shown by name and message only. */
  trouble(message: string, error: unknown, about: Readonly<Record<string, string>> = {}): void {
    const shown =
      error instanceof Error ? { name: error.name, message: error.message } : { message: String(error) };
    this.#logger.error(message, { ...about, problem: shown });
  }

  calls({ apiCalls, throttled }: { readonly apiCalls: number; readonly throttled: number }): void {
    this.#metrics?.addMetric('ApiCalls', MetricUnit.Count, apiCalls);
    this.#count('Throttled', throttled);
  }

  #noticed(notice: Notice, matches: readonly Match[]): void {
    const { changeId, kind, arn, at, source } = notice;
    const services = matches.filter(({ subject }) => subject === notice).map(({ service }) => service.arn);
    this.#count('Notices');
    this.#record('warn', 'change.notice', {
      changeId,
      kind,
      arn,
      notice: notice.notice,
      at: iso(at),
      source,
      services: services.slice(0, SHOWN),
      servicesTotal: services.length,
    });
  }

  #service(
    level: Level,
    event: RecordName,
    decision: Decision,
    reason: string | null,
    more: object = {},
  ): void {
    const { service, cluster, changeIds, wave } = decision;
    this.#record(level, event, {
      ...idsOf(changeIds),
      service,
      cluster,
      wave,
      ...(reason === null ? {} : { reason }),
      ...more,
    });
  }

  /** From the first of the changes that demanded it. */
  #reaction({ changeIds }: Decision, acceptedAt: number): number | undefined {
    const instants = changeIds.flatMap((changeId) => this.#changedAt.get(changeId) ?? []);
    return instants.length === 0 ? undefined : Math.max(0, acceptedAt - Math.min(...instants));
  }

  #record(level: Level, event: RecordName, fields: object): void {
    this.#logger[level](event, { record: { event, ...fields } });
  }

  #count(metric: string, by = 1): void {
    if (by > 0) this.#metrics?.addMetric(metric, MetricUnit.Count, by);
  }
}

/** The source of changes that no event told of. */
export const REQUEST = 'request';

type Level = 'info' | 'warn' | 'error';

/** Left alone, and yet somebody should look. */
const ALARMING: readonly string[] = [
  'secret-gone',
  'unreadable',
  'unsupported-controller',
  'rollout-failed',
  'cannot-replace',
  'over-cap',
];

/** One change in most cases; of several the first stands for them, so that every record has a `changeId`. */
function idsOf(changeIds: readonly string[]): {
  readonly changeId?: string;
  readonly changeIds?: readonly string[];
} {
  const ids = [...new Set(changeIds)];
  const [changeId] = ids;
  return changeId === undefined ? {} : ids.length === 1 ? { changeId } : { changeId, changeIds: ids };
}

function countedByReason(decisions: readonly Decision[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { reason } of decisions) if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries(counts);
}

function someOf(name: string, items: readonly object[]): object {
  return items.length === 0 ? {} : { [name]: items.slice(0, SHOWN), [`${name}Total`]: items.length };
}

const iso = (instant: number): string => new Date(instant).toISOString();
