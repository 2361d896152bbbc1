import type { DeploymentRecord, Simulator } from '../../simulator/index.ts';
import type { Built } from './fleet.ts';
import { SECRET_ARN } from './resources.ts';

/** One service as it is now. */
export type Sighting = {
  readonly member: Built;
  readonly desired: number;
  readonly running: number;
  /** Running tasks that hold an old value. */
  readonly stale: number;
  /** Whether one of its tasks ever held an old value. */
  readonly affected: boolean;
  /** Deployments by the functions under test. */
  readonly deployments: readonly DeploymentRecord[];
  readonly rolling: boolean;
};

/** How long a service ran on with the old value of one resource: instants in milliseconds. */
export type Exposure = {
  readonly member: Built;
  readonly resource: string;
  readonly changedAt: number;
  readonly acceptedAt: number | undefined;
  /** Undefined while a task holds the old value. */
  readonly goneAt: number | undefined;
};

export type Watch = {
  /** From now on values of the resource from before `at` count as old. */
  changed(resource: string, at: number): void;
  look(): readonly Sighting[];
  exposures(): readonly Exposure[];
};

/**
 * Looks at the tasks themselves: which version of a value each of them read as it started. `ours` are the access keys
 * of the functions under test, by which the simulator knows which caller started a deployment.
 */
export function watchFleet(sim: Simulator, fleet: readonly Built[], ours: readonly string[]): Watch {
  const changedAt = new Map<string, number>();
  const seen = new Map<string, Map<string, number | undefined>>();

  const look = (): readonly Sighting[] => {
    const stale = new Map([...changedAt].map(([arn, at]) => [arn, staleFor(sim, fleet, arn, at)]));
    for (const [resource, tasks] of stale) note(seen, resource, tasks);
    return fleet.map((member) => {
      const tasks = new Set([...stale.values()].flatMap((byService) => byService.get(member.arn) ?? []));
      const affected = [...seen.values()].some((services) => services.has(member.arn));
      return sighting(sim, member, ours, tasks.size, affected);
    });
  };

  const exposures = (): readonly Exposure[] =>
    [...seen].flatMap(([resource, services]) =>
      fleet
        .filter(({ arn }) => services.has(arn))
        .map((member) => ({
          member,
          resource,
          changedAt: changedAt.get(resource) ?? 0,
          acceptedAt: oursOf(sim, member, ours)[0]?.createdAt,
          goneAt: services.get(member.arn),
        })),
    );

  return { changed: (resource, at) => void changedAt.set(resource, at), look, exposures };
}

/** Stale tasks by service. */
type StaleTasks = ReadonlyMap<string, readonly string[]>;

function staleFor(sim: Simulator, fleet: readonly Built[], resource: string, changedAt: number): StaleTasks {
  const byService = new Map<string, string[]>();
  for (const { serviceArn, taskArn } of sim.staleTasks(resource)) {
    byService.set(serviceArn, [...(byService.get(serviceArn) ?? []), taskArn]);
  }
  if (resource !== SECRET_ARN) return byService;
  // ECS does not know what an application read itself. It is new once a younger deployment has replaced every task.
  for (const { arn, readsItself } of fleet) {
    const replaced = sim
      .deploymentsOf(arn)
      .some(({ createdAt, outcome }) => createdAt > changedAt && outcome === 'completed');
    if (readsItself === true && !replaced) byService.set(arn, [...sim.heldBy({ arn }).keys()]);
  }
  return byService;
}

/** Records each service that was ever stale, and when it was first seen to have no stale task left. */
function note(seen: Map<string, Map<string, number | undefined>>, resource: string, stale: StaleTasks): void {
  const services = seen.get(resource) ?? new Map<string, number | undefined>();
  seen.set(resource, services);
  for (const [service, goneAt] of services) {
    if (goneAt === undefined && !stale.has(service)) services.set(service, Date.now());
  }
  for (const service of stale.keys()) services.set(service, undefined);
}

function sighting(
  sim: Simulator,
  member: Built,
  ours: readonly string[],
  stale: number,
  affected: boolean,
): Sighting {
  return {
    member,
    desired: member.service?.desired ?? 1,
    running: sim.heldBy(member).size,
    stale,
    affected,
    deployments: oursOf(sim, member, ours),
    rolling: sim.deploymentsOf(member.arn).at(-1)?.outcome === 'in-progress',
  };
}

function oursOf(sim: Simulator, { arn }: Built, ours: readonly string[]): readonly DeploymentRecord[] {
  return sim.deploymentsOf(arn).filter(({ by }) => ours.includes(by));
}
