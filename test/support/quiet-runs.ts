import { setMaxListeners } from 'node:events';
import type { NamedService } from '../../functions/core/model/fleet.ts';
import type { Run } from '../../functions/pipeline/run.ts';
import { readConfig } from '../../functions/runtime/config.ts';
import { connect } from '../../functions/runtime/connect.ts';
import { runOf } from '../../functions/runtime/run-of.ts';
import { Journal } from '../../functions/telemetry/journal.ts';
import { RecordWriter } from '../../functions/telemetry/record.ts';
import type { VirtualClock } from '../simulator/index.ts';
import { QUICK } from './loop.ts';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Runs that answer questions in simulated time and record nothing, as a command at the terminal does. */
export function quietRuns(
  clock: VirtualClock,
  settings: Readonly<Record<string, string>> = {},
): (reading?: AbortSignal) => Run {
  const dependencies = connect(readConfig([], { ...QUICK, ...settings }), {
    now: clock.now,
    sleep: (ms) => Promise.resolve(clock.advance(ms)),
  });
  return (reading = new AbortController().signal) => {
    setMaxListeners(0, reading);
    return runOf(dependencies, new Journal(new RecordWriter(SILENT)), reading, () => Infinity);
  };
}

/** A service by `cluster/service`, as a person names it. */
export function named(asGiven: string): NamedService {
  const [cluster = '', name = ''] = asGiven.split('/');
  return { cluster, name, asGiven };
}
