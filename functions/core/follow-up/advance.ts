import { isByTagAlone, isInDoubt } from '../match/match.ts';
import { nameOf, type ServiceKey, serviceIn } from '../model/arn.ts';
import { about } from '../model/change.ts';
import type { Decision, Verdict } from '../model/decision.ts';
import { primaryOf, type Service } from '../model/fleet.ts';
import { isDenied, type Outcome } from '../model/outcome.ts';
import { waveOf } from '../model/tags.ts';
import { badEndOf, endOfLastOldTask, isRollingBack } from '../plan/evidence.ts';
import { verdictsFor } from '../plan/plan.ts';
import type { Planned, Result } from '../plan/planned.ts';
import { isToBeRedeployed, strongest } from '../plan/precedence.ts';
import { reasonHas } from '../plan/reasons.ts';
import { type FollowUp, type OpenService, openKey, UNREADABLE } from './follow-up.ts';
import { kept } from './kept.ts';
import { type Advance, type Closed, type Dropped, type Look, logKey } from './look.ts';
import { stateBefore } from './seen-rollout.ts';
import { isUnread } from './unread.ts';

/** From the follow-up as it was before this look, and one result of the look; undefined if the two are unrelated. */
export function advance(
  { changeId, changes, hop, unread }: FollowUp,
  openBefore: ReadonlyMap<ServiceKey, OpenService>,
  { planned, decision: together, outcome }: Result,
  now: number,
): Advance | undefined {
  const own = strongest(verdictsFor(planned, changeId));
  const { service } = planned;
  const before = openBefore.get(service.key) ?? (isUnread(unread, service) ? newlySeen(service) : undefined);
  // Another message of the same change may be about this service.
  if (own === undefined || (hop > 0 && before === undefined)) return undefined;
  if (own.reason === 'unreadable' && !openBefore.has(service.key) && isDoubtful(planned, changeId))
    return unseen(service);
  // A redeploy that only another change requires does not count for this change.
  const decision: Decision = own.action === 'skip' ? { ...together, ...own } : together;
  const changedAt = Math.max(...changes.map((change) => change.changedAt));
  const look = { changeId, planned, own, decision, outcome, before, changedAt, now };
  if (own.action === 'skip') return closed(look, howClosed(own), decision);
  if (outcome !== undefined)
    return isConcerned(own, outcome)
      ? withDenied(afterOutcome(look, outcome), look)
      : unconcerned(look, own, outcome);
  if (decision.action === 'skip') return closed(look, howClosed(decision), decision);
  return kept(look, decision.reason ?? own.reason ?? 'redeploy', followedIn(look));
}

/** A call that another change required, and that moved nothing, leaves the rollout alone that this change waits for. */
function isConcerned(own: Verdict, { result }: Outcome): boolean {
  return isToBeRedeployed(own) || result === 'accepted' || result === 'gone';
}

/** The change goes on waiting for what it waited for. A call whose answer was lost may have moved something all the same. */
function unconcerned(look: Look, own: Verdict, { result }: Outcome): Advance {
  const decision: Decision = { ...look.decision, ...own };
  const { next, ...rest } = kept(
    { ...look, decision, outcome: undefined },
    own.reason ?? '',
    followedIn(look),
  );
  const isUnsure = next.kind === 'open' && result === 'unknown';
  return { ...rest, next: isUnsure ? { ...next, unsure: true } : next };
}

/** A service that was unread at the look before: the change waits for it as for any other. */
function newlySeen({ cluster, name }: Service): OpenService {
  return { cluster: cluster.arn, name, deploymentId: null, ours: false, lastLogged: UNREADABLE };
}

function isDoubtful({ verdicts }: Planned, changeId: string): boolean {
  return verdicts.every(({ match }) => about(match.subject).changeId !== changeId || isInDoubt(match));
}

function unseen({ key, cluster, name }: Service): Advance {
  return { key, next: { kind: 'unread', unread: { cluster: cluster.arn, name } }, accepted: false };
}

/** ECS did not describe the service. That does not mean that the service is gone, so it stays open. */
export function stillRefused(open: OpenService): Advance {
  const waiting = {
    service: serviceIn(open.cluster, open.name),
    cluster: nameOf(open.cluster),
    reason: 'unreadable',
  };
  const next = { kind: 'open', open, waiting, alarms: false, unsure: false } as const;
  return { key: openKey(open), next, accepted: false };
}

/** The service no longer exists or no longer refers to what changed: in both cases no task of it has the old value. */
export function vanished(
  { cluster, name }: OpenService,
  described: ReadonlySet<ServiceKey>,
  now: number,
): Advance {
  const key = openKey({ cluster, name });
  const isThere = described.has(key);
  const one: Closed = {
    service: serviceIn(cluster, name),
    cluster: nameOf(cluster),
    how: isThere ? 'fresh' : 'skipped',
    wasOpen: true,
    decision: undefined,
    now: undefined,
  };
  const end = isThere && { exposureEnd: { at: now, by: 'look' } as const };
  return { key, next: { kind: 'closed', closed: one, left: false, ...end }, accepted: false };
}

function howClosed({ reason }: Verdict | Decision): Closed['how'] {
  if (reason === 'already-fresh') return 'fresh';
  return reason === 'rollout-failed' ? 'failed' : 'skipped';
}

/** The deployment that is followed from now on. A rollback is never followed, because its completion is no success. */
function followedIn({ planned: { service, evidence }, own, before }: Look): string | null {
  const isAdopted = own.reason === 'rolling-out' && !isRollingBack(evidence);
  return (isAdopted ? primaryOf(service)?.id : before?.deploymentId) ?? null;
}

function afterOutcome(look: Look, outcome: Outcome): Advance {
  switch (outcome.result) {
    case 'accepted':
      return kept(look, 'rolling-out', outcome.deploymentId);
    case 'gone':
      return closed(look, 'skipped');
    case 'failed':
      // A call that lacks a permission is not retried automatically: its message ends in the dead-letter queue.
      return outcome.error.retryable && outcome.error.missingAction === undefined
        ? kept(look, outcome.error.code, null)
        : closed(look, 'failed');
    case 'unknown':
      return kept(look, outcome.error.code, null);
    case 'not-executed':
      return outcome.why === 'out-of-time' ? kept(look, 'out-of-time', null) : closed(look, 'skipped');
    default:
      return outcome satisfies never;
  }
}

function withDenied(next: Advance, { planned: { service }, decision, outcome }: Look): Advance {
  if (outcome === undefined || !isDenied(outcome)) return next;
  const { cluster, name } = service;
  const denied = { cluster: cluster.arn, name, deploymentId: null, ours: false };
  return { ...next, denied: { ...denied, lastLogged: logKey(decision) } };
}

function closed(look: Look, how: Closed['how'], decision?: Decision): Advance {
  const { planned, before, changedAt, now } = look;
  const { service, evidence } = planned;
  const after = stateBefore(before, now);
  const badEnd = decision?.reason === 'rollout-failed' ? badEndOf(service, evidence, changedAt) : undefined;
  return {
    key: service.key,
    next: {
      kind: 'closed',
      closed: {
        ...aboutOf(service),
        how,
        wasOpen: before !== undefined,
        decision,
        ...(badEnd && { badEnd }),
        ...(after && { after }),
      },
      left: how === 'skipped' && reasonHas('leavesStale', look.decision.reason),
      ...(how === 'failed' && !isAside(look) && { failedWave: waveOf(service) }),
      ...(isNotMade(look) && { notMade: true }),
      ...(before !== undefined && exposureEndOf(look, how, decision)),
    },
    accepted: false,
  };
}

/** Whether the cap has counted the service, which no look has redeployed. */
function isNotMade({ decision, outcome, before }: Look): boolean {
  const { reason } = decision;
  const isDemanded =
    isToBeRedeployed(decision) || reasonHas('countsAsStale', reason) || reason === 'earlier-wave-failed';
  const isTried = outcome === undefined || outcome.result === 'failed';
  return isDemanded && isTried && before?.ours !== true;
}

/** For one of these reasons a service that a change has waited for is skipped only once its last old task has gone. */
const LEAVES_NO_OLD_TASK: readonly string[] = ['no-tasks', 'label-not-moved', 'pinned', 'pull-only'];

/**
 * Of the services that are done in one look, ECS was asked about those whose deployments ended last. Where it is the age of
 * the running tasks that shows the end, it was asked for nothing else. A service that was scaled to zero ran old tasks, too, and
 * so did one that refers to what moved no longer.
 */
function exposureEndOf(
  { planned: { evidence }, changedAt, now }: Look,
  how: Closed['how'],
  decision: Decision | undefined,
): Pick<Dropped, 'exposureEnd'> {
  const hasLeft = LEAVES_NO_OLD_TASK.includes(decision?.reason ?? '');
  if (how !== 'fresh' && !hasLeft) return {};
  const byLook = { exposureEnd: { at: now, by: 'look' } } as const;
  if (evidence.stopped === undefined) return hasLeft || evidence.tasks !== undefined ? byLook : {};
  const exposureEnd = endOfLastOldTask(evidence, changedAt);
  return exposureEnd === undefined ? byLook : { exposureEnd };
}

/** Whether nothing but the service's `also` tags names what changed: its failure says nothing about the others. */
function isAside({ planned: { verdicts }, changeId }: Look): boolean {
  const ofChange = verdicts.filter(({ match }) => about(match.subject).changeId === changeId);
  return ofChange.length > 0 && ofChange.every(({ match }) => isByTagAlone(match));
}

function aboutOf(service: Service) {
  return { service: service.arn, cluster: service.cluster.name, now: service };
}
