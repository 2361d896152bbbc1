import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import type { Service } from '../../../functions/core/model/fleet.ts';
import type { Outcome } from '../../../functions/core/model/outcome.ts';
import { concerns, startedEarlyFor, stillUndecided, withEarly } from '../../../functions/core/plan/early.ts';
import { makePlan } from '../../../functions/core/plan/plan.ts';
import type { Plan, Result } from '../../../functions/core/plan/planned.ts';
import {
  AFTER,
  asSubject,
  change,
  deployment,
  draining,
  fleet,
  NOW,
  POLICY,
  type ServiceDifference,
  service,
} from '../../support/build.ts';

const named = (name: string, different: ServiceDifference = {}) => service({ name, ...different });
const rolling = (id: string) => ({
  deployments: [deployment({ id, createdAt: AFTER, rolloutState: 'IN_PROGRESS' }), draining()],
});

function planOf(services: readonly Service[]): Plan {
  const world = fleet(services);
  const matches = match(world, [asSubject(change())], 'ignore');
  const earlier = {
    failed: new Map<string, number>(),
    unseen: new Set<string>(),
    overdue: new Set<string>(),
  };
  return makePlan({
    fleet: world,
    subjects: [asSubject(change())],
    matches,
    evidence: new Map(),
    policy: POLICY,
    earlier,
    now: NOW,
  });
}

function done(one: Service, outcome?: Partial<Outcome>): readonly Result[] {
  return planOf([one]).redeploys.map((planned) => ({
    planned,
    decision: planned.decision,
    outcome: {
      service: one.arn,
      result: 'accepted',
      deploymentId: 'ecs-svc/2',
      acceptedAt: NOW,
      ...outcome,
    } as Outcome,
  }));
}

const started = (name: string, deploymentId: string) => ({
  cluster: service().cluster.arn,
  name,
  deploymentId,
});
const names = (some: Plan['others']) => some.map((one) => one.service.name);

test('a match is undecided as long as its service has not been redeployed ahead of the plan', () => {
  const matches = match(fleet([named('a'), named('b')]), [asSubject(change())], 'ignore');
  const left = stillUndecided(matches, { results: done(named('a')), started: [] });
  expect(left.map((one) => one.service.name)).toEqual(['b']);
});

describe('a plan', () => {
  test('shows an early redeploy as done, whatever else it would decide about the same service', () => {
    const ahead = [...done(named('a')), ...done(named('b'))];
    const { plan, early } = withEarly(planOf([named('a'), named('b', rolling('ecs-svc/2')), named('c')]), {
      results: ahead,
      started: [],
    });
    expect(early).toEqual(ahead);
    expect(names(plan.redeploys)).toEqual(['c']);
    expect(names(plan.others)).toEqual([]);
  });

  test('shows a service as redeployed while the deployment rolls out that an earlier invocation started', () => {
    const { plan, early } = withEarly(
      planOf([named('a', rolling('ecs-svc/2')), named('b', rolling('ecs-svc/3'))]),
      {
        results: [],
        started: [started('a', 'ecs-svc/2'), started('b', 'ecs-svc/2')],
      },
    );
    expect(early).toMatchObject([
      {
        planned: { service: { name: 'a' }, decision: { action: 'redeploy', reason: null } },
        decision: { action: 'redeploy', reason: null, service: named('a').arn, changeIds: ['change-1'] },
        outcome: {
          service: named('a').arn,
          result: 'accepted',
          deploymentId: 'ecs-svc/2',
          acceptedAt: AFTER,
        },
      },
    ]);
    expect(names(plan.others)).toEqual(['b']);
  });

  test.each<[string, ServiceDifference]>([
    ['is no longer PRIMARY', { deployments: [deployment()] }],
    ['has vanished', { deployments: [] }],
  ])('stays as it is if the deployment that an earlier invocation started %s', (_, different) => {
    const before = planOf([named('a', different)]);
    expect(withEarly(before, { results: [], started: [started('a', 'ecs-svc/2')] })).toEqual({
      plan: before,
      early: [],
    });
  });
});

describe('a read that goes on in the next invocation takes along', () => {
  const ahead = [...done(named('a')), ...done(named('b'), { result: 'gone' })];

  test('the redeploys that ECS accepted', () => {
    expect(startedEarlyFor(new Set(['change-1']), ahead)).toEqual([started('a', 'ecs-svc/2')]);
  });

  test('only the redeploys that its own changes demanded', () => {
    expect(startedEarlyFor(new Set(['change-2']), ahead)).toEqual([]);
    expect(ahead.map((one) => concerns(one, new Set(['change-1', 'change-2'])))).toEqual([true, true]);
    expect(ahead.map((one) => concerns(one, new Set(['change-2'])))).toEqual([false, false]);
  });
});
