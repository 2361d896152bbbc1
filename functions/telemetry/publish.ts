import { inCalls, type OwnEvent } from '../core/report/own-event.ts';
import type { EventBus } from '../ports.ts';
import type { Journal } from './journal.ts';

/** With less left than this nothing is sent: the answer to the batch comes first. */
const NEEDED_MS = 10_000;

/** All calls together; what has not been sent by then never is. */
const SENDING_MS = 3_000;

/**
 * Sends our own events, at the end of an invocation and within seconds. Nothing depends on it: it never throws, and what could
 * not be sent is a line of the log and no more. The first call that fails is the last: the next would fail as well.
 */
export async function publish(
  events: readonly OwnEvent[],
  bus: EventBus,
  remainingMs: number,
  journal: Pick<Journal, 'error'>,
): Promise<void> {
  if (events.length === 0) return;
  let open = events.length;
  try {
    if (remainingMs < NEEDED_MS) throw new Error('the invocation is about to end');
    const signal = AbortSignal.timeout(SENDING_MS);
    for (const together of inCalls(events)) {
      const refused = await bus.put(together, signal);
      open -= together.length - refused.length;
      if (refused.length > 0)
        throw new Error(`EventBridge refused some: ${[...new Set(refused)].join(', ')}`);
    }
  } catch (error) {
    const counts = { events: String(events.length), unsent: String(open) };
    journal.error('own events were not sent, and nothing else depends on them', error, counts);
  }
}
