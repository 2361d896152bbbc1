import { createHash } from 'node:crypto';
import type { ServiceState } from './state.ts';

/** ECS shows the latest hundred events of a service (API_Service, `events`). */
const SHOWN = 100;

/** Enters a service event: `(service NAME) …`. With `everyMs` the same text is entered at most once in that time. */
export function say(service: ServiceState, text: string, at: number, everyMs = 0): void {
  const message = `(service ${service.name}) ${text}`;
  const { events } = service;
  if (everyMs > 0 && events.some((event) => event.message === message && event.at > at - everyMs)) return;
  // The id does not come from the generator of ids, so that an event changes no other id of the world.
  const id = uuidOf(`${service.arn} ${at} ${message}`);
  events.unshift({ id, at, message });
  events.length = Math.min(events.length, SHOWN);
}

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [8, 4, 4, 4, 12]
    .map((length, index, all) => {
      const from = all.slice(0, index).reduce((sum, one) => sum + one, 0);
      return hex.slice(from, from + length);
    })
    .join('-');
}
