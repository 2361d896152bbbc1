import type { Ids } from '../ids.ts';
import type { Place } from '../place.ts';

/** An event as EventBridge delivers it. */
export interface AwsEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** Whole seconds, as in EventBridge's events. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The content of an event; the bus adds the envelope. */
interface Happening {
  readonly at: number;
  /** Where it happened, if not here. */
  readonly place?: Pick<Place, 'account' | 'region'>;
  readonly type: string;
  readonly source: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The default event bus, on which the simulated services report. */
export interface Bus {
  readonly events: readonly AwsEvent[];
  emit(happening: Happening): AwsEvent;
  /** The event as EventBridge writes it, without putting it on this bus. */
  stamp(happening: Happening): AwsEvent;
  /** Calls `listener` with every later event; answers a function that ends this. */
  readonly onEvent: (listener: (event: AwsEvent) => void) => () => void;
}

/** A bus that keeps every event. */
export function createBus(place: Place, ids: Ids): Bus {
  const events: AwsEvent[] = [];
  const listeners = new Set<(event: AwsEvent) => void>();
  const stamp = ({
    at,
    place: { account, region } = place,
    type,
    source,
    resources,
    detail,
  }: Happening): AwsEvent => ({
    version: '0',
    id: ids.uuid(),
    'detail-type': type,
    source,
    account,
    time: wholeSecond(at),
    region,
    resources,
    detail,
  });
  return {
    events,
    stamp,
    emit(happening) {
      const event = stamp(happening);
      events.push(event);
      for (const listener of listeners) listener(event);
      return event;
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** The instant cut (not rounded) to the second: `2026-10-07T01:47:18Z`. */
export function wholeSecond(at: number): string {
  return `${new Date(Math.floor(at / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}
