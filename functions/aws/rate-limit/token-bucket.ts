import type { Clock } from '../../ports.ts';

/** Writes, and reads of a few services, have high priority: they do not wait behind a read of the whole fleet. */
export type Priority = 'high' | 'normal';

/** The longest single sleep: even at the slowest rate, an aborted signal is noticed within this time. */
const MAX_SLEEP_MS = 1_000;

/** Throttled calls within this time count as one sign that another caller uses the same quota. */
const THROTTLE_WINDOW_MS = 1_000;

/**
 * After a sign the bucket pauses, then backs off and recovers as CUBIC does (https://www.rfc-editor.org/rfc/rfc9438):
 * the rate falls to BETA times its previous value and grows along a cubic curve that is flat around wMax, which it
 * reaches after K. With FAST_CONVERGENCE, wMax lies somewhat below the rate that was too high. The figures were found
 * by simulating another caller that takes three quarters of a quota (token-bucket.test.ts).
 */
const PAUSE_MS = 1_000;
const BETA = 0.5;
const FAST_CONVERGENCE = 0.6;
const K_MS = 120_000;

/** The rate never falls below this part of the full rate. */
const SLOWEST = 1 / 16;

/**
 * A token bucket like AWS's own: it starts full with `burst` tokens and regains `rate` tokens a second, fewer while AWS
 * throttles. Takers of one priority are served in the order of their arrival. Takers of normal priority are served with
 * jitter: without it, of two callers with fixed rhythms one would always find AWS's bucket empty.
 */
export class TokenBucket {
  readonly #fullRate: number;
  readonly #burst: number;
  readonly #clock: Clock;
  readonly #waiting: Readonly<Record<Priority, Taker[]>> = { high: [], normal: [] };
  #serving = false;
  #tokens: number;
  #refilledAt: number;
  #slowed: { readonly at: number; readonly rate: number; readonly wMax: number } | undefined;

  constructor(rate: number, burst: number, clock: Clock) {
    this.#fullRate = rate;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#refilledAt = clock.now();
  }

  /**
   * Waits for a token, then takes all available tokens, up to `most`. Answers how many it took; 0 once the signal is
   * aborted.
   */
  takeUpTo(most: number, signal: AbortSignal, priority: Priority = 'normal'): Promise<number> {
    return new Promise((take) => {
      this.#waiting[priority].push({ most, signal, take });
      if (!this.#serving) void this.#serve();
    });
  }

  /** Slows down after AWS has throttled a call, which means that another caller uses the quota, too. */
  backOff(): void {
    const now = this.#clock.now();
    if (this.#slowed !== undefined && now - this.#slowed.at < THROTTLE_WINDOW_MS) return;
    this.#refill();
    const before = this.#rateAt(now);
    const least = this.#fullRate * SLOWEST;
    const rate = Math.max(least, before * BETA);
    this.#slowed = { at: now, rate, wMax: Math.max(rate + least, before * FAST_CONVERGENCE) };
    this.#tokens = Math.min(this.#tokens, 0) - (rate * PAUSE_MS) / 1000;
  }

  async #serve(): Promise<void> {
    this.#serving = true;
    for (let queue = this.#next(); queue !== undefined; queue = this.#next()) {
      this.#refill();
      const [taker] = queue;
      if (taker?.signal.aborted !== true && this.#tokens < 1) {
        const wanted = queue === this.#waiting.normal ? 1 + Math.random() : 1;
        const ms = ((wanted - this.#tokens) / this.#rateAt(this.#clock.now())) * 1000;
        await this.#clock.sleep(Math.min(MAX_SLEEP_MS, Math.ceil(ms)));
        continue;
      }
      queue.shift();
      this.#give(taker);
    }
    this.#serving = false;
  }

  #next(): Taker[] | undefined {
    const { high, normal } = this.#waiting;
    return [high, normal].find(({ length }) => length > 0);
  }

  #give(taker: Taker | undefined): void {
    if (taker === undefined) return;
    const taken = taker.signal.aborted ? 0 : Math.min(taker.most, Math.floor(this.#tokens));
    this.#tokens -= taken;
    taker.take(taken);
  }

  #refill(): void {
    const now = this.#clock.now();
    const elapsed = Math.max(0, now - this.#refilledAt);
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsed / 1000) * this.#rateAt(now));
    this.#refilledAt = now;
  }

  /** Tokens a second. */
  #rateAt(now: number): number {
    if (this.#slowed === undefined) return this.#fullRate;
    const { at, rate, wMax } = this.#slowed;
    const since = Math.max(0, now - at - PAUSE_MS);
    const grown = wMax + (wMax - rate) * (since / K_MS - 1) ** 3;
    return Math.min(this.#fullRate, grown);
  }
}

type Taker = {
  readonly most: number;
  readonly signal: AbortSignal;
  readonly take: (taken: number) => void;
};
