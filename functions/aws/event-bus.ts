import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { OWN_SOURCE, type OwnEvent } from '../core/report/own-event.ts';
import type { EventBus } from '../ports.ts';
import { type CallCounts, counted, lazily } from './clients.ts';

/** Nothing depends on our own events, so a call that is not answered soon is given up. */
const shortTimeouts = {
  maxAttempts: 2,
  requestHandler: {
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    socketTimeout: 2_000,
    throwOnRequestTimeout: true,
  },
};

/** The adapter of the default event bus. */
export function makeEventBus(counts: CallCounts): EventBus {
  const eventBridge = lazily(async () => {
    const { EventBridgeClient, PutEventsCommand } = await import('./sdk/event-bridge.ts');
    return { client: counted(new EventBridgeClient(shortTimeouts), counts), PutEventsCommand };
  });
  return {
    async put(events, abortSignal) {
      const { client, PutEventsCommand } = await eventBridge();
      const command = new PutEventsCommand({ Entries: events.map(entryOf) });
      const { FailedEntryCount = 0, Entries = [] } = await client.send(command, { abortSignal });
      if (FailedEntryCount === 0) return [];
      return Entries.flatMap(({ EventId, ErrorCode }) => (EventId ? [] : (ErrorCode ?? 'UnknownError')));
    },
  };
}

function entryOf({ type, resources, detail }: OwnEvent): PutEventsRequestEntry {
  return {
    Source: OWN_SOURCE,
    DetailType: type,
    Resources: [...resources],
    Detail: JSON.stringify(detail),
  };
}
