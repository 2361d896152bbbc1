import type { Rates } from '../../../functions/ports.ts';
import { type BucketName, PUBLISHED_LIMITS } from '../../simulator/throttle.ts';
import type { Scenario } from './scenarios.ts';

/** The calls that every client needs that reads the whole fleet once and redeploys the affected services. */
export type Needed = Readonly<Partial<Record<BucketName, number>>>;

/** The least seconds that a client needs that starts with full buckets. */
export type Bounds = {
  /** With the share of the quotas that the functions use by default. */
  readonly configured: number;
  /** With all that AWS gives to the account. */
  readonly published: number;
};

const LIST = 100;
const DESCRIBE = 10;

/**
 * The calls with the largest pages, one revision a service, and the services spread evenly over the clusters. A warm
 * process knows the revisions already, because they never change (functions/README.md, Deployments).
 */
export function neededCalls({ method, services, clusters, affected }: Scenario): Needed {
  const inEach = Math.ceil(services / clusters);
  return {
    'cluster-read': 2 * Math.ceil(clusters / LIST),
    'service-read': clusters * (Math.ceil(inEach / LIST) + Math.ceil(inEach / DESCRIBE)),
    'task-definition-read': method === 'warm' ? 0 : services,
    'service-modify': affected,
  };
}

/** The slowest bucket decides: (calls − burst) / rate. */
export function boundsOf(needed: Needed, rates: Rates): Bounds {
  const buckets = Object.entries(needed).filter((entry): entry is [BucketName, number] => isBucket(entry[0]));
  const slowest = (seconds: (name: BucketName, calls: number) => number) =>
    Math.max(0, ...buckets.map(([name, calls]) => seconds(name, calls)));
  return {
    configured: slowest((name, calls) =>
      name === 'service-modify'
        ? (calls - rates.updateBurst) / rates.updateRate
        : (calls - rates.readBurst) / rates.readRate,
    ),
    published: slowest((name, calls) => {
      const { burst, perSecond } = PUBLISHED_LIMITS[name];
      return (calls - burst) / perSecond;
    }),
  };
}

function isBucket(name: string): name is BucketName {
  return Object.hasOwn(PUBLISHED_LIMITS, name);
}
