import { HOUR_MS } from '../plan/policy.ts';

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * The same items, beginning with another one each hour. Items that were not reached before the time was over come
 * early in one of the next hours: steps of the golden section never fall on the same place twice, and they need no
 * stored state.
 */
export function rotateFrom<T>(items: readonly T[], now: number): readonly T[] {
  const start = Math.floor(((Math.floor(now / HOUR_MS) * GOLDEN) % 1) * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
