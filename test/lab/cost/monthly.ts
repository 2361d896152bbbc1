import { PRICES } from './prices.ts';

/** The work for one change, from its event to `change.settled`, including CloudTrail's events of the same change. */
export type Usage = {
  readonly invocations: number;
  /** The handler's time; in a new environment also its start (billed since August 2025). */
  readonly billedMs: number;
  /** The function's own calls by quota group (functions/README.md, Quotas) or AWS service. */
  readonly calls: Readonly<Record<string, number>>;
  /** Events that the rules put on the queues. */
  readonly delivered: number;
  /** Requests of Lambda's event source to receive and delete these messages. */
  readonly pollerRequests: number;
  /** Own events that are sent. */
  readonly ownEvents: number;
  readonly logBytes: number;
};

/** What costs without any change, from the packaged template. */
export type Stack = {
  readonly memoryGb: number;
  readonly queuesPolled: number;
  readonly metrics: number;
  readonly alarmMetrics: number;
  readonly dashboards: number;
  /** Widgets of the dashboards that query the log. */
  readonly logWidgets: number;
  readonly logRetentionDays: number;
};

export type Item = { readonly what: string; readonly usd: number };

const HOURS_A_MONTH = 730;
const DAYS_A_MONTH = HOURS_A_MONTH / 24;
const BYTES_A_GB = 1e9;

/**
 * Lambda polls a quiet queue with five long polls of 20 s at a time, and with `maximumConcurrency` does not go down to
 * two (Lambda developer guide, "Configuring scaling behavior for SQS event source mappings").
 */
const IDLE_POLLS_A_MONTH = 5 * 3 * 60 * HOURS_A_MONTH;

/** How often the dashboard is opened. Its log tables read a day of log each time (`start: -P1D`). */
const LOOKS_A_MONTH = DAYS_A_MONTH;

/** A month's bill in US dollars: first the cost of the changes, then the cost without any change. */
export function monthly(change: Usage, stack: Stack, changesADay: number): readonly Item[] {
  const changes = changesADay * DAYS_A_MONTH;
  const gbSeconds = (change.billedMs / 1000) * stack.memoryGb;
  const sqsRequests = change.delivered + change.pollerRequests + (change.calls['SQS'] ?? 0);
  const gbADay = (change.logBytes * changesADay) / BYTES_A_GB;
  return [
    { what: 'Lambda, compute', usd: changes * gbSeconds * PRICES.lambdaGbSecond.usd },
    { what: 'Lambda, requests', usd: changes * change.invocations * PRICES.lambdaRequest.usd },
    { what: 'SQS, messages', usd: changes * sqsRequests * PRICES.sqsRequest.usd },
    { what: 'EventBridge, own events', usd: changes * change.ownEvents * PRICES.customEvent.usd },
    {
      what: 'Secrets Manager, calls',
      usd: changes * (change.calls['Secrets Manager'] ?? 0) * PRICES.secretsManagerCall.usd,
    },
    { what: 'Logs, written', usd: gbADay * DAYS_A_MONTH * PRICES.logGbIn.usd },
    { what: 'Logs, kept', usd: gbADay * stack.logRetentionDays * PRICES.logGbMonth.usd },
    {
      what: 'Logs, read by the dashboard once a day',
      usd: gbADay * stack.logWidgets * LOOKS_A_MONTH * PRICES.logGbScanned.usd,
    },
    {
      what: 'SQS, polls of quiet queues',
      usd: stack.queuesPolled * IDLE_POLLS_A_MONTH * PRICES.sqsRequest.usd,
    },
    { what: 'CloudWatch, metrics', usd: stack.metrics * PRICES.metric.usd },
    { what: 'CloudWatch, alarms', usd: stack.alarmMetrics * PRICES.alarmMetric.usd },
    { what: 'CloudWatch, dashboard', usd: stack.dashboards * PRICES.dashboard.usd },
  ];
}

export const totalOf = (items: readonly Item[]): number => items.reduce((sum, { usd }) => sum + usd, 0);
