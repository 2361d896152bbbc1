import type { RolloutSpec } from '../../simulator/index.ts';
import type { Dice } from '../../support/dice.ts';
import type { Resource, ServicePlan, Spelling, Use } from './scenario.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
/** The functions do not ask whether deployments older than this were rolled back (functions/core/plan/questions.ts). */
const LONGEST_ROLLOUT_MS = DAY / 2;

const KINDS: readonly ServicePlan['kind'][] = [
  ...Array.from({ length: 10 }, () => 'rolling' as const),
  'daemon',
  'daemon',
  'blue-green',
  'blue-green',
  'linear',
  'canary',
  'express',
  'code-deploy',
  'external',
];

export function randomService(
  roll: Dice,
  name: string,
  cluster: string,
  resources: readonly Resource[],
): ServicePlan {
  const kind = roll.pick(KINDS);
  const desired = kind === 'daemon' ? roll.int(1, 3) : roll.pick([0, 1, 1, 1, 2, 2, 3, 5]);
  const ageMs = roll.pick([DAY, DAY, DAY, 30 * MINUTE, MINUTE, 20_000]);
  return {
    name,
    cluster,
    kind,
    desired,
    uses: possibleFor(kind, randomUses(roll, resources)),
    ...(roll.chance(0.2) && { shares: true as const }),
    ...(roll.chance(0.12) && {
      percents: roll.pick([
        [100, 100],
        [50, 100],
        [0, 100],
        [100, 150],
      ] as const),
    }),
    ...(roll.chance(0.15) && { enabled: roll.pick(['false', 'true', 'true', 'odd']) }),
    ...(roll.chance(0.2) && { wave: roll.int(0, 2) }),
    ...(roll.chance(0.3) && { breaker: true as const }),
    ...(roll.chance(0.5) && { rollout: randomRollout(roll) }),
    ageMs,
    ...(roll.chance(0.08) &&
      desired > 0 && { inProgress: true as const, ageMs: Math.min(ageMs, LONGEST_ROLLOUT_MS) }),
  };
}

/** The course of a service's rollouts, which mostly succeed. */
export function randomRollout(roll: Dice): RolloutSpec {
  const outcome = roll.pick([
    'success',
    'success',
    'success',
    'success',
    'fail',
    'rollback-new-primary',
    'rollback-old-primary',
    'stuck',
  ] as const);
  return {
    outcome,
    durationMs: roll.pick([2_000, 30_000, 3 * MINUTE, 20 * MINUTE]),
    ...(roll.chance(0.3) && { drainMs: roll.pick([5_000, 2 * MINUTE]) }),
    ...(outcome !== 'success' && {
      failAfter: roll.pick([0, 0.5]),
      reason: 'Task failed container health checks',
    }),
  };
}

/** Service Connect is for services with the controller ECS alone. */
function possibleFor(kind: ServicePlan['kind'], uses: readonly Use[]): readonly Use[] {
  if (kind !== 'code-deploy' && kind !== 'external') return uses;
  return uses.map((use) => (use.in === 'service-connect' ? { ...use, in: 'log' } : use));
}

/** Up to three references; some of them only resemble a reference to the resource. */
export function randomUses(roll: Dice, resources: readonly Resource[]): readonly Use[] {
  return Array.from({ length: roll.pick([0, 1, 1, 1, 1, 1, 2, 2, 2, 3]) }, () =>
    randomUse(roll, roll.pick(resources)),
  );
}

const BY_SECRET: readonly Spelling[] = [
  'full',
  'full',
  'full',
  'partial',
  'partial',
  'partial',
  'key',
  'key',
  'current',
  'previous',
  'blue',
  'pinned',
  'pass-through',
  'elsewhere',
  'older',
];
const PLACES: readonly Use['in'][] = [
  ...Array.from({ length: 8 }, () => 'secrets' as const),
  'log',
  'service-connect',
];
const BY_ARN_ONLY: readonly Use['in'][] = ['fsx', 'pull', 'also', 'also'];

function randomUse(roll: Dice, { kind, name }: Resource): Use {
  if (roll.chance(0.2))
    return {
      of: name,
      as: roll.pick(['full', 'full', 'elsewhere'] as const),
      in: roll.pick(placesFor(kind)),
    };
  const as = kind === 'secret' ? roll.pick(BY_SECRET) : roll.pick(['full', 'partial', 'elsewhere'] as const);
  return { of: name, as, in: roll.pick(PLACES) };
}

/** The places that take an ARN only; only a secret can hold a registry's credentials. */
function placesFor(kind: Resource['kind']): readonly Use['in'][] {
  return kind === 'secret' ? BY_ARN_ONLY : BY_ARN_ONLY.filter((place) => place !== 'pull');
}
