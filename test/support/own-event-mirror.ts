import { expect } from 'vitest';
import { OWN_SOURCE } from '../../functions/core/report/own-event.ts';
import type { AwsEvent, Simulator } from '../simulator/index.ts';
import { schema } from './schemas.ts';

type LogRecord = Readonly<Record<string, unknown>>;

const isOwnEvent = schema('own-event');

/** The events that the functions put on the simulated bus, in order. */
export function ownEventsOf({ events }: Simulator): readonly AwsEvent[] {
  return events.filter(({ source }) => source === OWN_SOURCE);
}

/**
 * For tests by the real clock: a call of PutEvents that was repeated, because its answer took more than 2 s on a slow
 * machine, put the same events on the bus twice, to the millisecond in which they were recorded. They count once.
 */
export function onceEach(events: readonly AwsEvent[]): readonly AwsEvent[] {
  return [...new Map(events.map((event) => [JSON.stringify(event.detail), event])).values()];
}

/** Fails if an event does not match the schema of own events. */
export function expectPublished(events: readonly unknown[]): void {
  const wrong = events.filter((event) => !isOwnEvent(event));
  expect(wrong.map((event) => ({ event, errors: isOwnEvent(event) ? [] : isOwnEvent.errors }))).toEqual([]);
}

/**
 * Fails unless the events on the bus are exactly the records of changes in the log, with the same fields and in the
 * same order. Events may be missing only where the log says that there was no time to send all of them.
 */
export function expectMirrored(told: readonly AwsEvent[], records: readonly LogRecord[]): void {
  expectPublished(told);
  const onTheBus = told.map(saidOnTheBus);
  const inTheLog = records.flatMap(saidInTheLog);
  const heard = new Set(onTheBus.map((one) => JSON.stringify(one)));
  const wasCutOff = records.some(({ message }) => String(message).startsWith('own events were not sent'));
  expect(onTheBus).toEqual(wasCutOff ? inTheLog.filter((one) => heard.has(JSON.stringify(one))) : inTheLog);
}

function saidOnTheBus({ 'detail-type': type, detail }: AwsEvent): object {
  const { version: _format, mode: _mode, recordedAt: _at, ...fields } = detail;
  return { type, ...fields };
}

const TYPES: Readonly<Record<string, string>> = {
  'service.redeployed': 'Service Redeployed',
  'service.failed': 'Service Failed',
  'change.settled': 'Change Settled',
  'change.unsettled': 'Change Unsettled',
  'change.notice': 'Resource Deleted',
};
/** What a sweep records every hour is only in the log. */
const isOfSweep = ({ source }: LogRecord) => source === 'sweep';
const STILL_THERE = ['expires-soon', 'rotation-failed', 'rotation-abandoned'];
/** The fields of every line of the log. */
const OF_THE_LINE = ['event', 'level', 'timestamp', 'message', 'functionName', 'requestId', 'coldStart'];

function saidInTheLog(record: LogRecord): readonly object[] {
  const type = TYPES[String(record['event'])];
  if (type === undefined || STILL_THERE.includes(String(record['notice'])) || isOfSweep(record)) return [];
  const fields = Object.entries(record).filter(([name]) => !OF_THE_LINE.includes(name));
  return [{ type, ...Object.fromEntries(fields) }];
}
