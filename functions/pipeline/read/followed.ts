import { isOverdue } from '../../core/follow-up/backoff.ts';
import {
  type Attempt,
  followingOf,
  isKnown,
  matchAgain,
  openKey,
  type Sight,
} from '../../core/follow-up/follow-up.ts';
import { isUnread, stillUnread, type Unread, unreadIn } from '../../core/follow-up/unread.ts';
import { type ClusterArn, keyOf, nameOf, type ServiceKey } from '../../core/model/arn.ts';
import { subjectsOf } from '../../core/model/change.ts';
import {
  type Fleet,
  isUnreadable,
  joinFleets,
  namesByCluster,
  type Service,
} from '../../core/model/fleet.ts';
import { selects } from '../../core/model/glob.ts';
import type { Run } from '../run.ts';
import type { Observed } from './observed.ts';

/** What later looks see: the services that their changes wait for, and what was unread at the look before. */
export type Followed = Pick<Observed, 'matches' | 'seen'> & { readonly fleet: Fleet };

/**
 * Reads what the follow-ups wait for: ten services a call and, unless a cluster was unread, no listing. The references of
 * a followed deployment were known before it was followed.
 */
export async function readFollowed(attempts: readonly Attempt[], run: Run): Promise<Followed> {
  const fleet = await readAwaited(attempts, run);
  return {
    fleet,
    matches: attempts.flatMap((attempt) => matchAgain(attempt, fleet, run.policy.pull)),
    seen: { described: new Set(fleet.services.map(({ key }) => key)), refused: refusedIn(fleet) },
  };
}

async function readAwaited(attempts: readonly Attempt[], run: Run): Promise<Fleet> {
  const unread = attempts.flatMap((one) => (one.givenUp ? [] : one.unread));
  const places = new Map(
    [...attempts.flatMap(({ open }) => open), ...unread.flatMap((one) => ('name' in one ? [one] : []))].map(
      ({ cluster, name }) => [openKey({ cluster, name }), { cluster, name }],
    ),
  );
  const names = namesByCluster(places.values());
  const clusters = [...new Set(unread.flatMap((one) => ('except' in one ? [one.cluster] : [])))].filter(
    (arn) => selects(run.scope.configured, nameOf(arn)),
  );
  return readPlaces(names, clusters, attempts, run);
}

async function readPlaces(
  names: ReadonlyMap<ClusterArn, readonly string[]>,
  clusters: readonly ClusterArn[],
  attempts: readonly Attempt[],
  run: Run,
): Promise<Fleet> {
  const now = run.ports.clock.now();
  const mustBeMatched = (service: Service) =>
    service.also.length > 0 ||
    attempts
      .map((one) => followingOf(one, service))
      .some((following) => following !== undefined && !isKnown(following));
  const named = names.size === 0 ? [] : [await run.ports.ecs.readThese(names, mustBeMatched, run.reading)];
  if (clusters.length === 0) return joinFleets(now, named);
  const { fleet, remaining } = await run.fleets.readOn(clusters, () => undefined, run);
  const known = new Set(named.flatMap(({ services }) => services).map(({ key }) => key));
  const others = { ...fleet, services: fleet.services.filter(({ key }) => !known.has(key)) };
  const left = { ...joinFleets(now, []), unreadableClusters: leftUnread(remaining) };
  return joinFleets(now, [...named, others, left]);
}

/** Clusters that were not read before the time was over; they count as unread. */
export function leftUnread(clusters: readonly ClusterArn[]): Fleet['unreadableClusters'] {
  return clusters.map((arn) => ({ arn, cluster: nameOf(arn), why: 'there was no time to read it' }));
}

/** Services that ECS refused to describe, or whose revisions it refused to describe; they do not count as gone. */
function refusedIn(fleet: Fleet): ReadonlySet<ServiceKey> {
  return new Set([
    ...fleet.unreadable.map(({ service, cluster }) => keyOf(cluster, service)),
    ...fleet.services.filter((service) => isUnreadable(service, fleet)).map(({ key }) => key),
  ]);
}

/** What each change cannot see at this look. `whole`: the fleet in which the first looks of this invocation look. */
export function sightsOf(
  attempts: readonly Attempt[],
  whole: Fleet,
  { fleet, seen }: Followed,
  run: Run,
): Promise<readonly Sight<Attempt>[]> {
  const now = run.ports.clock.now();
  return Promise.all(
    attempts.map(async (attempt) => {
      const { hop, changes, givenUp, open } = attempt;
      const unread = hop === 0 ? unreadIn(whole, changes) : stillUnread(attempt.unread, fleet);
      const overdue = isOverdue(attempt, now, run.follow.limitMs);
      return {
        attempt,
        missesOpen: open.some((one) => seen.refused.has(openKey(one))),
        unread: givenUp ? attempt.unread : unread,
        overdue,
        knownToRefer:
          overdue && !givenUp && (await mayBeKnown(attempt, unread, hop === 0 ? whole : fleet, run)),
      };
    }),
  );
}

/** Whether something that is unread, or that cannot be read whole, is known to refer to one of the changes. */
function mayBeKnown(
  { changes, unread: before }: Attempt,
  unread: readonly Unread[],
  fleet: Fleet,
  run: Run,
): Promise<boolean> {
  const doubtful = fleet.services
    .filter((service) => isUnreadable(service, fleet) && isUnread(before, service))
    .map(({ cluster, name }) => ({ cluster: cluster.arn, name }));
  return run.fleets.knows(subjectsOf({ changes, notices: [] }), [...unread, ...doubtful], run);
}
