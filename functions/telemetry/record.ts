import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { parseArn } from '../core/model/arn.ts';
import type { Notice } from '../core/model/change.ts';
import type { Decision } from '../core/model/decision.ts';

/** Every value that the field `event` of a record can have. */
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

/** Every metric of the namespace `SecretRedeploy`. */
export const METRICS = [
  'Changes',
  'Matched',
  'Redeployed',
  'Skipped',
  'Failed',
  'RolloutFailed',
  'Draining',
  'Unsettled',
  'Notices',
  'ReactionMs',
  'ExposureSeconds',
  'StaleServices',
  'MissingResources',
  'ApiCalls',
  'Throttled',
] as const;
/** Those that exist only where events of other accounts are trusted. */
export const METRICS_OF_TRUST = ['Untrusted'] as const;
export type MetricName = (typeof METRICS)[number] | (typeof METRICS_OF_TRUST)[number];

/** The most items of one kind in a record, because the length of a log line is limited. */
export const MAX_LISTED = 100;

/** In most cases there is one change. Of several, the first is `changeId`, so that every record has this field. */
export function idsOf(changeIds: readonly string[]): {
  readonly changeId?: string;
  readonly changeIds?: readonly string[];
} {
  const ids = [...new Set(changeIds)];
  const [changeId] = ids;
  return changeId === undefined ? {} : ids.length === 1 ? { changeId } : { changeId, changeIds: ids };
}

/** The fields of a record without its name. */
export type Fields = Readonly<Record<string, unknown>>;

/** Called with each record when it is written. */
export type Listener = (event: RecordName, fields: Fields) => void;
export type Level = 'info' | 'warn' | 'error';

/** Where records and errors are written: Powertools' logger, or a terminal that shows the errors. */
export type LineWriter = Pick<Logger, 'info' | 'warn' | 'error'>;

/** Writes records and metrics for operators. It is given no `metrics` for what must not move the dashboards. */
export class RecordWriter {
  readonly #logger: LineWriter;
  readonly #metrics: Metrics | undefined;
  readonly #hear: Listener | undefined;
  /** The ARNs of the changed resources, by the id of the change, for this invocation. */
  readonly #arns = new Map<string, Set<string>>();

  constructor(logger: LineWriter, metrics?: Metrics, hear?: Listener) {
    this.#logger = logger;
    this.#metrics = metrics;
    this.#hear = hear;
  }

  /**
   * From now on every record of the change names the resource: an operator at night knows the name of a secret, but not
   * the id of a change. Services named by hand are left out: their records name them already, and a request may name
   * 1,000 of them.
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
    const named = 'arn' in fields ? fields : { ...fields, ...this.#about(fields) };
    const told = 'account' in named ? named : { ...named, ...accountIn(named) };
    this.#logger[level](event, { record: { event, ...told } });
    this.#hear?.(event, told);
  }

  /** A line that is not a record of a change; of `error` only name and message are logged. */
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

  /** In most cases there is one ARN. Of several, the first is `arn`, as with ids. */
  #about({ changeId, changeIds = [] }: Ids): { readonly arn?: string; readonly arns?: readonly string[] } {
    const ids = changeId === undefined ? changeIds : [changeId, ...changeIds];
    const arns = [...new Set(ids.flatMap((id) => [...(this.#arns.get(id) ?? [])]))];
    const [arn] = arns;
    return arn === undefined ? {} : arns.length === 1 ? { arn } : { arn, arns: arns.slice(0, MAX_LISTED) };
  }
}

/** The account of the resource: that of the first, of several. */
function accountIn(fields: object): { readonly account?: string } {
  const account =
    'arn' in fields && typeof fields.arn === 'string' ? parseArn(fields.arn)?.account : undefined;
  return account === undefined ? {} : { account };
}

type Ids = {
  readonly changeId?: string;
  readonly changeIds?: readonly string[];
  readonly [field: string]: unknown;
};
type Unit = (typeof MetricUnit)[keyof typeof MetricUnit];

/** How many services are redeployed, wait or are skipped, and for which reasons. */
export function countsOf(decisions: readonly Decision[]) {
  const count = (wanted: Decision['action']) => decisions.filter(({ action }) => action === wanted).length;
  return {
    redeploy: count('redeploy'),
    wait: count('wait'),
    skip: count('skip'),
    reasons: countedByReason(decisions),
  };
}

export function countedByReason(decisions: readonly Decision[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { reason } of decisions) if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/** The fields of a notice's record, with the services that refer to the resource. */
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
