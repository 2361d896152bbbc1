import { inCalls, type OwnEvent } from '../core/report/own-event.ts';
import type { EventBus } from '../ports.ts';
import type { Journal } from './journal.ts';

/** With less time left than this nothing is sent, because the answer to the batch is more important. */
const NEEDED_MS = 10_000;

/** The limit for all calls together; events that are not sent by then are dropped. */
const SENDING_MS = 3_000;

/**
 * Sends the own events at the end of an invocation, within seconds. Nothing depends on them: this function never
 * throws, and unsent events only cause a line in the log. It stops at the first call that fails, because the next would
 * fail as well.
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
    if (remainingMs < NEEDED_MS) throw new Error('too little time is left before the invocation ends');
    const signal = AbortSignal.timeout(SENDING_MS);
    for (const together of inCalls(events)) {
      const refused = await bus.put(together, signal);
      open -= together.length - refused.length;
      if (refused.length > 0)
        throw new Error(`EventBridge refused some events: ${[...new Set(refused)].join(', ')}`);
    }
  } catch (error) {
    const counts = { events: String(events.length), unsent: String(open) };
    journal.error(
      'own events were not sent; they are not sent again, and nothing else depends on them',
      error,
      counts,
    );
  }
}
