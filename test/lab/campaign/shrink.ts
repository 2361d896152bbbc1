import type { Scenario, ServicePlan, Settings } from './scenario.ts';
import type { Promised, Violation } from './violation.ts';

export type Shrunk = {
  readonly scenario: Scenario;
  readonly violations: readonly Violation[];
  readonly tries: number;
};

/** The maximum number of replays that shrink one failing scenario. */
const TRIES = 400;

/**
 * The smallest scenario that still breaks the same promise, as far as the removal of parts leads: first halves of each
 * list, then quarters, down to single entries. Then settings and services are made plainer.
 */
export async function shrink(
  failing: Scenario,
  violations: readonly Violation[],
  replay: (scenario: Scenario) => Promise<readonly Violation[]>,
): Promise<Shrunk> {
  const promises = new Set<Promised>(violations.map(({ promise }) => promise));
  let best: Shrunk = { scenario: failing, violations, tries: 0 };
  let tries = 0;
  const attempt = async (scenario: Scenario): Promise<boolean> => {
    if (tries >= TRIES) return false;
    tries++;
    const found = await replay(scenario).catch(() => []);
    if (!found.some(({ promise }) => promises.has(promise))) return false;
    best = { scenario, violations: found, tries };
    return true;
  };
  for (let size = -1; size !== sizeOf(best.scenario); ) {
    size = sizeOf(best.scenario);
    for (const list of LISTS) await leaveOut(list, () => best.scenario, attempt);
    for (const plainer of plainerSettings(best.scenario))
      await attempt({ ...best.scenario, settings: plainer(best.scenario.settings) });
    for (const { name } of best.scenario.services)
      for (const plainer of PLAINER_SERVICE)
        await attemptOnService(name, plainer, () => best.scenario, attempt);
  }
  return { ...best, tries };
}

type Attempt = (scenario: Scenario) => Promise<boolean>;

const LISTS = [
  'services',
  'crowds',
  'actions',
  'faults',
  'deaths',
  'deliveries',
  'resources',
  'clusters',
] as const;

async function leaveOut(
  list: (typeof LISTS)[number],
  current: () => Scenario,
  attempt: Attempt,
): Promise<void> {
  const entries = () => current()[list] ?? [];
  for (let run = Math.ceil(entries().length / 2); run >= 1; run = run === 1 ? 0 : Math.ceil(run / 2)) {
    for (let from = 0; from < entries().length; ) {
      const shorter = entries().filter((_, index) => index < from || index >= from + run);
      if (!(await attempt({ ...current(), [list]: shorter }))) from += run;
    }
  }
}

/** Each of these sets one setting to its value in a plain run. */
function plainerSettings({ settings }: Scenario): readonly ((settings: Settings) => Settings)[] {
  const withoutOne = Object.keys(settings.env).map((name) => (now: Settings) => ({
    ...now,
    env: Object.fromEntries(Object.entries(now.env).filter(([key]) => key !== name)),
  }));
  return [
    ...withoutOne,
    (now) => ({ ...now, wideRules: false }),
    (now) => ({ ...now, processes: 1 }),
    (now) => ({ ...now, skewsMs: [0, 0] }),
    (now) => ({ ...now, batch: 10 }),
    (now) => ({ ...now, windowMs: 0 }),
    (now) => ({ ...now, page: 100 }),
    (now) => ({ ...now, lagMs: 0, taskLagMs: 0 }),
    ({ ecsLagMs: _ecsLagMs, ...now }) => now,
    (now) => ({ ...now, undeleted: [] }),
  ];
}

const PLAINER_SERVICE: readonly ((service: ServicePlan) => ServicePlan | undefined)[] = [
  (service) => (service.uses.length > 1 ? { ...service, uses: service.uses.slice(0, 1) } : undefined),
  (service) => (service.uses.length > 1 ? { ...service, uses: service.uses.slice(1) } : undefined),
  (service) => (service.kind === 'rolling' ? undefined : { ...service, kind: 'rolling' }),
  (service) => (service.desired === 1 ? undefined : { ...service, desired: 1 }),
  ...(['shares', 'percents', 'enabled', 'wave', 'breaker', 'rollout', 'pauses', 'inProgress'] as const).map(
    (field) => (service: ServicePlan) => {
      const { [field]: left, ...rest } = service;
      return left === undefined ? undefined : rest;
    },
  ),
];

async function attemptOnService(
  name: string,
  plainer: (service: ServicePlan) => ServicePlan | undefined,
  current: () => Scenario,
  attempt: Attempt,
): Promise<void> {
  const scenario = current();
  const service = scenario.services.find((one) => one.name === name);
  const next = service && plainer(service);
  if (next === undefined) return;
  await attempt({ ...scenario, services: scenario.services.map((one) => (one === service ? next : one)) });
}

export function sizeOf(scenario: Scenario): number {
  return JSON.stringify(scenario).length;
}
