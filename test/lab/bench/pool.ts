import { setTimeout as sleep } from 'node:timers/promises';
import { answerOf, type Lambda, type Used } from '../../support/lambda.ts';

/** The peak, in bytes. */
export type Memory = { readonly rss: number; readonly heap: number };

/** The environments of one function, as Lambda keeps them: a warm one is used before a new one is started. */
export type Pool = {
  /** How many environments were ever started. */
  readonly started: number;
  /** The peak of all environments. */
  readonly memory: Memory;
  /** Resolves to what the handler returns. One that exceeds the limit is killed with its environment, as on Lambda. */
  invoke(event: unknown, limitMs: number): Promise<unknown>;
  stop(): Promise<void>;
};

/** Starts without environments. */
export function createPool(start: (onUsed: (used: Used) => void) => Promise<Lambda>): Pool {
  const all: Lambda[] = [];
  const busy = new Set<Lambda>();
  let memory: Memory = { rss: 0, heap: 0 };
  const onUsed = ({ peakRss, peakHeap }: Used): void => {
    memory = { rss: Math.max(memory.rss, peakRss), heap: Math.max(memory.heap, peakHeap) };
  };
  const idleOrNew = async (): Promise<Lambda> => {
    const idle = all.find((one) => !busy.has(one) && !one.isGone());
    if (idle !== undefined) return idle;
    const fresh = await start(onUsed);
    all.push(fresh);
    return fresh;
  };
  return {
    get started() {
      return all.length;
    },
    get memory() {
      return memory;
    },
    async invoke(event, limitMs) {
      const one = await idleOrNew();
      busy.add(one);
      const over = new AbortController();
      const limit = killAfter(one, limitMs, over.signal);
      try {
        return answerOf(await one.invoke(event, limitMs));
      } finally {
        over.abort();
        await limit;
        busy.delete(one);
      }
    },
    async stop() {
      await Promise.all(all.map((one) => one.stop()));
    },
  };
}

async function killAfter(one: Lambda, ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).then(
    () => one.stop(),
    () => undefined,
  );
}
