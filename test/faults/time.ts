import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { createClock, type VirtualClock } from '../simulator/index.ts';

/**
 * A process that lives in simulated time. It can end at any moment: then it hears nothing any more. While it is frozen it
 * hears nothing either, and afterwards at once what it has missed.
 */
export type Life = { dead: boolean; frozen: boolean; waits: number };

/** Simulated time. It moves only when everybody who lives in it waits for something. */
export type Timeline = {
  readonly clock: VirtualClock;
  /** Of whoever is not given, the world itself. */
  readonly at: (time: number, run: () => void, life?: Life) => () => void;
  readonly sleep: (ms: number, life?: Life) => Promise<void>;
  /** When the next thing is to happen; Infinity: never. */
  readonly next: () => number;
  /** Does what is due at the next instant. */
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

/** Timers longer than this only guard something else: nobody waits for them. */
const GUARD_MS = 30_000;

const current = new AsyncLocalStorage<{ readonly life: Life; readonly timeline: Timeline }>();

/** Runs something whose timers are to be those of simulated time. */
export function livingIn<T>(timeline: Timeline, life: Life, run: () => T): T {
  return current.run({ timeline, life }, run);
}

/** Whoever runs at the moment; undefined for the tests themselves. */
export function currentLife(): Life | undefined {
  return current.getStore()?.life;
}

const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

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

/** From here on, timers that are set within `livingIn` live in simulated time; answers a function that ends it. */
export function virtualTimers(): () => void {
  const setVirtual = (run: (...args: readonly unknown[]) => void, ms = 0, ...args: readonly unknown[]) => {
    const store = current.getStore();
    if (store === undefined) return real.setTimeout(run, ms, ...args);
    const { timeline, life } = store;
    const counts = ms < GUARD_MS;
    let over = false;
    const ended = () => {
      if (!over && counts) life.waits--;
      over = true;
    };
    if (counts) life.waits++;
    const cancel = timeline.at(
      timeline.clock.now() + Math.max(0, ms),
      () => {
        ended();
        current.run(store, () => run(...args));
      },
      life,
    );
    return new VirtualTimer(() => {
      ended();
      cancel();
    });
  };
  const clearVirtual = (timer: unknown) => {
    if (timer instanceof VirtualTimer) timer.cancel();
    else real.clearTimeout(timer as NodeJS.Timeout);
  };
  Object.assign(globalThis, { setTimeout: setVirtual, clearTimeout: clearVirtual });
  return () => void Object.assign(globalThis, real);
}

/** Turns of the event loop after which nothing is left to do that does not wait for a timer. */
const QUIET_TURNS = 4;

export async function quiet(): Promise<void> {
  for (let i = 0; i < QUIET_TURNS; i++) await turn();
}

/** For what waits for the real world after all: the first import of a module, say. */
export function realPause(): Promise<void> {
  return pause(1);
}
