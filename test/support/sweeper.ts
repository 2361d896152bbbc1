import { randomUUID } from 'node:crypto';
import { onSchedule } from '../../functions/on-schedule.ts';
import { readConfig } from '../../functions/runtime/config.ts';
import { connectedHandler } from '../../functions/runtime/handler.ts';
import type { SweepDone } from '../../functions/telemetry/sweep-records.ts';
import { actAs, type LogRecord, type Loop, QUICK } from './loop.ts';

/** One sweep in a new environment: its answer and its records. */
export type Swept = {
  readonly id: string;
  readonly done: SweepDone;
  readonly records: readonly LogRecord[];
  /** The service records, as `kind service reason`, sorted. */
  readonly told: readonly string[];
};

export type SweepOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** The remaining time of the invocation in real milliseconds. */
  readonly remainingMs?: number;
};

export async function sweepOnce(loop: Loop, { env = {}, remainingMs }: SweepOptions = {}): Promise<Swept> {
  const { clock } = loop;
  const set = { CHANGE_QUEUE_URL: loop.queueUrl, ...QUICK, ...env };
  const handle = connectedHandler(readConfig(['CHANGE_QUEUE_URL'], set), onSchedule, {
    now: clock.now,
    sleep: (ms) => Promise.resolve(clock.advance(ms)),
  });
  const before = loop.records.length;
  const id = randomUUID();
  const context = {
    awsRequestId: id,
    ...(remainingMs !== undefined && { getRemainingTimeInMillis: () => remainingMs }),
  };
  actAs('on-schedule');
  const done = await handle({}, context).finally(() => actAs('on-change'));
  const records = loop.records.slice(before);
  return { id, done, records, told: records.flatMap(lineOf).sort() };
}

function lineOf({ event, service, reason }: LogRecord): readonly string[] {
  if (event === undefined || !event.startsWith('service.')) return [];
  return [`${event} ${String(service).split('/').at(-1)} ${String(reason)}`];
}

/** The values of a metric in these records, in the order in which they were written. */
export function metricIn(records: readonly LogRecord[], name: string): readonly unknown[] {
  return records.filter((record) => '_aws' in record && name in record).flatMap((record) => record[name]);
}
