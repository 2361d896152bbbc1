import type { SecretRef } from './world/specs.ts';
import type { World } from './world/world.ts';

/** The size of a fleet; every service has a revision of its own. */
export interface LargeFleetSpec {
  readonly services: number;
  readonly clusters: number;
  /** How many services refer to the one secret `shared/db`; they are spread evenly over services and clusters. */
  readonly affected: number;
  /** Tasks a service. Default 2. */
  readonly desired?: number;
}

export interface LargeFleet {
  /** The secret that the affected services refer to. */
  readonly shared: SecretRef;
  /** ARNs of the services that refer to it. */
  readonly affected: readonly string[];
}

/** The number of services that share one secret, such as the password of a team's database. */
const SERVICES_A_SECRET = 10;

/** Builds thousands of services in well under a second; all of them refer to some secret and to a parameter. */
export function buildLargeFleet(world: World, spec: LargeFleetSpec): LargeFleet {
  const { services, clusters, affected: wanted, desired = 2 } = spec;
  const shared = world.secret({ name: 'shared/db' });
  const parameter = world.parameter({ name: '/shared/region' });
  const secrets = Array.from({ length: Math.ceil(services / SERVICES_A_SECRET) }, (_, i) =>
    world.secret({ name: `team-${i}/db` }),
  );
  const places = Array.from({ length: clusters }, (_, i) =>
    world.cluster({ name: `cluster-${String(i + 1).padStart(3, '0')}` }),
  );
  const affected: string[] = [];
  for (let i = 0; i < services; i++) {
    const own = secrets[Math.floor(i / SERVICES_A_SECRET)];
    const isAffected = Math.floor(((i + 1) * wanted) / services) > Math.floor((i * wanted) / services);
    const references = [own, isAffected ? shared : undefined].flatMap((ref) =>
      ref === undefined ? [] : [ref.arn],
    );
    const cluster = places[Math.floor((i * clusters) / services)];
    const { arn } = world.service({
      name: `service-${String(i + 1).padStart(5, '0')}`,
      ...(cluster === undefined ? {} : { cluster }),
      desired,
      secrets: [...references, parameter.arn],
    });
    if (isAffected) affected.push(arn);
  }
  return { shared, affected };
}
