import { setMaxListeners } from 'node:events';
import { CallCounts } from '../aws/clients.ts';
import { asked } from '../aws/terminal/asked.ts';
import { makeCaller } from '../aws/terminal/caller.ts';
import { makeFunctionFacts } from '../aws/terminal/functions.ts';
import { makeMonitoring } from '../aws/terminal/monitoring.ts';
import { makeQueueFacts } from '../aws/terminal/queues.ts';
import { makeRoleFacts } from '../aws/terminal/roles.ts';
import { makeRuleFacts } from '../aws/terminal/rules.ts';
import { makeStackFacts } from '../aws/terminal/stacks.ts';
import { makeSnapshotFacts } from '../aws/terminal/stored-snapshot.ts';
import { makeTrailFacts } from '../aws/terminal/trails.ts';
import type { Clock } from '../ports.ts';
import type { Installation } from '../ports-doctor.ts';
import { REAL_CLOCK } from './clock.ts';
import { hasOwnEndpoint, type Place, prepareSdk, profileInUse, withCredentials } from './connect-terminal.ts';

/** What a command works with that asks about the installed service itself, and goes on whatever is not shown. */
export type Examination = {
  readonly account: string;
  readonly region: string;
  readonly profile: string | undefined;
  readonly clock: Clock;
  readonly ask: Installation;
};

/** The composition root of `doctor`. Throws NoCredentials, and ReadFailed where AWS does not answer at all. */
export async function connectDoctor(place: Place, signal: AbortSignal): Promise<Examination> {
  prepareSdk(place);
  setMaxListeners(0, signal);
  const counts = new CallCounts();
  const caller = makeCaller(counts);
  const region = await caller.region();
  const account = await withCredentials(caller, caller.account(signal));
  const clock = REAL_CLOCK;
  return { account, region, profile: profileInUse(), clock, ask: installationOf(counts, clock) };
}

function installationOf(counts: CallCounts, clock: Clock): Installation {
  const monitoring = makeMonitoring(counts, clock);
  const alarms = { attempt: 'read the alarms', action: 'cloudwatch:DescribeAlarms' };
  const metrics = { attempt: 'read the metrics', action: 'cloudwatch:GetMetricData' };
  return {
    ...makeStackFacts(counts),
    ...makeFunctionFacts(counts),
    ...makeRuleFacts(counts),
    ...makeQueueFacts(counts),
    ...makeRoleFacts(counts),
    ...makeTrailFacts(counts),
    ...makeSnapshotFacts(counts, { pathStyle: hasOwnEndpoint() }),
    alarms: (names, signal) => asked(alarms, () => monitoring.alarms(names, signal)),
    sums: (those, intervals, signal) => asked(metrics, () => monitoring.sums(those, intervals, signal)),
  };
}
