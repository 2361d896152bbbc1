import pLimit, { type LimitFunction } from 'p-limit';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { Clock, Rates } from '../../ports.ts';
import { isThrottled } from '../errors.ts';
import { type Priority, TokenBucket } from './token-bucket.ts';

/**
 * The quota groups of ECS (functions/README.md, Quotas). All callers in an account and Region share a bucket a group.
 */
export const READ_GROUPS = [
  'cluster',
  'service',
  'task-definition',
  'cluster-resource',
  'service-deployment',
] as const;
export type ReadGroup = (typeof READ_GROUPS)[number];

/** Makes a call as soon as its group's quota has room; rejects with the signal's reason once the signal is aborted. */
export type Paced = <T>(group: ReadGroup, signal: AbortSignal, call: () => Promise<T>) => Promise<T>;

/** After so many throttled attempts, each at a lower rate, a call has failed. */
const TRIES = 12;

/** Keeps reads and writes within our share of the quotas, and within what other callers leave of them. */
export class Quota {
  readonly updates: TokenBucket;
  readonly #groups: ReadonlyMap<ReadGroup, Group>;

  constructor({ readRate, readBurst, updateRate, updateBurst }: Rates, clock: Clock) {
    this.updates = new TokenBucket(updateRate, updateBurst, clock);
    const group = (): Group => ({
      bucket: new TokenBucket(readRate, readBurst, clock),
      limit: { high: pLimit(CONCURRENCY.ecsReads), normal: pLimit(CONCURRENCY.ecsReads) },
    });
    this.#groups = new Map(READ_GROUPS.map((name) => [name, group()]));
  }

  /** Makes calls with this priority. */
  paced(priority: Priority): Paced {
    return (name, signal, call) => {
      const group = this.#groups.get(name);
      if (group === undefined) throw new TypeError(`unknown quota group ${name}`);
      return group.limit[priority](() => pacedCall(group.bucket, priority, signal, call));
    };
  }
}

type Group = { readonly bucket: TokenBucket; readonly limit: Readonly<Record<Priority, LimitFunction>> };

/** Paces calls outside ECS, which other callers seldom make: `perSecond` is our share, the burst one second's worth. */
export function pacedAt(
  perSecond: number,
  clock: Clock,
): <T>(signal: AbortSignal, call: () => Promise<T>) => Promise<T> {
  const bucket = new TokenBucket(perSecond, Math.max(1, Math.floor(perSecond)), clock);
  return (signal, call) => pacedCall(bucket, 'normal', signal, call);
}

/** Repeats throttled calls, which the SDK does not repeat (clients.ts), because the bucket has to back off first. */
async function pacedCall<T>(
  bucket: TokenBucket,
  priority: Priority,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    await bucket.takeUpTo(1, signal, priority);
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!isThrottled(error)) throw error;
      bucket.backOff();
      if (tries === TRIES) throw error;
    }
  }
}
