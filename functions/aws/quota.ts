import pLimit, { type LimitFunction } from 'p-limit';
import type { Clock, Rates } from '../ports.ts';
import { TokenBucket } from './token-bucket.ts';

/** The quota groups of ECS (AWS-FACTS §6); every account and Region shares one bucket a group with everybody in it. */
export const READ_GROUPS = [
  'cluster',
  'service',
  'task-definition',
  'cluster-resource',
  'service-deployment',
] as const;
export type ReadGroup = (typeof READ_GROUPS)[number];

/** Calls of one group that may be under way at once: enough to use the whole rate at a latency of two seconds. */
const CONCURRENCY = 32;

/** Keeps reads and writes inside our share of the quotas. */
export class Quota {
  readonly updates: TokenBucket;
  readonly #reads: ReadonlyMap<ReadGroup, { readonly bucket: TokenBucket; readonly limit: LimitFunction }>;

  constructor({ readRate, readBurst, updateRate, updateBurst }: Rates, clock: Clock) {
    this.updates = new TokenBucket(updateRate, updateBurst, clock);
    const group = () => ({ bucket: new TokenBucket(readRate, readBurst, clock), limit: pLimit(CONCURRENCY) });
    this.#reads = new Map(READ_GROUPS.map((name) => [name, group()]));
  }

  /** Makes a call of this group when there is room for it; rejects with the signal's reason once that is aborted. */
  read<T>(name: ReadGroup, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    const group = this.#reads.get(name);
    if (group === undefined) throw new TypeError(`no quota group ${name}`);
    return group.limit(async () => {
      await group.bucket.takeUpTo(1, signal);
      signal.throwIfAborted();
      return call();
    });
  }
}
