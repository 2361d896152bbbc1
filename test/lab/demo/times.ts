import type { Exposure } from './watch.ts';

/** From the change to UpdateService; undefined if the service was not redeployed. */
export function reactionMs({ changedAt, acceptedAt }: Exposure): number | undefined {
  return acceptedAt === undefined ? undefined : acceptedAt - changedAt;
}

/** From the change until the last old task was gone; undefined while there is one. */
export function exposureMs({ changedAt, goneAt }: Exposure): number | undefined {
  return goneAt === undefined ? undefined : goneAt - changedAt;
}

/** The greatest; undefined where one is undefined, because it has not ended. */
export function most(all: readonly (number | undefined)[]): number | undefined {
  return all.includes(undefined) ? undefined : Math.max(...all.map(Number));
}

export function range(all: readonly (number | undefined)[]): string {
  const known = all.filter((one) => one !== undefined);
  if (known.length === 0) return 'never';
  const open = known.length < all.length ? `, ${all.length - known.length} never` : '';
  return `${seconds(Math.min(...known))} to ${seconds(Math.max(...known))}${open}`;
}

export function seconds(ms: number | undefined): string {
  return ms === undefined ? 'never' : `${(ms / 1000).toFixed(1)} s`;
}
