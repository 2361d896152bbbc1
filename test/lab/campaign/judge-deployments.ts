import type { DeploymentRecord } from '../../simulator/index.ts';
import type { Run } from './run.ts';
import type { ServicePlan } from './scenario.ts';
import {
  deploymentsOf,
  isOptedOutAt,
  isSecretOptedOut,
  isSelected,
  makerOf,
  movesFor,
  reasonsFor,
  settingsOf,
  skewOf,
  US,
} from './truth.ts';
import { secondsIn, type Violation, violation } from './violation.ts';

export type Extra = { readonly service: string; readonly at: number; readonly allowed: boolean };

/** The violations by deployments that our functions started. */
export function deploymentProblems(run: Run): readonly Violation[] {
  return run.scenario.services.flatMap((plan) => {
    const all = deploymentsOf(run, plan);
    const ours = all.filter(({ by }) => by === US);
    return [
      ...ours.flatMap((one) => touchedWrongly(run, plan, one)),
      ...tooMany(run, plan),
      ...tooSoon(run, plan, all),
    ];
  });
}

function touchedWrongly(run: Run, plan: ServicePlan, deployment: DeploymentRecord): readonly Violation[] {
  const { createdAt } = deployment;
  const env = settingsOf(run, makerOf(run, deployment));
  const say = (promise: Violation['promise']) => [
    violation(promise, `${plan.name} ${secondsIn(run, createdAt)}`),
  ];
  if (!isSelected(env, plan.cluster)) return say('unselected-untouched');
  if (isOptedOutAt(run, plan, createdAt, env)) return say('opted-out-untouched');
  const moves = movesFor(run, plan, createdAt, env);
  if (moves.length === 0) return say('unrelated-untouched');
  return moves.every(({ arn }) => isSecretOptedOut(run, arn)) ? say('opted-out-untouched') : [];
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
        ({ arn }) => !isSecretOptedOut(run, arn),
      );
      return isRelated && reasonsFor(run, plan, one, env).length === 0;
    })
    .map(({ createdAt }) => ({
      service: plan.name,
      at: createdAt,
      allowed: isSimultaneous(run, plan, createdAt),
    }));
}

/** The time between a recheck and its call: invocations that call within it cannot see each other's deployment. */
const A_MOMENT_MS = 1_000;

function isSimultaneous({ calls, built }: Run, { name }: ServicePlan, at: number): boolean {
  const arn = built.services.get(name);
  const near = calls.filter(
    (call) =>
      call.operation === 'UpdateService' &&
      call.input['service'] === arn &&
      Math.abs(call.at - at) < A_MOMENT_MS,
  );
  return new Set(near.map(({ invocation }) => invocation)).size > 1;
}

function tooMany(run: Run, plan: ServicePlan): readonly Violation[] {
  const found = extras(run, plan);
  const excess = found.some(({ allowed }) => !allowed) || found.length > 1;
  return excess
    ? found.map(({ at }) => violation('nothing-doubled', `${plan.name} again ${secondsIn(run, at)}`))
    : [];
}

/** Another caller may deploy between a look and our call, so a deployment this shortly before ours was unseen. */
const UNSEEN_MS = 3_000;

function tooSoon(run: Run, plan: ServicePlan, all: readonly DeploymentRecord[]): readonly Violation[] {
  return all.flatMap((one, index) => {
    const { by, createdAt } = one;
    const { COOLDOWN_SECONDS } = settingsOf(run, makerOf(run, one));
    const cooldown = Number(COOLDOWN_SECONDS || 60) * 1_000 - 2 * skewOf(run);
    // After some rollbacks the earlier PRIMARY is PRIMARY again, and ECS does not show the deployment between.
    const before = all.slice(0, index).findLast(({ outcome }) => outcome !== 'rolled-back');
    const gap = createdAt - (before?.createdAt ?? -Infinity);
    return by === US && gap < cooldown && gap > UNSEEN_MS
      ? [violation('keeps-cooldown', `${plan.name} ${secondsIn(run, createdAt)}, ${gap} ms after another`)]
      : [];
  });
}
