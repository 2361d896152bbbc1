import type { PauseHookSpec, RolloutSpec } from '../../simulator/index.ts';
import { type Dice, dice } from '../../support/dice.ts';
import type { Action, Scenario, ServicePlan, Settings } from './scenario.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The most services of a scenario that are in trouble: more would hide each other's faults and make runs long. */
const MOST_TROUBLED = 3;

type Base = Pick<Scenario, 'services' | 'actions' | 'settings'>;

/**
 * In half of the scenarios, deployments that are neither done soon nor failed soon: protected, draining, failing without
 * a circuit breaker, unplaceable, paused and baking ones, rollbacks of both kinds, and services with five deployments.
 * The choices have a dice of their own: the rest of a seed's scenario is as it would be without them.
 */
export function withStates(seed: number, base: Base): Base {
  const roll = dice(seed * 6151 + 29);
  if (roll.chance(0.5)) return { ...base, settings: followedFor('2', base.settings) };
  const troubled = new Set(roll.shuffled(base.services.filter(isOurs)).slice(0, roll.int(1, MOST_TROUBLED)));
  const troubles = base.services.map(
    (plan): ReturnType<Trouble> =>
      troubled.has(plan) ? roll.pick(TROUBLES)(roll, plan, base.actions) : { plan, actions: [] },
  );
  const added = troubles.flatMap(({ actions }) => actions);
  const env = Object.assign({}, ...troubles.map((trouble) => trouble.env)) as Settings['env'];
  return {
    services: troubles.map(({ plan }) => plan),
    actions: [...base.actions, ...added].toSorted((a, b) => a.at - b.at),
    settings: followedFor('4', { ...base.settings, env: { ...base.settings.env, ...env } }),
  };
}

/**
 * Three days of looks every quarter of an hour would make runs long. Bakes and pauses have a known end, from which the
 * hours count; most other causes last for less than four hours or for ever.
 */
function followedFor(hours: string, settings: Settings): Settings {
  return { ...settings, env: { ...settings.env, FOLLOW_UP_MAX_HOURS: hours } };
}

function isOurs({ kind, desired }: ServicePlan): boolean {
  return kind !== 'code-deploy' && kind !== 'external' && desired > 0;
}

type Trouble = (
  roll: Dice,
  plan: ServicePlan,
  actions: readonly Action[],
) => {
  readonly plan: ServicePlan;
  readonly actions: readonly Action[];
  /** Settings without which the trouble would not show. */
  readonly env?: Settings['env'];
};

const TROUBLES: readonly Trouble[] = [
  /** Old tasks that are protected for hours. */
  (roll, plan) => {
    const protectMs = roll.pick([20 * MINUTE, 20 * MINUTE, 80 * MINUTE, 80 * MINUTE, 5.5 * HOUR]);
    const some = roll.chance(0.4) ? { protectedTasks: 1 } : {};
    const early = roll.chance(0.2) ? { earlySuccess: true } : {};
    return { plan: rolls(plan, { ...quick(roll), protectMs, ...some, ...early }), actions: [] };
  },
  /** Old tasks that drain for long. */
  (roll, plan) => ({
    plan: rolls(plan, { ...quick(roll), drainMs: roll.pick([5 * MINUTE, 40 * MINUTE, 2 * HOUR]) }),
    actions: [],
  }),
  /** Tasks that fail again and again, mostly until the cause is mended. */
  (roll, plan, actions) => {
    const rollout: RolloutSpec = {
      ...quick(roll),
      outcome: 'keeps-failing',
      ...roll.pick(FAILURES),
      failsFirst: roll.pick([0, 0, 3]),
      failAfter: roll.pick([0, 0, 0.5]),
    };
    return { plan: { ...rolls(plan, rollout), ...gap(roll) }, actions: mended(roll, plan, actions) };
  },
  /** Tasks that fail a few times at first. */
  (roll, plan) => ({
    plan: rolls(plan, { ...quick(roll), ...roll.pick(FAILURES), failsFirst: roll.int(1, 4) }),
    actions: [],
  }),
  /** Tasks for which there is no place, mostly until there is. */
  (roll, plan, actions) => {
    const rollout: RolloutSpec = {
      ...quick(roll),
      outcome: 'cannot-place',
      failAfter: roll.pick([0, 0, 0.5]),
      countsPlacement: roll.chance(0.3),
    };
    return { plan: { ...rolls(plan, rollout), ...gap(roll) }, actions: mended(roll, plan, actions) };
  },
  /** A deployment that waits for a person, who may answer, or for the time-out. */
  (roll, plan, actions) => {
    const rolling = plan.kind === 'rolling' || plan.kind === 'daemon';
    const pause: PauseHookSpec = {
      stage: roll.pick(rolling ? ROLLING_STAGES : [...ROLLING_STAGES, 'POST_TEST_TRAFFIC_SHIFT']),
      timeoutMinutes: roll.pick([10, 10, 90, 90, 1440]),
      timeoutAction: roll.pick(['CONTINUE', 'ROLLBACK']),
    };
    return { plan: { ...rolls(plan, quick(roll)), pauses: [pause] }, actions: answered(roll, plan, actions) };
  },
  /** A long bake. */
  (roll, plan) => {
    const kind = roll.pick(['blue-green', 'linear', 'canary'] as const);
    const shiftMs = kind === 'blue-green' ? 0 : roll.pick([0, 30 * MINUTE]);
    const bakeMs = roll.pick([10 * MINUTE, 10 * MINUTE, 80 * MINUTE, 80 * MINUTE, 5 * HOUR, 23 * HOUR]);
    return { plan: { ...rolls(plan, { ...quick(roll), bakeMs, shiftMs }), kind }, actions: [] };
  },
  /** Deployments pile up, because one task of each is protected: ours by many changes, or those of CI. */
  (roll, plan, actions) => {
    const rollout = {
      durationMs: 2 * SECOND,
      protectMs: roll.pick([30 * MINUTE, 100 * MINUTE]),
      protectedTasks: 1,
    };
    const many = Array.from({ length: 7 }, (_, index) => firstChange(actions) + index * 20 * SECOND);
    const piled = { ...rolls(plan, rollout), kind: 'rolling', desired: 4 } as const;
    return { plan: piled, actions: many.map((at) => changeOf(plan, at)), env: { COOLDOWN_SECONDS: '0' } };
  },
  /** A rollback of either kind, which may come late. */
  (roll, plan) => ({
    plan: rolls(plan, {
      ...quick(roll),
      outcome: roll.pick(['rollback-new-primary', 'rollback-old-primary'] as const),
      failAfter: roll.pick([0, 0.5]),
      reason: 'Task failed container health checks',
      ...(roll.chance(0.3) && { protectMs: HOUR }),
    }),
    actions: [],
  }),
];

const ROLLING_STAGES = ['PRE_SCALE_UP', 'POST_SCALE_UP'] as const;

const FAILURES: readonly RolloutSpec[] = [
  {
    reason: 'CannotPullContainerError: failed to resolve reference',
    containerReason: 'CannotPullContainerError',
  },
  { reason: 'Task failed ELB health checks in (target-group arn:aws:elb)', runsMs: 20 * SECOND },
  { reason: 'Essential container in task exited', exitCode: 1, runsMs: 5 * SECOND },
  { reason: 'Essential container in task exited', exitCode: 1 },
  {
    reason: `ResourceInitializationError: unable to pull secrets or registry auth: invalid character 'N' looking for beginning of value: NOT-FOR-THE-LOG`,
  },
];

/** The service with this course of its rollouts, and nothing else that could keep them from succeeding. */
function rolls(plan: ServicePlan, rollout: RolloutSpec): ServicePlan {
  const { percents: _percents, breaker: _breaker, inProgress: _inProgress, ...rest } = plan;
  return { ...rest, rollout };
}

function quick(roll: Dice): RolloutSpec {
  return { durationMs: roll.pick([2 * SECOND, 30 * SECOND, 3 * MINUTE]) };
}

/** Sometimes the service may run fewer tasks while it is deployed. */
function gap(roll: Dice): Pick<ServicePlan, 'percents'> {
  return roll.chance(0.3) ? { percents: [0, 100] } : {};
}

/** A change of a resource that the service uses, or a deployment by CI. */
function changeOf({ name, uses }: ServicePlan, at: number): Action {
  const use = uses.find(({ as }) => as === 'full' || as === 'partial' || as === 'key' || as === 'current');
  if (use === undefined) return { at, do: 'deploy', service: name };
  return use.of.startsWith('/') || use.of === 'root'
    ? { at, do: 'put-parameter', parameter: use.of }
    : { at, do: 'put', secret: use.of };
}

function firstChange(actions: readonly Action[]): number {
  return actions.find((action) => 'secret' in action || 'parameter' in action)?.at ?? 1;
}

function mended(roll: Dice, { name }: ServicePlan, actions: readonly Action[]): readonly Action[] {
  if (roll.chance(0.3)) return [];
  const after = roll.pick([MINUTE, 20 * MINUTE, 100 * MINUTE, 5 * HOUR]);
  return [{ at: firstChange(actions) + after, do: 'mend', service: name }];
}

function answered(roll: Dice, { name }: ServicePlan, actions: readonly Action[]): readonly Action[] {
  if (roll.chance(0.5)) return [];
  const at = firstChange(actions) + roll.pick([MINUTE, 20 * MINUTE, 80 * MINUTE]);
  return [{ at, do: 'answer', service: name, answer: roll.pick(['CONTINUE', 'CONTINUE', 'ROLLBACK']) }];
}
