import type { Clock } from '../ports.ts';

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

  /** Waits until there is a token, then takes as many as there are, up to `most`; answers how many it took. */
  takeUpTo(most: number): Promise<number> {
    const taken = this.#turn.then(() => this.#take(most));
    this.#turn = taken;
    return taken;
  }

  async #take(most: number): Promise<number> {
    this.#refill();
    while (this.#tokens < 1) {
      await this.#clock.sleep(Math.ceil(((1 - this.#tokens) / this.#rate) * 1000));
      this.#refill();
    }
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
