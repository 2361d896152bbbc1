import { type Dice, dice } from '../../support/dice.ts';
import { BUCKET } from './build-world.ts';
import { randomActions } from './generate-actions.ts';
import { crowded } from './generate-crowds.ts';
import { withElsewhere } from './generate-elsewhere.ts';
import { randomFaults } from './generate-faults.ts';
import { withMeanwhile } from './generate-meanwhile.ts';
import { randomService } from './generate-services.ts';
import { withStates } from './generate-states.ts';
import type { Resource, Scenario, ServicePlan, Settings } from './scenario.ts';
import { steered, type Theme } from './themes.ts';

const SECONDS = 1_000;

/** Names that share a beginning or an end, or differ in case only. */
const SECRETS = ['prod/db', 'prod/db2', 'prod/d', 'prod/db-main', 'Prod/DB', 'rds!db-0c9f', 'api'] as const;
const PARAMETERS = ['/app/db', '/app/db/password', 'root', '/app/d'] as const;
const CLUSTERS = ['prod-a', 'prod-b', 'dev', 'shared'] as const;

/** The scenario of a seed, steered to a theme if one is given; the same seed and theme give the same scenario. */
export function generate(seed: number, theme?: Theme): Scenario {
  const scenario = randomScenario(seed);
  return theme === undefined ? withElsewhere(scenario) : steered(theme, scenario);
}

function randomScenario(seed: number): Scenario {
  const roll = dice(seed * 7919 + 11);
  const resources = randomResources(roll);
  const clusters = roll
    .some(CLUSTERS.slice(1), 0.4)
    .concat('prod-a')
    .map((name) => ({
      name,
      tags: (roll.chance(0.06) ? { enabled: roll.pick(['false', 'maybe', 'true']) } : {}) as Record<
        string,
        string
      >,
    }));
  const services = randomServices(roll, clusters, resources);
  const settings = randomSettings(roll);
  const actions = randomActions(roll, resources, services);
  const states = withStates(seed, { services, actions, settings });
  const { ecsLagMs = 0 } = settings;
  // What stood before the scenario began has been shown since.
  const shown = states.services.map((one) => ({ ...one, ageMs: Math.max(one.ageMs, ecsLagMs + SECONDS) }));
  const base = { seed, clusters, resources, ...states, services: shown, deliveries: randomDeliveries(roll) };
  const scenario = crowded(withMeanwhile(base));
  return { ...scenario, ...randomFaults(roll, scenario.actions) };
}

function randomResources(roll: Dice): readonly Resource[] {
  const secrets = roll.shuffled(SECRETS).slice(0, roll.pick([1, 1, 2, 2, 3, 4]));
  const parameters = roll.shuffled(PARAMETERS).slice(0, roll.pick([0, 0, 0, 1, 1, 2]));
  return [
    ...secrets.map(
      (name): Resource => ({
        kind: 'secret',
        name,
        ...(roll.chance(0.06) && { enabled: roll.pick(['false', 'no', 'true']) }),
      }),
    ),
    ...parameters.map((name): Resource => ({ kind: 'parameter', name })),
  ];
}

/** Sometimes a cluster has more services than a page, or than one call of DescribeServices takes. */
function randomServices(
  roll: Dice,
  clusters: Scenario['clusters'],
  resources: readonly Resource[],
): readonly ServicePlan[] {
  const count = roll.chance(0.1) ? roll.int(12, 30) : roll.int(1, 9);
  return Array.from({ length: count }, (_, index) =>
    randomService(roll, `s${index}`, roll.pick(clusters).name, resources),
  );
}

function randomSettings(roll: Dice): Settings {
  const env: Record<string, string> = {};
  if (roll.chance(0.08)) env['MODE'] = 'observe';
  if (roll.chance(0.1)) env['SELECT'] = 'tagged';
  if (roll.chance(0.15)) env['CLUSTERS'] = roll.pick(['prod-*', '*,!dev', 'prod-a,shared']);
  if (roll.chance(0.1)) env['MAX_SERVICES'] = String(roll.int(1, 4));
  if (roll.chance(0.15)) env['PULL_CREDENTIALS'] = 'redeploy';
  if (roll.chance(0.4)) env['COOLDOWN_SECONDS'] = roll.pick(['0', '5', '120']);
  if (roll.chance(0.1)) env['MAX_REDEPLOYS_PER_HOUR'] = roll.pick(['1', '2']);
  if (roll.chance(0.3)) env['SNAPSHOT_BUCKET'] = BUCKET;
  if (roll.chance(0.2)) env['FOLLOW_UP_SECONDS'] = roll.pick(['5', '120']);
  const skewed = roll.chance(0.3);
  return {
    env,
    wideRules: roll.chance(0.3),
    processes: roll.chance(0.4) ? 2 : 1,
    skewsMs: skewed ? [roll.int(-5 * SECONDS, 5 * SECONDS), roll.int(-5 * SECONDS, 5 * SECONDS)] : [0, 0],
    batch: roll.pick([1, 3, 10, 100]),
    windowMs: roll.pick([0, 1 * SECONDS, 5 * SECONDS]),
    page: roll.pick([1, 2, 5, 100, 100, 100]),
    lagMs: roll.chance(0.3) ? roll.pick([roll.int(0, 5 * SECONDS), roll.int(0, 30 * SECONDS)]) : 0,
    taskLagMs: roll.chance(0.3) ? roll.int(0, 1_500) : 0,
    ...(roll.chance(0.15) && { ecsLagMs: roll.pick([1, 5, 15, 30]) * SECONDS }),
    undeleted: roll.chance(0.15) ? [roll.int(1, 6)] : [],
    ...emptyPages(roll),
  };
}

function emptyPages(roll: Dice): Pick<Settings, 'emptyPages'> {
  return roll.chance(0.15) ? { emptyPages: true } : {};
}

function randomDeliveries(roll: Dice): Scenario['deliveries'] {
  const late = Array.from({ length: roll.int(0, 5) }, () => ({
    event: roll.int(1, 12),
    ...(roll.chance(0.5) && { delayMs: roll.pick([5, 40, 200, 900, 3600, 7500]) * SECONDS }),
    ...(roll.chance(0.5) && { copyAfterMs: roll.pick([0, 0, 1, 60, 600, 4000]) * SECONDS }),
  }));
  return [...randomDrops(roll), ...late];
}

/**
 * Most scenarios drop no event, so that no sweep helps them. A change has several events, so a single drop can leave
 * another event that reports it.
 */
function randomDrops(roll: Dice): Scenario['deliveries'] {
  const length = roll.chance(0.25) ? roll.pick([1, 3, 12]) : 0;
  return Array.from({ length }, (_, index) => ({ event: index + 1, dropped: true }));
}
