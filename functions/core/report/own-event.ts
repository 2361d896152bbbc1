/** The `source` of our own events: no rule of ours matches it, and the roles may send under no other. */
export const OWN_SOURCE = 'secret-redeploy';

/** What we tell on the default event bus; a record of the log says the same (DESIGN §9). */
export type OwnEventType =
  | 'Service Redeployed'
  | 'Service Failed'
  | 'Change Settled'
  | 'Change Unsettled'
  | 'Resource Deleted';

/** One event for others to build on (`schema/own-event.schema.json`): names, ARNs and instants, nothing else. */
export type OwnEvent = {
  readonly type: OwnEventType;
  /** ARNs of what it is about. */
  readonly resources: readonly string[];
  readonly detail: object;
};

/** What PutEvents takes in one call. EventBridge has taken 1 MiB since 2026; 256 KiB is what it takes everywhere. */
const ENTRIES_A_CALL = 10;
const BYTES_A_CALL = 256 * 1024;

/** The events in their order, in as few calls of PutEvents as its limits allow. */
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

/** As EventBridge counts (user guide, "Calculating PutEvents event entry size"): the texts, without what holds them together. */
function bytesOf({ type, resources, detail }: OwnEvent): number {
  const texts = [OWN_SOURCE, type, JSON.stringify(detail), ...resources];
  return texts.reduce((sum, text) => sum + utf8.encode(text).length, 0);
}

const utf8 = new TextEncoder();
