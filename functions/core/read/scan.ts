import { match } from '../match/match.ts';
import { mentionsIn } from '../match/mentions.ts';
import { type ClusterArn, clusterOf, keyOf, nameOf, type ServiceKey } from '../model/arn.ts';
import { type Change, type Notice, subjectsOf } from '../model/change.ts';
import { type Fleet, isUnreadable, type UnreadableCluster } from '../model/fleet.ts';

/**
 * A read of the fleet that is not complete, because one invocation was too short for it or because it has not begun:
 * what was matched so far, and the clusters still to be read. It travels as a follow-up. The plan is made after the
 * last part.
 */
export type Scan = {
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  readonly firstHandledAt: number;
  readonly matched: readonly Place[];
  /** Services that were redeployed as soon as they were read, and their new deployments. */
  readonly started: readonly StartedEarly[];
  readonly remaining: readonly ClusterArn[] | 'all';
  /** Clusters that ECS refused to show, or to show to the end. */
  readonly unread: readonly UnreadableCluster[];
};

type Place = { readonly cluster: ClusterArn; readonly name: string };
export type StartedEarly = Place & { readonly deploymentId: string };

/** A part of the fleet, and the clusters that were not read because there was no time. */
export type FleetPart = { readonly fleet: Fleet; readonly remaining: readonly ClusterArn[] };

/** A read that has not begun yet. */
export function startScan(
  changes: readonly Change[],
  notices: readonly Notice[],
  firstHandledAt: number,
): Scan {
  return { changes, notices, firstHandledAt, matched: [], started: [], remaining: 'all', unread: [] };
}

/**
 * The scan after one more part. A service that cannot be read counts as matched, because it may refer to anything; so does
 * one that mentions a resource, because the plan tells of it.
 */
export function addPart(before: Scan, { fleet, remaining }: FleetPart): Scan {
  const subjects = subjectsOf(before);
  const matched = new Map<ServiceKey, Place>();
  for (const one of before.matched) matched.set(keyOf(nameOf(one.cluster), one.name), one);
  const found = match(fleet, subjects, 'redeploy').map(({ service }) => service);
  const mentioning = mentionsIn(fleet, subjects, [], '').map(({ service }) => service);
  for (const { key, cluster, name } of [
    ...found,
    ...mentioning,
    ...fleet.services.filter((one) => isUnreadable(one, fleet)),
  ]) {
    matched.set(key, { cluster: cluster.arn, name });
  }
  for (const { service, cluster } of fleet.unreadable)
    matched.set(keyOf(cluster, service), { cluster: clusterOf(service, cluster), name: nameOf(service) });
  const unread = new Map([...before.unread, ...fleet.unreadableClusters].map((one) => [one.arn, one]));
  return { ...before, matched: [...matched.values()], remaining, unread: [...unread.values()] };
}
