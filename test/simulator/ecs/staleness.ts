import type { Aws } from '../aws.ts';
import { keyOf } from '../parameters/state.ts';
import { taskArn } from './names.ts';
import { parse, type Reference, referencesOf } from './references.ts';
import { type Resolution, resolve, secretsNamed } from './resolve.ts';
import type { ServiceState, TaskGroup, TaskState } from './state.ts';
import { everyTask, groupsOf, isRunning, tasksOf } from './tasks.ts';

/** A running task of an ACTIVE service that holds another version of a resource than a task started now would get. */
export interface StaleTask {
  readonly taskArn: string;
  readonly serviceArn: string;
  readonly clusterArn: string;
  readonly deploymentId: string;
  readonly taskDefinition: string;
  readonly startedAt: number;
  /** The version that it read at its start: a secret's version id, or `version@instant` of a parameter. */
  readonly held: string;
  readonly current: string;
  /** The instant since which it holds an old version. */
  readonly since: number;
}

/** The versions that one task read at its start: resource ARN → version, for every reference that could be resolved. */
export function heldBy(aws: Aws, group: TaskGroup, task: TaskState): ReadonlyMap<string, string> {
  const held = new Map<string, string>();
  for (const reference of referencesIn(aws, group)) {
    const found = known(resolve(aws, reference, readInstant(aws, task)));
    if (found !== undefined) held.set(found.resource, found.version);
  }
  return held;
}

/** Every stale task for one secret or parameter (its full ARN). */
export function staleTasks(aws: Aws, resourceArn: string, now: number): readonly StaleTask[] {
  const stale: StaleTask[] = [];
  for (const cluster of aws.ecs.clusters.values()) {
    for (const service of cluster.services.values()) {
      if (service.status !== 'ACTIVE') continue;
      for (const group of groupsOf(service)) stale.push(...staleIn(aws, service, group, resourceArn, now));
    }
  }
  return stale;
}

/** How a service left an old value, see `Simulator.lastStaleStop`. */
export interface StaleStop {
  readonly running: number;
  readonly stoppedAt: number | undefined;
}

/** The tasks that ran on an old value at or after the change, whatever started and stopped them. */
export function lastStaleStop(
  aws: Aws,
  service: ServiceState,
  resourceArn: string,
  changedAt: number,
): StaleStop {
  const old = everyTask(aws, service).filter(
    (task) =>
      task.startedAt !== undefined &&
      (task.stoppedAt ?? Infinity) > changedAt &&
      readInstant(aws, task) < changedAt &&
      referencesIn(aws, task)
        .filter((reference) => mayMean(aws, reference, resourceArn))
        .some((reference) => compare(aws, reference, task, changedAt) !== undefined),
  );
  const stops = old.flatMap(({ stoppedAt = Infinity }) => (stoppedAt <= aws.now() ? [stoppedAt] : []));
  return {
    running: old.length - stops.length,
    stoppedAt: stops.length === 0 ? undefined : Math.max(...stops),
  };
}

function staleIn(
  aws: Aws,
  service: ServiceState,
  group: TaskGroup,
  resourceArn: string,
  now: number,
): readonly StaleTask[] {
  const references = referencesIn(aws, group).filter((reference) => mayMean(aws, reference, resourceArn));
  if (references.length === 0) return [];
  return tasksOf(aws, service, group)
    .filter(isRunning)
    .flatMap((task) => {
      const found = references.map((reference) => compare(aws, reference, task, now)).find(Boolean);
      return found === undefined
        ? []
        : [
            {
              taskArn: taskArn(aws.place, service, task),
              serviceArn: service.arn,
              clusterArn: service.cluster.arn,
              deploymentId: group.id,
              taskDefinition: task.taskDefinition,
              startedAt: task.startedAt ?? task.createdAt,
              ...found,
            },
          ];
    });
}

type Difference = Pick<StaleTask, 'held' | 'current' | 'since'>;

function compare(aws: Aws, reference: Reference, task: TaskState, now: number): Difference | undefined {
  const readAt = readInstant(aws, task);
  const held = known(resolve(aws, reference, readAt));
  const current = known(resolve(aws, reference, now));
  if (held === undefined || current === undefined || same(held, current)) return undefined;
  const different = changesOf(aws, reference)
    .filter((at) => at > readAt && at <= now)
    .sort((a, b) => a - b);
  // A label may have moved away, back, and away again: the last time it moved away counts.
  const lastSame = different.findLastIndex((at) => same(held, known(resolve(aws, reference, at))));
  const left = different[lastSame + 1] ?? now;
  return { held: held.version, current: current.version, since: Math.max(left, task.startedAt ?? left) };
}

function same(held: Found, other: Found | undefined): boolean {
  return other !== undefined && held.resource === other.resource && held.version === other.version;
}

interface Found {
  readonly resource: string;
  readonly version: string;
}

function known(resolution: Resolution): Found | undefined {
  return 'version' in resolution ? resolution : undefined;
}

function readInstant(aws: Aws, task: TaskState): number {
  return task.readAt - aws.settings.taskLagMs;
}

function referencesIn(aws: Aws, group: Revised): readonly Reference[] {
  return referencesOf(aws.place, group, aws.ecs.taskDefinitions.get(group.taskDefinition));
}

/** What names the references of a group, or of a task whose group has gone. */
type Revised = Pick<TaskGroup, 'taskDefinition' | 'serviceConnectSecrets'>;

function mayMean(aws: Aws, reference: Reference, resourceArn: string): boolean {
  if (reference.kind === 'secret') {
    return secretsNamed(aws, reference.id).some((secret) => secret.arn === resourceArn);
  }
  if (reference.kind !== 'parameter') return false;
  const asked = parse(aws.place, resourceArn);
  return asked.kind === 'parameter' && keyOf(asked.name) === keyOf(reference.name);
}

function changesOf(aws: Aws, reference: Reference): readonly number[] {
  if (reference.kind === 'secret') {
    return secretsNamed(aws, reference.id).flatMap((secret) => secret.history.map((view) => view.at));
  }
  if (reference.kind !== 'parameter') return [];
  return aws.parameters.byKey.get(keyOf(reference.name))?.history.map((view) => view.at) ?? [];
}
