import { type ClusterArn, nameOf, type ServiceArn, serviceArn, serviceIn } from '../core/arn.ts';
import type { Fleet, NamedFleet } from '../core/fleet.ts';
import type { NamedService } from '../ports.ts';

type Found = {
  /** The clusters to be read. */
  readonly clusters: ReadonlySet<ClusterArn>;
  /** The services to be described in a cluster; where there is no entry, all of the cluster's are to be listed. */
  readonly namesIn: ReadonlyMap<ClusterArn, readonly string[]>;
  /** What was read, less everything that nobody named, and what could not be found there. */
  sorted(fleet: Fleet): Pick<NamedFleet, 'services' | 'outOfScope' | 'missing'>;
};

/**
 * Says where the services that a person named are to be read. A service's ARN in the old form does not tell its cluster:
 * one such name makes it necessary to list them all.
 */
export function findNamed(
  named: readonly NamedService[],
  all: readonly ClusterArn[],
  selected: readonly ClusterArn[],
): Found {
  const byName = new Map(all.map((arn) => [nameOf(arn), arn]));
  const clusterOf = ({ cluster }: NamedService) => (cluster === undefined ? undefined : byName.get(cluster));
  const isOutOfScope = (one: NamedService) => isIn(clusterOf(one), all) && !isIn(clusterOf(one), selected);
  const sought = named.filter((one) => !isOutOfScope(one));
  const everywhere = sought.some(({ cluster }) => cluster === undefined);
  const namesIn = new Map<ClusterArn, string[]>();
  for (const one of sought) {
    const cluster = clusterOf(one);
    if (cluster !== undefined) namesIn.set(cluster, [...(namesIn.get(cluster) ?? []), one.name]);
  }
  const isNamed = (service: Fleet['services'][number]) => (one: NamedService) =>
    one.asGiven === service.arn || (clusterOf(one) === service.cluster.arn && one.name === service.name);
  return {
    clusters: new Set(everywhere ? selected : namesIn.keys()),
    namesIn: everywhere ? new Map() : namesIn,
    sorted: ({ services }) => ({
      services: services.filter((service) => sought.some(isNamed(service))),
      outOfScope: named
        .filter(isOutOfScope)
        .map((one) => ({ service: arnOf(one, clusterOf(one)), cluster: one.cluster ?? '' })),
      missing: sought
        .filter((one) => !services.some((service) => isNamed(service)(one)))
        .map(({ asGiven }) => asGiven),
    }),
  };
}

function isIn(cluster: ClusterArn | undefined, clusters: readonly ClusterArn[]): boolean {
  return cluster !== undefined && clusters.includes(cluster);
}

function arnOf({ asGiven, name }: NamedService, cluster: ClusterArn | undefined): ServiceArn {
  return asGiven.startsWith('arn:') || cluster === undefined ? serviceArn(asGiven) : serviceIn(cluster, name);
}
