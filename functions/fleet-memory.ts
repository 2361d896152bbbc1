import { type Fleet, isUnreadable, namesByCluster } from './core/fleet.ts';
import { match } from './core/match.ts';
import type { PartOfFleet } from './core/reading.ts';
import type { Subject } from './core/subject-index.ts';
import type { Run } from './run.ts';

/** Clocks differ: a read is taken to have begun after a change only if it did so by this much. */
const SKEW_MS = 5_000;

/**
 * Keeps the last read of the whole fleet. A read that began after a change shows every service that can be stale for
 * it: whoever began to refer later has a younger deployment (an `also` tag alone has none: it counts from the next read
 * on). So only the services that matched then are read again.
 */
export class FleetMemory {
  #last: Fleet | undefined;

  async read(subjects: readonly Subject[], run: Run): Promise<PartOfFleet> {
    const { ecs } = run.world;
    const { configured, narrowed } = run.scope;
    if (narrowed.length > 0) return ecs.readFleet([configured, narrowed], run.reading);
    const last = this.#last;
    if (last !== undefined && subjects.every((subject) => instantOf(subject) + SKEW_MS < last.beganAt)) {
      return { fleet: await again(last, subjects, run), left: [] };
    }
    const read = await ecs.readFleet([configured], run.reading);
    this.#last = isWhole(read) ? read.fleet : undefined;
    return read;
  }
}

/** What could not be read this time may be readable the next time. */
function isWhole({ fleet, left }: PartOfFleet): boolean {
  const unread = left.length + fleet.unreadable.length + fleet.unreadableClusters.length;
  return unread === 0 && !fleet.services.some((service) => isUnreadable(service, fleet));
}

async function again(last: Fleet, subjects: readonly Subject[], run: Run): Promise<Fleet> {
  const concerned = new Set(match(last, subjects, run.policy.pull).map(({ service }) => service));
  if (concerned.size === 0) return { ...last, services: [] };
  const names = namesByCluster([...concerned].map(({ cluster, name }) => ({ cluster: cluster.arn, name })));
  return run.world.ecs.readThese(names, () => true, run.reading);
}

function instantOf(subject: Subject): number {
  return 'notice' in subject ? subject.at : Math.max(subject.changedAt, subject.possiblyUntil ?? 0);
}
