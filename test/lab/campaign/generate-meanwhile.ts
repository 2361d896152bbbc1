import { type Dice, dice } from '../../support/dice.ts';
import { randomService, randomUses } from './generate-services.ts';
import type { Action, Ask, Scenario } from './scenario.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

type Base = Omit<Scenario, 'faults' | 'deaths'>;

/**
 * What people and programs do while a change is under way: settings and code change, sweeps run, requests are made by
 * hand, services and secrets are created, deleted and tagged. In most scenarios nothing of it happens or one thing does.
 * The choices have a dice of their own: the rest of a seed's scenario is as it would be without them.
 */
export function withMeanwhile(base: Base): Base {
  const roll = dice(base.seed * 4793 + 31);
  const happening = MEANWHILE.filter(({ share }) => roll.chance(share)).map(({ happen }) =>
    happen(roll, base),
  );
  const actions = [...base.actions, ...happening.flatMap((one) => one.actions)];
  return {
    ...base,
    services: [...base.services, ...happening.flatMap((one) => one.later ?? [])],
    actions: actions.toSorted((a, b) => a.at - b.at),
  };
}

type Meanwhile = {
  readonly share: number;
  readonly happen: (
    roll: Dice,
    base: Base,
  ) => { readonly later?: Base['services']; readonly actions: readonly Action[] };
};

const MEANWHILE: readonly Meanwhile[] = [
  /** Settings change, and sometimes change back. */
  {
    share: 0.12,
    happen(roll, base) {
      const at = during(roll, base);
      const env = roll.pick(PATCHES)(roll);
      const before = base.settings.env;
      const back = Object.fromEntries(Object.keys(env).map((name) => [name, before[name] ?? '']));
      const returns = roll.chance(0.5)
        ? [{ at: at + roll.pick(PAUSES), do: 'configure', env: back } as const]
        : [];
      return { actions: [{ at, do: 'configure', env }, ...returns] };
    },
  },
  /** The code is deployed anew. */
  { share: 0.1, happen: (roll, base) => ({ actions: [{ at: later(roll, base), do: 'upgrade' }] }) },
  /** Sweeps, also before the last change. */
  {
    share: 0.15,
    happen: (roll, base) => ({
      actions: many(roll, 2, () => ({
        at: roll.chance(0.5) ? during(roll, base) : later(roll, base) + roll.pick(PAUSES),
        do: 'sweep',
        heal: roll.chance(0.7),
      })),
    }),
  },
  /** Requests by hand, repeated and at the same time. */
  {
    share: 0.15,
    happen(roll, base) {
      const at = roll.chance(0.5) ? during(roll, base) : later(roll, base);
      const ask = randomAsk(roll, base, at);
      const again = roll.chance(0.5)
        ? many(
            roll,
            2,
            () => ({ at: at + roll.pick([0, 300, 5 * SECOND, MINUTE]), do: 'request', ask }) as const,
          )
        : [];
      return { actions: [{ at, do: 'request', ask }, ...again] };
    },
  },
  /** A service is created, or deleted and created again with the same name. */
  {
    share: 0.12,
    happen(roll, base) {
      const at = during(roll, base);
      if (roll.chance(0.5)) {
        const cluster = roll.pick(base.clusters).name;
        const plan = { ...randomService(roll, 'late', cluster, base.resources), later: true } as const;
        return { later: [plan], actions: [{ at, do: 'create-service', service: plan.name }] };
      }
      const service = roll.pick(base.services).name;
      return {
        actions: [
          { at, do: 'delete-service', service },
          { at: at + roll.pick([SECOND, 20 * SECOND, 5 * MINUTE]), do: 'create-service', service },
        ],
      };
    },
  },
  /** A service gets other tags. */
  {
    share: 0.15,
    happen: (roll, base) => ({
      actions: many(roll, 2, (): Action => {
        const [at, service] = [during(roll, base), roll.pick(base.services).name];
        const kind = roll.int(1, 3);
        if (kind === 1) return { at, do: 'tag', service, ...roll.pick(ENABLED) };
        if (kind === 2) return { at, do: 'retag', service, wave: roll.int(0, 2) };
        const also = randomUses(roll, base.resources).map(
          (use) => ({ ...use, as: 'full', in: 'also' }) as const,
        );
        return { at, do: 'retag', service, also };
      }),
    }),
  },
  /** A secret is tagged, deleted, restored or made again. */
  {
    share: 0.15,
    happen(roll, base) {
      const secrets = base.resources.filter(({ kind }) => kind === 'secret');
      const [at, secret] = [during(roll, base), roll.pick(secrets).name];
      switch (roll.int(1, 4)) {
        case 1:
          return {
            actions: [{ at, do: 'tag-secret', secret, enabled: roll.pick(['false', 'false', 'true']) }],
          };
        case 2:
          return { actions: [{ at, do: 'delete-secret', secret }] };
        case 3:
          return {
            actions: [
              { at, do: 'delete-secret', secret },
              { at: at + roll.pick([SECOND, 30 * SECOND, 3 * MINUTE]), do: 'restore-secret', secret },
            ],
          };
        default:
          return {
            actions: [
              { at, do: 'recreate-secret', secret },
              { at: at + roll.pick([10 * SECOND, 2 * MINUTE]), do: 'put', secret },
            ],
          };
      }
    },
  },
];

const PAUSES = [20 * SECOND, 3 * MINUTE, 20 * MINUTE] as const;

const PATCHES: readonly ((roll: Dice) => Readonly<Record<string, string>>)[] = [
  () => ({ MODE: 'observe' }),
  () => ({ SELECT: 'tagged' }),
  (roll) => ({ CLUSTERS: roll.pick(['prod-*', '*,!dev', 'prod-a,shared']) }),
  (roll) => ({ MAX_SERVICES: String(roll.int(1, 4)) }),
  (roll) => ({ COOLDOWN_SECONDS: roll.pick(['0', '5', '300']) }),
  (roll) => ({ MAX_REDEPLOYS_PER_HOUR: roll.pick(['1', '2']) }),
  () => ({ PULL_CREDENTIALS: 'redeploy' }),
  (roll) => ({ FOLLOW_UP_SECONDS: roll.pick(['5', '120']) }),
];

const ENABLED: readonly { readonly enabled?: string }[] = [
  { enabled: 'false' },
  { enabled: 'true' },
  { enabled: 'odd' },
  {},
];

function many<T>(roll: Dice, most: number, make: () => T): readonly T[] {
  return Array.from({ length: roll.int(1, most) }, make);
}

/** About the time from a change to its deployments and the first looks after them. */
const A_LOOK_MS = 8 * SECOND;

function changesIn({ actions }: Base): readonly number[] {
  const changes = actions.filter((action) => 'secret' in action || 'parameter' in action);
  return changes.length === 0 ? [1] : changes.map(({ at }) => at);
}

/** An instant close to a change, mostly in the middle of its first look. */
function during(roll: Dice, base: Base): number {
  const at = roll.pick(changesIn(base)) + roll.pick([roll.int(0, A_LOOK_MS), roll.int(0, MINUTE)]);
  return Math.max(1, at - roll.pick([0, 0, SECOND]));
}

/** An instant while a change is followed. */
function later(roll: Dice, base: Base): number {
  return roll.pick(changesIn(base)) + roll.pick([roll.int(SECOND, MINUTE), roll.int(MINUTE, 10 * MINUTE)]);
}

function randomAsk(roll: Dice, { resources, services }: Base, at: number): Ask {
  const action = roll.pick(['redeploy', 'redeploy', 'redeploy', 'plan', 'uses', 'stale'] as const);
  if (action === 'stale' && roll.chance(0.5)) return { action };
  const instant = { at: Math.max(0, at - roll.pick([0, SECOND, MINUTE])) };
  if ((action === 'redeploy' || action === 'plan') && roll.chance(0.4)) {
    const named = roll.some(services.slice(0, 4), 0.5).map(({ name }) => name);
    if (named.length > 0) return { action, services: named, ...(roll.chance(0.5) && instant) };
  }
  const { kind, name } = roll.pick(resources);
  const forced = (action === 'redeploy' || action === 'plan') && roll.chance(0.4);
  return { action, [kind]: name, ...(forced && { force: true as const, ...instant }) };
}
