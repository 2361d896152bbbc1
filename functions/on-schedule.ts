import { type SweepDone, sweep } from './commands/sweep.ts';
import type { Run } from './pipeline/run.ts';
import type { Parts } from './runtime/connect.ts';
import { lambda } from './runtime/handler.ts';
import { RecordWriter } from './telemetry/record.ts';

/** EventBridge Scheduler: the sweep. It finds what no event told of; what it may heal it puts on the queue of on-change. */
export const handler = lambda<unknown, SweepDone>(['CHANGE_QUEUE_URL'], onSchedule);

/** Throws ReadFailed if nothing could be read, and NotSent if the queue would not take what was found. */
export function onSchedule(
  _: unknown,
  run: Run,
  { config, logger, metrics }: Pick<Parts, 'config' | 'logger' | 'metrics'>,
  requestId: string,
): Promise<SweepDone> {
  // Nobody hears these records but the log: a sweep says the same again every hour, and whoever builds on our own events
  // would have to tell the news from the rest. What it heals is told by on-change.
  const writer = new RecordWriter(logger, metrics);
  return sweep(requestId, config.mode === 'observe' ? 'observe' : config.sweep, writer, run);
}
