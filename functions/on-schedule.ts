import { sweep } from './commands/sweep.ts';
import type { Run } from './pipeline/run.ts';
import { heal } from './pipeline/sweep/heal.ts';
import { lambda, type Parts } from './runtime/handler.ts';
import { RecordWriter } from './telemetry/record.ts';
import { type SweepDone, tellSweep } from './telemetry/sweep-records.ts';

/** EventBridge Scheduler: the sweep. It finds what no event told of; what it may heal it puts on the queue of on-change. */
export const handler = lambda<unknown, SweepDone>(['CHANGE_QUEUE_URL'], onSchedule);

/** Throws ReadFailed if nothing could be read, and NotSent if the queue would not take what was found. */
export async function onSchedule(
  _: unknown,
  run: Run,
  { config, logger, metrics }: Pick<Parts, 'config' | 'logger' | 'metrics'>,
  requestId: string,
): Promise<SweepDone> {
  const found = await sweep(requestId, [], run);
  const healed = await heal(found, config.mode === 'observe' ? 'observe' : config.sweep, run);
  // Nobody hears these records but the log: a sweep says the same again every hour, and whoever builds on our own events
  // would have to tell the news from the rest. What it heals is told by on-change.
  const done = tellSweep(found, healed, run.world.clock.now(), new RecordWriter(logger, metrics));
  await run.fleets.snapshot.save(run);
  if (healed.unsent.size > 0) throw new NotSent(healed.unsent.size);
  return done;
}

/** All has been told and what could be sent was sent; the next sweep finds the rest again. */
class NotSent extends Error {
  override readonly name = 'NotSent';

  constructor(changes: number) {
    super(`${changes} changes could not be put on the queue`);
  }
}
