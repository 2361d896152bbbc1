import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { match, possibleMatches } from '../../../functions/core/match/match.ts';
import { serviceArn, type TaskDefinitionArn } from '../../../functions/core/model/arn.ts';
import type { Change, Subject } from '../../../functions/core/model/change.ts';
import type { Deployment, Fleet, Revision, Service } from '../../../functions/core/model/fleet.ts';
import type { EvidenceByService } from '../../../functions/core/plan/evidence.ts';
import { makePlan, redecide, skipsBeside } from '../../../functions/core/plan/plan.ts';
import type { Plan } from '../../../functions/core/plan/planned.ts';
import type { Policy } from '../../../functions/core/plan/policy.ts';
import { isToBeRedeployed } from '../../../functions/core/plan/precedence.ts';
import { questions } from '../../../functions/core/plan/questions.ts';
import { NOTHING_EARLIER } from '../../../functions/core/plan/waves.ts';
import {
  AFTER,
  asSubject,
  BEFORE,
  CHANGED_AT,
  change,
  deployment,
  draining,
  fleet,
  NOW,
  notice,
  PARAMETER,
  POLICY,
  revisionArn,
  SECRET,
  service,
} from '../../support/build.ts';

type Given = {
  readonly policy?: Partial<Policy>;
  readonly evidence?: EvidenceByService;
  readonly now?: number;
  readonly failedWaves?: ReadonlyMap<string, number>;
};

function planned(world: Fleet, subjects: readonly Subject[], given: Given = {}): Plan {
  const policy = { ...POLICY, ...given.policy };
  const matches = possibleMatches(world, subjects, policy.pull);
  return makePlan({
    fleet: world,
    subjects,
    matches,
    evidence: given.evidence ?? new Map(),
    policy,
    earlier: { failed: given.failedWaves ?? new Map(), unseen: new Set(), overdue: new Set<string>() },
    now: given.now ?? NOW,
  });
}

/** `name: action reason (changes)` of each decision, redeploys first. */
function told({ redeploys, others, unmatched }: Plan): readonly string[] {
  return [...[...redeploys, ...others].map(({ decision }) => decision), ...unmatched].map(
    ({ service: arn, action, reason, changeIds }) =>
      `${arn.slice(arn.lastIndexOf('/') + 1)}: ${[action, reason].filter(Boolean).join(' ')} (${changeIds.join(' ')})`,
  );
}

const TWO_DAYS_MS = 2 * 86_400_000;
const ofParameter = (different: Partial<Change> = {}) =>
  change({ changeId: 'change-2', kind: 'parameter', arn: PARAMETER, ...different });
const both = { 'api:1': [SECRET, PARAMETER] };
const fresh = [deployment({ createdAt: AFTER })];

test('a decision to wait for a rollout says how far the rollout is, and no other decision does', () => {
  const failing = [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS', failed: 1 }), draining()];
  const decided = (deployments: readonly ReturnType<typeof deployment>[]) => {
    const { redeploys, others } = planned(fleet([service({ deployments })]), [asSubject(change())]);
    return [...redeploys, ...others][0]?.decision;
  };
  expect(decided(failing)).toMatchObject({ action: 'wait', deployment: { state: 'tasks-failing' } });
  for (const one of [[deployment()], fresh]) expect(decided(one)).not.toHaveProperty('deployment');
});

describe('several changes make one decision', () => {
  test('that demands the redeploy for all of them', () => {
    expect(told(planned(fleet([service()], both), [asSubject(change()), asSubject(ofParameter())]))).toEqual([
      'api: redeploy (change-1 change-2)',
    ]);
  });

  test('that names only the changes for which the service is stale', () => {
    const world = fleet([service({ deployments: fresh })], both);
    expect(
      told(
        planned(world, [asSubject(change()), asSubject(ofParameter({ changedAt: AFTER + 1 }))], {
          policy: { cooldownMs: 0 },
        }),
      ),
    ).toEqual(['api: redeploy (change-2)']);
  });

  test('to redeploy, though one of the secrets is opted out', () => {
    expect(
      told(
        planned(fleet([service()], both), [asSubject(change({ optedOut: true })), asSubject(ofParameter())]),
      ),
    ).toEqual(['api: redeploy (change-2)']);
  });

  test('to skip a service that refers to a deleted resource, for its new tasks could not start', () => {
    const gone = notice({ changeId: 'gone', kind: 'parameter', arn: PARAMETER });
    expect(told(planned(fleet([service()], both), [asSubject(change()), asSubject(gone)]))).toEqual([
      'api: skip secret-gone (change-1 gone)',
    ]);
  });

  test('with the references that demand it, each once', () => {
    const world = fleet([service()], { 'api:1': [SECRET, `${SECRET}:key::`, `${SECRET}:::pinned`] });
    const [only] = planned(world, [
      asSubject(change()),
      asSubject(change({ changeId: 'change-2' })),
    ]).redeploys;
    expect(only?.decision.references.map(({ valueFrom }) => valueFrom)).toEqual([SECRET, `${SECRET}:key::`]);
  });
});

describe('what a decision says nothing of, because it is made for a stronger change:', () => {
  const beside = (subjects: readonly Subject[], deployments = [deployment()]) => {
    const { redeploys, others } = planned(fleet([service({ deployments })], both), subjects);
    return [...redeploys, ...others].flatMap(skipsBeside).map(({ reason, changeIds }) => [reason, changeIds]);
  };
  const failed = [deployment({ createdAt: AFTER, rolloutState: 'FAILED' }), deployment()];
  const later = ofParameter({ changedAt: AFTER + 1_000 });

  test.each<[string, readonly Change[], Deployment[] | undefined, readonly unknown[]]>([
    [
      'an opted-out secret',
      [change({ optedOut: true }), ofParameter()],
      undefined,
      ['opted-out', ['change-1']],
    ],
    ['a rollout that failed', [change(), later], failed, ['rollout-failed', ['change-1']]],
  ])('%s', (_, changes, deployments, expected) => {
    for (const some of [changes, changes.toReversed()])
      expect(beside(some.map(asSubject), deployments)).toEqual([expected]);
  });

  test('once for all changes with one reason', () => {
    const two = [change(), change({ changeId: 'change-3' }), later];
    expect(beside(two.map(asSubject), failed)).toEqual([['rollout-failed', ['change-1', 'change-3']]]);
  });

  test('each reason by itself', () => {
    const several = [
      change({ optedOut: true }),
      change({ changeId: 'change-3', label: 'BLUE' }),
      ofParameter(),
    ];
    expect(beside(several.map(asSubject))).toEqual([
      ['opted-out', ['change-1']],
      ['label-not-moved', ['change-3']],
    ]);
  });

  test('nothing of a change that waits', () => {
    const rolling = [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' }), draining()];
    expect(beside([asSubject(change()), asSubject(later)], rolling)).toEqual([]);
  });

  test('nothing of a change that follows the service, which each look tells', () => {
    const subjects = [change({ optedOut: true }), ofParameter()].map(asSubject);
    const [only] = planned(fleet([service()], both), subjects).redeploys;
    if (only === undefined) throw new Error('expected a redeploy, found none');
    const verdicts = only.verdicts.map((one) => ({
      ...one,
      match: { ...one.match, following: 'waiting' as const },
    }));
    expect(skipsBeside({ ...only, verdicts })).toEqual([]);
  });

  test('nothing where the decision names every change, or nothing is stale for it', () => {
    expect(beside([asSubject(change()), asSubject(ofParameter())])).toEqual([]);
    expect(beside([asSubject(change()), asSubject(later)], fresh)).toEqual([]);
  });
});

describe('of several reasons to skip a service', () => {
  const custom = change({ changeId: 'change-2', label: 'BLUE' });

  test.each([
    ['already-fresh', { deployments: fresh }],
    ['cannot-replace', { maximumPercent: 100 }],
    ['unsupported-controller', { controller: 'EXTERNAL' }],
  ] as const)('%s is reported, and not that another label has not moved', (reason, different) => {
    const world = fleet([service(different)]);
    for (const subjects of [
      [custom, change()],
      [change(), custom],
    ]) {
      expect(told(planned(world, subjects.map(asSubject)))).toEqual([`api: skip ${reason} (change-1)`]);
    }
  });
});

describe('of several reasons to wait', () => {
  // Younger than one change and older than the other: the first one rolls out, the second one waits for another reason.
  const between = { createdAt: AFTER, rolloutState: 'IN_PROGRESS' } as const;
  const later = ofParameter({ changedAt: AFTER + 1_000 });

  test.each([
    ['cooldown', {}],
    ['deployment-in-progress', { strategy: 'CANARY' }],
  ] as const)(
    '%s, which delays a redeploy, is reported in either order of the changes',
    (reason, different) => {
      const world = fleet([service({ ...different, deployments: [deployment(between), draining()] })], both);
      for (const subjects of [
        [change(), later],
        [later, change()],
      ]) {
        expect(told(planned(world, subjects.map(asSubject)))).toEqual([`api: wait ${reason} (change-2)`]);
      }
    },
  );
});

test('services of one name in two clusters, with the same ARN in the old format, are sorted by cluster', () => {
  const arn = 'arn:aws:ecs:eu-west-1:111122223333:service/api';
  const other = { ...service().cluster, name: 'edge' };
  const namesakes = [service({ arn }), service({ arn, cluster: other })];
  for (const services of [namesakes, namesakes.toReversed()]) {
    const { redeploys } = planned(fleet(services), [asSubject(change())]);
    expect(redeploys.map(({ decision }) => decision.cluster)).toEqual(['edge', 'main']);
  }
});

describe('MAX_SERVICES', () => {
  const three = ['a', 'b', 'c'].map((name) => service({ name }));
  const policy = { maxServices: 2 };

  test('skips all stale services when there are more of them', () => {
    expect(told(planned(fleet(three), [asSubject(change())], { policy }))).toEqual(
      ['a', 'b', 'c'].map((name) => `${name}: skip over-cap (change-1)`),
    );
  });

  test('counts only the stale services', () => {
    const [a = service(), b = service()] = three;
    const world = fleet([a, b, service({ name: 'c', deployments: fresh })]);
    expect(told(planned(world, [asSubject(change())], { policy }))).toEqual([
      'a: redeploy (change-1)',
      'b: redeploy (change-1)',
      'c: skip already-fresh (change-1)',
    ]);
  });

  test('counts services that wait to be redeployed and those that cannot be replaced', () => {
    const world = fleet([
      service({ name: 'a' }),
      service({ name: 'b', maximumPercent: 100 }),
      service({ name: 'c', strategy: 'LINEAR', deployments: [deployment({ rolloutState: 'IN_PROGRESS' })] }),
    ]);
    expect(told(planned(world, [asSubject(change())], { policy }))).toEqual([
      'a: skip over-cap (change-1)',
      'b: skip cannot-replace (change-1)',
      'c: skip over-cap (change-1)',
    ]);
  });

  test('leaves no service for a later look of which ECS has told too little', () => {
    const [a = service()] = three;
    const evidence: EvidenceByService = new Map([[a.key, { unreadable: 'refused' }]]);
    const world = fleet([...three, service({ name: 'd' })]);
    expect(told(planned(world, [asSubject(change())], { policy, evidence }))).toEqual(
      ['a', 'b', 'c', 'd'].map((name) => `${name}: skip over-cap (change-1)`),
    );
  });

  test('counts what earlier looks have counted, and skips only what no look could read before', () => {
    const [a = service(), b = service()] = three;
    const atLaterLook = (counted: number, ...newlyRead: readonly Service[]) => {
      const world = fleet([a, b]);
      const subjects = [asSubject(change())];
      const matches = possibleMatches(world, subjects, POLICY.pull).map((one) => ({
        ...one,
        following: newlyRead.includes(one.service) ? ('newly-read' as const) : ('waiting' as const),
      }));
      const { redeploys } = makePlan({
        fleet: world,
        subjects,
        matches,
        evidence: new Map(),
        policy: { ...POLICY, ...policy },
        earlier: NOTHING_EARLIER,
        counted: new Map([['change-1', counted]]),
        now: NOW,
      });
      return redeploys.map(({ service: { name } }) => name);
    };
    expect(atLaterLook(2)).toEqual(['a', 'b']);
    expect(atLaterLook(1, b)).toEqual(['a', 'b']);
    expect(atLaterLook(2, b)).toEqual(['a']);
    expect(atLaterLook(3, a, b)).toEqual([]);
  });

  test('applies to each change separately', () => {
    const world = fleet(
      [
        ...three,
        service({
          name: 'd',
          taskDefinition: revisionArn('d:1'),
          deployments: [deployment({ taskDefinition: revisionArn('d:1') })],
        }),
      ],
      {
        'api:1': [SECRET],
        'd:1': [PARAMETER],
      },
    );
    expect(told(planned(world, [asSubject(change()), asSubject(ofParameter())], { policy }))[0]).toBe(
      'd: redeploy (change-2)',
    );
  });

  test('does not apply to services named by hand', () => {
    const changes = three.map(({ arn }) => change({ kind: 'service', arn }));
    expect(planned(fleet(three, {}), changes.map(asSubject), { policy }).redeploys).toHaveLength(3);
  });
});

test('a change redeploys a service even if a resource that only its draining tasks refer to is gone', () => {
  const gone = notice({ changeId: 'gone', kind: 'parameter', arn: PARAMETER });
  const old = draining({ taskDefinition: revisionArn('api:0') });
  const world = fleet([service({ deployments: [deployment(), old] })], {
    'api:1': [SECRET],
    'api:0': [PARAMETER],
  });
  expect(told(planned(world, [asSubject(gone), asSubject(change())]))).toEqual(['api: redeploy (change-1)']);
});

describe('a service that cannot be read', () => {
  const unreadable = {
    ...fleet([service()], {}),
    revisions: new Map<TaskDefinitionArn, Revision>([
      [revisionArn(), { kind: 'unreadable', why: 'refused' }],
    ]),
  };

  test('waits to be read for every change, for it may refer to any of them', () => {
    expect(told(planned(unreadable, [asSubject(change()), asSubject(ofParameter())]))).toEqual([
      'api: wait unreadable (change-1 change-2)',
    ]);
  });

  test('is skipped as opted out if it is', () => {
    const [only = service()] = unreadable.services;
    const world = { ...unreadable, services: [{ ...only, tags: new Map([['enabled', 'false']]) }] };
    expect(told(planned(world, [asSubject(change())]))).toEqual(['api: skip opted-out (change-1)']);
  });

  test('waits to be read, and does not count as rolling out, where only an older revision can be read', () => {
    const old = draining({ taskDefinition: revisionArn('api:0') });
    const readable = fleet([service({ deployments: [deployment(), old] })], { 'api:0': [SECRET] });
    const world = { ...readable, revisions: new Map([...readable.revisions, ...unreadable.revisions]) };
    expect(told(planned(world, [asSubject(change())]))).toEqual(['api: wait unreadable (change-1)']);
  });

  test('waits to be read if ECS lists it and does not describe it', () => {
    const world = { ...fleet([]), unreadable: [{ service: service().arn, cluster: 'main', why: 'refused' }] };
    expect(told(planned(world, [asSubject(change())]))).toEqual(['api: wait unreadable (change-1)']);
  });

  test('is redeployed if it is named by hand, for its references do not matter then', () => {
    expect(told(planned(unreadable, [asSubject(change({ kind: 'service', arn: service().arn }))]))).toEqual([
      'api: redeploy (change-1)',
    ]);
  });
});

test('a service named by hand in a cluster that is not selected is out of scope', () => {
  const arn = serviceArn('arn:aws:ecs:eu-west-1:111122223333:service/other/api');
  const world = { ...fleet([]), outOfScope: [{ service: arn, cluster: 'other' }] };
  expect(told(planned(world, [asSubject(change({ kind: 'service', arn }))]))).toEqual([
    'api: skip out-of-scope (change-1)',
  ]);
});

const wave = (value: string) => new Map([['wave', value]]);

describe('waves', () => {
  const rolling = [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' })];
  const failed = [deployment({ createdAt: AFTER, rolloutState: 'FAILED' })];
  const first = (different: Parameters<typeof service>[0] = {}) => service({ name: 'first', ...different });
  const second = service({ name: 'second', tags: wave('1') });
  const third = service({ name: 'third', tags: wave('2') });

  test.each([
    ['is stale', {}, ['first: redeploy', 'second: wait earlier-wave', 'third: wait earlier-wave']],
    [
      'is rolling out',
      { deployments: rolling },
      ['first: wait rolling-out', 'second: wait earlier-wave', 'third: wait earlier-wave'],
    ],
    [
      'is fresh',
      { deployments: fresh },
      ['second: redeploy', 'first: skip already-fresh', 'third: wait earlier-wave'],
    ],
    [
      'is opted out',
      { tags: new Map([['enabled', 'false']]) },
      ['second: redeploy', 'first: skip opted-out', 'third: wait earlier-wave'],
    ],
    [
      'has failed',
      { deployments: failed },
      ['first: skip rollout-failed', 'second: skip earlier-wave-failed', 'third: skip earlier-wave-failed'],
    ],
  ])('decide about the later services while the first one %s', (_, different, decisions) => {
    const lines = told(planned(fleet([third, second, first(different)]), [asSubject(change())]));
    expect(lines.map((line) => line.replace(/ \(.*/, ''))).toEqual(decisions);
  });

  test.each([
    ['opted out', { tags: new Map([...wave('1'), ['enabled', 'false']]) }, 'skip opted-out'],
    ['rolling out', { tags: wave('1'), deployments: rolling }, 'wait rolling-out'],
  ] as const)('have no influence on a service that is %s', (_, different, decision) => {
    for (const deployments of [failed, rolling, [deployment()]]) {
      const world = fleet([first({ deployments }), service({ name: 'second', ...different })]);
      expect(told(planned(world, [asSubject(change())]))).toContain(`second: ${decision} (change-1)`);
    }
  });

  test('after the first one wait for a service that ECS does not show, because its wave is unknown', () => {
    const world = fleet([first(), second]);
    const matches = match(world, [asSubject(change())], 'ignore');
    const earlier = {
      failed: new Map<string, number>(),
      unseen: new Set(['change-1']),
      overdue: new Set<string>(),
    };
    const basis = {
      fleet: world,
      subjects: [asSubject(change())],
      matches,
      evidence: new Map(),
      policy: POLICY,
      now: NOW,
    };
    expect(told(makePlan({ ...basis, earlier }))).toEqual([
      'first: redeploy (change-1)',
      'second: wait earlier-wave (change-1)',
    ]);
    expect(isToBeRedeployed(undefined)).toBe(false);
  });

  test('of a cluster that is no longer selected are skipped if they are stale', () => {
    const world = fleet([service(), service({ name: 'web', deployments: fresh })]);
    expect(told(planned(world, [asSubject(change())], { policy: { clusters: ['other'] } }))).toEqual([
      'api: skip out-of-scope (change-1)',
      'web: skip already-fresh (change-1)',
    ]);
  });

  test('that ECS does not show are of no interest to a notice', () => {
    const unreadable = [{ service: service({ name: 'web' }).arn, cluster: 'main', why: 'x' }];
    const lines = (...subjects: readonly Subject[]) => told(planned({ ...fleet([]), unreadable }, subjects));
    expect(lines(asSubject(notice()))).toEqual([]);
    expect(lines(asSubject(notice()), asSubject(change()))).toEqual(['web: wait unreadable (change-1)']);
  });

  test('after one that failed in an earlier look are skipped', () => {
    const lines = told(
      planned(fleet([second, third]), [asSubject(change())], { failedWaves: new Map([['change-1', 1]]) }),
    );
    expect(lines).toEqual(['second: redeploy (change-1)', 'third: skip earlier-wave-failed (change-1)']);
  });

  test('skip a service for all changes together and report it for each', () => {
    const lines = told(
      planned(fleet([second], both), [asSubject(change()), asSubject(ofParameter())], {
        failedWaves: new Map([['change-1', 0]]),
      }),
    );
    expect(lines).toEqual(['second: skip earlier-wave-failed (change-1 change-2)']);
  });

  test('hold a service back for all changes together', () => {
    const world = fleet([first(), service({ name: 'second', tags: wave('1') })], both);
    const other = fleet(
      [
        first({
          taskDefinition: revisionArn('x:1'),
          deployments: [deployment({ taskDefinition: revisionArn('x:1') })],
        }),
        second,
      ],
      {
        'x:1': [SECRET],
        'api:1': [SECRET, PARAMETER],
      },
    );
    expect(told(planned(world, [asSubject(change()), asSubject(ofParameter())]))[1]).toMatch(
      'second: wait earlier-wave',
    );
    expect(told(planned(other, [asSubject(change()), asSubject(ofParameter())]))[1]).toBe(
      'second: wait earlier-wave (change-1)',
    );
  });

  test('make the plan ask for the deployments of a service that looks fresh before the next wave opens', () => {
    const world = fleet([first({ deployments: fresh }), second]);
    const asked = questions(match(world, [asSubject(change())], 'ignore'), POLICY, NOW).map((one) => [
      one.service.name,
      one.deploymentsSince,
    ]);
    expect(asked[0]).toEqual(['first', CHANGED_AT - TWO_DAYS_MS]);
  });
});

describe('within the limits for redeploys', () => {
  const young = deployment({ createdAt: CHANGED_AT - 10_000 });
  const hours = (createdAts: readonly number[]): EvidenceByService =>
    new Map([
      [
        service().key,
        { serviceDeployments: createdAts.map((createdAt) => ({ createdAt, status: 'SUCCESSFUL' })) },
      ],
    ]);

  test('a service whose last deployment is younger than the cooldown waits for the rest of it', () => {
    const { others } = planned(fleet([service({ deployments: [young] })]), [asSubject(change())]);
    expect(others.flatMap(({ verdicts }) => verdicts.map(({ verdict }) => verdict))).toEqual([
      { action: 'wait', reason: 'cooldown', until: CHANGED_AT + 50_000 },
    ]);
  });

  test('a service without a cooldown is redeployed at once', () => {
    const world = fleet([service({ deployments: [young] })]);
    expect(told(planned(world, [asSubject(change())], { policy: { cooldownMs: 0 } }))).toEqual([
      'api: redeploy (change-1)',
    ]);
  });

  test('a service with the most deployments allowed in an hour waits until the oldest of them is an hour old', () => {
    const policy = { maxPerHour: 2 };
    const often = hours([NOW - 3_599_000, NOW - 1_000_000, NOW - 3_601_000]);
    const { others } = planned(fleet([service()]), [asSubject(change())], { policy, evidence: often });
    expect(others.flatMap(({ verdicts }) => verdicts.map(({ verdict }) => verdict))).toEqual([
      { action: 'wait', reason: 'too-often', until: NOW + 1_000 },
    ]);
    const seldom = hours([NOW - 3_601_000, NOW - 1_000_000]);
    expect(told(planned(fleet([service()]), [asSubject(change())], { policy, evidence: seldom }))).toEqual([
      'api: redeploy (change-1)',
    ]);
  });
});

describe('beyond DescribeServices the plan asks for', () => {
  const asked = (different: Parameters<typeof service>[0], now: number) =>
    questions(match(fleet([service(different)]), [asSubject(change())], 'ignore'), POLICY, now).map(
      ({ deploymentsSince, askTasks }) => ({ ...(deploymentsSince && { deploymentsSince }), askTasks }),
    );
  const rollingBack = { rolloutStateReason: 'circuit breaker: rolling back to deploymentId ecs-svc/1' };

  const old = { deployments: [deployment({ createdAt: CHANGED_AT - 7_200_000 })] };

  test('the deployments since the change, in the first minute only if few services match, for it takes time', () => {
    const many = (count: number) => {
      const services = Array.from({ length: count }, (_, i) => service({ name: `api-${i}`, ...old }));
      return questions(match(fleet(services), [asSubject(change())], 'ignore'), POLICY, CHANGED_AT + 60_000);
    };
    expect(
      many(40).every(
        ({ deploymentsSince, unanswered }) => deploymentsSince === CHANGED_AT && unanswered === 'decide',
      ),
    ).toBe(true);
    expect(many(41).every(({ deploymentsSince }) => deploymentsSince === undefined)).toBe(true);
  });

  test('the deployments since the change, when an earlier one for this change may have been rolled back', () => {
    expect(asked(old, CHANGED_AT + 60_001)).toEqual([{ deploymentsSince: CHANGED_AT, askTasks: false }]);
  });

  test('the tasks, when enough time has passed for ECS to list them all', () => {
    expect(asked(old, CHANGED_AT + 120_001)).toEqual([{ deploymentsSince: CHANGED_AT, askTasks: true }]);
  });

  test('the running deployment, which may be a rollback or one that must not be interrupted', () => {
    const since = [{ deploymentsSince: BEFORE - 60_000, askTasks: false }];
    expect(asked({ deployments: [deployment({ rolloutState: 'IN_PROGRESS' })] }, NOW)).toEqual(since);
    expect(asked({ deployments: [deployment(), draining()] }, NOW)).toEqual([
      { deploymentsSince: BEFORE - 60_001, askTasks: false },
    ]);
    expect(asked({ strategy: 'CANARY' }, NOW)).toEqual(since);
  });

  test('the deployments since two days before the change, when a complete deployment may be a rollback', () => {
    for (const age of [60_000, 60_001])
      expect(asked({ deployments: fresh }, CHANGED_AT + age)).toEqual([
        { deploymentsSince: CHANGED_AT - TWO_DAYS_MS, askTasks: false },
      ]);
  });

  test('the deployments and tasks of a service that cannot be replaced, for its tasks may have been stopped by hand', () => {
    expect(asked({ maximumPercent: 100 }, CHANGED_AT + 120_001)).toEqual([
      { deploymentsSince: CHANGED_AT, askTasks: true },
    ]);
  });

  test('the deployments since two days before the change, when PRIMARY is young because of a rollback', () => {
    const young = deployment({ createdAt: AFTER, ...rollingBack });
    expect(asked({ deployments: [young] }, NOW)).toEqual([
      { deploymentsSince: CHANGED_AT - TWO_DAYS_MS, askTasks: false },
    ]);
  });

  test.each([
    ['opted out', { tags: new Map([['enabled', 'false']]) }],
    ['deployed by CodeDeploy', { controller: 'CODE_DEPLOY' }],
  ] as const)('nothing about a service that is %s', (_, different) => {
    expect(asked(different, CHANGED_AT + 999_999)).toEqual([]);
  });
});

test('a service that another process deployed at the last moment waits for that deployment', () => {
  const [only] = planned(fleet([service()]), [asSubject(change())]).redeploys;
  const now = service({
    deployments: [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' }), draining()],
  });
  expect(only && redecide(only, now, POLICY, NOW)).toMatchObject({
    action: 'wait',
    reason: 'rolling-out',
  });
});

describe('in every plan', () => {
  const anyService: fc.Arbitrary<Service> = fc
    .record({
      name: fc.stringMatching(/^[a-z]{1,6}$/),
      createdAt: fc.constantFrom(BEFORE, AFTER),
      status: fc.constantFrom('ACTIVE', 'DRAINING'),
      enabled: fc.constantFrom('true', 'false', undefined),
      desired: fc.integer({ min: 0, max: 3 }),
      revision: fc.constantFrom('api:1', 'api:2', 'api:3'),
    })
    .map(({ name, createdAt, status, enabled, desired, revision }) =>
      service({
        name,
        status,
        desired,
        running: desired,
        tags: new Map(enabled === undefined ? [] : [['enabled', enabled]]),
        taskDefinition: revisionArn(revision),
        deployments: [
          deployment({ createdAt, desired, running: desired, taskDefinition: revisionArn(revision) }),
        ],
      }),
    );
  const references = { 'api:1': [SECRET], 'api:2': [PARAMETER], 'api:3': [`${SECRET}:::pinned`] };
  const worlds = fc.uniqueArray(anyService, { selector: ({ arn }) => arn, maxLength: 20 });
  const subjects = [change(), ofParameter()];

  test('there is exactly one decision for every matched service', () => {
    fc.assert(
      fc.property(worlds, (services) => {
        const world = fleet(services, references);
        const matched = new Set(
          match(world, subjects.map(asSubject), 'ignore').map((one) => one.service.arn),
        );
        const { redeploys, others } = planned(world, subjects.map(asSubject));
        const decided = [...redeploys, ...others].map(({ decision }) => decision.service);
        expect(decided.toSorted()).toEqual([...matched].toSorted());
      }),
    );
  });

  test('the order of services and changes does not matter', () => {
    fc.assert(
      fc.property(worlds, (services) => {
        const forwards = told(planned(fleet(services, references), subjects.map(asSubject)));
        const backwards = told(
          planned(fleet(services.toReversed(), references), subjects.toReversed().map(asSubject)),
        );
        const sorted = (lines: readonly string[]) =>
          lines.map((line) => line.replace(/\(.*\)/, '')).toSorted();
        expect(sorted(backwards)).toEqual(sorted(forwards));
      }),
    );
  });

  test('a service that has been redeployed is not redeployed again', () => {
    fc.assert(
      fc.property(worlds, (services) => {
        const { redeploys } = planned(fleet(services, references), subjects.map(asSubject));
        const done = new Set(redeploys.map(({ decision }) => decision.service));
        const later = services.map((one) =>
          done.has(one.arn)
            ? { ...one, deployments: one.deployments.map((d) => ({ ...d, createdAt: AFTER })) }
            : one,
        );
        expect(planned(fleet(later, references), subjects.map(asSubject)).redeploys).toEqual([]);
      }),
    );
  });
});
