import type { RolloutSpec } from '../../simulator/index.ts';
import { type Dice, dice } from '../../support/dice.ts';
import type { Action, Resource, Scenario, ServicePlan, Settings, Use } from './scenario.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What a theme chooses; the rest of its world is small and plain. */
type World = Partial<Omit<Scenario, 'seed' | 'settings'>> & {
  readonly services: readonly ServicePlan[];
  readonly actions: readonly Action[];
  readonly settings?: Partial<Settings>;
};

/**
 * A small world in which one kind of trouble is likely. One in five keeps the faults and deliveries of its seed: what is
 * promised must hold with them as well.
 */
export function steered(theme: Theme, base: Scenario): Scenario {
  const roll = dice(base.seed * 4001 + 17);
  const world = THEMES[theme](roll);
  const noise = roll.chance(0.2) ? base : { faults: [], deaths: [], deliveries: [] };
  return {
    seed: base.seed,
    clusters: world.clusters ?? [],
    resources: world.resources ?? [DB],
    services: world.services,
    actions: world.actions.toSorted((a, b) => a.at - b.at),
    deliveries: [...(world.deliveries ?? []), ...noise.deliveries.filter(({ dropped }) => dropped !== true)],
    faults: [...(world.faults ?? []), ...noise.faults],
    deaths: noise.deaths,
    settings: {
      wideRules: false,
      processes: roll.pick([1, 1, 1, 2]),
      skewsMs: [0, 0],
      batch: roll.pick([1, 10]),
      windowMs: roll.pick([0, 0, 5 * SECOND]),
      page: 100,
      lagMs: 0,
      taskLagMs: 0,
      undeleted: [],
      ...world.settings,
      env: { FOLLOW_UP_MAX_HOURS: '3', ...world.settings?.env },
    },
  };
}

const DB: Resource = { kind: 'secret', name: 'prod/db' };

const uses = (of: string, as: Use['as'] = 'full', place: Use['in'] = 'secrets'): readonly Use[] => [
  { of, as, in: place },
];

/** Services that refer to one secret, each with what `different` says. */
function fleet(
  roll: Dice,
  count: number,
  different: (roll: Dice, index: number) => Partial<ServicePlan> = () => ({}),
): readonly ServicePlan[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `s${index}`,
    cluster: 'prod',
    kind: 'rolling' as const,
    desired: roll.pick([1, 1, 2]),
    uses: uses(DB.name),
    ageMs: DAY,
    ...different(roll, index),
  }));
}

/** Changes of the secret at these instants. */
function changes(roll: Dice, ...instants: readonly number[]): readonly Action[] {
  return instants.map(
    (at): Action =>
      roll.chance(0.3)
        ? { at, do: 'rotate', secret: DB.name, stepMs: roll.pick([0, 300]) }
        : { at, do: roll.pick(['put', 'update'] as const), secret: DB.name },
  );
}

const soon = (roll: Dice): number => roll.int(1, 20 * SECOND);
const nameOfOne = (roll: Dice, services: readonly ServicePlan[]): string => roll.pick(services).name;

const ends = (roll: Dice): RolloutSpec => ({
  durationMs: roll.pick([2 * SECOND, 30 * SECOND, 3 * MINUTE]),
  outcome: roll.pick(['success', 'success', 'fail', 'rollback-new-primary', 'rollback-old-primary', 'stuck']),
  failAfter: roll.pick([0, 0.5]),
  reason: 'Task failed container health checks',
});

export const THEMES = {
  /** Services of several waves, whose earlier ones take their time, fail or wait. */
  waves: (roll): World => {
    const services = fleet(roll, roll.int(2, 5), (_, index) => ({
      wave: index % 3,
      rollout: ends(roll),
      ...(roll.chance(0.3) && { ageMs: 20 * SECOND }),
      ...(roll.chance(0.2) && { breaker: true as const }),
    }));
    const at = soon(roll);
    const again = roll.chance(0.3) ? [at + roll.int(1, 10) * MINUTE] : [];
    const ci = roll.chance(0.3)
      ? [{ at: at + roll.int(1, 5) * MINUTE, do: 'deploy', service: nameOfOne(roll, services) } as const]
      : [];
    return { services, actions: [...changes(roll, at, ...again), ...ci] };
  },

  /** Many changes of few services within an hour or two. */
  pace: (roll): World => {
    const services = fleet(roll, roll.int(1, 2), () => ({
      rollout: { durationMs: roll.pick([2 * SECOND, 20 * SECOND]) },
      ...(roll.chance(0.3) && { ageMs: roll.pick([10, 40]) * SECOND }),
    }));
    const gap = roll.pick([15, 45, 150, 500]) * SECOND;
    const instants = Array.from({ length: roll.int(1, 9) }, (_, index) => SECOND + index * gap);
    const env = {
      ...(roll.chance(0.5) && { COOLDOWN_SECONDS: roll.pick(['0', '30', '120']) }),
      ...(roll.chance(0.7) && { MAX_REDEPLOYS_PER_HOUR: roll.pick(['1', '2', '3']) }),
    };
    return { services, actions: changes(roll, ...instants.map((at) => at + soon(roll))), settings: { env } };
  },
} satisfies Readonly<Record<string, (roll: Dice) => World>>;

export type Theme = keyof typeof THEMES;
