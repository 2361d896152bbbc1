/** A clock that only moves when told. */
export interface VirtualClock {
  /** To be passed as the option `now`, and to whatever else should live in the same time. */
  readonly now: () => number;
  advance(ms: number): void;
  /** Never backwards. */
  set(at: number | Date): void;
}

/** A virtual clock; it starts at 2026-11-22T03:00:00Z unless told otherwise. */
export function createClock(start: number | Date = Date.UTC(2026, 10, 22, 3)): VirtualClock {
  let time = Number(start);
  return {
    now: () => time,
    advance(ms) {
      time += ms;
    },
    set(at) {
      time = Math.max(time, Number(at));
    },
  };
}
