/** A clock that moves only when a test moves it. */
export interface VirtualClock {
  /** Pass this as the option `now`, and to everything else that shares the simulated time. */
  readonly now: () => number;
  advance(ms: number): void;
  /** Never backwards. */
  set(at: number | Date): void;
}

/** A virtual clock; by default it starts at 2026-11-22T03:00:00Z. */
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
