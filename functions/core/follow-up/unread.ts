import { type ClusterArn, clusterOf, keyOf, nameOf, type ServiceArn, serviceIn } from '../model/arn.ts';
import type { Change } from '../model/change.ts';
import type { Fleet, Service } from '../model/fleet.ts';

/**
 * What ECS does not show, and what may therefore refer to anything: one service, or a cluster but for the services of it
 * that were seen.
 */
export type Unread = { readonly cluster: ClusterArn } & (
  | { readonly name: string }
  | { readonly except: readonly string[] }
);

/** What a read of the whole fleet did not show; nothing, if no change could redeploy a service. */
export function unreadIn(fleet: Fleet, changes: readonly Change[]): readonly Unread[] {
  if (changes.every(({ optedOut }) => optedOut)) return [];
  const clusters = fleet.unreadableClusters.map(({ arn }) => ({
    cluster: arn,
    except: fleet.services.filter(({ cluster }) => cluster.arn === arn).map(({ name }) => name),
  }));
  const named = new Set(changes.map(({ arn }) => arn));
  const byHand = changes.every(({ kind }) => kind === 'service');
  const services = fleet.unreadable.filter(({ service }) => !byHand || named.has(service));
  return [
    ...clusters,
    ...services.map(({ service, cluster }) => ({
      cluster: clusterOf(service, cluster),
      name: nameOf(service),
    })),
  ];
}

/** What of this is unread in the fleet as it is read now. */
export function stillUnread(before: readonly Unread[], fleet: Fleet): readonly Unread[] {
  const clusters = new Set(fleet.unreadableClusters.map(({ arn }) => arn));
  const refused = fleet.unreadable.map(({ service, cluster }) => ({
    cluster: clusterOf(service, cluster),
    name: nameOf(service),
  }));
  return before.flatMap((one): readonly Unread[] => {
    if ('name' in one) return refused.filter((each) => isCovered(one, each));
    const seen = fleet.services.filter(({ cluster }) => cluster.arn === one.cluster).map(({ name }) => name);
    const again = refused.filter((each) => isCovered(one, each));
    if (!clusters.has(one.cluster)) return again;
    return [{ ...one, except: [...new Set([...one.except, ...seen])] }, ...again];
  });
}

/** Whether a service is one of those that were unread. */
export function isUnread(
  unread: readonly Unread[],
  { cluster, name }: Pick<Service, 'cluster' | 'name'>,
): boolean {
  return unread.some((one) => isCovered(one, { cluster: cluster.arn, name }));
}

function isCovered(
  one: Unread,
  { cluster, name }: { readonly cluster: ClusterArn; readonly name: string },
): boolean {
  if (one.cluster !== cluster) return false;
  return 'name' in one ? one.name === name : !one.except.includes(name);
}

/** Both lists without repetition. */
export function joinUnread(a: readonly Unread[], b: readonly Unread[]): readonly Unread[] {
  const clusters = new Map<ClusterArn, Unread>();
  const services = new Map<string, Unread>();
  for (const one of [...a, ...b]) {
    if ('name' in one) {
      services.set(keyOf(nameOf(one.cluster), one.name), one);
      continue;
    }
    const before = clusters.get(one.cluster);
    // What only one of the two has seen is looked at again.
    const except =
      before !== undefined && 'except' in before
        ? one.except.filter((name) => before.except.includes(name))
        : one.except;
    clusters.set(one.cluster, { cluster: one.cluster, except });
  }
  return [...clusters.values(), ...services.values()];
}

/** As records name it. */
export function asWaiting(one: Unread): {
  readonly cluster: string;
  readonly service?: ServiceArn;
  readonly reason: 'unreadable';
} {
  const cluster = nameOf(one.cluster);
  const service = 'name' in one ? { service: serviceIn(one.cluster, one.name) } : {};
  return { ...service, cluster, reason: 'unreadable' };
}
