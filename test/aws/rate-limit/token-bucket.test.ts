import { describe, expect, test } from 'vitest';
import { TokenBucket } from '../../../functions/aws/rate-limit/token-bucket.ts';

const NEVER = new AbortController().signal;

/** A clock that jumps from one wake-up to the next, in the order of their times. */
function createTimeline() {
  let now = 0;
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms: number) => new Promise<void>((wake) => void sleepers.push({ at: now + ms, wake })),
    async runUntil(end: number) {
      for (;;) {
        await new Promise((settled) => setImmediate(settled));
        sleepers.sort((a, b) => a.at - b.at);
        const next = sleepers[0];
        if (next === undefined || next.at > end) break;
        sleepers.shift();
        now = next.at;
        next.wake();
      }
      now = end;
    },
  };
}

/** The quota of AWS: a bucket of `burst` tokens that regains `rate` a second and throttles calls while it is empty. */
function createQuota(clock: { now(): number }, rate: number, burst: number) {
  let tokens = burst;
  let at = clock.now();
  return (): boolean => {
    tokens = Math.min(burst, tokens + ((clock.now() - at) / 1000) * rate);
    at = clock.now();
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}

describe('a token bucket', () => {
  test('gives its burst at once and its rate from then on', async () => {
    const clock = createTimeline();
    const bucket = new TokenBucket(4, 10, clock);
    let taken = 0;
    const take = async () => {
      for (;;) taken += await bucket.takeUpTo(1, NEVER, 'high');
    };
    void take();
    await clock.runUntil(0);
    expect(taken).toBe(10);
    await clock.runUntil(10_000);
    expect(taken).toBe(50);
  });

  test('serves urgent callers first, and the callers of each lane in their order', async () => {
    const clock = createTimeline();
    const bucket = new TokenBucket(1, 1, clock);
    const served: string[] = [];
    for (const name of ['first', 'second', 'third'])
      void bucket.takeUpTo(1, NEVER).then(() => served.push(name));
    await clock.runUntil(500);
    for (const name of ['high', 'urgent too'])
      void bucket.takeUpTo(1, NEVER, 'high').then(() => served.push(name));
    await clock.runUntil(10_000);
    expect(served).toEqual(['first', 'high', 'urgent too', 'second', 'third']);
  });

  test('answers all waiting callers that nothing was taken when the signal is aborted', async () => {
    const clock = createTimeline();
    const bucket = new TokenBucket(0.01, 1, clock);
    const ending = new AbortController();
    const answers = [1, 2, 3].map(() => bucket.takeUpTo(1, ending.signal));
    await clock.runUntil(3_000);
    ending.abort();
    await clock.runUntil(5_000);
    expect(await Promise.all(answers)).toEqual([1, 0, 0]);
  });

  test('halves its rate when AWS throttles, once for calls throttled together, and regains it in some minutes', async () => {
    const clock = createTimeline();
    const bucket = new TokenBucket(16, 16, clock);
    let taken = 0;
    const take = async () => {
      for (;;) taken += await bucket.takeUpTo(1, NEVER);
    };
    void take();
    const within = async (ms: number) => {
      const before = taken;
      await clock.runUntil(clock.now() + ms);
      return taken - before;
    };
    await within(10_000);
    for (let i = 0; i < 32; i++) bucket.backOff();
    const slowed = await within(3_000);
    expect(slowed).toBeGreaterThanOrEqual(2 * 8 - 2);
    expect(slowed).toBeLessThanOrEqual(2 * 8 + 4);
    const later = await within(120_000);
    expect(later).toBeGreaterThan(8 * 120);
    expect(later).toBeLessThan(10 * 120);
    await within(300_000);
    const regained = await within(10_000);
    expect(regained).toBeGreaterThanOrEqual(159);
    expect(regained).toBeLessThanOrEqual(161);
  });
});

describe('beside another process that takes three quarters of the quota,', () => {
  test('a token bucket uses what is left, and hardly a call of the other process is throttled three times', async () => {
    const clock = createTimeline();
    const allowed = createQuota(clock, 20, 50);
    const bucket = new TokenBucket(16, 40, clock);
    let done = 0;
    const work = async () => {
      for (;;) {
        await bucket.takeUpTo(1, NEVER);
        if (allowed()) done++;
        else bucket.backOff();
        await clock.sleep(40);
      }
    };
    let lost = 0;
    const call = async () => {
      for (let attempt = 0; attempt < 3; attempt++) {
        if (allowed()) return;
        // The average time that the SDK waits after a throttled call.
        await clock.sleep(500 * 2 ** attempt);
      }
      lost++;
    };
    const neighbour = async () => {
      for (;;) {
        void call();
        await clock.sleep(1000 / 15);
      }
    };
    void neighbour();
    await clock.runUntil(5_000);
    for (let i = 0; i < 32; i++) void work();
    await clock.runUntil(605_000);
    expect(lost).toBeLessThan(9_000 / 1_000);
    // 5 calls a second are left, plus the burst.
    expect(done).toBeGreaterThan(0.8 * 5 * 600);
    expect(done).toBeLessThan(5 * 600 + 60);
  });
});
