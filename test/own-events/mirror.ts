import { expect } from 'vitest';
import { OWN_SOURCE } from '../../functions/core/own-event.ts';
import { schema } from '../schemas.ts';
import type { AwsEvent, Simulator } from '../simulator/index.ts';

type LogRecord = Readonly<Record<string, unknown>>;

const isOwnEvent = schema('own-event');

/** What the functions told on the simulated bus, in order. */
export function ownEventsOf({ events }: Simulator): readonly AwsEvent[] {
  return events.filter(({ source }) => source === OWN_SOURCE);
}

/** Fails if what was told on the bus is not what its schema says. */
export function expectPublished(events: readonly unknown[]): void {
  const wrong = events.filter((event) => !isOwnEvent(event));
  expect(wrong.map((event) => ({ event, errors: isOwnEvent(event) ? [] : isOwnEvent.errors }))).toEqual([]);
}

/** Fails unless the bus was told exactly what the log says, in the same words and the same order. */
export function expectMirrored(sim: Simulator, records: readonly LogRecord[]): void {
  const told = ownEventsOf(sim);
  expectPublished(told);
  expect(told.map(saidOnTheBus)).toEqual(records.flatMap(saidInTheLog));
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
const STILL_THERE = ['expires-soon', 'rotation-failed', 'rotation-abandoned'];
/** What every line of the log has. */
const OF_THE_LINE = ['event', 'level', 'timestamp', 'message', 'functionName', 'requestId', 'coldStart'];

function saidInTheLog(record: LogRecord): readonly object[] {
  const type = TYPES[String(record['event'])];
  if (type === undefined || STILL_THERE.includes(String(record['notice']))) return [];
  const fields = Object.entries(record).filter(([name]) => !OF_THE_LINE.includes(name));
  return [{ type, ...Object.fromEntries(fields) }];
}
