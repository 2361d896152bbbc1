/** Where a value lies on a logarithmic axis, in pixels. */
export type Place = (value: number) => number;

export type Axis = {
  readonly at: Place;
  /** The powers of ten on the axis, including both ends. */
  readonly ticks: readonly number[];
};

/** An axis from pixel `from` to pixel `to` with room for all of these values, which must be greater than 0. */
export function logAxis(values: readonly number[], from: number, to: number): Axis {
  const exponents = values.map(Math.log10);
  const low = Math.floor(Math.min(...exponents));
  const high = Math.max(low + 1, Math.ceil(Math.max(...exponents)));
  return {
    at: between(10 ** low, 10 ** high, from, to),
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
  };
}

/** Puts `low` at pixel `from` and `high` at pixel `to`; if they are equal, every value lies in the middle. */
export function between(low: number, high: number, from: number, to: number): Place {
  if (low === high) return () => round((from + to) / 2);
  const share = (value: number): number => Math.log(value / low) / Math.log(high / low);
  return (value) => round(from + share(value) * (to - from));
}

/** Moves labels apart until there are `gap` pixels between neighbours and none is below `lowest`. Keeps their order. */
export function spreadOut(heights: readonly number[], gap: number, lowest: number): readonly number[] {
  const spread = [...heights];
  const order = heights.map((_, index) => index).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0));
  let above = Number.NEGATIVE_INFINITY;
  for (const index of order) {
    above = Math.max(spread[index] ?? 0, above + gap);
    spread[index] = above;
  }
  let below = lowest + gap;
  for (const index of order.toReversed()) {
    below = Math.min(spread[index] ?? 0, below - gap);
    spread[index] = below;
  }
  return spread;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
