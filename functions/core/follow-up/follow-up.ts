import { type Match, match, type PullPolicy } from '../match/match.ts';
import { type ClusterArn, keyOf, nameOf, type ServiceKey } from '../model/arn.ts';
import { type Change, subjectsOf } from '../model/change.ts';
import { type Fleet, primaryOf, type Service } from '../model/fleet.ts';
import type { EarlierLooks } from '../plan/waves.ts';

/** A service that a change still waits for. */
export type OpenService = {
  readonly cluster: ClusterArn;
  readonly name: string;
  /** The deployment that is followed: ours or, if it is younger than the change, anybody's. */
  readonly deploymentId: string | null;
  /** We started it: then its coming to an end is a success for certain, and no rollback that looks like one. */
  readonly ours: boolean;
  /** What the log was last told of it, so that later looks tell only what is new. */
  readonly lastLogged: string;
};

export type Tally = {
  readonly redeployed: number;
  readonly fresh: number;
  readonly failed: number;
  readonly skipped: number;
  /** Of those that were skipped: services that may still run on the old value. */
  readonly left: number;
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
  /** It is about services only that we may not redeploy: it goes to the dead-letter queue, unless somebody permits it. */
  readonly denied: boolean;
  /** The earliest wave in which a redeploy failed. */
  readonly failedWave: number | null;
};

/** One change in this invocation: attempt 0 where it is looked at for the first time, its follow-up otherwise. */
export type Attempt = FollowUp & {
  /** The messages that carry it; none where a person asked. SQS deletes them when the change is done or sent on. */
  readonly messageIds: readonly string[];
  /** SQS has delivered one of them before. */
  readonly redelivered: boolean;
};

export const NOTHING_YET: Tally = { redeployed: 0, fresh: 0, failed: 0, skipped: 0, left: 0 };

/** A change that is looked at for the first time. */
export function begin(changeId: string, changes: readonly Change[], now: number): FollowUp {
  return {
    changeId,
    changes,
    firstHandledAt: now,
    hop: 0,
    open: [],
    tally: NOTHING_YET,
    denied: false,
    failedWave: null,
  };
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
  if (primary?.id !== one.deploymentId) return 'superseded';
  return one.ours ? 'followed' : 'adopted';
}

/** The open services of a change as they are now, beside that change. */
export function matchAgain(followUp: FollowUp, fleet: Fleet, pull: PullPolicy): readonly Match[] {
  const open = new Set(followUp.open.map(openKey));
  const services = fleet.services.filter(({ key }) => open.has(key));
  const isFollowed = (service: Service) => isKnown(followingOf(followUp, service));
  const followed = services.filter(isFollowed).flatMap((service) =>
    relevant(followUp, service).map(
      (change): Match => ({
        service,
        subject: { kind: 'change', change },
        hits: [],
        partlyUnreadable: false,
        following: followingOf(followUp, service) ?? 'waiting',
      }),
    ),
  );
  const others = match(
    { ...fleet, services: services.filter((service) => !isFollowed(service)) },
    subjectsOf({ changes: followUp.changes, notices: [] }),
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

/** The deployment that is followed is PRIMARY: what it refers to was known when it began to be followed. */
export function isKnown(following: Match['following']): boolean {
  return following === 'followed' || following === 'adopted';
}

/** Of services named by hand each one's own change concerns it and no other. */
function relevant({ changes }: FollowUp, service: Service): readonly Change[] {
  return changes.filter(({ kind, arn }) => kind !== 'service' || arn === service.arn);
}

/** The same change received more than once is one: what any of its messages waits for, it waits for. */
export function merged(attempts: readonly Attempt[]): readonly Attempt[] {
  const byId = new Map<string, Attempt>();
  for (const one of attempts) {
    const id = `${one.denied} ${one.changeId}`;
    const before = byId.get(id);
    byId.set(id, before === undefined ? one : mergedTwo(before, one));
  }
  return [...byId.values()];
}

function mergedTwo(a: Attempt, b: Attempt): Attempt {
  const open = new Map([...a.open, ...b.open].map((one) => [openKey(one), one]));
  const failedWave = Math.min(a.failedWave ?? Infinity, b.failedWave ?? Infinity);
  return {
    ...(a.hop > b.hop ? a : b),
    firstHandledAt: Math.min(a.firstHandledAt, b.firstHandledAt),
    open: [...open.values()],
    failedWave: Number.isFinite(failedWave) ? failedWave : null,
    messageIds: [...new Set([...a.messageIds, ...b.messageIds])],
    redelivered: a.redelivered || b.redelivered,
  };
}

export function openKey({ cluster, name }: Pick<OpenService, 'cluster' | 'name'>): ServiceKey {
  return keyOf(nameOf(cluster), name);
}

/** What earlier looks tell of the waves of these changes; `refused` are services that ECS does not show at the moment. */
export function earlierLooks(followUps: readonly FollowUp[], refused: ReadonlySet<ServiceKey>): EarlierLooks {
  const failed = followUps.flatMap(({ changeId, failedWave }) =>
    failedWave === null ? [] : [[changeId, failedWave] as const],
  );
  const unseen = followUps.filter(({ open }) => open.some((one) => refused.has(openKey(one))));
  return { failed: new Map(failed), unseen: new Set(unseen.map(({ changeId }) => changeId)) };
}
