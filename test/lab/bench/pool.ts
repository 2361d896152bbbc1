import type { Environment, Memory } from './environment.ts';

/** The environments of one function, as Lambda keeps them: a warm one is used before a new one is started. */
export type Pool = {
  readonly busy: number;
  /** How many environments were ever started. */
  readonly started: number;
  /** The peak of all environments. */
  readonly memory: Memory;
  /** Lends an environment to `use`. */
  lend<T>(use: (environment: Environment) => Promise<T>): Promise<T>;
  stop(): void;
};

/** Starts without environments. */
export function createPool(start: () => Environment): Pool {
  const all: Environment[] = [];
  const lent = new Set<Environment>();
  const idleOrNew = (): Environment => {
    const idle = all.find((one) => !lent.has(one) && !one.isGone);
    if (idle !== undefined) return idle;
    const fresh = start();
    all.push(fresh);
    return fresh;
  };
  return {
    get busy() {
      return lent.size;
    },
    get started() {
      return all.length;
    },
    get memory() {
      return all.map((one) => one.memory).reduce(most, { rss: 0, heap: 0 });
    },
    async lend(use) {
      const one = idleOrNew();
      lent.add(one);
      try {
        return await use(one);
      } finally {
        lent.delete(one);
      }
    },
    stop() {
      for (const one of all) one.stop();
    },
  };
}

function most(a: Memory, b: Memory): Memory {
  return { rss: Math.max(a.rss, b.rss), heap: Math.max(a.heap, b.heap) };
}
