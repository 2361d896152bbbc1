import { isByTagAlone, isInDoubt } from '../match/match.ts';
import { nameOf, type ServiceArn, type ServiceKey, serviceIn } from '../model/arn.ts';
import { about } from '../model/change.ts';
import type { Decision, Verdict } from '../model/decision.ts';
import { primaryOf, type Service } from '../model/fleet.ts';
import { isDenied, type Outcome } from '../model/outcome.ts';
import { waveOf } from '../model/tags.ts';
import { isRollingBack } from '../plan/evidence.ts';
import { verdictsFor } from '../plan/plan.ts';
import type { Planned, Result } from '../plan/planned.ts';
import { strongest } from '../plan/precedence.ts';
import { reasonHas } from '../plan/reasons.ts';
import { type FollowUp, type OpenService, openKey } from './follow-up.ts';
import { isUnread, type Unread } from './unread.ts';

/** A service that a change no longer waits for. */
export type Closed = {
  readonly service: ServiceArn;
  readonly cluster: string;
  readonly how: 'fresh' | 'failed' | 'skipped';
  /** The change waited for it after an earlier look. */
  readonly wasOpen: boolean;
  /** The decision that is still to be recorded; undefined if it was recorded when it was made. */
  readonly decision: Decision | undefined;
  /** The service as it is now; undefined if it no longer exists or no longer refers to what changed. */
  readonly now: Service | undefined;
};

/** A service that a change waits for, and the reason why the service itself waits. */
export type Waiting = { readonly service: ServiceArn; readonly cluster: string; readonly reason: string };

/** What one look means for one service of one change: its next state, and what is new about it. */
export type Advance = {
  readonly key: ServiceKey;
  readonly next: Kept | Dropped | Unseen;
  /** Set if the service waits for something else than after the look before. */
  readonly transition?: Decision;
  /** The service was redeployed in this look. */
  readonly accepted: boolean;
  /** Set if we lack a permission to redeploy the service. */
  readonly denied?: OpenService;
  /** The wave of a service that waits for an earlier one. */
  readonly heldWave?: number;
};

type Kept = {
  readonly kind: 'open';
  readonly open: OpenService;
  readonly waiting: Waiting;
  /** Set if its rollout was under way at the look before and still is. */
  readonly stuck?: Pick<Closed, 'service' | 'cluster' | 'now'>;
  /** The instant from which a new look may find something to do, if it is known. */
  readonly until?: number;
  /** The answer to UpdateService was lost. */
  readonly unsure: boolean;
};

type Dropped = {
  readonly kind: 'closed';
  readonly closed: Closed;
  /** The service may still run on the old value. */
  readonly left: boolean;
  /** The wave of the service, if its redeploy failed. */
  readonly failedWave?: number;
};

/** The service may refer to the change, and ECS does not show whether it does. */
type Unseen = { readonly kind: 'unread'; readonly unread: Unread };

/** A result, and what the change waited for before. `own` is the verdict for this change alone. */
type Look = {
  readonly changeId: string;
  readonly planned: Planned;
  readonly own: Verdict;
  readonly decision: Decision;
  readonly outcome: Outcome | undefined;
  readonly before: OpenService | undefined;
};

/** From the follow-up as it was before this look, and one result of the look; undefined if the two are unrelated. */
export function advance(
  { changeId, hop, unread }: FollowUp,
  openBefore: ReadonlyMap<ServiceKey, OpenService>,
  { planned, decision: together, outcome }: Result,
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
  const look = { changeId, planned, own, decision, outcome, before };
  if (own.action === 'skip') return closed(look, howClosed(own), decision);
  if (outcome !== undefined) return withDenied(afterOutcome(look, outcome), look);
  if (decision.action === 'skip') return closed(look, howClosed(decision), decision);
  return kept(look, decision.reason ?? own.reason ?? 'redeploy', followedIn(look));
}

/** A service that was unread at the look before: the change waits for it as for any other. */
function newlySeen({ cluster, name }: Service): OpenService {
  return { cluster: cluster.arn, name, deploymentId: null, ours: false, lastLogged: UNREADABLE };
}

const UNREADABLE = 'wait unreadable';

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
  return { key: openKey(open), next: { kind: 'open', open, waiting, unsure: false }, accepted: false };
}

/** The service no longer exists or no longer refers to what changed: in both cases no task of it has the old value. */
export function vanished({ cluster, name }: OpenService, described: ReadonlySet<ServiceKey>): Advance {
  const key = openKey({ cluster, name });
  const one: Closed = {
    service: serviceIn(cluster, name),
    cluster: nameOf(cluster),
    how: described.has(key) ? 'fresh' : 'skipped',
    wasOpen: true,
    decision: undefined,
    now: undefined,
  };
  return { key, next: { kind: 'closed', closed: one, left: false }, accepted: false };
}

/** What the log says about a service. Two looks with the same key are logged once. */
function logKey({ action, reason }: Verdict | Decision, outcome?: Outcome): string {
  return outcome?.result === 'accepted' ? 'wait rolling-out' : [action, reason].filter(Boolean).join(' ');
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
  const { service } = look.planned;
  return {
    key: service.key,
    next: {
      kind: 'closed',
      closed: { ...aboutOf(service), how, wasOpen: look.before !== undefined, decision },
      left: how === 'skipped' && reasonHas('leavesStale', look.decision.reason),
      ...(how === 'failed' && !isAside(look) && { failedWave: waveOf(service) }),
    },
    accepted: false,
  };
}

/** Whether nothing but the service's `also` tags names what changed: its failure says nothing about the others. */
function isAside({ planned: { verdicts }, changeId }: Look): boolean {
  const ofChange = verdicts.filter(({ match }) => about(match.subject).changeId === changeId);
  return ofChange.length > 0 && ofChange.every(({ match }) => isByTagAlone(match));
}

function kept(look: Look, reason: string, deploymentId: string | null): Advance {
  const { planned, decision, outcome, before } = look;
  const named = aboutOf(planned.service);
  const accepted = outcome?.result === 'accepted';
  const isSame = before !== undefined && before.deploymentId === deploymentId;
  const { cluster, name } = planned.service;
  const ours = accepted || (isSame && before.ours);
  const lastLogged = logKey(decision, outcome);
  return {
    key: planned.service.key,
    next: {
      kind: 'open',
      open: { cluster: cluster.arn, name, deploymentId, ours, lastLogged },
      waiting: { service: named.service, cluster: named.cluster, reason },
      ...(isSame && deploymentId !== null && { stuck: named }),
      ...untilOf(look, reason),
      unsure: outcome?.result === 'unknown',
    },
    ...(isTransition(look) && { transition: decision }),
    ...(reason === 'earlier-wave' && { heldWave: waveOf(planned.service) }),
    accepted,
  };
}

/** A service for which there was no time waits only for the next invocation. */
function untilOf({ own }: Look, reason: string): { readonly until?: number } {
  if (reason === 'out-of-time') return { until: 0 };
  return own.action === 'wait' && own.until !== undefined ? { until: own.until } : {};
}

/** The outcome of a call is recorded when the call is made, so it is not recorded as a transition again. */
function isTransition({ decision, outcome, before }: Look): boolean {
  return before !== undefined && outcome === undefined && before.lastLogged !== logKey(decision);
}

function aboutOf(service: Service) {
  return { service: service.arn, cluster: service.cluster.name, now: service };
}
