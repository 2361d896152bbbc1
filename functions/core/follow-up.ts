import { type ClusterArn, keyOf, nameOf, type ServiceKey } from './arn.ts';
import type { Change } from './change.ts';
import { type Fleet, primaryOf, type Service } from './fleet.ts';
import { type Match, match, type PullPolicy } from './match.ts';

/** A service that a change still waits for. */
export type OpenService = {
  readonly cluster: ClusterArn;
  readonly name: string;
  /** The deployment that is followed: ours or, if it is younger than the change, anybody's. */
  readonly deploymentId: string | null;
  /** What the log was last told of it, so that later looks tell only what is new. */
  readonly told: string;
};

export type Tally = {
  readonly redeployed: number;
  readonly fresh: number;
  readonly failed: number;
  readonly skipped: number;
};

/**
 * One change with everything it still waits for: what a follow-up message carries, and all that is remembered between two
 * looks. Safe to lose and safe to have twice: ECS tells the rest.
 */
export type FollowUp = {
  readonly changeId: string;
  /** Several only where one request or call named several resources or moved several labels. */
  readonly changes: readonly Change[];
  readonly firstHandledAt: number;
  /** How many looks there have been before. */
  readonly hop: number;
  readonly open: readonly OpenService[];
  readonly tally: Tally;
  /** The earliest wave in which a redeploy failed. */
  readonly failedWave: number | null;
};

export const NOTHING_YET: Tally = { redeployed: 0, fresh: 0, failed: 0, skipped: 0 };

/** A change that is looked at for the first time. */
export function begin(changeId: string, changes: readonly Change[], now: number): FollowUp {
  return { changeId, changes, firstHandledAt: now, hop: 0, open: [], tally: NOTHING_YET, failedWave: null };
}

/**
 * How a service stands to what was followed: the deployment is still PRIMARY, another one has taken its place, or it waits
 * to be deployed. Undefined: the change does not wait for it.
 */
export function followingOf({ open, changes }: FollowUp, service: Service): Match['following'] {
  const one = open.find((candidate) => openKey(candidate) === service.key);
  if (one === undefined) return undefined;
  const primary = primaryOf(service);
  const isYoung = primary !== undefined && changes.every(({ changedAt }) => primary.createdAt > changedAt);
  if (one.deploymentId === null || (primary?.id === one.deploymentId && !isYoung)) return 'waiting';
  return primary?.id === one.deploymentId ? 'followed' : 'superseded';
}

/** The open services of a change as they are now, beside that change. */
export function matchAgain(followUp: FollowUp, fleet: Fleet, pull: PullPolicy): readonly Match[] {
  const open = new Set(followUp.open.map(openKey));
  const services = fleet.services.filter(({ key }) => open.has(key));
  const isFollowed = (service: Service) => followingOf(followUp, service) === 'followed';
  const followed = services
    .filter(isFollowed)
    .flatMap((service) =>
      followUp.changes.map(
        (subject): Match => ({ service, subject, hits: [], partlyUnreadable: false, following: 'followed' }),
      ),
    );
  const others = match(
    { ...fleet, services: services.filter((service) => !isFollowed(service)) },
    followUp.changes,
    pull,
  );
  return [
    ...followed,
    ...others.map((one) => ({
      ...one,
      following: followingOf(followUp, one.service) ?? ('waiting' as const),
    })),
  ];
}

export function openKey({ cluster, name }: OpenService): ServiceKey {
  return keyOf(nameOf(cluster), name);
}
