import { PLAIN_SETTINGS, type Scenario, type ServicePlan, type Settings } from './scenario.ts';
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
    for (const list of listsOf(best.scenario)) await leaveOut(list, () => best.scenario, attempt);
    for (const plainer of plainerSettings(best.scenario))
      await attempt({ ...best.scenario, settings: plainer(best.scenario.settings) });
    for (const service of best.scenario.services)
      for (const plainer of plainerServices(service))
        await attemptOnService(service.name, plainer, () => best.scenario, attempt);
  }
  return { ...best, tries };
}

type Attempt = (scenario: Scenario) => Promise<boolean>;

/** The lists of a scenario, whatever lists it has. */
type ListName = {
  [Name in keyof Scenario]-?: NonNullable<Scenario[Name]> extends readonly unknown[] ? Name : never;
}[keyof Scenario];

/** What a part leaves out makes other parts idle, so the parts that cost most come first. */
const FIRST: readonly ListName[] = ['services', 'actions'];

function listsOf(scenario: Scenario): readonly ListName[] {
  const all = Object.entries(scenario).flatMap(([name, value]) =>
    Array.isArray(value) ? [name as ListName] : [],
  );
  return [...FIRST, ...all.filter((name) => !FIRST.includes(name))];
}

async function leaveOut(list: ListName, current: () => Scenario, attempt: Attempt): Promise<void> {
  const entries = (): readonly unknown[] => current()[list] ?? [];
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
    env: without(now.env, name),
  }));
  const plain = Object.keys(settings)
    .filter((name) => name !== 'env')
    .map((name) => (now: Settings): Settings => {
      const value = (PLAIN_SETTINGS as Readonly<Record<string, unknown>>)[name];
      return value === undefined ? without(now, name) : { ...now, [name]: value };
    });
  return [...withoutOne, ...plain];
}

function without<T extends object>(value: T, name: string): T {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name)) as T;
}

type Plainer = (service: ServicePlan) => ServicePlan | undefined;

const PLAINER_SERVICE: readonly Plainer[] = [
  (service) => (service.uses.length > 1 ? { ...service, uses: service.uses.slice(0, 1) } : undefined),
  (service) => (service.uses.length > 1 ? { ...service, uses: service.uses.slice(1) } : undefined),
  (service) => (service.kind === 'rolling' ? undefined : { ...service, kind: 'rolling' }),
  (service) => (service.desired === 1 ? undefined : { ...service, desired: 1 }),
];

const NEEDED: readonly string[] = ['name', 'cluster', 'kind', 'desired', 'uses', 'ageMs'];

/** What makes a service plainer: besides the above, the loss of each field that it need not have. */
function plainerServices(service: ServicePlan): readonly Plainer[] {
  const extra = Object.keys(service).filter((name) => !NEEDED.includes(name));
  return [
    ...PLAINER_SERVICE,
    ...extra.map((name) => (now: ServicePlan) => (name in now ? without(now, name) : undefined)),
  ];
}

async function attemptOnService(
  name: string,
  plainer: Plainer,
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
