import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import type { TaskDefinitionArn } from '../../../functions/core/model/arn.ts';
import type { Notice, Subject } from '../../../functions/core/model/change.ts';
import { type Decision, redeploy, skip, type Verdict, wait } from '../../../functions/core/model/decision.ts';
import type { Revision } from '../../../functions/core/model/fleet.ts';
import type { Evidence } from '../../../functions/core/plan/evidence.ts';
import { makePlan } from '../../../functions/core/plan/plan.ts';
import { makeStaleReport } from '../../../functions/core/report/stale-report.ts';
import { countsOf, type HealResult, recordOf } from '../../../functions/core/report/sweep-report.ts';
import { healingOf, isYoung } from '../../../functions/core/sweep/heal.ts';
import {
  clustersToAsk,
  isHarmless,
  needsExactTime,
  type SweptService,
  sweepPolicy,
  sweepQuestions,
  sweptIn,
} from '../../../functions/core/sweep/sweep.ts';
import {
  AFTER,
  asSubject,
  BEFORE,
  CHANGED_AT,
  change,
  deployment,
  draining,
  fleet,
  PARAMETER,
  POLICY,
  revisionArn,
  SECRET,
  SKIP_REASONS,
  service,
  WAIT_REASONS,
} from '../../support/build.ts';

const LATER = CHANGED_AT + 3_600_000;
const QUARTER = 900_000;
const OLD: Evidence = { tasks: [{ createdAt: BEFORE }, { createdAt: BEFORE }] };
const both = { 'api:1': [SECRET, PARAMETER], 'old:1': [SECRET] };
const ofParameter = change({ changeId: 'change-2', kind: 'parameter', arn: PARAMETER });

/** A service as a sweep finds it, built from parts. */
function swept(
  name: string,
  verdicts: readonly (readonly [Verdict, Subject])[],
  {
    decision = verdicts[0]?.[0] ?? redeploy,
    certain = [],
    possibly = [],
  }: Partial<Pick<SweptService, 'certain' | 'possibly'>> & { decision?: Verdict } = {},
): SweptService {
  const one = service({ name });
  const { action, reason } = decision;
  const decided = {
    action,
    reason,
    service: one.arn,
    cluster: 'main',
    changeIds: ['change-1'],
    wave: 0,
    references: [],
  } as Decision;
  const judged = verdicts.map(([verdict, subject]) => ({
    match: { service: one, subject, hits: [], partlyUnreadable: false },
    verdict,
  }));
  return {
    planned: { decision: decided, service: one, verdicts: judged, evidence: {} },
    decision: decided,
    certain,
    possibly,
  };
}
const stale = (name: string, ...changes: readonly ReturnType<typeof change>[]) =>
  swept(
    name,
    changes.map((one) => [redeploy, asSubject(one)] as const),
    { certain: changes.map((one) => ({ change: one, verdict: redeploy })) },
  );

describe('a sweep', () => {
  const policy = sweepPolicy(POLICY);
  const planned = (
    subjects: readonly Subject[],
    evidence: Evidence,
    different: Parameters<typeof service>[0] = {},
  ) => {
    const world = fleet([service(different)], both);
    const earlier = {
      failed: new Map<string, number>(),
      unseen: new Set<string>(),
      overdue: new Set<string>(),
    };
    const matches = match(world, subjects, 'ignore');
    return sweptIn(
      makePlan({
        fleet: world,
        subjects,
        matches,
        evidence: new Map([[service().key, evidence]]),
        policy,
        earlier,
        now: LATER,
      }),
    );
  };

  test('works without a cap and a cooldown, and keeps the rest of the policy', () => {
    const strict = { ...POLICY, select: 'tagged', pull: 'redeploy', maxServices: 3 } as const;
    expect(sweepPolicy(strict)).toEqual({ ...strict, maxServices: 0, cooldownMs: 0 });
  });

  test('keeps changes for which a service is stale for certain apart from those for which it is possibly stale', () => {
    const possibly = change({
      changeId: 'change-2',
      kind: 'parameter',
      arn: PARAMETER,
      changedAt: BEFORE - 1,
      possiblyUntil: CHANGED_AT,
    });
    const [only] = planned([asSubject(change()), asSubject(possibly)], OLD);
    expect(only?.certain.map(({ change: { changeId } }) => changeId)).toEqual(['change-1']);
    expect(only?.possibly.map(({ change: { changeId } }) => changeId)).toEqual(['change-2']);
    expect(only?.decision).toMatchObject({ action: 'redeploy', reason: null, changeIds: ['change-1'] });
  });

  test('names for a possibly stale service only the changes for which it may be stale', () => {
    const young = { deployments: [deployment({ createdAt: CHANGED_AT - 500 })] };
    const [only] = planned(
      [asSubject(change()), asSubject({ ...ofParameter, changedAt: CHANGED_AT - 1_000 })],
      {},
      young,
    );
    expect(only?.decision).toMatchObject({ ...skip('possibly-stale'), changeIds: ['change-1'] });
  });

  test('names only the change for which a service is stale if it is fresh or rolls out for another one', () => {
    const rolling = { deployments: [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' as const })] };
    const [only] = planned(
      [asSubject(change()), asSubject({ ...ofParameter, changedAt: AFTER + 1 })],
      OLD,
      rolling,
    );
    expect(only?.certain.map(({ change: { changeId } }) => changeId)).toEqual(['change-2']);
    const fresh = { deployments: [deployment({ createdAt: AFTER })] };
    const [other] = planned(
      [asSubject(change()), asSubject({ ...ofParameter, changedAt: AFTER + 1 })],
      { tasks: [{ createdAt: AFTER }, { createdAt: AFTER }] },
      fresh,
    );
    expect(other?.certain.map(({ change: { changeId } }) => changeId)).toEqual(['change-2']);
  });

  test('skips a service whose rollout failed, even if it is stale for another change', () => {
    const rolledBack = { ...OLD, serviceDeployments: [{ createdAt: CHANGED_AT + 1, status: 'STOPPED' }] };
    const [only] = planned(
      [asSubject(change()), asSubject({ ...ofParameter, changedAt: CHANGED_AT + 2 })],
      rolledBack,
    );
    expect(only?.decision).toMatchObject({ ...skip('rollout-failed'), changeIds: ['change-1'] });
    const unproven = { serviceDeployments: rolledBack.serviceDeployments };
    const [other] = planned(
      [asSubject(change()), asSubject({ ...ofParameter, changedAt: CHANGED_AT + 2 })],
      unproven,
    );
    expect(other?.decision).toMatchObject({ ...skip('rollout-failed'), changeIds: ['change-1'] });
  });

  test('keeps the decision for the change if the service is not stale', () => {
    const young = { tasks: [{ createdAt: AFTER }, { createdAt: AFTER }] };
    const [only] = planned([asSubject(change())], young);
    expect(only?.decision).toMatchObject({ ...skip('already-fresh'), changeIds: ['change-1'] });
    const external = { controller: 'EXTERNAL', deployments: [deployment({ createdAt: AFTER })] } as const;
    const [other] = planned([asSubject(change())], {}, external);
    expect(other?.decision).toMatchObject({ ...skip('already-fresh'), changeIds: ['change-1'] });
  });

  test('does not count a service as stale whose old tasks only have to drain', () => {
    const old = draining({ taskDefinition: revisionArn('old:1') });
    const [only] = planned([asSubject(change())], OLD, {
      taskDefinition: revisionArn('none:1'),
      deployments: [deployment({ taskDefinition: revisionArn('none:1') }), old],
    });
    expect(only).toMatchObject({ decision: wait('rolling-out'), certain: [], possibly: [] });
  });

  test('asks nothing about a notice', () => {
    const gone: Notice = {
      changeId: 'n',
      kind: 'secret',
      arn: SECRET,
      notice: 'deleted',
      at: LATER,
      source: 'x',
    };
    const quiet: Notice = { ...gone, notice: 'rotation-failed' };
    for (const notice of [gone, quiet]) {
      const named = match(fleet([service()]), [asSubject(notice)], 'ignore');
      expect(sweepQuestions(named, new Map(), policy, LATER, 'stale')).toEqual([]);
      expect(
        planned([asSubject(notice)], OLD).flatMap(({ certain, possibly }) => [...certain, ...possibly]),
      ).toEqual([]);
    }
  });

  test('asks nothing about a service that cannot be read', () => {
    const older = draining({ taskDefinition: revisionArn('dark:1') });
    const world = fleet([service({ deployments: [deployment(), older] })], { 'api:1': [`${SECRET}:::v1`] });
    const dark: [TaskDefinitionArn, Revision] = [revisionArn('dark:1'), { kind: 'unreadable', why: 'x' }];
    const whole = { ...world, revisions: new Map([...world.revisions, dark]) };
    const matches = match(whole, [asSubject(change())], 'ignore');
    expect(sweepQuestions(matches, new Map(), policy, LATER, 'stale')).toEqual([]);
  });

  test('asks for the deployments of a service that seems stale, once', () => {
    const [only, ...more] = sweepQuestions(
      match(fleet([service()], both), [asSubject(change()), asSubject(ofParameter)], 'ignore'),
      new Map(),
      policy,
      LATER,
      'stale',
    );
    expect(more).toEqual([]);
    expect(only).toEqual({
      service: service(),
      deploymentsSince: CHANGED_AT,
      askTasks: false,
      unanswered: 'wait',
    });
    const external = match(fleet([service({ controller: 'EXTERNAL' })]), [asSubject(change())], 'ignore');
    expect(sweepQuestions(external, new Map(), policy, LATER, 'stale')).toEqual([]);
    expect(clustersToAsk(external, policy, LATER)).toEqual([service().cluster.arn]);
  });

  test.each(['opted-out', 'pinned', 'label-not-moved', 'pull-only', 'not-active', 'no-tasks'] as const)(
    'needs neither the exact time of a change nor evidence for a service that is %s',
    (reason) => {
      const cases = {
        'opted-out': [{ tags: new Map([['enabled', 'false']]) }, [SECRET]],
        pinned: [{}, [`${SECRET}:::v1`]],
        'label-not-moved': [{}, [`${SECRET}::BLUE:`]],
        'pull-only': [{}, [{ place: 'pull' as const }]],
        'not-active': [{ status: 'DRAINING' }, [SECRET]],
        'no-tasks': [{ desired: 0, running: 0 }, [SECRET]],
      } as const;
      const [different, references] = cases[reason];
      const world = fleet([service(different)], { 'api:1': references });
      expect(needsExactTime([change()], world, policy, LATER)).toEqual(new Set());
      const named = match(world, [asSubject(change())], 'ignore');
      expect(sweepQuestions(named, new Map(), policy, LATER, 'stale')).toEqual([]);
      expect(clustersToAsk(named, policy, LATER)).toEqual([]);
      const earlier = {
        failed: new Map<string, number>(),
        unseen: new Set<string>(),
        overdue: new Set<string>(),
      };
      const matches = match(world, [asSubject(change())], 'ignore');
      const [one] = sweptIn(
        makePlan({
          fleet: world,
          subjects: [asSubject(change())],
          matches,
          evidence: new Map([[service().key, OLD]]),
          policy,
          earlier,
          now: LATER,
        }),
      );
      expect(one).toMatchObject({ decision: { reason }, certain: [], possibly: [] });
    },
  );
});

describe('a decision', () => {
  const HARMLESS: readonly string[] = [
    'already-fresh',
    'out-of-scope',
    'opted-out',
    'pinned',
    'label-not-moved',
    'pull-only',
    'not-active',
    'no-tasks',
  ];

  test.each(SKIP_REASONS.map((reason) => [reason, HARMLESS.includes(reason)] as const))(
    'to skip with the reason %s is harmless: %s',
    (reason, harmless) => {
      expect(isHarmless(swept('api', [], { decision: skip(reason) }).decision)).toBe(harmless);
    },
  );

  test.each([redeploy, ...WAIT_REASONS.map((reason) => wait(reason))])(
    'such as %j is not harmless',
    (verdict) => {
      expect(isHarmless(swept('api', [], { decision: verdict }).decision)).toBe(false);
    },
  );
});

describe('healing', () => {
  const rolling = (name: string, subject: Subject) => swept(name, [[wait('rolling-out'), subject]]);
  const gone: Notice = {
    changeId: 'change-1',
    kind: 'secret',
    arn: SECRET,
    notice: 'deleted',
    at: 0,
    source: 'x',
  };

  test('opens for each change the services that are stale for it, and those that roll out, for later waves wait for them', () => {
    const [one, two] = [change(), ofParameter];
    const all = [
      stale('a', one),
      stale('b', one, two),
      stale('c', two),
      rolling('d', asSubject(one)),
      rolling('e', asSubject(gone)),
      rolling('f', asSubject(change({ arn: 'x' }))),
      swept('g', [[skip('already-fresh'), asSubject(one)]]),
    ];
    const opened = (name: string, told: string) => ({
      cluster: service().cluster.arn,
      name,
      deploymentId: null,
      ours: false,
      lastLogged: told,
    });
    const healing = healingOf({ swept: all, whole: true }, 0, LATER);
    expect(
      healing.followUps.map(({ changeId, changes, hop, open }) => ({ changeId, changes, hop, open })),
    ).toEqual([
      {
        changeId: 'change-1',
        changes: [one],
        hop: 1,
        open: [opened('a', 'wait healing'), opened('b', 'wait healing'), opened('d', 'wait rolling-out')],
      },
      {
        changeId: 'change-2',
        changes: [two],
        hop: 1,
        open: [opened('b', 'wait healing'), opened('c', 'wait healing')],
      },
    ]);
    expect([...healing.changeIds]).toEqual([
      ['main/a', ['change-1']],
      ['main/b', ['change-1', 'change-2']],
      ['main/c', ['change-2']],
    ]);
    expect(healing.overCap).toBe(false);
  });

  test('opens, besides, a service that rolls out for one of several changes', () => {
    const one = change();
    const verdicts = [
      [wait('rolling-out'), asSubject(one)] as const,
      [skip('already-fresh'), asSubject(ofParameter)] as const,
    ];
    const [followUp] = healingOf(
      { swept: [stale('a', one), swept('b', verdicts)], whole: true },
      0,
      LATER,
    ).followUps;
    expect(followUp?.open.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('excludes a service that cannot be replaced, and counts it towards the cap if it is stale for certain', () => {
    const certain = [{ change: change(), verdict: skip('cannot-replace') }];
    const stuck = swept('s', [[skip('cannot-replace'), asSubject(change())]], { certain });
    const free = swept('t', [[skip('cannot-replace'), asSubject(change())]]);
    expect(healingOf({ swept: [stale('a', change()), stuck], whole: true }, 1, LATER).overCap).toBe(true);
    expect(healingOf({ swept: [stale('a', change()), free], whole: true }, 1, LATER).overCap).toBe(false);
    expect(healingOf({ swept: [stale('a', change()), stuck], whole: true }, 2, LATER).followUps).toHaveLength(
      1,
    );
  });

  test('excludes a change of the last quarter of an hour', () => {
    expect([QUARTER - 1, QUARTER].map((age) => isYoung(change(), CHANGED_AT + age))).toEqual([true, false]);
  });
});

describe('a sweep records', () => {
  const healed = (different: Partial<HealResult> = {}): HealResult => ({
    how: 'heal',
    healing: { overCap: false, followUps: [], changeIds: new Map() },
    unsent: new Set(),
    ...different,
  });
  const younger = change({ changeId: 'young', changedAt: LATER - QUARTER + 1 });
  const healing = (...changeIds: readonly string[]) => ({
    overCap: false,
    followUps: [],
    changeIds: new Map([[service({ name: 'a' }).key, changeIds]]),
  });
  const one = stale('a', change(), younger);

  test('the reason why a service waits or is skipped', () => {
    const waits = swept('w', [], { decision: wait('rolling-out') });
    expect(recordOf(waits, healed(), LATER)).toEqual({
      action: 'wait',
      reason: 'rolling-out',
      decision: waits.decision,
    });
    const odd = swept('o', [], { decision: skip('rollout-failed') });
    expect(recordOf(odd, healed(), LATER)).toEqual({
      action: 'skip',
      reason: 'rollout-failed',
      decision: odd.decision,
    });
    const unproven = swept('u', [], { decision: redeploy });
    expect(recordOf(unproven, healed(), LATER)).toEqual({
      action: 'skip',
      reason: '',
      decision: unproven.decision,
    });
    const failed = { ...one, decision: odd.decision };
    expect(recordOf(failed, healed(), LATER)).toMatchObject({ reason: 'rollout-failed' });
  });

  test('the changes for which a service is on the queue, or else the young changes whose events may still arrive', () => {
    expect(recordOf(one, healed({ healing: healing('change-1') }), LATER)).toEqual({
      action: 'wait',
      reason: 'healing',
      decision: { ...one.decision, changeIds: ['change-1'] },
    });
    expect(recordOf(one, healed(), LATER)).toEqual({
      action: 'wait',
      reason: 'young-change',
      decision: { ...one.decision, changeIds: ['young'] },
    });
  });

  test('that a change is too old to be healed, unless a younger one will heal the service', () => {
    const now = CHANGED_AT + 90 * 86_400_000 + 1;
    const recent = change({ changeId: 'recent', changedAt: now - 1 });
    expect(recordOf(stale('a', change()), healed(), now)).toMatchObject({
      action: 'skip',
      reason: 'too-old',
    });
    expect(recordOf(stale('a', change(), recent), healed(), now)).toMatchObject({
      action: 'wait',
      reason: 'young-change',
      decision: { changeIds: ['recent'] },
    });
  });

  test('that a service of a later wave is not healed by a sweep that did not see the whole fleet', () => {
    const inWave = (wave: number, ...changes: Parameters<typeof stale>[1][]) => {
      const swept_ = stale('a', ...changes);
      return { ...swept_, decision: { ...swept_.decision, wave } };
    };
    expect(recordOf(inWave(1, change()), healed(), LATER)).toMatchObject({
      action: 'wait',
      reason: 'sweep-incomplete',
      decision: { wave: 1 },
    });
    expect(recordOf(inWave(1, change(), younger), healed(), LATER)?.reason).toBe('young-change');
    expect(recordOf(inWave(0, change()), healed(), LATER)?.reason).toBe('young-change');
  });

  test('that a service is being healed if at least one of its messages was sent', () => {
    const two = healed({ healing: healing('change-1', 'change-2'), unsent: new Set(['change-1']) });
    expect(recordOf(one, two, LATER)?.reason).toBe('healing');
    expect(countsOf([one], two, LATER).healed).toBe(1);
    const none = { ...two, unsent: new Set(['change-1', 'change-2']) };
    expect(recordOf(one, none, LATER)?.reason).toBe('not-sent');
    expect(countsOf([one], none, LATER).healed).toBe(0);
  });

  test('the number of services of each kind', () => {
    const maybe = { possibly: [{ change: change(), verdict: redeploy }] };
    const all = [
      one,
      stale('b', younger),
      stale('c', change()),
      swept('d', [], { ...maybe, decision: skip('possibly-stale') }),
      swept('i', [], { ...maybe, decision: skip('possibly-stale') }),
      { ...stale('e', change()), ...maybe },
      swept('f', [], { decision: skip('already-fresh') }),
      swept('g', [], { decision: skip('already-fresh') }),
      swept('h', [], { decision: skip('pinned') }),
    ];
    expect(countsOf(all, healed({ healing: healing('change-1') }), LATER)).toEqual({
      matched: 9,
      staleForCertain: 4,
      young: 1,
      possiblyStale: 2,
      fresh: 2,
      healed: 1,
    });
  });
});

test('a report of stale services lists the certain and the possible ones, and what it does not cover', () => {
  const maybe = [{ change: change(), verdict: redeploy }];
  const found = {
    changes: [change()],
    notices: [],
    swept: [
      stale('a', change()),
      { ...stale('b', change()), possibly: maybe },
      swept('c', [], { possibly: maybe }),
      swept('d', []),
    ],
    unreadable: [swept('e', [], { decision: wait('unreadable') }).decision],
    unchecked: [{ arn: 'x' }, { arn: 'y' }],
    remaining: [],
    complete: true,
  };
  const as = (name: string) => ({ service: service({ name }).arn, cluster: 'main', changeIds: ['change-1'] });
  expect(makeStaleReport(found, Infinity)).toMatchObject({
    stale: { certain: [as('a'), as('b')], possibly: [as('c')] },
    complete: true,
    left: [],
    unchecked: 2,
    outcomes: [],
    summary: { matched: 5, wait: 1 },
  });
  expect(makeStaleReport(found, Infinity)).not.toHaveProperty('hidden');
  const hidden = [
    { arn: 'x' },
    { arn: 'heard', hidden: true as const, lastEvent: CHANGED_AT },
    { arn: 'never', hidden: true as const },
  ];
  expect(makeStaleReport({ ...found, unchecked: hidden }, Infinity)).toMatchObject({
    unchecked: 3,
    hidden: [{ arn: 'heard', lastEvent: new Date(CHANGED_AT).toISOString() }, { arn: 'never' }],
  });
  const part = makeStaleReport({ ...found, remaining: ['edge'], complete: false }, Infinity);
  expect(part).toMatchObject({ complete: false, left: ['edge'] });
});
