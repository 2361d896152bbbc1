import { type Hit, isInDoubt, type Match } from '../match/match.ts';
import type { Change } from '../model/change.ts';
import { type SkipReason, skip, type Verdict, type WaitReason, wait } from '../model/decision.ts';
import { hasTasks, primaryOf, type Service } from '../model/fleet.ts';
import { isOptedOut } from '../model/tags.ts';
import {
  type Evidence,
  isDeploying,
  isOfRollback,
  isRollingBack,
  isStillStopping,
  lastRolloutFailed,
  looksLikeRollback,
  mayBePaused,
  TASKS_TELL_AFTER_MS,
} from './evidence.ts';
import { type Freshness, freshness } from './freshness.ts';
import { HOUR_MS, type Policy } from './policy.ts';
import { rolloutOf } from './rollout.ts';

/** One service and one change that concerns it, with everything that a rule may use. */
export type Candidate = {
  readonly match: Match;
  readonly service: Service;
  readonly change: Change;
  readonly evidence: Evidence;
  readonly policy: Policy;
  readonly now: number;
  readonly freshness: Freshness;
};

/** A rule against a redeploy of a service now. `reasons` lists the reasons that the rule can give. */
export type Rule = {
  readonly reasons: readonly (SkipReason | WaitReason)[];
  readonly verdict: (candidate: Candidate) => Verdict | undefined;
};

/** The first rule that applies decides. If none applies, the service is redeployed. The order is that of `REASONS`. */
export const RULES: readonly Rule[] = [
  { reasons: ['opted-out'], verdict: optedOut },
  { reasons: ['secret-gone'], verdict: secretGone },
  { reasons: ['unreadable', 'not-active', 'no-tasks'], verdict: unreadable },
  { reasons: ['label-not-moved', 'pinned', 'pull-only'], verdict: ineffective },
  { reasons: ['not-active'], verdict: ({ service }) => when(service.status !== 'ACTIVE', 'not-active') },
  { reasons: ['no-tasks'], verdict: ({ service }) => when(!mayHaveTasks(service), 'no-tasks') },
  { reasons: ['unsupported-controller'], verdict: unsupportedController },
  { reasons: ['rollout-failed'], verdict: rolloutFailed },
  { reasons: ['already-fresh'], verdict: (one) => when(one.freshness === 'fresh', 'already-fresh') },
  { reasons: ['rolling-out'], verdict: rollingOut },
  { reasons: ['deployment-in-progress'], verdict: deploymentInProgress },
  { reasons: ['cannot-replace'], verdict: ({ service }) => when(cannotReplace(service), 'cannot-replace') },
  { reasons: ['possibly-stale'], verdict: possiblyStale },
  { reasons: ['cooldown'], verdict: cooldown },
  { reasons: ['too-often'], verdict: tooOften },
];

export function candidateOf(
  match: Match,
  change: Change,
  evidence: Evidence,
  policy: Policy,
  now: number,
): Candidate {
  const { service } = match;
  const tasks = now - change.changedAt > TASKS_TELL_AFTER_MS ? evidence.tasks : undefined;
  const tookOver = service.deployments.filter((one) =>
    isOfRollback(one, service, evidence, change.changedAt),
  );
  const state = freshness(service, change, tasks, tookOver);
  const isLeaving = state === 'fresh' && isStillStopping(evidence, change.changedAt);
  return { match, service, change, evidence, policy, now, freshness: isLeaving ? 'rolling-out' : state };
}

function when(applies: boolean, reason: SkipReason): Verdict | undefined {
  return applies ? skip(reason) : undefined;
}

const isByHand = ({ kind }: Change): boolean => kind === 'service';

/** A request that names the service overrules the opt-out. */
function optedOut({ service, change, policy }: Candidate): Verdict | undefined {
  return when(!isByHand(change) && (change.optedOut || isOptedOut(service, policy.select)), 'opted-out');
}

/** At a later look the resource may be gone: a new task that refers to it could not start. */
function secretGone({ change: { gone }, match: { hits } }: Candidate): Verdict | undefined {
  const isBroken = hits.some(
    ({ inPrimary, form }) => inPrimary && (gone === 'whole' || (gone === 'full-arn' && form === 'full-arn')),
  );
  return when(isBroken, 'secret-gone');
}

/** What cannot be read is looked at again, unless the service has no task that could be stale. */
function unreadable({ match, service, change, evidence }: Candidate): Verdict | undefined {
  const isUnsure = change.unsure ?? change.behind ?? false;
  if (evidence.unreadable === undefined && !isInDoubt(match) && !isUnsure) return undefined;
  if (service.status !== 'ACTIVE') return skip('not-active');
  return mayHaveTasks(service) ? wait('unreadable') : skip('no-tasks');
}

/** No reference delivers a new value after a redeploy. The references of a followed deployment are already known. */
function ineffective({ match: { hits, following }, change }: Candidate): Verdict | undefined {
  const isKnown = isByHand(change) || following === 'followed' || following === 'adopted';
  const effects = new Set(hits.map(({ effect }) => effect));
  if (isKnown || effects.has('moves')) return undefined;
  if (effects.has('other-label')) return skip('label-not-moved');
  return skip(effects.has('pinned') ? 'pinned' : 'pull-only');
}

function mayHaveTasks({ desired, running, pending }: Service): boolean {
  return desired + running + pending > 0;
}

function unsupportedController({ service }: Candidate): Verdict | undefined {
  return when(service.controller !== 'ECS', 'unsupported-controller');
}

function rolloutFailed({ service, change, evidence }: Candidate): Verdict | undefined {
  const primary = primaryOf(service);
  const failedSince = primary?.rolloutState === 'FAILED' && primary.createdAt > change.changedAt;
  return when(failedSince || lastRolloutFailed(evidence, change.changedAt), 'rollout-failed');
}

/** New tasks are being started, or only older tasks refer to what moved, and those only have to drain. */
function rollingOut(candidate: Candidate): Verdict | undefined {
  const { match, freshness: state } = candidate;
  return state === 'rolling-out' || onlyDrains(match.hits)
    ? waitForRollout('rolling-out', candidate)
    : undefined;
}

/** The instant at which a bake or a pause ends by itself is known; one that has passed promises nothing. */
function waitForRollout(
  reason: 'rolling-out' | 'deployment-in-progress',
  { service, evidence, now }: Candidate,
): Verdict {
  const rollout = rolloutOf(service, evidence, now);
  const isAhead = rollout.until !== undefined && rollout.until > now;
  return wait(reason, isAhead ? rollout.until : undefined, rollout);
}

function onlyDrains(hits: readonly Hit[]): boolean {
  const moving = hits.filter(({ effect }) => effect === 'moves');
  return moving.length > 0 && moving.every(({ inPrimary }) => !inPrimary);
}

/**
 * A forced deployment restarts the whole cycle of a blue/green, linear or canary deployment, and takes the place of one that
 * waits for a person (functions/README.md, Deployments). A rollback must complete first.
 */
function deploymentInProgress(candidate: Candidate): Verdict | undefined {
  const { service, evidence, match } = candidate;
  const inProgress = primaryOf(service)?.rolloutState === 'IN_PROGRESS';
  // The followed deployment is no longer PRIMARY but has not ended: ECS is about to roll it back.
  const isAboutToRollBack = match.following === 'superseded' && isDeploying(evidence);
  const isRollback = isRollingBack(evidence) || (inProgress && looksLikeRollback(service));
  const isCycle = service.strategy !== 'ROLLING' && (inProgress || isDeploying(evidence));
  return isAboutToRollBack || isRollback || isCycle || mayBePaused(service, evidence)
    ? waitForRollout('deployment-in-progress', candidate)
    : undefined;
}

/**
 * The healthy percentages allow ECS neither to stop a task first nor to start one first (functions/README.md,
 * Deployments).
 */
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

function possiblyStale(candidate: Candidate): Verdict | undefined {
  return when(candidate.freshness === 'possibly-stale', 'possibly-stale');
}

/**
 * The first deployment of a burst starts at once. All changes within its cooldown lead to one more deployment. The list of
 * service deployments may show the first one before DescribeServices does.
 */
function cooldown({ service, evidence, policy: { cooldownMs }, now }: Candidate): Verdict | undefined {
  const shown = [primaryOf(service), ...(evidence.serviceDeployments ?? [])];
  const until = Math.max(...shown.map((one) => one?.createdAt ?? 0)) + cooldownMs;
  return until > now ? wait('cooldown', until) : undefined;
}

function tooOften({ evidence, policy: { maxPerHour }, now }: Candidate): Verdict | undefined {
  const lastHour = (evidence.serviceDeployments ?? [])
    .map(({ createdAt }) => createdAt)
    .filter((createdAt) => createdAt > now - HOUR_MS)
    .toSorted((a, b) => b - a);
  const blocking = lastHour[maxPerHour - 1];
  return blocking === undefined ? undefined : wait('too-often', blocking + HOUR_MS);
}
