import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../ports.ts';

export const REAL_CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { ...(signal && { signal }) }),
};
