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
import { type MatchVerdict, verdictOn } from '../plan/verdict.ts';

/** One service as a sweep sees it. */
export type SweptService = {
  readonly planned: Planned;
  /** What would be done about it. Only a task proves that a service is stale for certain. */
  readonly decision: Decision;
  /** The changes for which the service is stale for certain: a task of it was created before the change. */
  readonly certain: readonly Stale[];
  /** The changes for which it is possibly stale. */
  readonly possibly: readonly Stale[];
};
export type Stale = { readonly change: Change; readonly verdict: MatchVerdict['verdict'] };

const DAY_MS = 86_400_000;

/**
 * A sweep finds stale services and starts no deployment. It therefore has no cooldown, which would keep it from asking
 * whether a rollout has failed, and the cap applies to the sweep as a whole.
 */
export function sweepPolicy(policy: Policy): Policy {
  return { ...policy, cooldownMs: 0, maxServices: 0 };
}

/** The resources whose exact change times are needed, because a service is not fresh for the latest possible one. */
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
 * The questions for any change, with two differences. For every service that seems stale, the sweep asks for its
 * tasks even if the change is young, because only a task proves it. Whether a service that looks fresh was rolled
 * back is asked for one day only: the sweeps of that day have reported it, and without this limit each sweep
 * would ask about thousands of services again.
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

/** What the plan says about each service, corrected by what the tasks of the service prove. */
export function sweptIn({ redeploys, others }: Plan): readonly SweptService[] {
  return [...redeploys, ...others].map((planned) => {
    const stale = planned.verdicts.flatMap((judged) => staleIn(judged, planned));
    const certain = stale.filter(({ change }) => isProven(planned, change));
    const possibly = stale.filter((one) => !certain.includes(one));
    return { planned, decision: decisionOn(planned, certain, possibly), certain, possibly };
  });
}

/** Whether a decision needs no attention: the sweep counts the service and writes no record. */
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

/** A rollout that failed has left the service as it was, or in an unknown state: the service counts as stale. */
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

/** What DescribeServices shows proves too little, because tasks come and go without a deployment. */
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
  // The external controller has deployed the service since the change.
  if (decision.reason === 'unsupported-controller' && !isStale) return because('already-fresh', []);
  if (!isToBeRedeployed(decision)) return decision;
  const failed = verdicts.filter(({ verdict }) => verdict.reason === 'rollout-failed');
  if (failed.length > 0)
    return because(
      'rollout-failed',
      [...certain, ...possibly].filter(({ verdict }) => verdict.reason === 'rollout-failed'),
    );
  // on-change decides whether the wave of the service may start.
  if (certain.length > 0) return { ...decision, ...redeploy, changeIds: idsOf(certain) };
  return because(isStale ? 'possibly-stale' : 'already-fresh', possibly);
}

export function idsOf(stale: readonly Stale[]): readonly string[] {
  return [...new Set(stale.map(({ change }) => change.changeId))];
}

/** A resource that could not be checked: it is in another account or Region or, with `why`, it could not be read. */
export type Unchecked = { readonly arn: string; readonly why?: string };

/** What a sweep found. */
export type Sweep = {
  readonly id: string;
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  /** Every service that was read and refers to a resource. */
  readonly swept: readonly SweptService[];
  /** Services that could not be read: they may refer to anything. */
  readonly unreadable: readonly Decision[];
  readonly errors: readonly object[];
  readonly unchecked: readonly Unchecked[];
  /** Clusters for which there was no time, or that ECS did not list. The next sweep begins with other clusters. */
  readonly remaining: readonly string[];
  /** Every stale service is named here: no cluster is left, and every resource of this account and Region was read. */
  readonly complete: boolean;
};
