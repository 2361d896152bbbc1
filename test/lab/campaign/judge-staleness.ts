import type { DeploymentRecord } from '../../simulator/index.ts';
import { concerns } from './judge-reasons.ts';
import { isFoundBySweep, isPassedOver, isSweepSince, isUndated } from './judge-sweep.ts';
import type { Run } from './run.ts';
import { REFUSALS, type ServicePlan, type Use } from './scenario.ts';
import { isSwept } from './sweep.ts';
import {
  deploymentsOf,
  everySettings,
  isMovedBy,
  isRefused,
  isRemade,
  isSelected,
  type Moved,
  mayBeOptedOutBetween,
  mayBeUnseen,
  maySecretBeOptedOut,
  movesIn,
  subjectOf,
  US,
  usesUntil,
  wavesOf,
} from './truth.ts';
import { secondsIn, type Violation, violation } from './violation.ts';

/** The services that run on an old value at the end although no record explains it truthfully. */
export function stalenessProblems(run: Run): readonly Violation[] {
  return run.scenario.services
    .filter(({ cluster }) => everySettings(run).every((env) => isSelected(env, cluster)))
    .flatMap((plan) =>
      lastMoves(run, plan)
        .filter((moved) => isStaleFor(run, plan, moved))
        .filter((moved) => isSwept(run.scenario) || !mayBeUnseen(run, plan, moved))
        .filter((moved) => !mayLagForOthers(run, plan, moved))
        .filter((moved) => !isExplained(run, plan, moved))
        .map(({ arn, from }) =>
          violation(
            'nothing-lost',
            `${plan.name} is stale for ${arn} since ${secondsIn(run, from)}; its records: ${toldOf(run, plan, from, arn)}`,
          ),
        ),
    );
}

/** Whether another process started tasks so soon after the change that AWS may have given them the old value. */
function mayLagForOthers(run: Run, plan: ServicePlan, moved: Moved): boolean {
  const { taskLagMs } = run.scenario.settings;
  return deploymentsOf(run, plan).some(
    ({ by, createdAt }) => by !== US && createdAt > moved.from && createdAt <= moved.to + taskLagMs,
  );
}

/** The last change of each label and parameter that a service uses. */
function lastMoves(run: Run, plan: ServicePlan): readonly Moved[] {
  const uses = usesUntil(run, plan, Infinity);
  const last = new Map<string, Moved>();
  for (const moved of movesIn(run))
    if (!isRemade(run, moved.arn) && uses.some((use) => isMovedBy(use, moved, run)))
      last.set(`${moved.arn} ${moved.label}`, moved);
  return [...last.values()];
}

function isStaleFor(run: Run, plan: ServicePlan, moved: Moved): boolean {
  const arn = run.built.services.get(plan.name);
  if (run.sim.staleTasks(moved.arn).some(({ serviceArn }) => serviceArn === arn)) return true;
  const readsItself = alwaysAlso(run, plan).some((use) => isMovedBy(use, moved, run));
  return (
    readsItself && runningTasks(run, arn).some(({ startedAt = Infinity }) => startedAt * 1000 < moved.from)
  );
}

/** What the tag `also` named all the time. */
function alwaysAlso({ scenario }: Run, { name, uses }: ServicePlan): readonly Use[] {
  const later = scenario.actions.flatMap((action) =>
    action.do === 'retag' && action.service === name && action.also !== undefined ? [action.also] : [],
  );
  return uses.filter(
    (use) =>
      use.in === 'also' && later.every((also) => also.some(({ of, as }) => of === use.of && as === use.as)),
  );
}

type Task = { readonly startedAt?: number };

/** The running tasks of a service; none if the service is not ACTIVE any more. */
function runningTasks({ sim }: Run, arn = ''): readonly Task[] {
  const [, cluster = '', service = ''] = arn.split('/');
  const { services } = sim.act('ecs', 'DescribeServices', { cluster, services: [service] }) as {
    services: readonly { readonly status: string }[];
  };
  if (services[0]?.status !== 'ACTIVE') return [];
  const { taskArns } = sim.act('ecs', 'ListTasks', { cluster, serviceName: service }) as {
    taskArns: readonly string[];
  };
  if (taskArns.length === 0) return [];
  return (sim.act('ecs', 'DescribeTasks', { cluster, tasks: taskArns }) as { tasks: readonly Task[] }).tasks;
}

/** `at` and `until`: when the invocation began that says so, and when it said it. */
type Remark = {
  readonly event: string;
  readonly reason: string;
  readonly at: number;
  readonly until: number;
};

/** The log's statements about a service for changes of this resource since `from`. */
function remarks(run: Run, plan: ServicePlan, from: number, arn: string): readonly Remark[] {
  const service = run.built.services.get(plan.name);
  const about = new Set(
    run.sim.events
      .filter((event) => Date.parse(event.time) >= from && subjectOf(event, run) === arn)
      .map(({ id }) => id),
  );
  return run.records.flatMap(({ record, invocation, at: until }) => {
    const ids = record.changeIds ?? [record.changeId ?? ''];
    const { startedAt: at = 0 } = run.invocations[invocation - 1] ?? {};
    // A sweep writes one record about a service, even if several changes make it stale.
    const isAbout =
      isSweepSince(run, invocation, from) ||
      ids.some((id) => about.has(id) || isFoundBySweep(run, id, arn, from));
    if (!isAbout) return [];
    const { event = '', reason = '' } = record;
    const clusters = (record['unreadableClusters'] ?? []) as readonly { cluster: string }[];
    if (clusters.some(({ cluster }) => cluster === plan.cluster))
      return [{ event, reason: 'unlisted', at, until }];
    if (record.service === service) return [{ event, reason, at, until }];
    const waiting = (record['waiting'] ?? []) as readonly { service: string; reason: string }[];
    return waiting
      .filter((one) => one.service === service)
      .map((one) => ({ event, reason: one.reason, at, until }));
  });
}

function toldOf(run: Run, plan: ServicePlan, from: number, arn: string): string {
  return (
    remarks(run, plan, from, arn)
      .map(({ event, reason }) => `${event} ${reason}`)
      .join(', ') || 'nothing'
  );
}

function isExplained(run: Run, plan: ServicePlan, moved: Moved): boolean {
  return (
    isPassedOver(run, plan, moved) ||
    remarks(run, plan, moved.from, moved.arn).some((remark) => isTrue(remark, run, plan, moved))
  );
}

/** Whether a statement of the log about a service is true. */
function isTrue(remark: Remark, run: Run, plan: ServicePlan, moved: Moved): boolean {
  if (everySettings(run).some(({ MODE }) => MODE === 'observe')) return true;
  switch (`${remark.event} ${remark.reason}`) {
    case 'service.failed failed':
      return wasRefused(run, [plan]) || hasFailedSince(run, plan, moved);
    case 'service.failed stuck':
    case 'service.failed tasks-failing':
    case 'service.waiting cannot-place':
      return hasEndedBadly(run, plan);
    case 'service.failed rolled-back':
    case 'service.failed rollout-failed':
      return hasFailedSince(run, plan, moved);
    case 'service.waiting rolling-out':
      // For a sweep, a rollout may already contain a move that AWS does not date, however that rollout ends. And a
      // rollout that began before the run keeps more tasks than desired, so that it looks as if it never ended.
      return (
        hasFailedSince(run, plan, moved) ||
        (isUndated(run, moved) && (plan.inProgress === true || hasEndedBadly(run, plan)))
      );
    case 'plan.made unlisted':
      return someCallWasRefused(run);
    default:
      if (remark.event === 'change.unsettled') return mayWaitSoLong(run, plan, remark);
      return remark.event === 'service.skipped' && isRightlySkipped(remark, run, plan, moved);
  }
}

function isRightlySkipped({ reason, at, until }: Remark, run: Run, plan: ServicePlan, moved: Moved): boolean {
  switch (reason) {
    case 'opted-out':
      return (
        everySettings(run).some((env) => mayBeOptedOutBetween(run, plan, at, until, env)) ||
        maySecretBeOptedOut(run, moved.arn)
      );
    case 'unsupported-controller':
      return plan.kind === 'code-deploy' || plan.kind === 'external';
    case 'cannot-replace':
      return plan.percents !== undefined || plan.kind === 'daemon';
    case 'possibly-stale':
      return isUndated(run, moved);
    case 'over-cap':
      return everySettings(run).some(({ MAX_SERVICES = '0' }) => isAbove(run, moved, Number(MAX_SERVICES)));
    case 'rollout-failed':
      return hasFailedSince(run, plan, moved);
    case 'earlier-wave-failed': {
      const earlier = earlierWaves(run, plan);
      return wasRefused(run, earlier) || earlier.some((other) => hasEndedBadly(run, other));
    }
    case 'secret-gone':
      return usesUntil(run, plan, Infinity).some((use) => mayBeGone(run, use));
    case 'reference-gone':
      return mayStopFirst(plan) && usesUntil(run, plan, at).some((use) => mayBeGone(run, use));
    case 'unreadable':
      return run.calls.some((call) => REFUSALS.includes(call.fault) && concerns(run, plan, call));
    default:
      return false;
  }
}

/**
 * Whether more services than a cap refer to what moved; a sweep counts those that anything makes stale. Without a cap none is
 * left out.
 */
function isAbove(run: Run, moved: Moved, cap: number): boolean {
  const concerned = run.scenario.services.filter((one) =>
    usesUntil(run, one, Infinity).some((use) => isSwept(run.scenario) || isMovedBy(use, moved, run)),
  );
  return cap > 0 && concerned.length > cap;
}

/** Whether the healthy percentages of the service allow ECS to replace no task. */
export function cannotReplace({ percents, desired, kind }: ServicePlan): boolean {
  if (percents === undefined || (kind !== 'rolling' && kind !== 'daemon')) return false;
  const [least, most] = percents;
  return Math.ceil((desired * least) / 100) >= desired && Math.floor((desired * most) / 100) <= desired;
}

/** Whether a reference of the service was gone at some time of the run, so that it may be left as it is. */
export function mayLackAReference(run: Run, plan: ServicePlan): boolean {
  return usesUntil(run, plan, Infinity).some((use) => mayBeGone(run, use));
}

const DELETIONS: readonly string[] = ['delete-secret', 'recreate-secret', 'remake-parameter'];

/** Whether ECS may stop old tasks of the service before new ones run. */
function mayStopFirst({ percents, kind }: ServicePlan): boolean {
  return kind === 'daemon' || (percents?.[0] ?? 100) < 100;
}

/** Whether what a use names does not exist, or was deleted at some time of the run. */
function mayBeGone({ scenario }: Run, { of: name, as }: Use): boolean {
  if (as === 'older') return true;
  return scenario.actions.some(
    (action) =>
      ('secret' in action && DELETIONS.includes(action.do) && action.secret === name) ||
      (action.do === 'remake-parameter' && action.parameter === name),
  );
}

/** Whether ECS refused a call. */
function someCallWasRefused({ calls }: Run): boolean {
  return calls.some(isRefused);
}

/** Whether a rollout of the service failed since the change, or has not ended. */
function hasFailedSince(run: Run, plan: ServicePlan, { from }: Moved): boolean {
  return badDeployments(run, plan).some(({ finishedAt = Infinity }) => finishedAt >= from);
}

/** Whether any rollout of the service failed, by an instant or at all, or has not ended. */
export function hasEndedBadly(run: Run, plan: ServicePlan, by = Infinity): boolean {
  return badDeployments(run, plan).some(
    ({ createdAt, finishedAt = createdAt }) => by === Infinity || finishedAt <= by,
  );
}

function badDeployments({ sim, built }: Run, { name }: ServicePlan): readonly DeploymentRecord[] {
  const good: readonly DeploymentRecord['outcome'][] = ['completed', 'superseded'];
  return sim.deploymentsOf(built.services.get(name) ?? '').filter(({ outcome }) => !good.includes(outcome));
}

/** Whether AWS refused an UpdateService of one of these services with an error that is not worth a retry. */
function wasRefused(run: Run, plans: readonly ServicePlan[]): boolean {
  return run.calls.some(
    (call) =>
      call.operation === 'UpdateService' &&
      REFUSALS.includes(call.fault) &&
      plans.some((plan) => concerns(run, plan, call)),
  );
}

/** The services that were in an earlier wave than this one at some time of the run. */
function earlierWaves(run: Run, plan: ServicePlan): readonly ServicePlan[] {
  const waves = (one: ServicePlan) => wavesOf(run, one, -Infinity, Infinity);
  const latest = Math.max(...waves(plan));
  return run.scenario.services.filter((other) => Math.min(...waves(other)) < latest);
}

/**
 * Whether a service may wait until its change is given up: its own rollout or one of an earlier wave ended badly or had not
 * ended by then, or one of these services has been deployed too often.
 */
function mayWaitSoLong(run: Run, plan: ServicePlan, { reason, at, until }: Remark): boolean {
  if (reason === 'too-often' || reason === 'cooldown') return true;
  if (reason === 'unreadable') return wasRefusedToTheEnd(run, plan, until);
  if (reason === 'rotation-unfinished') return hasUnfinishedRotation(run, plan, at);
  const hinders = (one: ServicePlan) => hasEndedBadly(run, one) || isUnderWayAt(run, one, at);
  if (hinders(plan)) return true;
  if (reason !== 'earlier-wave') return false;
  const mayBeTooOften = everySettings(run).some((env) => env['MAX_REDEPLOYS_PER_HOUR'] !== undefined);
  return earlierWaves(run, plan).some((other) => mayBeTooOften || hinders(other));
}

/** Whether AWS refused every read of one kind about the service until nothing was asked about it any more. */
function wasRefusedToTheEnd(run: Run, plan: ServicePlan, until: number): boolean {
  const about = run.calls.filter((call) => call.at <= until && concerns(run, plan, call));
  const last = new Map(about.map((call) => [call.operation, call]));
  return [...last.values()].some(isRefused);
}

/** Whether the last rotation of a secret that the service refers to had failed by then, before it moved the label. */
function hasUnfinishedRotation(run: Run, plan: ServicePlan, at: number): boolean {
  return usesUntil(run, plan, at).some(({ of: name }) => {
    const rotations = run.scenario.actions.flatMap((action) =>
      action.do === 'rotate' && action.secret === name && run.startedAt + action.at <= at ? [action] : [],
    );
    return rotations.toSorted((a, b) => a.at - b.at).at(-1)?.fails === 'before';
  });
}

/** Whether the rollout of a service went on at an instant. */
function isUnderWayAt({ sim, built }: Run, { name }: ServicePlan, at: number): boolean {
  const state = sim.statesOf({ arn: built.services.get(name) ?? '' }).findLast((one) => one.at <= at)?.state;
  return state !== undefined && state !== 'succeeded';
}
