import type { ClusterArn, ServiceArn, ServiceKey, TaskDefinitionArn } from './arn.ts';
import type { Failure } from './failure.ts';
import { grouped } from './lists.ts';
import type { Mention } from './mention.ts';
import type { Reference } from './reference.ts';

/** Tags whose key begins with our prefix, by the rest of the key: `enabled`, `wave`, `also`, … */
export type Tags = ReadonlyMap<string, string>;

export type Cluster = { readonly arn: ClusterArn; readonly name: string; readonly tags: Tags };

export type RolloutState = 'COMPLETED' | 'IN_PROGRESS' | 'FAILED';

/** An ECS deployment or a task set: tasks of one revision that are started together. Instants are in milliseconds. */
export type Deployment = {
  readonly id: string;
  readonly primary: boolean;
  readonly taskDefinition: TaskDefinitionArn;
  readonly createdAt: number;
  /** Null where ECS does not report it: for task sets, and for deployments that are not rolling deployments. */
  readonly rolloutState: RolloutState | null;
  readonly rolloutStateReason: string;
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
  /** Tasks that failed to start; ECS counts from 0 again once one runs (functions/README.md, Deployments). */
  readonly failed: number;
  /** When ECS last changed something about it, if it says so. */
  readonly updatedAt?: number;
  /** References of the deployment itself: those in the log configuration of Service Connect. */
  readonly references: readonly Reference[];
};

/** A service as DescribeServices shows it. */
export type Service = {
  readonly key: ServiceKey;
  readonly arn: ServiceArn;
  readonly name: string;
  readonly cluster: Cluster;
  readonly status: string;
  readonly controller: 'ECS' | 'CODE_DEPLOY' | 'EXTERNAL';
  readonly strategy: 'ROLLING' | 'BLUE_GREEN' | 'LINEAR' | 'CANARY';
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
  readonly minimumHealthyPercent: number;
  readonly maximumPercent: number;
  /** Its deployments have lifecycle hooks, which may hold them up. */
  readonly hasHooks: boolean;
  /** Why the youngest event since PRIMARY began says that no task starts. */
  readonly placement?: Failure;
  readonly tags: Tags;
  /** Null for Express services: the task definition of their PRIMARY deployment applies. */
  readonly taskDefinition: TaskDefinitionArn | null;
  readonly deployments: readonly Deployment[];
  /** The references that the `also` tags name. */
  readonly also: readonly Reference[];
};

/** The references of a task-definition revision. A registered revision never changes. */
export type Revision =
  | {
      readonly kind: 'readable';
      readonly references: readonly Reference[];
      /** The ARN of the role with which ECS resolves the references. */
      readonly executionRole?: string;
      /** What the environments of its containers name: a hint for a person, and nothing is decided on it. */
      readonly mentions?: readonly Mention[];
    }
  | ({ readonly kind: 'unreadable' } & Refused);

/** Why AWS does not show something; `denied`: a permission is missing. */
export type Refused = { readonly why: string; readonly denied?: true };

export type Fleet = {
  /** When the read began, by this machine's clock: the fleet shows everything that existed at this instant. */
  readonly beganAt: number;
  readonly services: readonly Service[];
  readonly revisions: ReadonlyMap<TaskDefinitionArn, Revision>;
  /** Services that ECS listed but did not describe, and why. */
  readonly unreadable: readonly Unreadable[];
  /** Clusters that ECS did not describe, or whose services it did not list or not to the end, and why. */
  readonly unreadableClusters: readonly UnreadableCluster[];
};

export type Unreadable = Refused & { readonly service: ServiceArn; readonly cluster: string };

/** `cluster`: its name. */
export type UnreadableCluster = Refused & { readonly arn: ClusterArn; readonly cluster: string };

/** Services that were named by hand, as far as they exist in the selected clusters. */
export type NamedFleet = Fleet & {
  /** Services in clusters that are not selected: they are not read. */
  readonly outOfScope: readonly { readonly service: ServiceArn; readonly cluster: string }[];
  /** Services that do not exist, as the request named them. */
  readonly missing: readonly string[];
};

export function primaryOf(service: Service): Deployment | undefined {
  return service.deployments.find((deployment) => deployment.primary);
}

export function hasTasks(deployment: Deployment): boolean {
  return deployment.running + deployment.pending > 0;
}

/** The deployments whose references count: PRIMARY, and every other deployment that still has tasks. */
export function deploymentsInUse(service: Service): readonly Deployment[] {
  return service.deployments.filter((deployment) => deployment.primary || hasTasks(deployment));
}

/** Whether a revision that the service uses could not be described: the service may then refer to anything. */
export function isUnreadable(service: Service, { revisions }: Fleet): boolean {
  return revisionsInUse(service).some((arn) => revisions.get(arn)?.kind === 'unreadable');
}

/** Whether everything could be read; what could not may be readable the next time. */
export function isWhole(fleet: Fleet): boolean {
  const unread = fleet.unreadable.length + fleet.unreadableClusters.length;
  return unread === 0 && !fleet.services.some((service) => isUnreadable(service, fleet));
}

/** The services of the fleet that could not be read, and why. */
export function unreadableOf(
  fleet: Fleet,
): readonly { readonly service: ServiceArn; readonly why: string }[] {
  const byRevision = fleet.services.flatMap((service) =>
    revisionsInUse(service).flatMap((arn) => {
      const revision = fleet.revisions.get(arn);
      return revision?.kind === 'unreadable' ? [{ service: service.arn, why: revision.why }] : [];
    }),
  );
  return [...fleet.unreadable.map(({ service, why }) => ({ service, why })), ...byRevision];
}

/** What ECS did not show, and why: a service or, where there is no service, a cluster. */
export type Unread = { readonly service?: ServiceArn; readonly cluster?: string; readonly why: string };

/** Everything that ECS did not show. */
export function unreadIn(fleet: Fleet): readonly Unread[] {
  return [...unreadableOf(fleet), ...fleet.unreadableClusters.map(({ cluster, why }) => ({ cluster, why }))];
}

/** The revisions that the service's tasks run, or would run if started now. */
export function revisionsInUse(service: Service): readonly TaskDefinitionArn[] {
  const arns = deploymentsInUse(service).map((deployment) => deployment.taskDefinition);
  return [...new Set(service.taskDefinition === null ? arns : [service.taskDefinition, ...arns])];
}

/** Joins several parts of the fleet, or several reads of it, into one fleet, which is as old as `beganAt`. */
export function joinFleets(beganAt: number, parts: readonly Fleet[]): Fleet {
  return {
    beganAt,
    services: parts.flatMap(({ services }) => services),
    revisions: new Map(parts.flatMap(({ revisions }) => [...revisions])),
    unreadable: parts.flatMap(({ unreadable }) => unreadable),
    unreadableClusters: parts.flatMap(({ unreadableClusters }) => unreadableClusters),
  };
}

/** The names of the services, grouped by cluster. */
export function namesByCluster(
  services: Iterable<{ readonly cluster: ClusterArn; readonly name: string }>,
): ReadonlyMap<ClusterArn, readonly string[]> {
  const names = [...grouped(services, ({ cluster }) => cluster)];
  return new Map(names.map(([cluster, ofCluster]) => [cluster, ofCluster.map(({ name }) => name)]));
}

/** A service as a request names it. The old form of a service's ARN does not contain the cluster. */
export type NamedService = { readonly cluster?: string; readonly name: string; readonly asGiven: string };
