import { setMaxListeners } from 'node:events';
import { RESERVE_MS } from '../../core/model/limits.ts';
import type { Queue } from '../../ports.ts';
import type { Run } from '../run.ts';

/**
 * A request is answered within this time. `aws lambda invoke` and the SDKs give up after 60 s and send it again, while
 * the first one still runs.
 */
const ANSWER_WITHIN_MS = 50_000;

export type Hurry = {
  readonly run: Run;
  /** How many messages the queue did not take: for a request no message comes back that would repeat them. */
  readonly unsent: () => number;
  readonly end: () => void;
};

/**
 * The run as if its invocation ended after 50 s: reading and writing stop 30 s before, which is time for the last write
 * and for its follow-up. Without a queue nothing would do the rest, so the whole invocation is used.
 */
export function inAHurry(run: Run): Hurry {
  const { clock, queue } = run.ports;
  if (queue === undefined) return { run, unsent: () => 0, end: () => undefined };
  const deadline = clock.now() + ANSWER_WITHIN_MS;
  const reading = stopsWith(run.reading, ANSWER_WITHIN_MS - RESERVE_MS);
  const counted = countingFailures(queue);
  return {
    run: {
      ...run,
      ports: { ...run.ports, queue: counted.queue },
      reading: reading.signal,
      remainingMs: () => Math.min(run.remainingMs(), deadline - clock.now()),
    },
    unsent: () => counted.failures(),
    end: () => reading.end(),
  };
}

/** A signal that is aborted with another one, or after some time. It keeps neither the other one nor a timer. */
function stopsWith(outer: AbortSignal, afterMs: number): { readonly signal: AbortSignal; end(): void } {
  const reading = new AbortController();
  setMaxListeners(0, reading.signal);
  const stop = () => reading.abort(new Error('the time for reading is over'));
  const timer = setTimeout(stop, afterMs);
  outer.addEventListener('abort', stop);
  if (outer.aborted) stop();
  const end = () => {
    clearTimeout(timer);
    outer.removeEventListener('abort', stop);
  };
  return { signal: reading.signal, end };
}

function countingFailures(queue: Queue): { readonly queue: Queue; failures(): number } {
  let failures = 0;
  const send: Queue['send'] = async (body, delaySeconds) => {
    try {
      await queue.send(body, delaySeconds);
    } catch (error) {
      failures++;
      throw error;
    }
  };
  return { queue: { send }, failures: () => failures };
}
