import { type ClusterArn, homeOf, keyOf, nameOf, serviceIn, type TaskDefinitionArn } from '../model/arn.ts';
import {
  type Deployment,
  deploymentsInUse,
  type Fleet,
  revisionsInUse,
  type Service,
} from '../model/fleet.ts';
import type { Mention } from '../model/mention.ts';
import { type Place, parseReference, type Reference } from '../model/reference.ts';
import type { Heard } from './heard.ts';

/**
 * Where services were seen last, and what their revisions refer to. It is a hint: it says which services to look at
 * first, and never what to do. It holds only names and ARNs of secrets and parameters, and nothing else of them or of
 * a tag, but for what events told of secrets that AWS may not describe here: label, version and instant.
 */
export type Snapshot = {
  readonly clusters: ReadonlyMap<ClusterArn, ReadonlyMap<string, SeenService>>;
  /** A registered revision never changes (functions/README.md, Deployments). */
  readonly revisions: ReadonlyMap<TaskDefinitionArn, readonly SeenReference[]>;
  /**
   * What the environments of a revision name: ARNs of secrets and parameters and names of managed secrets, and no other value.
   * A snapshot of an earlier version has none; they come with the next read of the revision.
   */
  readonly mentions?: ReadonlyMap<TaskDefinitionArn, readonly string[]>;
  /** Absent in a snapshot of an earlier version. */
  readonly heard?: readonly Heard[];
};

export type SeenService = {
  readonly revisions: readonly TaskDefinitionArn[];
  /** The references of the service itself: those of Service Connect, and those that its `also` tags name. */
  readonly own: readonly SeenReference[];
};

export type SeenReference = { readonly place: Place; readonly valueFrom: string };

export const NOTHING_SEEN: Snapshot = { clusters: new Map(), revisions: new Map() };

/**
 * The snapshot after a read of the clusters for which `isRead` holds. What is no longer in use is left out; what ECS
 * refused to show stays as it was seen before.
 */
export function withRead(before: Snapshot, fleet: Fleet, isRead: (cluster: ClusterArn) => boolean): Snapshot {
  const unread = new Set(fleet.unreadableClusters.map(({ arn }) => arn));
  const refused = new Set(fleet.unreadable.map(({ service, cluster }) => keyOf(cluster, service)));
  const seen = seenIn(fleet);
  const kept = [...before.clusters].flatMap(([cluster, services]) => {
    const isWhole = isRead(cluster) && !unread.has(cluster);
    const stays = [...services].filter(([name]) => !isWhole || refused.has(keyOf(nameOf(cluster), name)));
    const now = new Map([...stays, ...(seen.get(cluster) ?? [])].toSorted(byArn));
    return stays.length === 0 ? [] : [[cluster, now] as const];
  });
  const clusters = new Map([...seen, ...kept].toSorted(byArn));
  const read = [...fleet.revisions].flatMap(([arn, revision]) =>
    revision.kind === 'readable' ? [[arn, revision.references.map(seenReference)] as const] : [],
  );
  const known = new Map([...before.revisions, ...read]);
  const used = new Set([...clusters.values()].flatMap((services) => [...services.values()]).flatMap(usedBy));
  const revisions = [...known].filter(([arn]) => used.has(arn)).toSorted(byArn);
  const mentions = mentionsAfter(before, fleet, used);
  const { heard } = before;
  return {
    clusters,
    revisions: new Map(revisions),
    ...(mentions.size > 0 && { mentions }),
    ...(heard && { heard }),
  };
}

function mentionsAfter(
  { mentions = new Map() }: Snapshot,
  { revisions }: Fleet,
  used: ReadonlySet<TaskDefinitionArn>,
): NonNullable<Snapshot['mentions']> {
  const read = [...revisions].flatMap(([arn, revision]) =>
    revision.kind === 'readable' ? [[arn, namesIn(revision.mentions)] as const] : [],
  );
  const all = [...new Map([...mentions, ...read])];
  return new Map(all.filter(([arn, names]) => names.length > 0 && used.has(arn)).toSorted(byArn));
}

function namesIn(mentions: readonly Mention[] = []): readonly string[] {
  return [...new Set(mentions.map(({ names }) => names))].toSorted();
}

/** The fleet as the snapshot shows it. It may be used for matching only. */
export function hintedFleet({ clusters, revisions, mentions = new Map() }: Snapshot): Fleet {
  return {
    beganAt: 0,
    services: [...clusters].flatMap(([cluster, services]) =>
      [...services].map(([name, seen]) => hintedService(cluster, name, seen)),
    ),
    revisions: new Map(
      [...revisions].map(([arn, seen]) => [
        arn,
        {
          kind: 'readable',
          references: seen.map((one) => referenceOf(one, arn)),
          ...(mentions.has(arn) && {
            mentions: mentions.get(arn)?.map((names) => ({ container: null, names })) ?? [],
          }),
        },
      ]),
    ),
    unreadable: [],
    unreadableClusters: [],
  };
}

function seenIn({ services }: Fleet): ReadonlyMap<ClusterArn, ReadonlyMap<string, SeenService>> {
  const clusters = new Map<ClusterArn, Map<string, SeenService>>();
  for (const service of services.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const ofCluster = clusters.get(service.cluster.arn) ?? new Map<string, SeenService>();
    const own = [...deploymentsInUse(service).flatMap(({ references }) => references), ...service.also];
    ofCluster.set(service.name, { revisions: revisionsInUse(service), own: own.map(seenReference) });
    clusters.set(service.cluster.arn, ofCluster);
  }
  return clusters;
}

const usedBy = ({ revisions }: SeenService) => revisions;
const seenReference = ({ place, valueFrom }: Reference): SeenReference => ({ place, valueFrom });

/** Values for what a snapshot does not hold and matching does not use. */
const ASSUMED = {
  status: 'ACTIVE',
  controller: 'ECS',
  strategy: 'ROLLING',
  desired: 1,
  running: 1,
  pending: 0,
  minimumHealthyPercent: 100,
  maximumPercent: 200,
  hasHooks: false,
  tags: new Map(),
} as const;

function hintedService(cluster: ClusterArn, name: string, { revisions, own }: SeenService): Service {
  const [revision] = revisions;
  return {
    ...ASSUMED,
    key: keyOf(nameOf(cluster), name),
    arn: serviceIn(cluster, name),
    name,
    cluster: { arn: cluster, name: nameOf(cluster), tags: new Map() },
    taskDefinition: revision ?? null,
    deployments: revisions.map((taskDefinition, i) => hintedDeployment(taskDefinition, i === 0)),
    also: revision === undefined ? [] : own.map((one) => referenceOf(one, revision)),
  };
}

function hintedDeployment(taskDefinition: TaskDefinitionArn, primary: boolean): Deployment {
  return {
    id: '',
    primary,
    taskDefinition,
    createdAt: 0,
    rolloutState: null,
    rolloutStateReason: '',
    desired: 1,
    running: 1,
    pending: 0,
    failed: 0,
    references: [],
  };
}

function referenceOf({ place, valueFrom }: SeenReference, taskDefinition: TaskDefinitionArn): Reference {
  return parseReference({ taskDefinition, container: null, place, valueFrom }, homeOf(taskDefinition));
}

function byArn([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
