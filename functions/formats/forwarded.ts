import { MalformedEvent } from './event.ts';

/**
 * An event that came over the event bus of other accounts, on its way through our own queue to a later look. The queue to
 * which it goes takes messages of this service and of its rules alone, and events of other accounts not without this.
 */
const START = '{"kind":"forwarded","version":1,"event":';

/** Whether a message is such an event, even one that cannot be read. */
export const isForwarded = (body: string): boolean => body.startsWith('{"kind":"forwarded"');

export function forwardedBody(event: string): string {
  return isForwarded(event) ? event : `${START}${event}}`;
}

/** The event within. Throws MalformedEvent. */
export function eventWithin(body: string): string {
  if (body.startsWith(START) && body.endsWith('}')) return body.slice(START.length, -1);
  throw new MalformedEvent('the message is no forwarded event of a version that this code reads');
}
