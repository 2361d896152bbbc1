import { setMaxListeners } from 'node:events';
import { RESERVE_MS } from '../../core/model/limits.ts';
import type { Run } from '../run.ts';

/** A signal for a read that may take this share of the time that is left, and leaves the rest to what follows it. */
export function forPartOfTheTime({ reading, remainingMs }: Run, share: number): AbortSignal {
  const ms = (remainingMs() - RESERVE_MS) * share;
  if (!Number.isFinite(ms)) return reading;
  const signal = AbortSignal.any([reading, AbortSignal.timeout(Math.max(0, Math.floor(ms)))]);
  setMaxListeners(0, signal);
  return signal;
}
