/** The work that the world will do by itself, in order of time. There are no timers: `runUntil` does what is due. */
export interface Agenda {
  /** Plans `run` for an instant (epoch ms). `run` receives that instant, not the later one of `runUntil`. */
  at(time: number, run: (at: number) => void): void;
  /** Does all work that is due at or before `now`, earliest first, including work that such work plans. */
  runUntil(now: number): void;
}

interface Entry {
  readonly time: number;
  readonly order: number;
  readonly run: (at: number) => void;
}

/** An empty agenda, kept as a binary heap so that thousands of rollouts at once stay cheap. */
export function createAgenda(): Agenda {
  const heap: Entry[] = [];
  let order = 0;
  return {
    at(time, run) {
      heap.push({ time, order: order++, run });
      siftUp(heap);
    },
    runUntil(now) {
      for (let next = heap[0]; next !== undefined && next.time <= now; next = heap[0]) {
        takeFirst(heap);
        next.run(next.time);
      }
    },
  };
}

function before(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

function siftUp(heap: Entry[]): void {
  let index = heap.length - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!swapIfEarlier(heap, index, parent)) return;
    index = parent;
  }
}

function takeFirst(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  let index = 0;
  for (;;) {
    const child = earlierChild(heap, index);
    if (child === undefined || !swapIfEarlier(heap, child, index)) return;
    index = child;
  }
}

function earlierChild(heap: readonly Entry[], index: number): number | undefined {
  const left = heap[2 * index + 1];
  const right = heap[2 * index + 2];
  if (left === undefined) return undefined;
  return right !== undefined && before(right, left) ? 2 * index + 2 : 2 * index + 1;
}

function swapIfEarlier(heap: Entry[], lower: number, upper: number): boolean {
  const below = heap[lower];
  const above = heap[upper];
  if (below === undefined || above === undefined || !before(below, above)) return false;
  heap[lower] = above;
  heap[upper] = below;
  return true;
}
