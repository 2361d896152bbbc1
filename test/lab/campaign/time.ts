import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { createClock, type VirtualClock } from '../../simulator/index.ts';

/**
 * A process in simulated time. It can die at any moment: then its timers never fire. While it is frozen its timers do
 * not fire either; those that are overdue fire as soon as it awakes.
 */
export type Life = { dead: boolean; frozen: boolean; waits: number };

/** Simulated time, which advances only while every process in it waits. */
export type Timeline = {
  readonly clock: VirtualClock;
  /** Plans `run` for an instant, for a process or, without `life`, for the world. */
  readonly at: (time: number, run: () => void, life?: Life) => () => void;
  readonly sleep: (ms: number, life?: Life) => Promise<void>;
  /** The instant of the next planned work; Infinity if there is none. */
  readonly next: () => number;
  /** Advances to the next instant and does the work that is due. */
  readonly step: () => void;
};

type Entry = { readonly time: number; readonly run: () => void; readonly life: Life | undefined };

export function createTimeline(): Timeline {
  const clock = createClock();
  const waiting = new Set<Entry>();
  const next = () => {
    let soonest = Infinity;
    for (const { time, life } of waiting) if (isAwake(life)) soonest = Math.min(soonest, time);
    return Math.max(soonest, clock.now());
  };
  const timeline: Timeline = {
    clock,
    next,
    at(time, run, life) {
      const entry = { time: Math.max(time, clock.now()), run, life };
      waiting.add(entry);
      return () => void waiting.delete(entry);
    },
    sleep: (ms, life) =>
      new Promise((resolve) => {
        if (life !== undefined) life.waits++;
        timeline.at(
          clock.now() + ms,
          () => {
            if (life !== undefined) life.waits--;
            resolve();
          },
          life,
        );
      }),
    step() {
      const now = next();
      clock.set(now);
      for (const entry of [...waiting].filter(({ time }) => time <= now)) {
        if (isAwake(entry.life) && waiting.delete(entry)) entry.run();
      }
      for (const entry of waiting) if (entry.life?.dead === true) waiting.delete(entry);
    },
  };
  return timeline;
}

function isAwake(life: Life | undefined): boolean {
  return life === undefined || !(life.dead || life.frozen);
}

/** Longer timers only guard other work: a process with such a timer alone does not count as waiting. */
const GUARD_MS = 30_000;

type Place = { readonly life: Life; readonly timeline: Timeline };

const current = new AsyncLocalStorage<Place>();

/** Runs code whose timers belong to simulated time. */
export function livingIn<T>(timeline: Timeline, life: Life, run: () => T): T {
  return current.run({ timeline, life }, run);
}

/** The process that runs at the moment; undefined for the tests themselves. */
export function currentLife(): Life | undefined {
  return current.getStore()?.life;
}

const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
const realTimeout = AbortSignal.timeout.bind(AbortSignal);

class VirtualTimer {
  readonly cancel: () => void;

  constructor(cancel: () => void) {
    this.cancel = cancel;
  }

  unref(): this {
    return this;
  }

  ref(): this {
    return this;
  }
}

/** `counts`: whether the process waits for this timer, so that time may advance to it. */
function planned(place: Place, run: () => void, ms: number, counts: boolean): VirtualTimer {
  const { timeline, life } = place;
  let over = false;
  const ended = () => {
    if (!over && counts) life.waits--;
    over = true;
  };
  if (counts) life.waits++;
  const pass = () => {
    ended();
    current.run(place, run);
  };
  const cancel = timeline.at(timeline.clock.now() + Math.max(0, ms), pass, life);
  return new VirtualTimer(() => {
    ended();
    cancel();
  });
}

/**
 * Replaces the timers that are set within `livingIn`, those of `AbortSignal.timeout` too, by simulated ones; answers a
 * function that ends this.
 */
export function virtualTimers(): () => void {
  const setVirtual = (run: (...args: readonly unknown[]) => void, ms = 0, ...args: readonly unknown[]) => {
    const place = current.getStore();
    if (place === undefined) return real.setTimeout(run, ms, ...args);
    return planned(place, () => run(...args), ms, ms < GUARD_MS);
  };
  const clearVirtual = (timer: unknown) => {
    if (timer instanceof VirtualTimer) timer.cancel();
    else real.clearTimeout(timer as NodeJS.Timeout);
  };
  const virtualTimeout = (ms: number) => {
    const place = current.getStore();
    if (place === undefined) return realTimeout(ms);
    const limit = new AbortController();
    planned(
      place,
      () => limit.abort(new DOMException('The time limit has passed.', 'TimeoutError')),
      ms,
      false,
    );
    return limit.signal;
  };
  Object.assign(globalThis, { setTimeout: setVirtual, clearTimeout: clearVirtual });
  Object.assign(AbortSignal, { timeout: virtualTimeout });
  return () => {
    Object.assign(globalThis, real);
    Object.assign(AbortSignal, { timeout: realTimeout });
  };
}

/** The turns of the event loop after which all remaining work waits for a timer. */
const QUIET_TURNS = 4;

export async function quiet(): Promise<void> {
  for (let i = 0; i < QUIET_TURNS; i++) await turn();
}

/** A pause in real time, for work that needs it, such as the first import of a module. */
export function realPause(): Promise<void> {
  return pause(1);
}
