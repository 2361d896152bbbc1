import { onTestFinished, vi } from 'vitest';
import type { Simulator } from '../simulator/index.ts';

/** Shorter timers, such as those of the SDK, run by the real clock. */
const LONG_MS = 60_000;
const LOOK_MS = 20;
/** So many looks without a call mean that nothing more happens before a time limit. */
const STUCK = 10;

/**
 * Lets the time limits of an invocation pass only while nothing else happens, one after the other: a busy machine, on
 * which a read takes longer, does not cut it off elsewhere, and a call that hangs is not waited for.
 */
export function passTimeWhenStuck({ ledger }: Simulator): void {
  const limits: { readonly due: number; readonly pass: () => void }[] = [];
  let time = 0;
  const add = (ms: number, pass: () => void) => void limits.push({ due: time + ms, pass });
  const { setTimeout } = globalThis;
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    if (ms < LONG_MS) return timeout(ms);
    const limit = new AbortController();
    add(ms, () => limit.abort());
    return limit.signal;
  });
  vi.spyOn(globalThis, 'setTimeout').mockImplementation((pass, ms = 0, ...rest) => {
    if (ms >= LONG_MS) add(ms, pass);
    return setTimeout(pass, ms, ...rest);
  });
  let seen = 0;
  let looks = 0;
  const looking = setInterval(() => {
    looks = ledger.calls.length === seen ? looks + 1 : 0;
    seen = ledger.calls.length;
    if (looks < STUCK) return;
    looks = 0;
    const [next] = limits.sort((a, b) => a.due - b.due).splice(0, 1);
    time = next?.due ?? time;
    next?.pass();
  }, LOOK_MS);
  onTestFinished(() => clearInterval(looking));
}
