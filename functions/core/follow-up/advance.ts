import { nameOf, type ServiceArn, type ServiceKey, serviceIn } from '../model/arn.ts';
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

/** A service that a change no longer waits for. */
export type Closed = {
  readonly service: ServiceArn;
  readonly cluster: string;
  readonly how: 'fresh' | 'failed' | 'skipped';
  /** It was open in an earlier look. */
  readonly wasOpen: boolean;
  /** What is still to be recorded; undefined where a record has said it when it happened. */
  readonly decision: Decision | undefined;
  /** As it is now; undefined if it exists no more. */
  readonly now: Service | undefined;
};

/** A service that a change waits for, and what it waits for itself. */
export type Waiting = { readonly service: ServiceArn; readonly cluster: string; readonly reason: string };

/** What one look means for one service of one change: what becomes of it, and what is new about it. */
export type Advance = {
  readonly key: ServiceKey;
  readonly next: Kept | Dropped;
  /** It waits for something else than in the look before. */
  readonly transition?: Decision;
  /** It was redeployed in this look. */
  readonly accepted: boolean;
  /** We may not redeploy it. */
  readonly denied?: OpenService;
};

type Kept = {
  readonly kind: 'open';
  readonly open: OpenService;
  readonly waiting: Waiting;
  /** Its rollout was under way in the look before and still is. */
  readonly stuck?: Pick<Closed, 'service' | 'cluster' | 'now'>;
  /** The instant from which on a new look may find something to do, where it is known. */
  readonly until?: number;
  /** The answer to UpdateService was lost. */
  readonly unsure: boolean;
};

type Dropped = {
  readonly kind: 'closed';
  readonly closed: Closed;
  /** It may still run on the old value. */
  readonly left: boolean;
  /** The wave in which its rollout failed. */
  readonly failedWave?: number;
};

/** A result beside what the change waited for before; `own` is the verdict for this change alone. */
type Look = {
  readonly planned: Planned;
  readonly own: Verdict;
  readonly decision: Decision;
  readonly outcome: Outcome | undefined;
  readonly before: OpenService | undefined;
};

/** From the follow-up as it was before this look, and one result of it; undefined if they have nothing to do with each other. */
export function advance(
  { changeId, hop }: FollowUp,
  openBefore: ReadonlyMap<ServiceKey, OpenService>,
  { planned, decision: together, outcome }: Result,
): Advance | undefined {
  const own = strongest(verdictsFor(planned, changeId));
  const before = openBefore.get(planned.service.key);
  // Another message of the same change may be about it.
  if (own === undefined || (hop > 0 && before === undefined)) return undefined;
  // What another change demands is no reason for this one.
  const decision: Decision = own.action === 'skip' ? { ...together, ...own } : together;
  const look = { planned, own, decision, outcome, before };
  if (own.action === 'skip') return closed(look, howClosed(own), decision);
  if (outcome !== undefined) return withDenied(afterOutcome(look, outcome), look);
  if (decision.action === 'skip') return closed(look, howClosed(decision), decision);
  return kept(look, decision.reason ?? own.reason ?? 'redeploy', followedIn(look));
}

/** ECS would not describe it: no reason to take it for gone. */
export function stillRefused(open: OpenService): Advance {
  const waiting = {
    service: serviceIn(open.cluster, open.name),
    cluster: nameOf(open.cluster),
    reason: 'unreadable',
  };
  return { key: openKey(open), next: { kind: 'open', open, waiting, unsure: false }, accepted: false };
}

/** It exists no more, or refers to what changed no more: either way no task of it runs on the old value. */
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

/** In the words of the log: two looks that would say the same say it once. */
function logKey({ action, reason }: Verdict | Decision, outcome?: Outcome): string {
  return outcome?.result === 'accepted' ? 'wait rolling-out' : [action, reason].filter(Boolean).join(' ');
}

function howClosed({ reason }: Verdict | Decision): Closed['how'] {
  if (reason === 'already-fresh') return 'fresh';
  return reason === 'rollout-failed' ? 'failed' : 'skipped';
}

/** The deployment that is followed from now on; a rollback is none, its coming to an end is no success. */
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
      // What a person must permit is not tried again by itself: its message ends in the dead-letter queue.
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
      ...(how === 'failed' && { failedWave: waveOf(service) }),
    },
    accepted: false,
  };
}

function kept(look: Look, reason: string, deploymentId: string | null): Advance {
  const { planned, decision, outcome, before } = look;
  const about = aboutOf(planned.service);
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
      waiting: { service: about.service, cluster: about.cluster, reason },
      ...(isSame && deploymentId !== null && { stuck: about }),
      ...untilOf(look, reason),
      unsure: outcome?.result === 'unknown',
    },
    ...(isTransition(look) && { transition: decision }),
    accepted,
  };
}

/** What is out of time waits for nothing but the next invocation. */
function untilOf({ own }: Look, reason: string): { readonly until?: number } {
  if (reason === 'out-of-time') return { until: 0 };
  return own.action === 'wait' && own.until !== undefined ? { until: own.until } : {};
}

/** What a call came to is recorded when it is made. */
function isTransition({ decision, outcome, before }: Look): boolean {
  return before !== undefined && outcome === undefined && before.lastLogged !== logKey(decision);
}

function aboutOf(service: Service) {
  return { service: service.arn, cluster: service.cluster.name, now: service };
}
