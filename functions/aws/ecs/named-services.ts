import {
  type ClusterArn,
  homeOf,
  nameOf,
  parseArn,
  type ServiceArn,
  serviceArn,
  serviceIn,
} from '../../core/model/arn.ts';
import { type Fleet, type NamedFleet, type NamedService, namesByCluster } from '../../core/model/fleet.ts';

/** The clusters in which to look for the services that a request names. */
export type Places = {
  readonly sought: readonly Sought[];
  readonly outOfScope: NamedFleet['outOfScope'];
  /** Services whose cluster does not exist in this account and Region, as the request names them. */
  readonly nowhere: readonly string[];
};

type Sought = {
  readonly asGiven: string;
  readonly name: string;
  /** Undefined: the request names the service by an ARN in the old form, which does not contain the cluster. */
  readonly cluster: ClusterArn | undefined;
};

/** Finds each named service's cluster among all clusters; services outside the selected ones are out of scope. */
export function placesOf(
  named: readonly NamedService[],
  all: readonly ClusterArn[],
  selected: readonly ClusterArn[],
): Places {
  const byName = new Map(all.map((arn) => [nameOf(arn), arn]));
  const sought: Sought[] = [];
  const outOfScope = new Map<ServiceArn, string>();
  const nowhere: string[] = [];
  for (const { cluster: clusterName, name, asGiven } of named) {
    const cluster = clusterName === undefined ? undefined : byName.get(clusterName);
    if (clusterName === undefined) sought.push({ asGiven, name, cluster });
    else if (cluster === undefined || isForeign(asGiven, cluster)) nowhere.push(asGiven);
    else if (selected.includes(cluster)) sought.push({ asGiven, name, cluster });
    else
      outOfScope.set(
        asGiven.startsWith('arn:') ? serviceArn(asGiven) : serviceIn(cluster, name),
        clusterName,
      );
  }
  return {
    sought,
    outOfScope: [...outOfScope].map(([service, cluster]) => ({ service, cluster })),
    nowhere: [...new Set(nowhere)],
  };
}

/** The names to describe in each cluster; undefined: one service may be in any cluster, so all have to be listed. */
export function namesToDescribe({ sought }: Places): ReadonlyMap<ClusterArn, readonly string[]> | undefined {
  const placed = sought.flatMap(({ cluster, name }) => (cluster === undefined ? [] : [{ cluster, name }]));
  return placed.length < sought.length ? undefined : namesByCluster(placed);
}

/** The read fleet, reduced to the services that the request names, with the named services that do not exist. */
export function onlyNamed({ sought, outOfScope, nowhere }: Places, fleet: Fleet): NamedFleet {
  const services = fleet.services.filter((read) =>
    sought.some((one) => isMeant(read.arn, read.cluster.name, one)),
  );
  const unreadable = fleet.unreadable.filter((read) =>
    sought.some((one) => isMeant(read.service, read.cluster, one)),
  );
  const found = [
    ...services.map(({ arn, cluster }) => ({ arn, cluster: cluster.name })),
    ...unreadable.map(({ service, cluster }) => ({ arn: service, cluster })),
  ];
  const missing = sought.filter((one) => !found.some(({ arn, cluster }) => isMeant(arn, cluster, one)));
  return {
    ...fleet,
    services,
    unreadable,
    outOfScope,
    missing: [...nowhere, ...missing.map(({ asGiven }) => asGiven)],
  };
}

function isMeant(arn: ServiceArn, cluster: string, { asGiven, cluster: sought, name }: Sought): boolean {
  return asGiven === arn || (sought !== undefined && nameOf(sought) === cluster && name === nameOf(arn));
}

/** An ARN of another partition, Region or account names no service here, even if all names in it exist here. */
function isForeign(asGiven: string, here: ClusterArn): boolean {
  const arn = parseArn(asGiven);
  const home = homeOf(here);
  return (
    arn !== undefined &&
    (['partition', 'region', 'account'] as const).some((part) => arn[part] !== home[part])
  );
}
