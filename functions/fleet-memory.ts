import type { Fleet, Service } from './core/fleet.ts';
import { revisionsInUse } from './core/fleet.ts';
import { match } from './core/match.ts';
import type { Subject } from './core/subject-index.ts';
import type { Run } from './run.ts';

/** Clocks differ: a read is taken to have begun after a change only if it did so by this much. */
const SKEW_MS = 5_000;

/**
 * Keeps the last read of the whole fleet. A read that began after a change shows every service that can be stale for
 * it: whoever began to refer later has a younger deployment. So only the services that matched then are read again.
 */
export class FleetMemory {
  #last: Fleet | undefined;

  async read(subjects: readonly Subject[], run: Run): Promise<Fleet> {
    const { ecs } = run.world;
    const last = this.#last;
    if (last !== undefined && subjects.every((subject) => instantOf(subject) + SKEW_MS < last.beganAt)) {
      return again(last, subjects, run);
    }
    const fleet = await ecs.readFleet(run.clusters, run.reading);
    this.#last = fleet;
    return fleet;
  }
}

async function again(last: Fleet, subjects: readonly Subject[], run: Run): Promise<Fleet> {
  const concerned = new Set(match(last, subjects, run.policy.pull).map(({ service }) => service));
  const read = last.services.filter((service) => concerned.has(service) || isUnreadable(service, last));
  if (read.length === 0) return { ...last, services: [] };
  const now = await run.world.ecs.readAgain(read, run.reading);
  return {
    ...now,
    unreadable: [...last.unreadable, ...now.unreadable],
    unreadableClusters: last.unreadableClusters,
  };
}

function isUnreadable(service: Service, { revisions }: Fleet): boolean {
  return revisionsInUse(service).some((arn) => revisions.get(arn)?.kind === 'unreadable');
}

function instantOf(subject: Subject): number {
  return 'notice' in subject ? subject.at : Math.max(subject.changedAt, subject.possiblyUntil ?? 0);
}
