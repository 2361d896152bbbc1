import { onRequest } from '../../../functions/on-request.ts';
import { onSchedule } from '../../../functions/on-schedule.ts';
import type { Clock } from '../../../functions/ports.ts';
import { readConfig } from '../../../functions/runtime/config.ts';
import { connectedHandler, type Handler } from '../../../functions/runtime/handler.ts';
import type { CallingProcess } from './carry.ts';
import type { Environment, Invocation } from './processes.ts';
import { currentLife, livingIn, type Timeline } from './time.ts';

/** The timeouts of the functions (serverless.yml). */
const TIMEOUTS_MS = { 'on-schedule': 900_000, 'on-request': 270_000 };

/**
 * Begins a sweep or a request by hand in a new process, which is frozen when it has ended; the second item is its time
 * limit. No queue feeds it, and nothing repeats it.
 */
export function startOnce(
  invocation: Invocation,
  event: object,
  timeline: Timeline,
  environment: Environment,
): readonly [process: CallingProcess, timeoutMs: number] {
  const { clock, sleep } = timeline;
  const timeoutMs = TIMEOUTS_MS[invocation.of === 'on-request' ? 'on-request' : 'on-schedule'];
  const handle = handlerOf(invocation, environment, {
    now: clock.now,
    sleep: (ms) => sleep(ms, currentLife()),
  });
  const process: CallingProcess = { dead: false, frozen: false, waits: 0, latest: invocation };
  const deadline = clock.now() + timeoutMs;
  const context = {
    getRemainingTimeInMillis: () => deadline - clock.now(),
    awsRequestId: `invocation-${invocation.id}`,
  };
  livingIn(timeline, process, () => handle(event, context))
    .catch((error: unknown) => {
      invocation.thrown = error;
    })
    .finally(() => {
      process.frozen = true;
      invocation.endedAt = clock.now();
    });
  return [process, timeoutMs];
}

function handlerOf(
  { of, env }: Invocation,
  environment: Environment,
  clock: Clock,
): Handler<unknown, unknown> {
  const config = readConfig(['CHANGE_QUEUE_URL'], { ...environment, ...env });
  return of === 'on-request'
    ? connectedHandler(config, onRequest, clock)
    : connectedHandler(config, onSchedule, clock);
}
