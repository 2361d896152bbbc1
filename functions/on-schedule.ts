import { sweep } from './commands/sweep.ts';
import type { Run } from './pipeline/run.ts';
import { REQUIRED } from './runtime/config.ts';
import { type Invocation, lambda } from './runtime/handler.ts';
import type { SweepDone } from './telemetry/sweep-records.ts';

/** EventBridge Scheduler: the sweep finds what no event told of, and puts what it may heal on the queue of on-change. */
export const handler = lambda<unknown, SweepDone>(REQUIRED['on-schedule'], onSchedule);

/** Throws ReadFailed if nothing could be read, and NotSent if the queue did not take what was found. */
export function onSchedule(
  _: unknown,
  run: Run,
  { requestId, config, sweepRecords }: Pick<Invocation, 'requestId' | 'config' | 'sweepRecords'>,
): Promise<SweepDone> {
  return sweep(requestId, config.mode === 'observe' ? 'observe' : config.sweep, sweepRecords, run);
}
