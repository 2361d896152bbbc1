import type { DeploymentRecord } from '../../simulator/index.ts';
import { concerns } from './judge-reasons.ts';
import { cannotReplace, mayLackAReference } from './judge-staleness.ts';
import type { Run } from './run.ts';
import type { ServicePlan } from './scenario.ts';
import {
  deploymentsOf,
  idsIn,
  isDemand,
  isRefused,
  isSelected,
  type Moved,
  makerOf,
  mayBeOptedOutBetween,
  movesOf,
  oursOf,
  reasonsFor,
  settingsOf,
  skewOf,
  US,
  unseenMs,
} from './truth.ts';
import { secondsIn, type Violation, violation } from './violation.ts';

/** The violations by deployments of ours that came too soon, too often, too many at once, or in the way of another. */
export function limitProblems(run: Run): readonly Violation[] {
  return [...tooSoonFor(run), ...overCapInAll(run), ...eachByItself(run)];
}

function eachByItself(run: Run): readonly Violation[] {
  return run.scenario.services.flatMap((plan) => {
    const all = deploymentsOf(run, plan);
    return oursOf(run, plan).flatMap((one) => {
      const reasons = reasonsFor(run, plan, one, settingsOf(run, makerOf(run, one)));
      const broken = [
        ...(isTooSoon(run, one, all, reasons) ? (['lets-changes-settle'] as const) : []),
        ...(isTooOften(run, one, all) ? (['keeps-hourly-limit'] as const) : []),
        ...(isInterrupting(run, plan, one, all) ? (['interrupts-nothing'] as const) : []),
        ...(isOverCap(run, plan, one, reasons) ? (['keeps-cap'] as const) : []),
      ];
      return broken.map((promise) => violation(promise, `${plan.name} ${secondsIn(run, one.createdAt)}`));
    });
  });
}

const SETTLE_MS = 2_000;

/**
 * Whether every change that justifies the deployment was younger than two seconds by the clock of the caller. A deployment right
 * after another of ours may be for the change before, because ECS did not show the other yet.
 */
function isTooSoon(
  run: Run,
  { createdAt }: DeploymentRecord,
  all: readonly DeploymentRecord[],
  reasons: readonly Moved[],
): boolean {
  const mayRepeat = all.some(
    (one) => one.by === US && one.createdAt < createdAt && one.createdAt > createdAt - unseenMs(run),
  );
  const isYoung = ({ from }: Moved) => createdAt < from + SETTLE_MS - skewOf(run);
  return !mayRepeat && reasons.length > 0 && reasons.every(isYoung);
}

/** The violations by redeploys for several changes of which one was younger than two seconds, as their records tell. */
function tooSoonFor(run: Run): readonly Violation[] {
  return redeploysIn(run).flatMap(({ ids, service, at }) =>
    ids
      .flatMap((id) => movesOf(run, id))
      .filter(({ from }) => at < from + SETTLE_MS - skewOf(run))
      .map(({ arn }) => violation('lets-changes-settle', `${service} for ${arn} ${secondsIn(run, at)}`)),
  );
}

type Redeploy = { readonly ids: readonly string[]; readonly service: string; readonly at: number };

function redeploysIn(run: Run): readonly Redeploy[] {
  return run.records.flatMap((told) => {
    const { event, service } = told.record;
    return event === 'service.redeployed' && service !== undefined
      ? [{ ids: idsIn(told), service, at: told.at }]
      : [];
  });
}

/**
 * The violations by changes for which more services than MAX_SERVICES were redeployed in all looks together. A request that
 * names services, or forces, has no cap.
 */
function overCapInAll(run: Run): readonly Violation[] {
  const most = Math.max(
    ...run.invocations.map(({ env }) => Number(env['MAX_SERVICES'] || 0) || Number.POSITIVE_INFINITY),
  );
  if (most === Infinity) return [];
  const services = new Map<string, Set<string>>();
  for (const { ids, service } of redeploysIn(run))
    for (const id of ids.filter((one) => run.sim.events.some((event) => event.id === one)))
      services.set(id, (services.get(id) ?? new Set()).add(service));
  return [...services]
    .filter(([, all]) => all.size > most)
    .map(([id, all]) => violation('keeps-cap', `${all.size} services were redeployed for ${id}`));
}

const HOUR_MS = 3_600_000;
/**
 * Whether MAX_REDEPLOYS_PER_HOUR deployments of the service began in the hour before. A rollback counts as none, and a service
 * that is created anew begins anew.
 */
function isTooOften(run: Run, one: DeploymentRecord, all: readonly DeploymentRecord[]): boolean {
  const most = Number(settingsOf(run, makerOf(run, one))['MAX_REDEPLOYS_PER_HOUR'] || 6);
  const tolerance = 2 * skewOf(run);
  const born = all.findLast(({ by, createdAt }) => by === 'world' && createdAt <= one.createdAt);
  const before = all.filter(
    ({ by, createdAt }) =>
      by !== 'circuit-breaker' &&
      createdAt >= (born?.createdAt ?? -Infinity) &&
      createdAt < one.createdAt - unseenMs(run) &&
      createdAt > one.createdAt - HOUR_MS + tolerance,
  );
  return before.length >= most;
}

/**
 * Whether it ended a blue/green, linear or canary deployment, a pause or a rollback that had been under way for so long that
 * the last look must have seen it.
 */
function isInterrupting(
  run: Run,
  { kind, name }: ServicePlan,
  { createdAt }: DeploymentRecord,
  all: readonly DeploymentRecord[],
): boolean {
  const seen = createdAt - unseenMs(run);
  const interrupted = all.filter(
    (one) => one.outcome === 'superseded' && one.finishedAt === createdAt && one.createdAt < seen,
  );
  const isCycle = kind !== 'rolling' && kind !== 'daemon';
  const arn = run.built.services.get(name) ?? '';
  const before = run.sim.statesOf({ arn }).findLast(({ at }) => at < createdAt);
  return (
    interrupted.some(({ by }) => isCycle || by === 'circuit-breaker') ||
    (before?.state === 'awaiting-approval' && before.at < seen)
  );
}

/** Whether more services than MAX_SERVICES were stale when the first of them was redeployed for the change. */
function isOverCap(run: Run, plan: ServicePlan, one: DeploymentRecord, reasons: readonly Moved[]): boolean {
  const env = settingsOf(run, makerOf(run, one));
  const most = Number(env['MAX_SERVICES'] || 0);
  // A service that is named by hand does not count, nor does anything that is to be restarted in any case.
  if (most === 0 || reasons.length === 0 || reasons.some(isDemand)) return false;
  return reasons.every(
    (moved) =>
      isFirstFor(run, moved, one) &&
      run.scenario.services.filter((other) => other === plan || countsAsStale(run, other, moved, one))
        .length > most,
  );
}

/** Later looks redeploy what an earlier one has counted. */
function isFirstFor(run: Run, moved: Moved, { createdAt }: DeploymentRecord): boolean {
  return run.scenario.services.every((other) =>
    deploymentsOf(run, other).every(
      (one) =>
        one.by !== US ||
        one.createdAt >= createdAt ||
        one.createdAt < moved.from ||
        !reasonsFor(run, other, one, settingsOf(run, makerOf(run, one))).includes(moved),
    ),
  );
}

/**
 * Whether every plan since the change must count the service as one that is to be redeployed for the change, now or after a
 * wait. What AWS did not show cannot be counted.
 */
function countsAsStale(run: Run, plan: ServicePlan, moved: Moved, deployment: DeploymentRecord): boolean {
  const env = settingsOf(run, makerOf(run, deployment));
  const { createdAt } = deployment;
  return (
    plan.desired > 0 &&
    plan.kind !== 'code-deploy' &&
    plan.kind !== 'external' &&
    !cannotReplace(plan) &&
    !mayLackAReference(run, plan) &&
    isSelected(env, plan.cluster) &&
    !mayBeOptedOutBetween(run, plan, moved.from, createdAt, env) &&
    reasonsFor(run, plan, deployment, env).includes(moved) &&
    !run.calls.some(
      (call) => call.at >= moved.from && call.at <= createdAt && isRefused(call) && concerns(run, plan, call),
    ) &&
    !run.scenario.actions.some((action) => 'service' in action && action.service === plan.name)
  );
}
