import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Notice } from '../core/model/change.ts';
import type { Decision } from '../core/model/decision.ts';

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
  'sweep.done',
] as const;
export type RecordName = (typeof RECORDS)[number];

/** Every metric of the namespace `SecretRedeploy` (DESIGN §9). */
export const METRICS = [
  'Changes',
  'Matched',
  'Redeployed',
  'Skipped',
  'Failed',
  'RolloutFailed',
  'Unsettled',
  'Notices',
  'ReactionMs',
  'ExposureSeconds',
  'StaleServices',
  'MissingResources',
  'ApiCalls',
  'Throttled',
] as const;
export type MetricName = (typeof METRICS)[number];

/** Items of one kind that a record carries at most: a line of the log has a limit of its own. */
export const MAX_LISTED = 100;

/** One change in most cases; of several the first stands for them, so that every record has a `changeId`. */
export function idsOf(changeIds: readonly string[]): {
  readonly changeId?: string;
  readonly changeIds?: readonly string[];
} {
  const ids = [...new Set(changeIds)];
  const [changeId] = ids;
  return changeId === undefined ? {} : ids.length === 1 ? { changeId } : { changeId, changeIds: ids };
}

/** The fields of a record, but for its name. */
export type Fields = Readonly<Record<string, unknown>>;

/** Hears each record as it is written. */
export type Listener = (event: RecordName, fields: Fields) => void;
export type Level = 'info' | 'warn' | 'error';

/** Writes records and metrics to where operations find them; without metrics for what must not move the dashboards. */
export class RecordWriter {
  readonly #logger: Logger;
  readonly #metrics: Metrics | undefined;
  readonly #hear: Listener | undefined;
  /** The ARNs that the changes of this invocation are about, by change. */
  readonly #arns = new Map<string, Set<string>>();

  constructor(logger: Logger, metrics?: Metrics, hear?: Listener) {
    this.#logger = logger;
    this.#metrics = metrics;
    this.#hear = hear;
  }

  /**
   * From here on every record of the change names the resource: a person at night knows the name of a secret and no id of
   * a change. Services named by hand are left out: their records name them already, and a request may name a thousand.
   */
  isAbout({
    changeId,
    kind,
    arn,
  }: {
    readonly changeId: string;
    readonly kind: string;
    readonly arn: string;
  }): void {
    if (kind !== 'service') this.#arns.set(changeId, (this.#arns.get(changeId) ?? new Set()).add(arn));
  }

  record(level: Level, event: RecordName, fields: Ids): void {
    const about = 'arn' in fields ? {} : this.#about(fields);
    const told = { ...fields, ...about };
    this.#logger[level](event, { record: { event, ...told } });
    this.#hear?.(event, told);
  }

  /** What is no record of a change; `error` is shown by name and message only. */
  error(message: string, error: unknown, about: Readonly<Record<string, string>>): void {
    const shown =
      error instanceof Error ? { name: error.name, message: error.message } : { message: String(error) };
    this.#logger.error(message, { ...about, problem: shown });
  }

  count(metric: MetricName, by = 1): void {
    if (by > 0) this.measure(metric, MetricUnit.Count, by);
  }

  measure(metric: MetricName, unit: Unit, value: number | undefined): void {
    if (value !== undefined) this.#metrics?.addMetric(metric, unit, value);
  }

  /** As with ids: one in most cases; of several the first stands for them. */
  #about({ changeId, changeIds = [] }: Ids): { readonly arn?: string; readonly arns?: readonly string[] } {
    const ids = changeId === undefined ? changeIds : [changeId, ...changeIds];
    const arns = [...new Set(ids.flatMap((id) => [...(this.#arns.get(id) ?? [])]))];
    const [arn] = arns;
    return arn === undefined ? {} : arns.length === 1 ? { arn } : { arn, arns: arns.slice(0, MAX_LISTED) };
  }
}

type Ids = {
  readonly changeId?: string;
  readonly changeIds?: readonly string[];
  readonly [field: string]: unknown;
};
type Unit = (typeof MetricUnit)[keyof typeof MetricUnit];

export function countedByReason(decisions: readonly Decision[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { reason } of decisions) if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/** What a record says of a notice, and of the services that refer to what it is about. */
export function noticeFields(
  { changeId, kind, arn, notice, at, source }: Notice,
  services: readonly string[],
): Ids {
  const named = { services: services.slice(0, MAX_LISTED), servicesTotal: services.length };
  return { changeId, kind, arn, notice, at: iso(at), source, ...named };
}

export function someOf(name: string, items: readonly object[]): object {
  return items.length === 0 ? {} : { [name]: items.slice(0, MAX_LISTED), [`${name}Total`]: items.length };
}

export const iso = (instant: number): string => new Date(instant).toISOString();
