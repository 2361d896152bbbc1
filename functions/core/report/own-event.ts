/**
 * The `source` of our own events. None of our rules matches it, and the roles may send events under no other source.
 */
export const OWN_SOURCE = 'secret-redeploy';

/** What we report on the default event bus. A record in the log says the same. */
export type OwnEventType =
  | 'Service Redeployed'
  | 'Service Failed'
  | 'Change Settled'
  | 'Change Unsettled'
  | 'Resource Deleted';

/** One event for other systems (`schema/own-event.schema.json`). It never contains a value, a tag or a description. */
export type OwnEvent = {
  readonly type: OwnEventType;
  /** The ARNs of the resources that the event is about. */
  readonly resources: readonly string[];
  readonly detail: object;
};

/**
 * What PutEvents accepts in one call (functions/README.md, Quotas). EventBridge has accepted 1 MiB since 2026; 256
 * KiB is what it accepts everywhere.
 */
const ENTRIES_A_CALL = 10;
const BYTES_A_CALL = 256 * 1024;

/** Groups the events, in their order, into as few calls of PutEvents as its limits allow. */
export function inCalls(events: readonly OwnEvent[]): readonly (readonly OwnEvent[])[] {
  const calls: OwnEvent[][] = [];
  let room = 0;
  for (const event of events) {
    const bytes = bytesOf(event);
    const last = calls.at(-1);
    if (last === undefined || last.length === ENTRIES_A_CALL || bytes > room) {
      calls.push([event]);
      room = BYTES_A_CALL - bytes;
    } else {
      last.push(event);
      room -= bytes;
    }
  }
  return calls;
}

/**
 * The size of an event as EventBridge counts it (user guide, "Calculating PutEvents event entry size"): the texts
 * without the JSON syntax around them.
 */
function bytesOf({ type, resources, detail }: OwnEvent): number {
  const texts = [OWN_SOURCE, type, JSON.stringify(detail), ...resources];
  return texts.reduce((sum, text) => sum + utf8.encode(text).length, 0);
}

const utf8 = new TextEncoder();
