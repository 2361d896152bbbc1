import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { match, possibleMatches } from '../../../functions/core/match/match.ts';
import type { Change } from '../../../functions/core/model/change.ts';
import type { Service } from '../../../functions/core/model/fleet.ts';
import type { Evidence } from '../../../functions/core/plan/evidence.ts';
import { makePlan } from '../../../functions/core/plan/plan.ts';
import { makeStaleReport } from '../../../functions/core/report/stale-report.ts';
import { countsOf, type HealResult, recordOf } from '../../../functions/core/report/sweep-report.ts';
import { healingOf, isTooOld } from '../../../functions/core/sweep/heal.ts';
import {
  needsExactTime,
  type SweptService,
  sweepPolicy,
  sweepQuestions,
  sweptIn,
  unreadableIn,
} from '../../../functions/core/sweep/sweep.ts';
import {
  AFTER,
  asSubject,
  BEFORE,
  CHANGED_AT,
  change,
  deployment,
  fleet,
  POLICY,
  revisionArn,
  SECRET,
  type ServiceDifference,
  service,
} from '../../support/build.ts';

const DAY = 86_400_000;
const LATER = CHANGED_AT + 3_600_000;
const old = { createdAt: BEFORE };
const young = { createdAt: AFTER };

type Case = {
  readonly service?: ServiceDifference;
  readonly change?: Partial<Change>;
  readonly evidence?: Evidence;
  readonly now?: number;
};

function sweptServices(
  services: readonly Service[],
  evidence: Evidence,
  changes: readonly Change[],
  now: number,
) {
  const read = fleet(services);
  return sweptIn(
    makePlan({
      fleet: read,
      subjects: changes.map(asSubject),
      matches: match(read, changes.map(asSubject), 'ignore'),
      evidence: new Map(services.map(({ key }) => [key, evidence])),
      policy: sweepPolicy(POLICY),
      earlier: { failed: new Map(), unseen: new Set(), overdue: new Set<string>() },
      now,
    }),
  );
}

function swept({
  service: different = {},
  change: changed = {},
  evidence = {},
  now = LATER,
}: Case): SweptService {
  const [one] = sweptServices([service(different)], evidence, [change(changed)], now);
  if (one === undefined) throw new Error('expected the service to match the change, found no match');
  return one;
}

/** `certain`, `possibly` or `-`, and the reason of the decision, or its action if it has no reason. */
function outcome(one: SweptService): string {
  const stale = one.certain.length > 0 ? 'certain' : one.possibly.length > 0 ? 'possibly' : '-';
  return `${stale}, ${one.decision.reason ?? one.decision.action}`;
}

const stuck = { minimumHealthyPercent: 100, maximumPercent: 100, desired: 1, running: 1 };
const primary = (different: Parameters<typeof deployment>[0]) => ({ deployments: [deployment(different)] });

describe('a service is', () => {
  test.each<[string, Case, string]>([
    ['stale for certain with an old task', { evidence: { tasks: [old, young] } }, 'certain, redeploy'],
    [
      'stale for certain with an old task even where ECS counts more tasks',
      { evidence: { tasks: [old] } },
      'certain, redeploy',
    ],
    ['fresh if every task is young', { evidence: { tasks: [young, young] } }, '-, already-fresh'],
    [
      'fresh if every task is young even seconds after the change',
      { evidence: { tasks: [young, young] }, now: CHANGED_AT + 3_000 },
      '-, already-fresh',
    ],
    ['possibly stale if tasks are missing', { evidence: { tasks: [young] } }, 'possibly, possibly-stale'],
    ['possibly stale if its tasks are not known', {}, 'possibly, possibly-stale'],
    [
      'fresh without any task',
      { service: { running: 0, ...primary({ running: 0 }) }, evidence: { tasks: [] } },
      '-, already-fresh',
    ],
    [
      'possibly stale between the certain and the possible instant of the change',
      { change: { possiblyUntil: AFTER + 1 }, evidence: { tasks: [young, young] } },
      'possibly, possibly-stale',
    ],
    [
      'possibly stale with a deployment from between the two instants whose tasks are not known',
      { change: { possiblyUntil: AFTER + 1 }, service: primary({ createdAt: AFTER }) },
      'possibly, possibly-stale',
    ],
    [
      'stale for certain with an old task even if ECS refuses to show its deployments',
      { evidence: { tasks: [old, old], unreadable: 'refused' } },
      'certain, unreadable',
    ],
    ['fresh with a young deployment', { service: primary({ createdAt: AFTER }) }, '-, already-fresh'],
    [
      'rolling out with a young deployment that is not complete',
      { service: primary({ createdAt: AFTER, rolloutState: 'IN_PROGRESS', running: 1 }) },
      '-, rolling-out',
    ],
    [
      'stale for certain although the change is seconds old',
      { evidence: { tasks: [old, old] }, now: CHANGED_AT + 3_000 },
      'certain, redeploy',
    ],
    [
      'stale for certain in its cooldown',
      {
        service: primary({ createdAt: CHANGED_AT - 1 }),
        evidence: { tasks: [old, old] },
        now: CHANGED_AT + 9,
      },
      'certain, redeploy',
    ],
    [
      'stale for certain where nothing can be replaced',
      { service: { ...stuck, ...primary({ desired: 1, running: 1 }) }, evidence: { tasks: [old] } },
      'certain, cannot-replace',
    ],
    [
      'stale for certain under another controller',
      { service: { controller: 'CODE_DEPLOY' }, evidence: { tasks: [old, old] } },
      'certain, unsupported-controller',
    ],
    [
      'fresh under another controller',
      { service: { controller: 'CODE_DEPLOY', ...primary({ createdAt: AFTER }) } },
      '-, already-fresh',
    ],
    [
      'stale for certain after a rollout that failed',
      {
        evidence: {
          tasks: [old, old],
          serviceDeployments: [{ createdAt: AFTER, status: 'ROLLBACK_SUCCESSFUL' }],
        },
      },
      'certain, rollout-failed',
    ],
    [
      'possibly stale after a rollback that looks like a deployment',
      {
        service: primary({ createdAt: AFTER }),
        evidence: { serviceDeployments: [{ createdAt: AFTER, status: 'ROLLBACK_SUCCESSFUL' }] },
      },
      'possibly, rollout-failed',
    ],
    [
      'not stale if it is opted out',
      { service: { tags: new Map([['enabled', 'false']]) }, evidence: { tasks: [old, old] } },
      '-, opted-out',
    ],
    ['not stale if it wants no tasks and has none', { service: { desired: 0, running: 0 } }, '-, no-tasks'],
    ['unreadable if ECS refuses to list its tasks', { evidence: { unreadable: 'refused' } }, '-, unreadable'],
  ])('%s', (_, given, expected) => {
    expect(outcome(swept(given))).toBe(expected);
  });

  test('stale for certain if, and only if, a task is as old as the change', () => {
    const tasks = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 4 });
    fc.assert(
      fc.property(tasks, fc.nat(4), fc.nat(200_000), (ages, running, age) => {
        const evidence = { tasks: ages.map((by) => ({ createdAt: CHANGED_AT + by })) };
        const { certain, possibly, decision } = swept({
          service: { running, desired: 4, ...primary({ desired: 4, running }) },
          evidence,
          now: CHANGED_AT + 10 + age,
        });
        expect(certain.length > 0).toBe(ages.some((by) => by <= 0));
        expect(decision.action === 'redeploy').toBe(certain.length > 0);
        if (certain.length === 0) expect(possibly.length > 0).toBe(ages.length < running);
      }),
    );
  });
});

describe('a sweep asks for the deployments', () => {
  const wave = (value: string) => ({ tags: new Map([['wave', value]]) });
  const young = primary({ createdAt: AFTER });
  const asked = (
    services: readonly Service[],
    tasks: Readonly<Record<string, readonly number[]>>,
    which: 'stale' | 'all' = 'stale',
    now = LATER,
  ) => {
    const evidence = new Map(
      services.map(({ key, name }) => [
        key,
        { tasks: (tasks[name] ?? []).map((createdAt) => ({ createdAt })) },
      ]),
    );
    const matches = match(fleet(services), [asSubject(change())], 'ignore');
    return sweepQuestions(matches, evidence, sweepPolicy(POLICY), now, which).map(
      ({ service: { name } }) => name,
    );
  };

  test('of a service with a task that is older than the change, whatever its deployments say', () => {
    expect(asked([service(young)], { api: [AFTER, BEFORE] })).toEqual(['api']);
    expect(asked([service()], { api: [BEFORE, BEFORE] })).toEqual(['api']);
  });

  test('of no service whose tasks are all younger, however old its deployment is and however old the change', () => {
    expect(asked([service()], { api: [AFTER, AFTER] })).toEqual([]);
    expect(asked([service(young)], { api: [AFTER, AFTER] }, 'stale', CHANGED_AT + 1_000)).toEqual([]);
    expect(asked([service(young)], {}, 'stale', CHANGED_AT + 30 * DAY)).toEqual([]);
  });

  test('of a service of which ECS lists fewer tasks than there are, if it seems stale', () => {
    expect(asked([service()], { api: [AFTER] })).toEqual(['api']);
  });

  test('of the services of earlier waves that protect a stale one', () => {
    const canary = service({ name: 'canary', ...young });
    const late = service({ name: 'late', ...wave('1') });
    const ages = { canary: [AFTER, AFTER], late: [BEFORE, BEFORE] };
    expect(asked([canary, late], ages)).toEqual(['canary', 'late']);
    expect(asked([canary, late], { ...ages, late: [AFTER, AFTER] })).toEqual([]);
    expect(asked([service({ name: 'canary', ...young, ...wave('2') }), late], ages)).toEqual(['late']);
  });

  test('of no service that protects one of which nothing can be said', () => {
    const canary = service({ name: 'canary', ...young });
    const late = service({
      name: 'late',
      taskDefinition: revisionArn('dark:1'),
      deployments: [deployment({ taskDefinition: revisionArn('dark:1') })],
      ...wave('1'),
    });
    const read = fleet([canary, late]);
    const revisions = new Map([
      ...read.revisions,
      [revisionArn('dark:1'), { kind: 'unreadable', why: 'x' }] as const,
    ]);
    const matches = possibleMatches({ ...read, revisions }, [asSubject(change())], 'ignore');
    expect(matches.map((one) => one.service.name)).toContain('late');
    expect(sweepQuestions(matches, new Map(), sweepPolicy(POLICY), LATER, 'stale')).toEqual([]);
    const out = service({
      name: 'late',
      tags: new Map([
        ['wave', '1'],
        ['enabled', 'false'],
      ]),
    });
    expect(asked([canary, out], { canary: [AFTER, AFTER], late: [BEFORE, BEFORE] })).toEqual([]);
  });

  test('of no service about which only its stopped tasks are of interest', () => {
    const rolling = primary({ createdAt: AFTER, rolloutState: 'IN_PROGRESS', running: 1 });
    expect(asked([service(rolling)], {}, 'all', CHANGED_AT + 30_000)).toEqual([]);
  });

  test('of every service that refers to what a request names', () => {
    expect(asked([service(young)], { api: [AFTER, AFTER] }, 'all')).toEqual(['api']);
  });
});

test('a sweep asks whether a rollout failed even in a cooldown', () => {
  const read = fleet([service(primary({ createdAt: CHANGED_AT - 1 }))]);
  const policy = sweepPolicy({ ...POLICY, cooldownMs: 2 * 3_600_000 });
  const matches = match(read, [asSubject(change())], 'ignore');
  expect(sweepQuestions(matches, new Map(), policy, LATER, 'stale')).toMatchObject([
    { deploymentsSince: CHANGED_AT },
  ]);
});

describe('the exact time of a change of a secret is', () => {
  test.each<[string, ServiceDifference, boolean]>([
    ['needed if a deployment is older than the last change of any kind', {}, true],
    ['not needed if all deployments are younger', primary({ createdAt: AFTER }), false],
    ['not needed for a service that is opted out', { tags: new Map([['enabled', 'false']]) }, false],
    ['not needed for a service without tasks', { desired: 0, running: 0 }, false],
  ])('%s', (_, different, isAsked) => {
    const { label: _label, ...latest } = change();
    const dated = needsExactTime([latest], fleet([service(different)]), sweepPolicy(POLICY), LATER);
    expect([...dated]).toEqual(isAsked ? [SECRET] : []);
  });
});

describe('healing', () => {
  const stale = (more: Case = {}) => swept({ evidence: { tasks: [old, old] }, ...more });
  const healing = (services: readonly SweptService[], most = 0, now = LATER) =>
    healingOf({ swept: services, whole: true }, most, now);

  test('opens a service that is stale for certain under the id of the change, as after a first look', () => {
    expect(healing([stale()]).followUps).toMatchObject([
      {
        changeId: 'change-1',
        hop: 1,
        firstHandledAt: LATER,
        changes: [{ arn: SECRET, changedAt: CHANGED_AT }],
        open: [{ name: 'api', deploymentId: null, ours: false }],
      },
    ]);
  });

  test.each<[string, SweptService]>([
    ['a service that is possibly stale', swept({})],
    ['a service that is fresh', stale({ evidence: { tasks: [young, young] } })],
    ['a change of less than a quarter of an hour ago', stale({ now: CHANGED_AT + 899_999 })],
    [
      'a service that cannot replace a task',
      stale({ service: { ...stuck, ...primary({ desired: 1, running: 1 }) } }),
    ],
    [
      'a service after a failed rollout',
      stale({
        evidence: { tasks: [old, old], serviceDeployments: [{ createdAt: AFTER, status: 'STOPPED' }] },
      }),
    ],
    ['a service under another controller', stale({ service: { controller: 'EXTERNAL' } })],
  ])('excludes %s', (_, one) => {
    expect(healing([one], 0, CHANGED_AT + 899_999).followUps).toEqual([]);
  });

  test('is stopped by the cap, which also counts services that cannot be redeployed', () => {
    const many = ['a', 'b', 'c'].map((name) => stale({ service: { name } }));
    const cannot = stale({ service: { ...stuck, ...primary({ desired: 1, running: 1 }) } });
    expect(healing(many, 3).followUps).toHaveLength(1);
    expect(healing(many, 2)).toMatchObject({ overCap: true, followUps: [] });
    expect(healing([...many, cannot], 3)).toMatchObject({ overCap: true, followUps: [] });
  });

  test('opens nothing in a later wave as long as a part of the fleet could not be read', () => {
    const services = [stale(), stale({ service: { name: 'late', tags: new Map([['wave', '1']]) } })];
    const opened = (whole: boolean) =>
      healingOf({ swept: services, whole }, 0, LATER).followUps.flatMap(({ open }) =>
        open.map(({ name }) => name),
      );
    expect([opened(false), opened(true)]).toEqual([['api'], ['api', 'late']]);
  });

  test('excludes a change of more than 90 days ago, for nothing tells whether a rollout has failed since', () => {
    const limit = CHANGED_AT + 90 * DAY;
    expect([isTooOld(change(), limit), isTooOld(change(), limit + 1)]).toEqual([false, true]);
    expect(healing([stale()], 0, limit).followUps).toHaveLength(1);
    expect(healing([stale()], 0, limit + 1).followUps).toEqual([]);
  });

  const ofTwoChanges = (evidence: Evidence) => {
    const changes = [change(), change({ changeId: 'change-2', label: 'blue', changedAt: AFTER + 1_000 })];
    const read = fleet([service()], { 'api:1': [{}, `${SECRET}::blue:`] });
    return sweptIn(
      makePlan({
        fleet: read,
        subjects: changes.map(asSubject),
        matches: match(read, changes.map(asSubject), 'ignore'),
        evidence: new Map(read.services.map(({ key }) => [key, evidence])),
        policy: sweepPolicy(POLICY),
        earlier: { failed: new Map(), unseen: new Set(), overdue: new Set<string>() },
        now: LATER,
      }),
    );
  };

  test('opens a service that is stale for two changes under both', () => {
    const { followUps } = healing(ofTwoChanges({ tasks: [old, old] }));
    expect(followUps.map(({ changeId }) => changeId)).toEqual(['change-1', 'change-2']);
  });

  test('excludes a service that is stale for two changes if a rollout failed after one of them', () => {
    const serviceDeployments = [{ createdAt: AFTER, status: 'ROLLBACK_SUCCESSFUL' }];
    const both = ofTwoChanges({ tasks: [old, old], serviceDeployments });
    expect(both.map(outcome)).toEqual(['certain, rollout-failed']);
    expect(both.flatMap(({ decision }) => decision.changeIds)).toEqual(['change-1']);
    expect(healing(both).followUps).toEqual([]);
  });
});

describe('what ECS did not show to a sweep', () => {
  const waits = { action: 'wait', reason: 'unreadable', changeIds: ['sweep-1'], references: [] };
  const darkOnes = (names: readonly string[]) =>
    names.map((name) => service({ name, taskDefinition: revisionArn('dark:1'), deployments: [] }));
  const told = (services: readonly Service[], known: readonly SweptService[] = []) => {
    const read = fleet([service(), ...services]);
    const revisions = new Map([
      ...read.revisions,
      [revisionArn('dark:1'), { kind: 'unreadable', why: 'x' }] as const,
    ]);
    const unreadable = [{ service: service({ name: 'gone' }).arn, cluster: 'main', why: 'x' }];
    return unreadableIn({ ...read, revisions, unreadable }, known, POLICY, 'sweep-1');
  };
  const refused = { ...waits, service: service({ name: 'gone' }).arn, cluster: 'main', wave: 0 };

  test('is named: each service, and each service with a revision that was not shown', () => {
    const [one, ...others] = darkOnes(['a', 'b']);
    const late = { ...one, tags: new Map([['wave', '3']]) } as Service;
    expect(told([late, ...others])).toEqual([
      refused,
      { ...waits, service: service({ name: 'a' }).arn, cluster: 'main', wave: 3 },
      { ...waits, service: service({ name: 'b' }).arn, cluster: 'main', wave: 0 },
    ]);
  });

  test('but no service that is opted out, or that has a decision already', () => {
    const out = darkOnes(['a']).map((one) => ({ ...one, tags: new Map([['enabled', 'false']]) }));
    const [known] = darkOnes(['b']);
    expect(told([...out, ...darkOnes(['b'])], [swept({ service: { name: 'b' } })])).toEqual([refused]);
    expect(known?.key).toBe(swept({ service: { name: 'b' } }).planned.service.key);
  });
});

describe('a sweep records', () => {
  const one = swept({ evidence: { tasks: [old, old] } });
  const healed = (different: Partial<HealResult> = {}): HealResult => ({
    how: 'heal',
    healing: healingOf({ swept: [one], whole: true }, 0, LATER),
    unsent: new Set(),
    ...different,
  });

  test.each<[string, HealResult, number, string]>([
    ['that it only reports', healed({ how: 'report' }), 0, 'skip report'],
    ['that it only observes', healed({ how: 'observe' }), 0, 'skip observe'],
    ['that the service is on the queue', healed(), 1, 'wait healing'],
    [
      'that the queue did not accept the message',
      healed({ unsent: new Set(['change-1']) }),
      0,
      'wait not-sent',
    ],
    [
      'that more services are stale than the cap allows',
      healed({ healing: { ...healingOf({ swept: [one], whole: true }, 0, LATER), overCap: true } }),
      0,
      'skip over-cap',
    ],
    [
      'that the event of the change may still be on the way',
      healed({ healing: healingOf({ swept: [one], whole: true }, 0, CHANGED_AT + 1) }),
      0,
      'wait young-change',
    ],
  ])('%s', (_, given, services, expected) => {
    const told = recordOf(one, given, LATER);
    expect(`${told?.action} ${told?.reason}`).toBe(expected);
    expect(countsOf([one], given, LATER)).toMatchObject({ staleForCertain: 1, healed: services });
  });

  test('nothing about a service that is fresh', () => {
    expect(recordOf(swept({ service: primary({ createdAt: AFTER }) }), healed(), LATER)).toBeUndefined();
  });
});

describe('an answer that is too large', () => {
  const all = [
    swept({ evidence: { tasks: [old, old] } }),
    swept({ service: { name: 'fresh', ...primary({ createdAt: AFTER }) }, change: { changeId: 'change-2' } }),
  ];
  const found = {
    changes: [change(), change({ changeId: 'change-2' })],
    notices: [],
    swept: all,
    unreadable: [],
    unchecked: [],
    remaining: [],
    complete: true,
  };
  const size = JSON.stringify(makeStaleReport(found, Infinity)).length;

  test('leaves out the fresh services first and says how many they are', () => {
    expect(makeStaleReport(found, size)).not.toHaveProperty('freshLeftOut');
    const short = makeStaleReport(found, size - 1);
    expect(short).toMatchObject({
      freshLeftOut: 1,
      summary: { matched: 2 },
      changes: [{ changeId: 'change-1' }],
    });
    expect(short?.decisions.map(({ reason }) => reason)).toEqual([null]);
  });

  test('is given without its lists if the rest is too large as well, and says how many it names no more', () => {
    expect(makeStaleReport(found, 100)).toMatchObject({
      decisions: [],
      stale: { certain: [], possibly: [] },
      decisionsLeftOut: 1,
      summary: { matched: 2 },
    });
  });
});
