import { type Match, match } from '../match/match.ts';
import type { ClusterArn } from '../model/arn.ts';
import { about, type Change, type Notice, subjectsOf } from '../model/change.ts';
import { type Decision, redeploy, type SkipReason, skip } from '../model/decision.ts';
import { type Fleet, isUnreadable, type Service } from '../model/fleet.ts';
import { isOptedOut, waveOf } from '../model/tags.ts';
import type { EvidenceByService, Question } from '../plan/evidence.ts';
import { freshness, isOlder, type Task } from '../plan/freshness.ts';
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
 * Whose deployments to ask for: those of each service with a task that is older than a change, because its rollout may have
 * failed, and of each service that protects a stale one of a later wave. A service whose tasks are all younger is fresh,
 * whatever became of its deployments. `all`: a request asks about every service that refers to what it names.
 */
export function sweepQuestions(
  matches: readonly Match[],
  tasks: EvidenceByService,
  policy: Policy,
  now: number,
  which: 'stale' | 'all',
): readonly Question[] {
  const isStale = (one: Match) => seemsStale(one, tasks.get(one.service.key)?.tasks, policy, now);
  const stale = new Set(matches.filter(isStale));
  const latest = new Map<string, number>();
  for (const { service, subject } of stale) {
    const { changeId } = about(subject);
    latest.set(changeId, Math.max(latest.get(changeId) ?? 0, waveOf(service)));
  }
  const protects = ({ service, subject }: Match) =>
    subject.kind === 'change' && waveOf(service) < (latest.get(about(subject).changeId) ?? 0);
  const asked = matches.filter((one) => which === 'all' || stale.has(one) || protects(one));
  return questions(asked, policy, now)
    .filter(({ deploymentsSince }) => deploymentsSince !== undefined)
    .map((question) => ({ ...question, askTasks: false, unanswered: 'wait' }));
}

/** The clusters whose tasks can tell whether a service is stale. */
export function clustersToAsk(matches: readonly Match[], policy: Policy, now: number): readonly ClusterArn[] {
  const counts = matches.filter((one) => !reasonHas('timeless', verdictOn(one, {}, policy, now)?.reason));
  return [...new Set(counts.map(({ service }) => service.cluster.arn))];
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

/** The services that ECS did not show, or whose revisions it did not show: they may refer to anything. */
export function unreadableIn(
  fleet: Fleet,
  swept: readonly SweptService[],
  { select }: Policy,
  id: string,
): readonly Decision[] {
  const known = new Set(swept.map(({ planned }) => planned.service.key));
  const waits = { action: 'wait', reason: 'unreadable', changeIds: [id], references: [] } as const;
  const doubtful = fleet.services.filter(
    (service) => isUnreadable(service, fleet) && !known.has(service.key) && !isOptedOut(service, select),
  );
  return [
    ...fleet.unreadable.map(({ service, cluster }) => ({ ...waits, service, cluster, wave: 0 })),
    ...doubtful.map((one) => ({ ...waits, service: one.arn, cluster: one.cluster.name, wave: waveOf(one) })),
  ];
}

/** Whether a decision needs no attention: the sweep counts the service and writes no record. */
export function isHarmless({ action, reason }: Decision): boolean {
  return (
    action === 'skip' &&
    (reason === 'already-fresh' || reason === 'out-of-scope' || reasonHas('timeless', reason))
  );
}

/** Whether a task is older than the change or, where ECS shows fewer tasks than there are, a deployment is. */
function seemsStale(one: Match, tasks: readonly Task[] | undefined, policy: Policy, now: number): boolean {
  const verdict = verdictOn(one, {}, policy, now);
  if (verdict === undefined || reasonHas('timeless', verdict.reason) || verdict.reason === 'unreadable')
    return false;
  if (one.subject.kind === 'notice') return false;
  return isOlder(tasks, one.subject.change) || isOld(one.service, one.subject.change, tasks);
}

function isOld(service: Service, change: Change, tasks?: Planned['evidence']['tasks']): boolean {
  const state = freshness(service, change, tasks);
  return state === 'stale' || state === 'possibly-stale';
}

/**
 * A service with an older task is stale, whatever its deployments say, unless the task only has to drain. A rollout that
 * failed has left the service as it was, or in an unknown state: it counts as stale, too.
 */
function staleIn(
  { match: { subject }, verdict }: MatchVerdict,
  { service, evidence }: Planned,
): readonly Stale[] {
  const { reason } = verdict;
  if (subject.kind === 'notice' || reasonHas('timeless', reason) || reason === 'rolling-out') return [];
  const { change } = subject;
  if (isOlder(evidence.tasks, change)) return [{ change, verdict }];
  if (reason === 'unreadable') return [];
  const isStale = reason === 'rollout-failed' || isOld(service, change, evidence.tasks);
  return isStale ? [{ change, verdict }] : [];
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
export type Unchecked = {
  readonly arn: string;
  readonly why?: string;
  /** AWS does not let it be described here, however often it is asked. */
  readonly hidden?: true;
  /** When an event told last of a change of it. */
  readonly lastEvent?: number;
};

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
  /** Every cluster, service and revision was read. */
  readonly whole: boolean;
  /** Every stale service is named here: nothing was refused, no cluster is left, and every resource here was read. */
  readonly complete: boolean;
  /** The same but for secrets that AWS does not describe here: of these only an event tells, and no sweep ever will. */
  readonly completeButHidden: boolean;
};
