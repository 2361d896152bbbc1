import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { RolloutSpec } from '../../simulator/index.ts';
import { generate } from './generate.ts';
import { adviceProblems } from './judge-advice.ts';
import { stateProblems } from './judge-states.ts';
import { measurePair } from './pairs.ts';
import { PLANTS } from './plants.ts';
import { replay, replayCounting } from './replay.ts';
import { type Run, run } from './run.ts';
import { type Action, PLAIN_SETTINGS, type Scenario } from './scenario.ts';
import { shrink } from './shrink.ts';
import { THEMES, type Theme } from './themes.ts';
import type { Violation } from './violation.ts';

describe('a run', () => {
  test('is the same for the same seed', async () => {
    expect(generate(9)).toEqual(generate(9));
    const { counts, violations } = await replayCounting(generate(9));
    expect(counts['calls']).toBeGreaterThan(20);
    expect(await replayCounting(generate(9))).toEqual({ counts, violations });
  });

  test('has a scenario of plain data, which can be printed and pasted', () => {
    const scenario = generate(7);
    expect(JSON.parse(JSON.stringify(scenario))).toEqual(scenario);
  });

  test('restores the timers, Math.random and the environment of the process', async () => {
    const before = [setTimeout, clearTimeout, Math.random, process.env['AWS_REGION']];
    await replay(generate(3));
    expect([setTimeout, clearTimeout, Math.random, process.env['AWS_REGION']]).toEqual(before);
  });
});

describe('shrinking', () => {
  test('keeps exactly the parts of a scenario that the failure needs', async () => {
    const scenario = generate(2);
    const [service, action] = [scenario.services[1], scenario.actions[0]];
    const broken: Violation = { promise: 'nothing-lost', what: 'as planned' };
    const fails = (tried: typeof scenario) =>
      tried.services.some(({ name }) => name === service?.name) &&
      tried.actions.some(({ at }) => at === action?.at);
    const { scenario: smallest } = await shrink(scenario, [broken], (tried) =>
      Promise.resolve(fails(tried) ? [broken] : []),
    );
    expect(smallest.services.map(({ name }) => name)).toEqual([service?.name]);
    expect(smallest.actions).toEqual([action]);
    expect([smallest.faults, smallest.deaths, smallest.deliveries, smallest.resources]).toEqual([
      [],
      [],
      [],
      [],
    ]);
    expect(smallest.settings).toMatchObject({ env: {}, processes: 1, wideRules: false, page: 100 });
  });

  test('keeps the scenario if its parts fail only with other violations', async () => {
    const scenario = generate(2);
    const other: Violation = { promise: 'settles', what: 'something else' };
    const { scenario: smallest } = await shrink(scenario, [{ promise: 'nothing-lost', what: '' }], () =>
      Promise.resolve([other]),
    );
    expect(smallest).toEqual(scenario);
  });
});

describe('a theme', () => {
  test.each(Object.keys(THEMES) as Theme[])(
    '%s has the same small world of plain data for a seed',
    (theme) => {
      const scenario = generate(5, theme);
      expect(generate(5, theme)).toEqual(scenario);
      expect(JSON.parse(JSON.stringify(scenario))).toEqual(scenario);
      expect(scenario.services.length).toBeLessThan(10);
    },
  );
});

test.each(PLANTS)('the defect $name can be planted', ({ file, find }) => {
  expect(readFileSync(file, 'utf8').split(find)).toHaveLength(2);
});

test('two invocations of one message mostly cause no extra deployment, and never more than one of a service', async () => {
  const extras: number[] = [];
  for (let seed = 1; seed <= 8; seed++) extras.push(Math.max(...(await measurePair(seed)).extras));
  expect(Math.max(...extras)).toBeLessThanOrEqual(1);
  expect(extras.filter((extra) => extra === 0).length).toBeGreaterThan(extras.length / 2);
});

describe('the states of deployments', () => {
  const scenarios = Array.from({ length: 400 }, (_, index) => generate(index + 1));
  const rollouts = scenarios.flatMap(({ services }) => services.flatMap(({ rollout }) => rollout ?? []));

  test.each([
    ['protected tasks', ({ protectMs }: RolloutSpec) => protectMs !== undefined],
    ['old tasks that drain for hours', ({ drainMs = 0 }: RolloutSpec) => drainMs >= 3_600_000],
    ['tasks that keep failing', ({ outcome }: RolloutSpec) => outcome === 'keeps-failing'],
    ['tasks that cannot be placed', ({ outcome }: RolloutSpec) => outcome === 'cannot-place'],
    ['a bake of hours', ({ bakeMs = 0 }: RolloutSpec) => bakeMs >= 3_600_000],
    ['a rollback to a new PRIMARY', ({ outcome }: RolloutSpec) => outcome === 'rollback-new-primary'],
    ['a rollback to the old PRIMARY', ({ outcome }: RolloutSpec) => outcome === 'rollback-old-primary'],
  ])('are generated with %s', (_name, is) => {
    expect(rollouts.filter(is).length).toBeGreaterThan(5);
  });

  test.each(['CONTINUE', 'ROLLBACK'] as const)('are generated with pauses that end with %s', (action) => {
    const pauses = scenarios.flatMap(({ services }) => services.flatMap((plan) => plan.pauses ?? []));
    expect(pauses.filter(({ timeoutAction }) => timeoutAction === action).length).toBeGreaterThan(5);
  });

  test('leave half of the scenarios as they were', () => {
    const plain = scenarios.filter(({ settings }) => settings.env['FOLLOW_UP_MAX_HOURS'] === '2');
    expect(plain.length).toBeGreaterThan(150);
    expect(plain.length).toBeLessThan(250);
  });
});

describe('what happens while a change is under way', () => {
  const scenarios = Array.from({ length: 400 }, (_, index) => generate(index + 1));
  const KINDS = [
    'configure',
    'upgrade',
    'sweep',
    'request',
    'create-service',
    'delete-service',
    'tag',
    'retag',
    'tag-secret',
    'delete-secret',
    'restore-secret',
    'recreate-secret',
  ] as const satisfies readonly Action['do'][];

  test.each(KINDS)('is generated often enough: %s', (kind) => {
    const having = scenarios.filter(({ actions }) => actions.some((action) => action.do === kind));
    expect(having.length).toBeGreaterThan(8);
  });

  test('is nothing or one thing in most scenarios, and several things in some', () => {
    const numbers = scenarios.map(
      ({ actions }) => new Set(actions.map((action) => action.do).filter((kind) => isMeanwhile(kind))).size,
    );
    expect(numbers.filter((number) => number <= 1).length).toBeGreaterThan(200);
    expect(numbers.filter((number) => number >= 3).length).toBeGreaterThan(20);
  });
  const isMeanwhile = (kind: Action['do']) => KINDS.some((one) => one === kind);

  test('has 40 to 400 services in a tenth of the scenarios', () => {
    const crowds = scenarios.flatMap(({ crowds: all = [] }) =>
      all.length === 0 ? [] : [all.reduce((sum, { count }) => sum + count, 0)],
    );
    expect(crowds.length).toBeGreaterThan(20);
    expect(crowds.length).toBeLessThan(60);
    expect([Math.min(...crowds), Math.max(...crowds)]).toEqual([40, 400]);
  });

  test('reaches the functions: their settings, sweeps, requests and older messages', async () => {
    const service = { ...SERVICE, rollout: FAILING };
    const actions: readonly Action[] = [
      { at: 10_000, do: 'put', secret: 'prod/db' },
      { at: 20 * MINUTE, do: 'upgrade' },
      { at: 21 * MINUTE, do: 'configure', env: { MODE: 'observe' } },
      { at: 22 * MINUTE, do: 'sweep', heal: false },
      { at: 22 * MINUTE, do: 'request', ask: { action: 'plan', secret: 'prod/db' } },
      { at: 22 * MINUTE, do: 'request', ask: { action: 'plan', secret: 'another' } },
    ];
    await run({ ...PLAIN, services: [service], actions }, ({ invocations, queues }) => {
      const modes = invocations.map(({ of, env }) => [of, env['MODE'], env['SWEEP']].join(' ').trim());
      expect(modes).toContain('on-change');
      expect(modes).toContain('on-schedule observe report');
      expect(modes.filter((mode) => mode === 'on-request observe')).toHaveLength(1);
      expect(queues.counts.rewritten).toBeGreaterThan(0);
      expect(invocations.every(({ thrown }) => thrown === undefined)).toBe(true);
    });
  });
});

/** One service whose secret changes ten seconds after the beginning; `records` are what the log says about it. */
const judged = (
  rollout: RolloutSpec,
  records: (run: Run) => readonly { readonly at: number; readonly record: object }[],
  action: Action = { at: 10_000, do: 'put', secret: 'prod/db' },
) =>
  run({ ...PLAIN, services: [{ ...SERVICE, rollout }], actions: [action] }, (done) => {
    const changeId =
      done.sim.events.find((event) => event['detail-type'] === 'Secret Label Updated')?.id ?? '';
    const service = done.built.services.get('api') ?? '';
    const told = records(done).map(({ at, record }) => ({
      at: done.startedAt + at,
      invocation: 0,
      record: { changeId, service, ...record },
    }));
    const invented = { ...done, records: told };
    return [...stateProblems(invented), ...adviceProblems(invented)].map(({ promise }) => promise);
  });

const SERVICE = {
  name: 'api',
  cluster: 'prod',
  kind: 'rolling',
  desired: 1,
  uses: [{ of: 'prod/db', as: 'full', in: 'secrets' }],
  ageMs: 86_400_000,
} as const;
const PLAIN: Scenario = {
  seed: 1,
  // What is looked at is over then; a service that fails would be followed for three days.
  settings: { ...PLAIN_SETTINGS, env: { FOLLOW_UP_MAX_HOURS: '2' } },
  clusters: [],
  resources: [{ kind: 'secret', name: 'prod/db' }],
  services: [],
  actions: [],
  deliveries: [],
  faults: [],
  deaths: [],
};

const MINUTE = 60_000;
const PROTECTED: RolloutSpec = { durationMs: 2_000, protectMs: 60 * MINUTE };
const FAILING: RolloutSpec = {
  durationMs: 2_000,
  outcome: 'keeps-failing',
  reason: 'Task failed health check',
};

describe('the judges of states and advice', () => {
  const waiting = (state: string, more: object = {}) => ({ event: 'service.waiting', state, ...more });
  const failed = (reason: string, more: object = {}) => ({ event: 'service.failed', reason, ...more });

  test.each([
    ['draining', PROTECTED, []],
    ['tasks-failing', PROTECTED, ['tells-the-true-state']],
    ['tasks-failing', FAILING, []],
    ['cannot-place', FAILING, ['tells-the-true-state']],
    ['cannot-place', { ...FAILING, outcome: 'cannot-place' }, []],
  ] as const)('compare the state %s with the truth', async (state, rollout, problems) => {
    expect(await judged(rollout, () => [{ at: 30 * MINUTE, record: waiting(state) }])).toEqual(problems);
  });

  test.each([
    [-5 * MINUTE, ['tells-the-true-state']],
    [0, []],
    [5 * MINUTE, []],
    [50 * MINUTE, ['tells-the-true-state']],
  ])('compare the instant since when with the truth: %i ms from it', async (ms, problems) => {
    const records = ({ sim, built }: Run) => {
      const arn = built.services.get('api') ?? '';
      const since = sim.statesOf({ arn }).find(({ state }) => state === 'draining')?.at ?? 0;
      return [
        { at: 30 * MINUTE, record: waiting('draining', { since: new Date(since + ms).toISOString() }) },
      ];
    };
    expect(await judged(PROTECTED, records)).toEqual(problems);
  });

  test('take a record of a failed deployment as true even if another one has taken its place', async () => {
    const rollout = { durationMs: 2_000, outcome: 'rollback-old-primary', reason: 'no' } as const;
    const record = failed('rolled-back');
    expect(await judged(rollout, () => [{ at: 30 * MINUTE, record }])).toEqual([]);
    expect(await judged(PROTECTED, () => [{ at: 30 * MINUTE, record }])).toEqual(['tells-the-true-state']);
  });

  test('let no refused UpdateService count as a failed deployment', async () => {
    const record = failed('failed', { error: { code: 'AccessDeniedException' } });
    expect(await judged(PROTECTED, () => [{ at: 30 * MINUTE, record }])).toEqual([]);
  });

  const restore = 'aws secretsmanager … --move-to-version-id a-version-that-is-named-for-ever-2';
  const rotation: Action = { at: 10_000, do: 'rotate', secret: 'prod/db', stepMs: 0 };
  test.each([
    ['helps', FAILING, restore, undefined, []],
    ['comes while old tasks drain', PROTECTED, restore, undefined, ['advises-rightly']],
    ['is about a version that a rotation made', FAILING, restore, rotation, ['advises-rightly']],
    ['names a wrong version', FAILING, restore.replace('-2', ''), undefined, ['advises-rightly']],
  ] as const)(
    'see whether a command that puts a version back %s',
    async (_name, rollout, command, action, problems) => {
      const record = failed('tasks-failing', { restore: command });
      const found = await judged(rollout, () => [{ at: 30 * MINUTE, record }], action);
      expect(found.filter((promise) => promise === 'advises-rightly')).toEqual(problems);
    },
  );
});
