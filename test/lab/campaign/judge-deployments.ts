import type { DeploymentRecord } from '../../simulator/index.ts';
import type { Run } from './run.ts';
import type { ServicePlan } from './scenario.ts';
import {
  deploymentsOf,
  isDemand,
  isOptedOutAt,
  isSecretOptedOutFor,
  isSelected,
  makerOf,
  movesFor,
  oursOf,
  reasonsFor,
  settingsOf,
  skewOf,
  US,
  unseenMs,
} from './truth.ts';
import { secondsIn, type Violation, violation } from './violation.ts';

/** `most`: how many deployments of the service were allowed around this one because nobody could see the others. */
export type Extra = { readonly service: string; readonly at: number; readonly most: number };

/** The violations by deployments that our functions started. */
export function deploymentProblems(run: Run): readonly Violation[] {
  return [...strangers(run), ...run.scenario.services.flatMap((plan) => problemsOf(run, plan))];
}

function problemsOf(run: Run, plan: ServicePlan): readonly Violation[] {
  const all = deploymentsOf(run, plan);
  return [
    ...oursOf(run, plan).flatMap((one) => touchedWrongly(run, plan, one)),
    ...tooMany(run, plan),
    ...tooSoon(run, plan, all),
  ];
}

/** The violations by deployments of services that refer to nothing that changes. */
function strangers(run: Run): readonly Violation[] {
  const known = new Set(run.built.services.values());
  return run.sim.ledger.deployments
    .filter(({ by, serviceArn }) => by === US && !known.has(serviceArn))
    .map(({ serviceArn, createdAt }) =>
      violation('unrelated-untouched', `${serviceArn} ${secondsIn(run, createdAt)}`),
    );
}

function touchedWrongly(run: Run, plan: ServicePlan, deployment: DeploymentRecord): readonly Violation[] {
  const { createdAt } = deployment;
  const env = settingsOf(run, makerOf(run, deployment));
  const say = (promise: Violation['promise']) => [
    violation(promise, `${plan.name} ${secondsIn(run, createdAt)}`),
  ];
  if (!isSelected(env, plan.cluster)) return say('unselected-untouched');
  const moves = movesFor(run, plan, createdAt, env);
  const isNamed = moves.some((moved) => isDemand(moved) && moved.ask.services !== undefined);
  if (isOptedOutAt(run, plan, createdAt, env) && !isNamed) return say('opted-out-untouched');
  if (moves.length === 0) return say('unrelated-untouched');
  return moves.every(({ arn }) => isSecretOptedOutFor(run, arn, deployment))
    ? say('opted-out-untouched')
    : [];
}

/**
 * The deployments of ours that no change justifies: a change justifies one only if the service has not been deployed
 * since. Two invocations at the same time cannot see each other, so one extra deployment of each service is allowed
 * then.
 */
export function extras(run: Run, plan: ServicePlan): readonly Extra[] {
  return deploymentsOf(run, plan)
    .filter((one) => {
      if (one.by !== US) return false;
      const env = settingsOf(run, makerOf(run, one));
      const isRelated = movesFor(run, plan, one.createdAt, env).some(
        ({ arn }) => !isSecretOptedOutFor(run, arn, one),
      );
      return isRelated && reasonsFor(run, plan, one, env).length === 0;
    })
    .map(({ createdAt }) => ({
      service: plan.name,
      at: createdAt,
      most: invocationsNear(run, plan, createdAt) - 1,
    }));
}

/** The time between a recheck and its call: invocations that call within it cannot see each other's deployment. */
const A_MOMENT_MS = 1_000;

const nearMs = ({ scenario }: Run): number => A_MOMENT_MS + (scenario.settings.ecsLagMs ?? 0);

function invocationsNear(run: Run, { name }: ServicePlan, at: number): number {
  const arn = run.built.services.get(name);
  const near = run.calls.filter(
    (call) =>
      call.operation === 'UpdateService' &&
      call.input['service'] === arn &&
      Math.abs(call.at - at) < nearMs(run),
  );
  return new Set(near.map(({ invocation }) => invocation)).size;
}

function tooMany(run: Run, plan: ServicePlan): readonly Violation[] {
  const found = extras(run, plan);
  // As long as ECS does not show a deployment, every other message about the service demands one more.
  const isLate = (run.scenario.settings.ecsLagMs ?? 0) > 0;
  const excess =
    (found.length > 1 && !isLate) ||
    found.some(({ at, most }) => found.filter((one) => Math.abs(one.at - at) < nearMs(run)).length > most);
  return excess
    ? found.map(({ at }) => violation('nothing-doubled', `${plan.name} again ${secondsIn(run, at)}`))
    : [];
}

function tooSoon(run: Run, plan: ServicePlan, all: readonly DeploymentRecord[]): readonly Violation[] {
  return all.flatMap((one, index) => {
    const { by, createdAt } = one;
    const { COOLDOWN_SECONDS } = settingsOf(run, makerOf(run, one));
    const cooldown = Number(COOLDOWN_SECONDS || 60) * 1_000 - 2 * skewOf(run);
    // After some rollbacks the earlier PRIMARY is PRIMARY again: only the list of deployments shows the one between.
    const isListed = !run.calls.some(
      ({ operation, fault, invocation }) =>
        operation === 'ListServiceDeployments' && fault !== undefined && invocation === makerOf(run, one),
    );
    const before = all.slice(0, index).findLast(({ outcome }) => isListed || outcome !== 'rolled-back');
    const gap = createdAt - (before?.createdAt ?? -Infinity);
    return by === US && gap < cooldown && gap > unseenMs(run)
      ? [violation('keeps-cooldown', `${plan.name} ${secondsIn(run, createdAt)}, ${gap} ms after another`)]
      : [];
  });
}
