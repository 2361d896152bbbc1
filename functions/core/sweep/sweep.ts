import { byService, type Match, match } from '../match/match.ts';
import { about, type Change, type Notice, subjectsOf } from '../model/change.ts';
import { type Decision, redeploy, type SkipReason, skip } from '../model/decision.ts';
import type { Fleet, Service } from '../model/fleet.ts';
import type { Question } from '../plan/evidence.ts';
import { freshness } from '../plan/freshness.ts';
import type { Plan, Planned } from '../plan/planned.ts';
import type { Policy } from '../plan/policy.ts';
import { isToBeRedeployed } from '../plan/precedence.ts';
import { questions } from '../plan/questions.ts';
import { reasonHas } from '../plan/reasons.ts';
import { verdictOn } from '../plan/verdict.ts';
import type { MatchVerdict } from '../plan/waves.ts';

/** One service as a sweep sees it. */
export type SweptService = {
  readonly planned: Planned;
  /** What would be done about it. Without a task that proves it, nothing counts as stale for certain. */
  readonly decision: Decision;
  /** What a task of it, created before the change, is stale for. */
  readonly certain: readonly Stale[];
  /** What it may be stale for. */
  readonly possibly: readonly Stale[];
};
export type Stale = { readonly change: Change; readonly verdict: MatchVerdict['verdict'] };

const DAY_MS = 86_400_000;

/**
 * A sweep finds what is stale and starts nothing: no cooldown keeps it from asking whether a rollout has failed, and the cap
 * holds for the sweep as a whole.
 */
export function sweepPolicy(policy: Policy): Policy {
  return { ...policy, cooldownMs: 0, maxServices: 0 };
}

/** The resources of which the true instant must be known, because somebody is not fresh for the latest possible one. */
export function needsExactTime(
  latest: readonly Change[],
  fleet: Fleet,
  policy: Policy,
  now: number,
): ReadonlySet<string> {
  const undecided = match(fleet, subjectsOf({ changes: latest, notices: [] }), policy.pull).filter((one) => {
    const reason = verdictOn(one, {}, policy, now)?.reason;
    return reason !== 'already-fresh' && !reasonHas('timeless', reason);
  });
  return new Set(undecided.map(({ subject }) => about(subject).arn));
}

/**
 * As for any change, and more: whoever seems stale is asked for its tasks, however young the change, because only a task
 * proves it; and whether a service that looks fresh was rolled back is asked for a day only. The sweeps of that day have
 * said so; else each would ask about thousands of services again.
 */
export function sweepQuestions(matches: readonly Match[], policy: Policy, now: number): readonly Question[] {
  const usual = new Map(questions(matches, policy, now, DAY_MS).map((one) => [one.service.key, one]));
  const seemStale = matches.filter((one) => seemsStale(one, policy, now));
  for (const [key, [{ service }]] of byService(seemStale)) {
    const since = usual.get(key)?.deploymentsSince;
    usual.set(key, { service, ...(since !== undefined && { deploymentsSince: since }), askTasks: true });
  }
  return [...usual.values()];
}

/** What the plan says of each service, corrected by what its tasks prove. */
export function sweptIn({ redeploys, others }: Plan): readonly SweptService[] {
  return [...redeploys, ...others].map((planned) => {
    const stale = planned.verdicts.flatMap((judged) => staleIn(judged, planned));
    const certain = stale.filter(({ change }) => isProven(planned, change));
    const possibly = stale.filter((one) => !certain.includes(one));
    return { planned, decision: decisionOn(planned, certain, possibly), certain, possibly };
  });
}

/** It needs nobody's attention: a sweep counts it and says no more. */
export function isHarmless({ action, reason }: Decision): boolean {
  return (
    action === 'skip' &&
    (reason === 'already-fresh' || reason === 'out-of-scope' || reasonHas('timeless', reason))
  );
}

function seemsStale(one: Match, policy: Policy, now: number): boolean {
  const verdict = verdictOn(one, {}, policy, now);
  if (verdict === undefined || reasonHas('timeless', verdict.reason) || verdict.reason === 'unreadable')
    return false;
  return one.subject.kind === 'change' && isOld(one.service, one.subject.change);
}

function isOld(service: Service, change: Change, tasks?: Planned['evidence']['tasks']): boolean {
  const state = freshness(service, change, tasks);
  return state === 'stale' || state === 'possibly-stale';
}

/** A rollout that failed has left the service as it was, or nobody knows how. */
function staleIn(
  { match: { subject }, verdict }: MatchVerdict,
  { service, evidence }: Planned,
): readonly Stale[] {
  const { reason } = verdict;
  if (subject.kind === 'notice' || reasonHas('timeless', reason) || reason === 'unreadable') return [];
  if (reason === 'rolling-out') return [];
  const isStale = reason === 'rollout-failed' || isOld(service, subject.change, evidence.tasks);
  return isStale ? [{ change: subject.change, verdict }] : [];
}

/** A service's own record proves too little: tasks come and go without a deployment. */
function isProven({ evidence: { tasks = [] } }: Planned, { changedAt }: Change): boolean {
  return tasks.some(({ createdAt }) => createdAt <= changedAt);
}

function decisionOn(
  { decision, verdicts }: Planned,
  certain: readonly Stale[],
  possibly: readonly Stale[],
): Decision {
  const because = (reason: SkipReason, stale: readonly Stale[]): Decision => ({
    ...decision,
    ...skip(reason),
    ...(stale.length > 0 && { changeIds: idsOf(stale) }),
  });
  const isStale = certain.length + possibly.length > 0;
  // Whoever deploys it has deployed it since.
  if (decision.reason === 'unsupported-controller' && !isStale) return because('already-fresh', []);
  if (!isToBeRedeployed(decision)) return decision;
  const failed = verdicts.filter(({ verdict }) => verdict.reason === 'rollout-failed');
  if (failed.length > 0)
    return because(
      'rollout-failed',
      [...certain, ...possibly].filter(({ verdict }) => verdict.reason === 'rollout-failed'),
    );
  // Whether its turn has come is for on-change to say.
  if (certain.length > 0) return { ...decision, ...redeploy, changeIds: idsOf(certain) };
  return because(isStale ? 'possibly-stale' : 'already-fresh', possibly);
}

export function idsOf(stale: readonly Stale[]): readonly string[] {
  return [...new Set(stale.map(({ change }) => change.changeId))];
}

/** Nothing could be learned about it: it is in another account or Region or, with `why`, it could not be read. */
export type Unchecked = { readonly arn: string; readonly why?: string };

/** What a sweep has found. */
export type Sweep = {
  readonly id: string;
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  /** Every service that refers to something, as far as it was read. */
  readonly swept: readonly SweptService[];
  /** What cannot be read may refer to anything. */
  readonly unreadable: readonly Decision[];
  readonly errors: readonly object[];
  readonly unchecked: readonly Unchecked[];
  /** Clusters for which there was no time, or that ECS would not list: the next sweep begins with others. */
  readonly remaining: readonly string[];
  /** Whoever is not named here as stale is not: nothing was left, and nothing that could be checked refused itself. */
  readonly complete: boolean;
};
