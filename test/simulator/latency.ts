/** Gives the delay of the next call in milliseconds, as the option `latencyMs` expects. */
export type Latency = () => number;

/** The latency of most answers of AWS's control planes, and of the few that take longer. */
const FASTEST_MS = 20;
const SPREAD_MS = 60;
const SLOW_SHARE = 0.01;
const SLOW_MS = 400;

/**
 * Delays as a client in the same Region sees them: 20 to 80 ms, most of them near the lower end, and up to 400 ms for
 * one call in a hundred. The same seed gives the same delays.
 */
export function realisticLatency(seed = 1): Latency {
  const random = lehmer(seed);
  return () => {
    if (random() < SLOW_SHARE) return SLOW_MS * (0.5 + random() / 2);
    return FASTEST_MS + SPREAD_MS * random() ** 2;
  };
}

function lehmer(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
