import type { RolloutSpec } from '../../simulator/index.ts';
import { type Dice, dice } from '../../support/dice.ts';
import { LARGE, SLOWLY } from './generate-crowds.ts';
import {
  type Action,
  type Fault,
  READS,
  type Resource,
  type Scenario,
  type ServicePlan,
  type Settings,
  SPELLINGS,
  type Use,
} from './scenario.ts';

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
    ...(world.crowds !== undefined && { crowds: world.crowds }),
    actions: world.actions.toSorted((a, b) => a.at - b.at),
    deliveries: [...(world.deliveries ?? []), ...noise.deliveries.filter(({ dropped }) => dropped !== true)],
    faults: [...(world.faults ?? []), ...noise.faults],
    deaths: [...(world.deaths ?? []), ...noise.deaths],
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

const API: Resource = { kind: 'secret', name: 'api' };
const ROOT: Resource = { kind: 'parameter', name: 'root' };

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
const OPTED_OUT = { enabled: 'false' } as const;
function ciDeploys(services: readonly ServicePlan[], roll: Dice, at: number): Action {
  return { at, do: 'deploy', service: nameOfOne(roll, services) };
}

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
    const isPaced = roll.chance(0.5);
    const services = fleet(roll, roll.int(2, 5), (_, index) => ({
      wave: index % 3,
      rollout: ends(roll),
      ...(isPaced && index % 3 > 0 && { ageMs: 20 * SECOND }),
      ...(roll.chance(0.2) && { breaker: true as const }),
    }));
    const at = soon(roll);
    const again = roll.chance(0.3) ? [at + roll.int(1, 10) * MINUTE] : [];
    const ci = roll.chance(0.3) ? [ciDeploys(services, roll, at + roll.int(1, 5) * MINUTE)] : [];
    const env = isPaced ? { COOLDOWN_SECONDS: roll.pick(['60', '120', '300']) } : {};
    const refused: Fault = {
      kind: roll.pick(['access-denied', 'client-error'] as const),
      operation: 'UpdateService',
      nth: roll.int(1, 2),
      times: roll.pick([1, 2, 8]),
    };
    return {
      services,
      actions: [...changes(roll, at, ...again), ...ci],
      faults: roll.chance(0.3) ? [refused] : [],
      settings: { env },
    };
  },

  /** Many changes of few services within an hour or two. */
  pace: (roll): World => {
    const services = fleet(roll, roll.int(1, 2), () => ({
      rollout: roll.chance(0.2) ? ends(roll) : { durationMs: roll.pick([2 * SECOND, 20 * SECOND]) },
      ...(roll.chance(0.3) && { ageMs: roll.pick([10, 40]) * SECOND }),
    }));
    const gap = roll.pick([15, 45, 150, 500]) * SECOND;
    const instants = Array.from({ length: roll.int(1, 9) }, (_, index) => SECOND + index * gap + soon(roll));
    const close = roll.chance(0.4) ? [roll.pick(instants) + roll.int(300, 6 * SECOND)] : [];
    const env = {
      ...(roll.chance(0.5) && { COOLDOWN_SECONDS: roll.pick(['0', '30', '120']) }),
      ...(roll.chance(0.7) && { MAX_REDEPLOYS_PER_HOUR: roll.pick(['1', '2', '3']) }),
    };
    return { services, actions: changes(roll, ...instants, ...close), settings: { env } };
  },

  /** Blue/green, linear and canary deployments, pauses and rollbacks that a change finds under way. */
  cycles: (roll): World => {
    const services = fleet(roll, roll.int(1, 2), () => ({
      kind: roll.pick(['blue-green', 'linear', 'canary', 'express', 'rolling'] as const),
      breaker: true as const,
      rollout: {
        ...ends(roll),
        bakeMs: roll.pick([0, 5 * MINUTE, HOUR]),
        shiftMs: roll.pick([0, 5 * MINUTE]),
      },
      ...(roll.chance(0.3) && {
        pauses: [{ stage: 'POST_SCALE_UP' as const, timeoutMinutes: 10, timeoutAction: 'CONTINUE' as const }],
      }),
    }));
    const at = 10 * MINUTE;
    const ci = ciDeploys(services, roll, at - roll.pick([15, 65, 150, 300]) * SECOND);
    const refused: Fault = {
      kind: roll.pick(['client-error', 'access-denied', 'server-error'] as const),
      operation: roll.pick(['DescribeServiceDeployments', 'ListServiceDeployments']),
      at: at + roll.pick([-MINUTE, 0, MINUTE]),
      forMs: roll.pick([MINUTE, 20 * MINUTE]),
    };
    return { services, actions: [...changes(roll, at), ci], faults: roll.chance(0.3) ? [refused] : [] };
  },

  /** More stale services than MAX_SERVICES allows, in fleets whose read is quick or slow. */
  cap: (roll): World => {
    const most = roll.int(1, 3);
    const services = fleet(roll, most + roll.int(0, 3), () => ({
      cluster: roll.pick(['dev', 'prod', 'shared']),
      ...(roll.chance(0.2) && { wave: 1 }),
    }));
    const slow: Fault = {
      kind: 'timeout-before',
      operation: roll.pick(['ListServices', 'DescribeServices']),
      nth: roll.int(1, 3),
      times: roll.int(1, 4),
    };
    const at = soon(roll);
    const env = { MAX_SERVICES: String(most), COOLDOWN_SECONDS: roll.pick(['0', '60']) };
    return {
      services,
      actions: changes(roll, at, at + roll.pick([20, 100, 400]) * SECOND),
      faults: roll.chance(0.8) ? [slow] : [],
      settings: { env },
    };
  },

  /** Others deploy, tag, scale and delete services while a change is handled. */
  others: (roll): World => {
    const services = fleet(roll, roll.int(1, 3), () => ({ rollout: { durationMs: 2 * SECOND } }));
    const at = soon(roll);
    const others = Array.from({ length: roll.int(1, 4) }, (): Action => {
      const then = at + roll.int(500, 4 * SECOND);
      return roll.chance(0.7)
        ? ciDeploys(services, roll, then)
        : { at: then, do: 'scale', service: nameOfOne(roll, services), count: roll.int(0, 3) };
    });
    return { services, actions: [...changes(roll, at), ...others] };
  },

  /** Opt-outs of services, clusters and secrets, and settings, which change while services wait. */
  scope: (roll): World => {
    const services = fleet(roll, roll.int(1, 3), () => ({
      cluster: roll.pick(['prod', 'dev']),
      ageMs: roll.pick([20 * SECOND, DAY]),
      wave: roll.int(0, 1),
      ...(roll.chance(0.3) && { enabled: roll.pick(['true', 'false']) }),
    }));
    const at = soon(roll);
    const later = () => at + roll.int(5, 90) * SECOND;
    const tags = services.flatMap((one): readonly Action[] =>
      roll.chance(0.5)
        ? [{ at: later(), do: 'tag', service: one.name, enabled: roll.pick(['false', 'true']) }]
        : [],
    );
    const ofSecret = roll.chance(0.4)
      ? [{ at: later(), do: 'tag-secret', secret: DB.name, enabled: roll.pick(['false', 'true']) } as const]
      : [];
    const env = roll.pick([
      { CLUSTERS: 'prod' },
      { CLUSTERS: '*,!dev' },
      { SELECT: 'tagged' },
      { MODE: 'observe' },
    ]);
    const configured = roll.chance(0.5) ? [{ at: later(), do: 'configure', env } as const] : [];
    return {
      services,
      clusters: ['prod', 'dev'].map((name) => ({ name, tags: roll.chance(0.15) ? OPTED_OUT : {} })),
      resources: [roll.chance(0.25) ? { ...DB, ...OPTED_OUT } : DB],
      actions: [...changes(roll, at), ...tags, ...ofSecret, ...configured],
      settings: { env: { COOLDOWN_SECONDS: roll.pick(['60', '120']) } },
    };
  },

  /** Changes that only a sweep finds, also without an instant, and a sweep that AWS refuses a part. */
  sweeps: (roll): World => {
    const services = fleet(roll, roll.int(2, 4), (_, index) => ({
      cluster: roll.pick(['prod', 'shared']),
      ...(roll.chance(0.8) && { wave: index % 2 }),
    }));
    const at = soon(roll);
    const dated = roll.chance(0.7) ? changes(roll, at) : [];
    const others = (['edit', 'rollback'] as const).flatMap((doing): readonly Action[] =>
      roll.chance(0.4) ? [{ at: at + roll.int(1, 60) * SECOND, do: doing, secret: DB.name }] : [],
    );
    const refused: Fault = {
      kind: roll.pick(['client-error', 'invalid-parameter'] as const),
      operation: roll.pick(['ListServices', 'DescribeServices', 'DescribeTaskDefinition']),
      nth: roll.int(1, 2),
      times: 1,
    };
    const sweep: Action = { at: at + roll.int(17, 30) * MINUTE, do: 'sweep', heal: true };
    const isEarly = roll.chance(0.6);
    const env = roll.chance(0.3) ? { MAX_SERVICES: '1' } : {};
    return {
      services,
      actions: [...dated, ...others, ...(isEarly ? [sweep] : [])],
      faults: isEarly && roll.chance(0.8) ? [refused] : [],
      deliveries: Array.from({ length: 12 }, (_, index) => ({ event: index + 1, dropped: true })),
      settings: { env },
    };
  },

  /** Reads that AWS refuses for good. */
  refusals: (roll): World => {
    const services = fleet(roll, roll.int(2, 5), () => ({
      cluster: roll.pick(['prod', 'shared']),
      wave: roll.int(0, 1),
      rollout: ends(roll),
    }));
    const faults = Array.from({ length: roll.int(1, 3) }, (): Fault => {
      const kind = roll.pick(['client-error', 'invalid-parameter', 'access-denied', 'server-error'] as const);
      const operation = roll.pick(READS);
      return roll.chance(0.5)
        ? { kind, operation, nth: roll.int(1, 10), times: roll.pick([1, 2, 5]) }
        : { kind, operation, at: 0, forMs: roll.pick([30 * SECOND, 5 * MINUTE]) };
    });
    const operation = roll.pick(['ListClusters', 'ListServices', 'ListServices', 'ListTasks'] as const);
    const expired: Fault = { kind: 'expired-token', operation, nth: 1, times: roll.pick([1, 1, 3]) };
    return {
      services,
      actions: changes(roll, soon(roll)),
      faults: roll.chance(0.3) ? [...faults, expired] : faults,
      settings: { page: roll.pick([1, 2, 100]), ...(roll.chance(0.4) && { emptyPages: true }) },
    };
  },

  /** One cluster of which AWS does not show a part for a while, and services of other waves in another one. */
  unread: (roll): World => {
    const [hidden, open] = ['shared', 'prod'] as const;
    const services = fleet(roll, roll.int(2, 5), (_, index) => ({
      cluster: index === 0 ? hidden : roll.pick([open, open, hidden]),
      wave: index === 0 ? 0 : roll.int(0, 2),
      rollout: roll.chance(0.7) ? { durationMs: 2 * SECOND } : ends(roll),
    }));
    const at = soon(roll);
    const refused: Fault = {
      kind: roll.pick(['client-error', 'invalid-parameter', 'access-denied'] as const),
      operation: roll.pick(['ListServices', 'ListServices', 'DescribeServices', 'DescribeClusters']),
      in: hidden,
      at: 0,
      forMs: at + roll.pick([20 * SECOND, 2 * MINUTE, 10 * MINUTE, 70 * MINUTE]),
    };
    const env = roll.chance(0.3) ? { MAX_SERVICES: String(roll.int(1, 3)) } : {};
    const again = roll.chance(0.3) ? [at + roll.int(5, 200) * SECOND] : [];
    return {
      services,
      actions: changes(roll, at, ...again),
      faults: [refused],
      settings: { env, page: roll.pick([1, 100]) },
    };
  },

  /** A fleet for whose read one invocation is too short, so that a later one goes on with it. */
  scans: (roll): World => {
    const services = fleet(roll, roll.int(2, 4), (_, index) => ({
      cluster: LARGE[(index + roll.int(0, 1)) % LARGE.length] ?? 'prod',
      wave: roll.pick([0, 0, 1]),
      rollout: { durationMs: roll.pick([2 * SECOND, 30 * SECOND]) },
    }));
    const refused: Fault = {
      kind: roll.pick(['client-error', 'invalid-parameter'] as const),
      operation: roll.pick(['ListServices', 'ListServices', 'DescribeClusters']),
      in: roll.pick(services).cluster,
      at: 0,
      forMs: roll.pick([3, 6, 20]) * MINUTE,
    };
    return {
      services,
      crowds: LARGE.map((cluster) => ({ cluster, count: roll.int(60, 80) })),
      actions: changes(roll, soon(roll)),
      faults: roll.chance(0.5) ? [refused] : [],
      settings: { env: SLOWLY },
    };
  },

  /** A process that keeps what it has read, while services begin to refer to what changes next. */
  warm: (roll): World => {
    const services = fleet(roll, roll.int(1, 3), () => ({ rollout: { durationMs: 2 * SECOND } }));
    const at = soon(roll);
    const deployed = at + roll.int(1, 60) * SECOND;
    const moved = deployed + roll.int(1, 90) * SECOND;
    const moreUses = [...uses(DB.name), ...uses(roll.pick([API.name, ROOT.name]))];
    return {
      services,
      resources: [DB, API, ROOT],
      actions: [
        ...changes(roll, at),
        { at: deployed, do: 'deploy', service: nameOfOne(roll, services), uses: moreUses },
        { at: moved, do: 'put', secret: API.name },
        { at: moved + roll.int(0, 3) * SECOND, do: 'put-parameter', parameter: ROOT.name },
      ],
      settings: { processes: 1 },
    };
  },

  /** Rotations that fail, and resources that are deleted, restored and made anew. */
  ends: (roll): World => {
    const services = fleet(roll, roll.int(1, 3), () => ({
      uses: [
        ...uses(DB.name, roll.pick(['full', 'partial', 'key'])),
        ...(roll.chance(0.5) ? uses(roll.pick([API.name, ROOT.name]), roll.pick(['full', 'partial'])) : []),
      ],
      ...(roll.chance(0.4) && { percents: [0, 100] as const }),
      ageMs: roll.pick([20 * SECOND, DAY]),
    }));
    const at = soon(roll);
    const then = (from: number) => at + roll.int(from, 150) * SECOND;
    const rest: readonly Action[] = [
      { at: then(1), do: 'rotate', secret: DB.name, stepMs: 300, fails: roll.pick(['before', 'after']) },
      { at: then(-20), do: 'delete-secret', secret: roll.pick([DB.name, API.name]) },
      { at: then(20), do: 'restore-secret', secret: roll.pick([DB.name, API.name]) },
      { at: then(-20), do: 'remake-parameter', parameter: ROOT.name },
    ];
    return {
      services,
      resources: [DB, API, ROOT],
      actions: [...changes(roll, at), ...rest.filter((one) => one.at > 0 && roll.chance(0.5))],
      settings: { wideRules: roll.chance(0.5), env: { COOLDOWN_SECONDS: '60' } },
    };
  },

  /** Deployments that take long, drain, bake, wait, fail, or find no place. */
  states: (roll): World => {
    const services = fleet(roll, roll.int(1, 3), () => ({
      kind: roll.pick(['rolling', 'rolling', 'blue-green'] as const),
      desired: roll.int(1, 4),
      breaker: true as const,
      rollout: {
        ...ends(roll),
        ...roll.pick([
          {},
          { outcome: 'success' as const, drainMs: roll.pick([30 * SECOND, 5 * MINUTE]) },
          { outcome: 'success' as const, protectMs: 20 * MINUTE, earlySuccess: roll.chance(0.5) },
          { outcome: 'success' as const, protectMs: roll.pick([3, 15]) * MINUTE, protectedTasks: 1 },
          { outcome: 'keeps-failing' as const, failAfter: 0 },
          { outcome: 'cannot-place' as const, failAfter: 0 },
        ]),
      },
    }));
    const at = soon(roll);
    const mend: Action = { at: at + 10 * MINUTE, do: 'mend', service: nameOfOne(roll, services) };
    const scale: Action = {
      at: at + roll.int(5, 150) * SECOND,
      do: 'scale',
      service: nameOfOne(roll, services),
      count: roll.int(0, 3),
    };
    const others = [mend, scale].filter(() => roll.chance(0.4));
    return { services, actions: [...changes(roll, at), ...others] };
  },

  /** Resources whose names begin or end alike, in every spelling of a reference. */
  names: (roll): World => {
    const resources = ['prod/db', 'prod/db2', 'prod/d', 'prod/db-main'].map(
      (name): Resource => ({
        kind: 'secret',
        name,
      }),
    );
    const services = fleet(roll, roll.int(2, 5), () => ({
      uses: uses(roll.pick(resources).name, roll.pick(SPELLINGS), roll.pick(['secrets', 'log'])),
    }));
    const at = soon(roll);
    const moves = (['put', 'rotate', 'blue', 'rollback', 'edit'] as const).flatMap(
      (doing): readonly Action[] =>
        roll.chance(0.5)
          ? [
              {
                at: at + roll.int(0, 90) * SECOND,
                do: doing,
                secret: roll.pick(resources).name,
                stepMs: 20 * SECOND,
              },
            ]
          : [],
    );
    return { services, resources, actions: [...changes(roll, at), ...moves] };
  },

  /** Calls whose answers are lost, reads that fail for minutes, and processes that die. */
  losses: (roll): World => {
    const services = fleet(roll, roll.int(1, 4), () => ({ cluster: roll.pick(['prod', 'shared']) }));
    const faults = Array.from({ length: roll.int(1, 2) }, (): Fault => {
      const kind = roll.pick(['timeout-after', 'reset-after', 'server-error', 'throttle'] as const);
      const operation = roll.pick([
        'UpdateService',
        'UpdateService',
        'ListServices',
        'DescribeServices',
        'SendMessage',
      ]);
      return roll.chance(0.6)
        ? { kind, operation, nth: roll.int(1, 3), times: roll.pick([1, 2]) }
        : { kind, operation, at: 0, forMs: roll.pick([MINUTE, 10 * MINUTE]) };
    });
    const deaths = roll.chance(0.3)
      ? [{ invocation: roll.int(1, 3), call: roll.int(1, 12), after: roll.chance(0.5) }]
      : [];
    return {
      services,
      actions: changes(roll, soon(roll)),
      faults,
      deaths,
      settings: { page: roll.pick([1, 100]) },
    };
  },
} satisfies Readonly<Record<string, (roll: Dice) => World>>;

export type Theme = keyof typeof THEMES;

const NAMES = Object.keys(THEMES) as readonly Theme[];

/** The campaign steers every second of its runs, to one theme after the other; undefined: a run that is left to chance. */
export function themeOfRun(seed: number): Theme | undefined {
  return seed % 2 === 0 ? undefined : NAMES[((seed - 1) / 2) % NAMES.length];
}
