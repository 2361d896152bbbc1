import pLimit, { type LimitFunction } from 'p-limit';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { Clock, Rates } from '../../ports.ts';
import { isThrottled } from '../errors.ts';
import { type Priority, TokenBucket } from './token-bucket.ts';

/** The quota groups of ECS (AWS-FACTS §6); every account and Region shares one bucket a group with everybody in it. */
export const READ_GROUPS = [
  'cluster',
  'service',
  'task-definition',
  'cluster-resource',
  'service-deployment',
] as const;
export type ReadGroup = (typeof READ_GROUPS)[number];

/** Makes a call of a group when there is room for it; rejects with the signal's reason once that is aborted. */
export type Paced = <T>(group: ReadGroup, signal: AbortSignal, call: () => Promise<T>) => Promise<T>;

/** A call that AWS throttles as often as this, more slowly each time, has failed. */
const TRIES = 12;

/** Keeps reads and writes inside our share of the quotas, and inside what others leave of them. */
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

  /** How calls of this priority are made. */
  paced(priority: Priority): Paced {
    return (name, signal, call) => {
      const group = this.#groups.get(name);
      if (group === undefined) throw new TypeError(`no quota group ${name}`);
      return group.limit[priority](() => pacedCall(group.bucket, priority, signal, call));
    };
  }
}

type Group = { readonly bucket: TokenBucket; readonly limit: Readonly<Record<Priority, LimitFunction>> };

/** The same for calls outside ECS, of which others make few: `perSecond` is our share, and a second's worth the burst. */
export function pacedAt(
  perSecond: number,
  clock: Clock,
): <T>(signal: AbortSignal, call: () => Promise<T>) => Promise<T> {
  const bucket = new TokenBucket(perSecond, Math.max(1, Math.floor(perSecond)), clock);
  return (signal, call) => pacedCall(bucket, 'normal', signal, call);
}

/** The SDK does not repeat a throttled call by itself (clients.ts): the bucket must hear of it first. */
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
