import type { Hit, Match, PullPolicy } from '../match/match.ts';
import { type Change, isGone, type Notice } from '../model/change.ts';
import { redeploy, skip, type Verdict, wait } from '../model/decision.ts';
import { hasTasks, primaryOf, type Service } from '../model/fleet.ts';
import { isOptedOut } from '../model/tags.ts';
import {
  type Evidence,
  isDeploying,
  isOfRollback,
  isRollingBack,
  lastRolloutFailed,
  looksLikeRollback,
} from './evidence.ts';
import { type Freshness, freshness } from './freshness.ts';

/** The settings that decisions depend on (DESIGN §7). */
export type Policy = {
  readonly select: 'all' | 'tagged';
  readonly pull: PullPolicy;
  /** More stale services than this for one change: none is redeployed; 0: no cap. */
  readonly maxServices: number;
  /** At least this long between two deployments of a service, whoever made the first. */
  readonly cooldownMs: number;
  /** Deployments of a service, whoever made them, in the last hour. */
  readonly maxPerHour: number;
};

export const HOUR_MS = 3_600_000;

/** From this age of a change on, ECS's lists of running tasks are taken as complete. */
export const TASKS_TELL_AFTER_MS = 120_000;

/**
 * What is to be done about one service for one subject: the first rule of DESIGN §4 that applies. A notice has the
 * verdict `secret-gone` or, where no task is in danger, none.
 */
export function verdictOn(
  match: Match,
  evidence: Evidence,
  policy: Policy,
  now: number,
): Verdict | undefined {
  const { service, subject, hits } = match;
  const optedOut = isOptedOut(service, policy.select);
  if ('notice' in subject) return verdictOnNotice(subject, hits, optedOut);
  const byHand = subject.kind === 'service';
  if (!byHand && (optedOut || subject.optedOut)) return skip('opted-out');
  if (evidence.unreadable !== undefined || isInDoubt(match)) return skip('unreadable');
  return (
    (byHand || match.following === 'followed' || match.following === 'adopted'
      ? undefined
      : ineffective(hits)) ??
    unavailable(service) ??
    (service.controller === 'ECS' ? undefined : skip('unsupported-controller')) ??
    afterRollout({ service, change: subject, hits, evidence, policy, now, following: match.following })
  );
}

/** Where only tasks that are about to go refer to what is gone, new ones can start all the same. */
function verdictOnNotice(notice: Notice, hits: readonly Hit[], optedOut: boolean): Verdict | undefined {
  if (!isGone(notice) || !hits.some(({ inPrimary }) => inPrimary)) return undefined;
  return skip(optedOut ? 'opted-out' : 'secret-gone');
}

/** What cannot be read may refer to more, unless what can be read says enough. */
function isInDoubt({ partlyUnreadable, hits }: Match): boolean {
  return partlyUnreadable && !hits.some(({ effect, inPrimary }) => effect === 'moves' && inPrimary);
}

/** No reference delivers anything new after a redeploy. */
function ineffective(hits: readonly Hit[]): Verdict | undefined {
  if (hits.some(({ effect }) => effect === 'moves')) return undefined;
  const effects = new Set(hits.map(({ effect }) => effect));
  if (effects.has('other-label')) return skip('label-not-moved');
  return skip(effects.has('pinned') ? 'pinned' : 'pull-only');
}

function unavailable({ status, desired, running, pending }: Service): Verdict | undefined {
  if (status !== 'ACTIVE') return skip('not-active');
  return desired + running + pending === 0 ? skip('no-tasks') : undefined;
}

type Candidate = {
  readonly service: Service;
  readonly change: Change;
  readonly hits: readonly Hit[];
  readonly evidence: Evidence;
  readonly policy: Policy;
  readonly now: number;
  readonly following: Match['following'];
};

function afterRollout(candidate: Candidate): Verdict {
  const { service, change, hits, evidence, now } = candidate;
  if (rolloutFailed(service, change, evidence)) return skip('rollout-failed');
  const tasks = now - change.changedAt > TASKS_TELL_AFTER_MS ? evidence.tasks : undefined;
  const tookOver = service.deployments.filter((one) => isOfRollback(one, evidence, change.changedAt));
  const state = freshness(service, change, tasks, tookOver);
  if (state === 'fresh') return skip('already-fresh');
  if (state === 'rolling-out' || onlyDrains(hits)) return wait('rolling-out');
  if (mustNotInterrupt(candidate)) return wait('deployment-in-progress');
  return staleVerdict(candidate, state);
}

function staleVerdict(candidate: Candidate, state: Freshness): Verdict {
  if (cannotReplace(candidate.service)) return skip('cannot-replace');
  return state === 'possibly-stale' ? skip('possibly-stale') : (tooSoon(candidate) ?? redeploy);
}

/** The first deployment of a burst goes at once; what changes within its cooldown is one more deployment for all. */
function tooSoon({
  service,
  evidence,
  policy: { cooldownMs, maxPerHour },
  now,
}: Candidate): Verdict | undefined {
  const cool = (primaryOf(service)?.createdAt ?? 0) + cooldownMs;
  if (cool > now) return wait('cooldown', cool);
  const lastHour = (evidence.serviceDeployments ?? [])
    .map(({ createdAt }) => createdAt)
    .filter((createdAt) => createdAt > now - HOUR_MS)
    .toSorted((a, b) => b - a);
  const blocking = lastHour[maxPerHour - 1];
  return blocking === undefined ? undefined : wait('too-often', blocking + HOUR_MS);
}

function rolloutFailed(service: Service, change: Change, evidence: Evidence): boolean {
  const primary = primaryOf(service);
  const failedSince = primary?.rolloutState === 'FAILED' && primary.createdAt > change.changedAt;
  return failedSince || lastRolloutFailed(evidence, change.changedAt);
}

/** Only older tasks refer to what moved: a new deployment would not, so nothing but their draining helps. */
function onlyDrains(hits: readonly Hit[]): boolean {
  const moving = hits.filter(({ effect }) => effect === 'moves');
  return moving.length > 0 && moving.every(({ inPrimary }) => !inPrimary);
}

/** A blue/green, linear or canary deployment restarts its whole cycle when forced; a rollback must come to its end. */
function mustNotInterrupt({ service, evidence, following }: Candidate): boolean {
  // What was followed is no longer PRIMARY and yet not over: ECS is about to roll it back.
  if (following === 'superseded' && isDeploying(evidence)) return true;
  const inProgress = primaryOf(service)?.rolloutState === 'IN_PROGRESS';
  if (isRollingBack(evidence) || (inProgress && looksLikeRollback(service))) return true;
  return service.strategy !== 'ROLLING' && (inProgress || isDeploying(evidence));
}

/** The healthy percentages neither let a task stop first nor a new one start first (AWS-FACTS §5). */
function cannotReplace({
  strategy,
  desired,
  minimumHealthyPercent,
  maximumPercent,
  deployments,
}: Service): boolean {
  if (strategy !== 'ROLLING' || desired === 0 || !deployments.some(hasTasks)) return false;
  const keeps = Math.ceil((desired * minimumHealthyPercent) / 100);
  const allows = Math.floor((desired * maximumPercent) / 100);
  return keeps >= desired && allows <= desired;
}
