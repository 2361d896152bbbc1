import { isByTagAlone, type Match, match, type PullPolicy, possibleMatches } from '../match/match.ts';
import { type ClusterArn, keyOf, nameOf, type ServiceKey } from '../model/arn.ts';
import { type Change, type Subject, subjectsOf } from '../model/change.ts';
import { type Fleet, primaryOf, type Service } from '../model/fleet.ts';
import type { DeploymentState, ExposureEnd } from '../model/rollout.ts';
import type { Missing } from '../plan/obstacles.ts';
import { type EarlierLooks, earliestWave } from '../plan/waves.ts';
import { isUnread, type Unread } from './unread.ts';

/** What is logged of a service as long as ECS does not tell enough about it. */
export const UNREADABLE = 'wait unreadable';

/** A service that a change still waits for. */
export type OpenService = {
  readonly cluster: ClusterArn;
  readonly name: string;
  /** The deployment that is followed: ours, or that of another process if it is younger than the change. */
  readonly deploymentId: string | null;
  /** We started the deployment: its completion is certainly a success, and not a rollback that looks like one. */
  readonly ours: boolean;
  /** What was last logged about the service, so that later looks log only what is new. */
  readonly lastLogged: string;
  /** What the deployment is doing that the service waits for, unless it just goes on. */
  readonly rollout?: SeenRollout;
  /** How many tasks ran before our redeploy, if not all that should. */
  readonly ranBefore?: number;
};

/** A state of a deployment that lasts from one look to the next. */
export type SeenRollout = {
  readonly state: DeploymentState;
  /** When it was seen first, in milliseconds. */
  readonly since: number;
  /** Whether it has rung the alarm. */
  readonly alarmed: boolean;
};

export type Tally = {
  readonly redeployed: number;
  readonly fresh: number;
  readonly failed: number;
  readonly skipped: number;
  /** The services among the skipped ones that may still run on the old value. */
  readonly left: number;
};

/**
 * One change with everything that it still waits for. This is what a follow-up message carries, and all that is
 * remembered between two looks. A follow-up may be lost or received twice without harm, because ECS holds the rest.
 */
export type FollowUp = {
  readonly changeId: string;
  /** More than one only if one request or call named several resources or moved several labels. */
  readonly changes: readonly Change[];
  readonly firstHandledAt: number;
  /** The latest look that tried again all that was denied before: that of the youngest message that was joined to this one. */
  readonly triedAt: number;
  /** How many looks came before. */
  readonly hop: number;
  readonly open: readonly OpenService[];
  readonly tally: Tally;
  /**
   * All its services lack a permission to redeploy: it ends in the dead-letter queue unless the permission is
   * granted.
   */
  readonly denied: boolean;
  /** The earliest wave in which a redeploy failed. */
  readonly failedWave: number | null;
  /** The earliest wave in which a redeploy lacked a permission; another message of the change makes it again. */
  readonly deniedWave: number | null;
  /** What ECS has not shown yet: it may refer to what changed. */
  readonly unread: readonly Unread[];
  /** The time limit came before all was read: what is unread is not looked at again, and the change ends unsettled. */
  readonly givenUp: boolean;
  /** The time limit is over and has been recorded; what ends by itself is still followed, at a slower pace. */
  readonly limitRecorded: boolean;
  /** The latest instant at which something that the change waits for ends by itself, as ECS told it; null: unknown. */
  readonly knownEnd: number | null;
  /** The latest end of an old task of the services that are done; null: none is known. */
  readonly exposureEnd: ExposureEnd | null;
  /** How many redeploys the cap has counted that were not made, and that the change waits for no longer. */
  readonly notMade: number;
  /** What this look saw to be gone of what open services need; the next look believes it. */
  readonly missing?: readonly Missing[];
};

/** One change in this invocation: attempt 0 at its first look, a later attempt when its follow-up arrives. */
export type Attempt = FollowUp & {
  /** The messages that carry it; none for a request. SQS deletes them when the change is done or sent on. */
  readonly messageIds: readonly string[];
};

export const NOTHING_YET: Tally = { redeployed: 0, fresh: 0, failed: 0, skipped: 0, left: 0 };

/** Whether the change waits for a service that it follows, or for one that may refer to it and was not shown yet. */
export function awaitsAny({ open, unread, givenUp }: FollowUp): boolean {
  return open.length > 0 || (unread.length > 0 && !givenUp);
}

/** A change that is looked at for the first time. */
export function begin(changeId: string, changes: readonly Change[], now: number): FollowUp {
  return {
    changeId,
    changes,
    firstHandledAt: now,
    triedAt: now,
    hop: 0,
    open: [],
    tally: NOTHING_YET,
    denied: false,
    failedWave: null,
    deniedWave: null,
    unread: [],
    givenUp: false,
    limitRecorded: false,
    knownEnd: null,
    exposureEnd: null,
    notMade: 0,
  };
}

/**
 * How a service relates to the deployment that is followed: the deployment is still PRIMARY, another one has taken its
 * place, or the service waits to be redeployed. Undefined if the change does not wait for the service.
 */
export function followingOf({ open, changes, unread }: FollowUp, service: Service): Match['following'] {
  const one = open.find((candidate) => openKey(candidate) === service.key);
  if (one === undefined) return isUnread(unread, service) ? 'newly-read' : undefined;
  if (isUncounted(one)) return 'newly-read';
  const primary = primaryOf(service);
  const isYoung = primary !== undefined && changes.every(({ changedAt }) => primary.createdAt > changedAt);
  if (one.deploymentId === null || (primary?.id === one.deploymentId && !isYoung)) return 'waiting';
  if (primary?.id !== one.deploymentId) return 'superseded';
  return one.ours ? 'followed' : 'adopted';
}

/** The matches of a change with its open services, and with what was unread before, as they are now. */
export function matchAgain(followUp: FollowUp, fleet: Fleet, pull: PullPolicy): readonly Match[] {
  const services = fleet.services.filter((service) => followingOf(followUp, service) !== undefined);
  const isFollowed = (service: Service) => isKnown(followingOf(followUp, service));
  const followed = services
    .filter(isFollowed)
    .flatMap((service) => followedMatches(followUp, service, fleet));
  const waiting = { ...fleet, services: services.filter((service) => !isFollowed(service)) };
  const subjects = subjectsOf({ changes: followUp.changes, notices: [] });
  return [
    ...followed,
    ...possibleMatches(waiting, subjects, pull).map((one) => ({
      ...one,
      following: followingOf(followUp, one.service) ?? ('waiting' as const),
    })),
  ];
}

function followedMatches(followUp: FollowUp, service: Service, fleet: Fleet): readonly Match[] {
  const following = followingOf(followUp, service) ?? 'waiting';
  return relevant(followUp, service).map((change): Match => {
    const subject: Subject = { kind: 'change', change };
    const byTagAlone = service.also.length > 0 && isNamedByTagAlone(service, subject, fleet);
    const followed = { service, subject, hits: [], partlyUnreadable: false, following };
    return byTagAlone ? { ...followed, byTagAlone } : followed;
  });
}

function isNamedByTagAlone(service: Service, subject: Subject, fleet: Fleet): boolean {
  return match({ ...fleet, services: [service] }, [subject], 'redeploy').some(isByTagAlone);
}

/** Whether the followed deployment is PRIMARY: its references were known when the service began to follow it. */
export function isKnown(following: Match['following']): boolean {
  return following === 'followed' || following === 'adopted';
}

/** A service that was named by hand is concerned by its own change only. */
function relevant({ changes }: FollowUp, service: Service): readonly Change[] {
  return changes.filter(({ kind, arn }) => kind !== 'service' || arn === service.arn);
}

export function openKey({ cluster, name }: Pick<OpenService, 'cluster' | 'name'>): ServiceKey {
  return keyOf(nameOf(cluster), name);
}

/** What a change cannot see at this look: services that it waits for, and what may refer to it. */
export type Sight<One extends FollowUp = FollowUp> = {
  readonly attempt: One;
  /** ECS does not describe a service that the change waits for. */
  readonly missesOpen: boolean;
  readonly unread: readonly Unread[];
  /** The time limit of the change is over: what is unread holds the later waves back no longer. */
  readonly overdue: boolean;
  /** An earlier look, of whichever change, has shown that something of what is unread refers to what changed. */
  readonly knownToRefer: boolean;
};

/** No look has seen yet whether the service, which refers to the change, is stale. */
function isUncounted({ deploymentId, lastLogged }: OpenService): boolean {
  return deploymentId === null && lastLogged === UNREADABLE;
}

/** How many services earlier looks have counted for each change, redeployed or not: the cap is on all of them together. */
export function countedBefore(sights: readonly Sight[]): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  for (const { attempt } of sights) {
    const { changeId, open, tally, notMade } = attempt;
    const count = tally.redeployed + notMade + open.filter((one) => !one.ours && !isUncounted(one)).length;
    counted.set(changeId, Math.max(count, counted.get(changeId) ?? 0));
  }
  return counted;
}

/** The first look, and the message of what was denied, make every redeploy again that was denied before. */
function triesDenied({ hop, denied }: FollowUp): boolean {
  return hop === 0 || denied;
}

/**
 * What these looks say about waves, beyond their verdicts. What is unread counts as wave 0. After the time limit a
 * service that ECS refuses to describe holds the later waves as it did before the limit.
 */
export function earlierLooks(sights: readonly Sight[]): EarlierLooks {
  const triedAgain = new Set(
    sights.filter(({ attempt }) => triesDenied(attempt)).map(({ attempt }) => attempt.changeId),
  );
  const failed = sights.flatMap(({ attempt, missesOpen, unread, overdue, knownToRefer }) => {
    const isLost = overdue && ((missesOpen && !attempt.limitRecorded) || (unread.length > 0 && knownToRefer));
    const { changeId, failedWave, deniedWave } = attempt;
    const wave = isLost ? 0 : earliestWave(failedWave, triedAgain.has(changeId) ? null : deniedWave);
    return wave === null ? [] : [[changeId, wave] as const];
  });
  const unseen = sights.filter(
    ({ attempt, missesOpen, unread, overdue }) =>
      (missesOpen && (!overdue || attempt.limitRecorded)) ||
      (!overdue && unread.length > 0 && !attempt.givenUp),
  );
  const idsOf = (some: readonly Sight[]) => new Set(some.map(({ attempt }) => attempt.changeId));
  return {
    failed: new Map(failed),
    unseen: idsOf(unseen),
    overdue: idsOf(sights.filter(({ overdue }) => overdue)),
  };
}
