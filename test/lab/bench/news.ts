import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod/mini';

/** The ends of changes, read from the output of the functions. */
export type News = {
  readonly onLine: (line: string) => void;
  /** By changeId, when the change was settled (epoch ms); null for an unsettled one. */
  readonly ends: ReadonlyMap<string, number | null>;
};

const End = z.object({ event: z.enum(['change.settled', 'change.unsettled']), changeId: z.string() });
const LOOK_MS = 20;

/** Has no ends yet. */
export function listenTo(): News {
  const ends = new Map<string, number | null>();
  return {
    ends,
    onLine(line) {
      if (!line.includes('"change.')) return;
      const { data } = z.safeParse(End, parsed(line));
      if (data !== undefined && !ends.has(data.changeId)) {
        ends.set(data.changeId, data.event === 'change.settled' ? Date.now() : null);
      }
    },
  };
}

/** Waits for the end of a change; null if it is unsettled, or if no record reported its end in time. */
export async function endOf(news: News, changeId: string, patienceMs: number): Promise<number | null> {
  const until = Date.now() + patienceMs;
  while (Date.now() < until) {
    const end = news.ends.get(changeId);
    if (end !== undefined) return end;
    await sleep(LOOK_MS);
  }
  return null;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
