import type { EventBridgeClient, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { OWN_SOURCE, type OwnEvent } from '../core/own-event.ts';
import type { EventBus } from '../ports.ts';
import { type CallCounts, countCalls } from './clients.ts';

/** Nobody waits for an event of ours: a call that is not answered soon is given up. */
const impatient = {
  maxAttempts: 2,
  requestHandler: {
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    socketTimeout: 2_000,
    throwOnRequestTimeout: true,
  },
};

/** The default event bus. EventBridge's client is loaded with the first event: a cold start does not pay for it. */
export function makeEventBus(counts: CallCounts): EventBus {
  let client: EventBridgeClient | undefined;
  return {
    async put(events, abortSignal) {
      const { EventBridgeClient, PutEventsCommand } = await import('@aws-sdk/client-eventbridge');
      if (client === undefined) {
        client = new EventBridgeClient(impatient);
        countCalls(client, counts);
      }
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
