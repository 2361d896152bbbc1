import type { DeploymentRecord } from '../../simulator/index.ts';
import { cannotReplace, hasEndedBadly, mayLackAReference } from './judge-staleness.ts';
import type { Run } from './run.ts';
import type { ServicePlan } from './scenario.ts';
import {
  isMovedBy,
  isRefused,
  isSelected,
  isStaleAt,
  type Moved,
  makerOf,
  mayBeOptedOutBetween,
  movesFor,
  oursOf,
  reasonsFor,
  settingsOf,
  usesUntil,
  wavesOf,
} from './truth.ts';
import { secondsIn, type Violation, violation } from './violation.ts';

/**
 * The violations by deployments of ours that went before an earlier wave of the same change was done: a service of an
 * earlier wave still ran on the old value, whether it was unread, waited, rolled out or had failed. A deployment that any
 * change of its service allowed is right.
 */
export function orderProblems(run: Run): readonly Violation[] {
  return run.scenario.services.flatMap((plan) =>
    oursOf(run, plan).flatMap((deployment) => {
      const env = settingsOf(run, makerOf(run, deployment));
      const reasons = reasonsFor(run, plan, deployment, env);
      const held = reasons.map((moved) => holderOf(run, plan, moved, deployment));
      const [first] = held;
      return first === undefined || held.includes(undefined)
        ? []
        : [
            violation(
              'keeps-order',
              `${plan.name} was redeployed ${secondsIn(run, deployment.createdAt)} before ${first.name}`,
            ),
          ];
    }),
  );
}

/** A service of an earlier wave that certainly held this one back for the change. */
function holderOf(
  run: Run,
  plan: ServicePlan,
  moved: Moved,
  deployment: DeploymentRecord,
): ServicePlan | undefined {
  const { createdAt } = deployment;
  const latest = Math.min(...wavesOf(run, plan, moved.from, createdAt));
  return run.scenario.services.find(
    (other) =>
      Math.max(...wavesOf(run, other, moved.from, createdAt)) < latest &&
      isStaleAt(run, other, moved, createdAt) &&
      isConcerned(run, other, moved, deployment) &&
      !isProved(run, other, deployment) &&
      !isOverCap(run, other) &&
      !isLeftForAnother(run, other, moved, createdAt) &&
      !isGivenUp(run, moved, createdAt),
  );
}

/** Whether the change had to wait for this service from its first look on: nothing let the service be left out. */
function isConcerned(run: Run, plan: ServicePlan, moved: Moved, deployment: DeploymentRecord): boolean {
  const { createdAt } = deployment;
  const envs = run.invocations.filter(({ startedAt }) => startedAt <= createdAt).map(({ env }) => env);
  const uses = usesUntil(run, plan, createdAt);
  return (
    plan.kind !== 'code-deploy' &&
    plan.kind !== 'external' &&
    !cannotReplace(plan) &&
    !mayLackAReference(run, plan) &&
    uses.some(
      (use) => use.in !== 'also' && isMovedBy(use, moved, run, settingsOf(run, makerOf(run, deployment))),
    ) &&
    envs.every(
      (env) => isSelected(env, plan.cluster) && !mayBeOptedOutBetween(run, plan, moved.from, createdAt, env),
    ) &&
    isThere(run, plan, createdAt)
  );
}

/** Whether the service was neither deleted nor without tasks at any time until then. */
function isThere({ scenario, startedAt }: Run, { name, desired }: ServicePlan, at: number): boolean {
  return (
    desired > 0 &&
    !scenario.actions.some(
      (action) =>
        startedAt + action.at <= at &&
        ((action.do === 'delete-service' && action.service === name) ||
          (action.do === 'scale' && action.service === name && action.count === 0)),
    )
  );
}

/**
 * New tasks that all run have proved themselves: later waves do not wait until old ones have drained. What another process
 * deploys after the look is unseen.
 */
function isProved(run: Run, { name }: ServicePlan, deployment: DeploymentRecord): boolean {
  const { createdAt } = deployment;
  const arn = run.built.services.get(name) ?? '';
  const from = run.invocations[(makerOf(run, deployment) ?? 0) - 1]?.startedAt ?? createdAt;
  const during = run.sim.statesOf({ arn }).filter(({ at }) => at > from && at <= createdAt);
  return [run.sim.stateOf({ arn }, from), ...during].some((one) => one?.state === 'draining');
}

/** What is left because there are too many holds nothing back. */
function isOverCap({ records, built }: Run, { name }: ServicePlan): boolean {
  const service = built.services.get(name);
  return records.some(({ record }) => record.service === service && record.reason === 'over-cap');
}

/** Whether the service is left out because an earlier wave of another change of it failed. */
function isLeftForAnother(run: Run, plan: ServicePlan, { arn }: Moved, at: number): boolean {
  const others = movesFor(run, plan, at).filter((moved) => moved.arn !== arn);
  return others.some((moved) => {
    const wave = Math.max(...wavesOf(run, plan, moved.from, at));
    return run.scenario.services.some(
      (first) =>
        Math.min(...wavesOf(run, first, moved.from, at)) < wave &&
        usesUntil(run, first, at).some((use) => isMovedBy(use, moved, run)) &&
        hasEndedBadly(run, first, at),
    );
  });
}

/** FOLLOW_UP_LIMIT_MINUTES of the scenarios: what AWS has refused to show until then holds nothing back any more. */
const LIMIT_MS = 60 * 60_000;

function isGivenUp({ calls }: Run, { from }: Moved, at: number): boolean {
  return at - from >= LIMIT_MS && calls.some(isRefused);
}
