import type { QueueRef, Simulator, VirtualClock } from '../simulator/index.ts';
import { type Received, receiveBatch, simulatedQueue } from './queue.ts';

/**
 * Lambda's event source by simulated time: who drives the clock asks when the next batch is due, receives it and hands
 * it to a function. `event-source.ts` is the one by the real clock.
 */
export type SimulatedEventSource = {
  /** When the next batch can be received; Infinity if the queues are empty. */
  readonly nextDue: () => number;
  /** The messages of one queue that are due. */
  receive(): Promise<readonly Received[]>;
  /** Removes the messages that the function did not return; the others come back after the visibility timeout. */
  readonly settle: (messages: readonly Received[], returned: ReadonlySet<string>) => void;
};

export function simulatedEventSource(
  sim: Simulator,
  clock: VirtualClock,
  queues: readonly QueueRef[],
  { windowMs = 0, batch = 100 }: { readonly windowMs?: number; readonly batch?: number } = {},
): SimulatedEventSource {
  const dueIn = ({ url }: QueueRef) =>
    Math.min(...sim.messagesIn(url).map(({ visibleAt }) => visibleAt)) + windowMs;
  return {
    nextDue: () => Math.min(...queues.map(dueIn)),
    async receive() {
      const due = queues.find((queue) => dueIn(queue) <= clock.now());
      if (due === undefined) return [];
      const messages = await receiveBatch(simulatedQueue(sim, due), batch);
      return messages.map((message) => ({ ...message, queueArn: due.arn }));
    },
    settle(messages, returned) {
      const done = messages.filter(({ MessageId }) => !returned.has(MessageId));
      // A receipt handle belongs to one queue; the others know nothing of it.
      for (const queue of queues) for (const message of done) simulatedQueue(sim, queue).remove(message);
    },
  };
}
