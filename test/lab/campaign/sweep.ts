import { onSchedule } from '../../../functions/on-schedule.ts';
import { readConfig } from '../../../functions/runtime/config.ts';
import { connectedHandler } from '../../../functions/runtime/handler.ts';
import type { CallingProcess } from './carry.ts';
import type { Environment, Invocation } from './processes.ts';
import type { Scenario } from './scenario.ts';
import { currentLife, livingIn, type Timeline } from './time.ts';

/** Long enough after the last change that a sweep leaves no change to its event (functions/core/sweep/heal.ts). */
export const SWEEP_AFTER_MS = 960_000;
/** The second sweep must find nothing to heal. */
export const SWEEPS = 2;
/** The timeout of a sweep (serverless.yml). */
const TIMEOUT_MS = 900_000;

/**
 * Whether a scenario has sweeps. Only a sweep finds a change whose event was dropped. If no event was dropped, there is
 * no sweep, because it would hide the losses of on-change.
 */
export function isSwept({ deliveries }: Scenario): boolean {
  return deliveries.some(({ dropped }) => dropped === true);
}

/** Begins a sweep in a new process, which is frozen when the sweep has ended. */
export function startSweep(
  invocation: Invocation,
  timeline: Timeline,
  environment: Environment,
): CallingProcess {
  const { clock, sleep } = timeline;
  const config = readConfig(['CHANGE_QUEUE_URL'], { ...environment, ...invocation.env });
  const handle = connectedHandler(config, onSchedule, {
    now: clock.now,
    sleep: (ms) => sleep(ms, currentLife()),
  });
  const process: CallingProcess = { dead: false, frozen: false, waits: 0, latest: invocation };
  const deadline = clock.now() + TIMEOUT_MS;
  const context = {
    getRemainingTimeInMillis: () => deadline - clock.now(),
    awsRequestId: `invocation-${invocation.id}`,
  };
  livingIn(timeline, process, () => handle({}, context))
    .catch((error: unknown) => {
      invocation.thrown = error;
    })
    .finally(() => {
      process.frozen = true;
      invocation.endedAt = clock.now();
    });
  return process;
}
