import type { Clock } from '../ports.ts';

/** At the slowest rates the signal is to be heard all the same. */
const LONGEST_SLEEP_MS = 1_000;

/**
 * A token bucket as AWS's own: it starts full with `burst` tokens and regains `rate` a second. Takers are served in
 * the order in which they came.
 */
export class TokenBucket {
  readonly #rate: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #refilledAt: number;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(rate: number, burst: number, clock: Clock) {
    this.#rate = rate;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#refilledAt = clock.now();
  }

  /**
   * Waits until there is a token, then takes as many as there are, up to `most`; answers how many it took: none once the
   * signal is aborted.
   */
  takeUpTo(most: number, signal: AbortSignal): Promise<number> {
    const taken = this.#turn.then(() => this.#take(most, signal));
    this.#turn = taken;
    return taken;
  }

  async #take(most: number, signal: AbortSignal): Promise<number> {
    for (this.#refill(); this.#tokens < 1; this.#refill()) {
      if (signal.aborted) return 0;
      await this.#clock.sleep(
        Math.min(LONGEST_SLEEP_MS, Math.ceil(((1 - this.#tokens) / this.#rate) * 1000)),
      );
    }
    if (signal.aborted) return 0;
    const taken = Math.min(most, Math.floor(this.#tokens));
    this.#tokens -= taken;
    return taken;
  }

  #refill(): void {
    const now = this.#clock.now();
    const elapsed = Math.max(0, now - this.#refilledAt);
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsed / 1000) * this.#rate);
    this.#refilledAt = now;
  }
}
