import type { Clock } from '../../ports.ts';

/** Who is in a hurry goes first: what is about to be written must not queue behind a read of the whole fleet. */
export type Lane = 'urgent' | 'usual';

/** At the slowest rates the signal is to be heard all the same. */
const LONGEST_SLEEP_MS = 1_000;
/** Calls that are throttled together are one sign that somebody else uses the bucket, too. */
const ONE_SIGN_MS = 1_000;
/**
 * After a sign nothing is taken for so long, and then half as much as before. The rate grows along a cubic curve: it nears
 * the ceiling, somewhat below what was too much, then stays about there, and only when nothing happens feels its way up.
 * The figures were found by simulating a neighbour who takes three quarters of a quota (token-bucket.test.ts).
 */
const PAUSE_MS = 1_000;
const SLOWER = 0.5;
const CEILING = 0.6;
const TO_CEILING_MS = 120_000;
/** Never less than this part of the whole rate. */
const SLOWEST = 1 / 16;

/**
 * A token bucket as AWS's own: it starts full with `burst` tokens and regains `rate` a second; less where AWS throttles, for
 * then others draw on the same quota. Takers of a lane are served in the order in which they came, and the usual ones not
 * quite evenly: beside a neighbour with a beat of its own, one of the two would always find the bucket empty.
 */
export class TokenBucket {
  readonly #fullRate: number;
  readonly #burst: number;
  readonly #clock: Clock;
  readonly #waiting: Readonly<Record<Lane, Taker[]>> = { urgent: [], usual: [] };
  #serving = false;
  #tokens: number;
  #refilledAt: number;
  #slowed: { readonly at: number; readonly rate: number; readonly ceiling: number } | undefined;

  constructor(rate: number, burst: number, clock: Clock) {
    this.#fullRate = rate;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#refilledAt = clock.now();
  }

  /**
   * Waits until there is a token, then takes as many as there are, up to `most`; answers how many it took: none once the
   * signal is aborted.
   */
  takeUpTo(most: number, signal: AbortSignal, lane: Lane = 'usual'): Promise<number> {
    return new Promise((take) => {
      this.#waiting[lane].push({ most, signal, take });
      if (!this.#serving) void this.#serve();
    });
  }

  /** AWS has throttled a call: somebody else draws on the quota, too. */
  slowDown(): void {
    const now = this.#clock.now();
    if (this.#slowed !== undefined && now - this.#slowed.at < ONE_SIGN_MS) return;
    this.#refill();
    const before = this.#rateAt(now);
    const least = this.#fullRate * SLOWEST;
    const rate = Math.max(least, before * SLOWER);
    this.#slowed = { at: now, rate, ceiling: Math.max(rate + least, before * CEILING) };
    this.#tokens = Math.min(this.#tokens, 0) - (rate * PAUSE_MS) / 1000;
  }

  async #serve(): Promise<void> {
    this.#serving = true;
    for (let lane = this.#next(); lane !== undefined; lane = this.#next()) {
      this.#refill();
      const [taker] = lane;
      if (taker?.signal.aborted !== true && this.#tokens < 1) {
        const wanted = lane === this.#waiting.usual ? 1 + Math.random() : 1;
        const ms = ((wanted - this.#tokens) / this.#rateAt(this.#clock.now())) * 1000;
        await this.#clock.sleep(Math.min(LONGEST_SLEEP_MS, Math.ceil(ms)));
        continue;
      }
      lane.shift();
      this.#give(taker);
    }
    this.#serving = false;
  }

  #next(): Taker[] | undefined {
    const { urgent, usual } = this.#waiting;
    return [urgent, usual].find(({ length }) => length > 0);
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
    const { at, rate, ceiling } = this.#slowed;
    const since = Math.max(0, now - at - PAUSE_MS);
    const grown = ceiling + (ceiling - rate) * (since / TO_CEILING_MS - 1) ** 3;
    return Math.min(this.#fullRate, grown);
  }
}

type Taker = {
  readonly most: number;
  readonly signal: AbortSignal;
  readonly take: (taken: number) => void;
};
