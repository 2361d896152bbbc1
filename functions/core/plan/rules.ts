import type { Hit, Match } from '../match/match.ts';
import type { Change } from '../model/change.ts';
import { type SkipReason, skip, type Verdict, type WaitReason, wait } from '../model/decision.ts';
import { hasTasks, primaryOf, type Service } from '../model/fleet.ts';
import { isOptedOut } from '../model/tags.ts';
import {
  type Evidence,
  isDeploying,
  isOfRollback,
  isRollingBack,
  lastRolloutFailed,
  looksLikeRollback,
  TASKS_TELL_AFTER_MS,
} from './evidence.ts';
import { type Freshness, freshness } from './freshness.ts';
import { HOUR_MS, type Policy } from './policy.ts';

/** One service beside one change that it refers to, with all that a rule may look at. */
export type Candidate = {
  readonly match: Match;
  readonly service: Service;
  readonly change: Change;
  readonly evidence: Evidence;
  readonly policy: Policy;
  readonly now: number;
  readonly freshness: Freshness;
};

/** A reason not to redeploy a service now; `reasons` are those that it can give. */
export type Rule = {
  readonly reasons: readonly (SkipReason | WaitReason)[];
  readonly verdict: (candidate: Candidate) => Verdict | undefined;
};

/** The first rule that applies decides; where none does, the service is redeployed. The order is that of the table of reasons. */
export const RULES: readonly Rule[] = [
  { reasons: ['opted-out'], verdict: optedOut },
  { reasons: ['unreadable'], verdict: unreadable },
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
  const tookOver = service.deployments.filter((one) => isOfRollback(one, evidence, change.changedAt));
  const state = freshness(service, change, tasks, tookOver);
  return { match, service, change, evidence, policy, now, freshness: state };
}

function when(applies: boolean, reason: SkipReason): Verdict | undefined {
  return applies ? skip(reason) : undefined;
}

const isByHand = ({ kind }: Change): boolean => kind === 'service';

/** A person who names a service overrules it. */
function optedOut({ service, change, policy }: Candidate): Verdict | undefined {
  return when(!isByHand(change) && (change.optedOut || isOptedOut(service, policy.select)), 'opted-out');
}

/** What cannot be read may refer to more, unless what can be read says enough. */
function unreadable({ match: { partlyUnreadable, hits }, evidence }: Candidate): Verdict | undefined {
  const isInDoubt =
    partlyUnreadable && !hits.some(({ effect, inPrimary }) => effect === 'moves' && inPrimary);
  return when(evidence.unreadable !== undefined || isInDoubt, 'unreadable');
}

/** No reference delivers anything new after a redeploy. What a followed deployment refers to was known before. */
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

/** The new tasks are coming, or only older tasks refer to what moved: nothing but their draining helps. */
function rollingOut({ match: { hits }, freshness: state }: Candidate): Verdict | undefined {
  return state === 'rolling-out' || onlyDrains(hits) ? wait('rolling-out') : undefined;
}

function onlyDrains(hits: readonly Hit[]): boolean {
  const moving = hits.filter(({ effect }) => effect === 'moves');
  return moving.length > 0 && moving.every(({ inPrimary }) => !inPrimary);
}

/** A blue/green, linear or canary deployment restarts its whole cycle when forced; a rollback must come to its end. */
function deploymentInProgress({ service, evidence, match: { following } }: Candidate): Verdict | undefined {
  const inProgress = primaryOf(service)?.rolloutState === 'IN_PROGRESS';
  // What was followed is no longer PRIMARY and yet not over: ECS is about to roll it back.
  const isAboutToRollBack = following === 'superseded' && isDeploying(evidence);
  const isRollback = isRollingBack(evidence) || (inProgress && looksLikeRollback(service));
  const isCycle = service.strategy !== 'ROLLING' && (inProgress || isDeploying(evidence));
  return isAboutToRollBack || isRollback || isCycle ? wait('deployment-in-progress') : undefined;
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

function possiblyStale(candidate: Candidate): Verdict | undefined {
  return when(candidate.freshness === 'possibly-stale', 'possibly-stale');
}

/** The first deployment of a burst goes at once; what changes within its cooldown is one more deployment for all. */
function cooldown({ service, policy: { cooldownMs }, now }: Candidate): Verdict | undefined {
  const until = (primaryOf(service)?.createdAt ?? 0) + cooldownMs;
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
