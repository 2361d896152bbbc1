import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import { about } from '../../../functions/core/model/change.ts';
import { redeploy } from '../../../functions/core/model/decision.ts';
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
  PARAMETER,
  POLICY,
  SECRET,
  type ServiceDifference,
  service,
} from '../../support/build.ts';

const NOTHING_EARLY = { results: [], started: [] };

function planOf(services: readonly Service[]) {
  const world = fleet(services);
  const matches = match(world, [asSubject(change())], POLICY.pull);
  const earlier = {
    failed: new Map<string, number>(),
    unseen: new Set<string>(),
    overdue: new Set<string>(),
  };
  const basis = {
    fleet: world,
    subjects: [asSubject(change())],
    matches,
    evidence: new Map(),
    policy: POLICY,
    earlier,
  };
  return { matches, plan: makePlan({ ...basis, now: NOW }) };
}

/** The service `api` after a redeploy, with its new deployment in the given state. */
const redeployed = (different: Parameters<typeof deployment>[0] = {}) =>
  service({ deployments: [deployment({ id: 'ecs-svc/2', createdAt: AFTER, ...different })] });
const started = (deploymentId: string) => [{ cluster: service().cluster.arn, name: 'api', deploymentId }];

describe('a service that was redeployed before the plan was made', () => {
  const [planned] = planOf([service()]).plan.redeploys;
  if (planned === undefined)
    throw new Error('expected the plan to redeploy the stale service, found no redeploy');
  const outcome = {
    service: planned.service.arn,
    result: 'accepted',
    deploymentId: 'ecs-svc/2',
    acceptedAt: AFTER,
  } as const;
  const ahead = [{ planned, decision: planned.decision, outcome }];

  test('stands in the plan as it was decided, whatever state it is in since then', () => {
    const { plan } = planOf([redeployed({ rolloutState: 'IN_PROGRESS' }), service({ name: 'web' })]);
    const whole = withEarly(plan, { results: ahead, started: [] });
    expect(whole.early).toEqual(ahead);
    expect(whole.plan.redeploys.map(({ service: { name } }) => name)).toEqual(['web']);
    expect(whole.plan.others).toEqual([]);
  });

  test('stands as it was decided, too, where the plan says nothing new of it', () => {
    const { plan } = planOf([redeployed({ rolloutState: 'IN_PROGRESS' })]);
    const later = {
      ...plan,
      others: plan.others.map((one) => ({ ...one, evidence: { unreadable: 'late' } })),
    };
    for (const one of [later, planOf([service({ name: 'web' })]).plan])
      expect(withEarly(one, { results: ahead, started: [] }).early[0]).toBe(ahead[0]);
  });

  test('is followed for the other changes of the plan that wait for it, too', () => {
    const [beside] = planOf([redeployed({ rolloutState: 'IN_PROGRESS' })]).plan.others;
    if (beside === undefined) throw new Error('expected the plan to wait for the new deployment');
    const verdicts = beside.verdicts.map(({ match: one, verdict }) => ({
      match: { ...one, subject: asSubject(change({ changeId: 'change-2' })) },
      verdict,
    }));
    const plan = { redeploys: [], others: [{ ...beside, verdicts }], unmatched: [] };
    const [joined] = withEarly(plan, { results: ahead, started: [] }).early;
    expect(
      joined?.planned.verdicts.map(({ match: { subject }, verdict }) => [about(subject).changeId, verdict]),
    ).toEqual([
      ['change-1', redeploy],
      ['change-2', redeploy],
    ]);
  });

  test('keeps what it knew when it was redeployed, and is followed for no change that it knew', () => {
    const [beside] = planOf([redeployed({ rolloutState: 'IN_PROGRESS' })]).plan.others;
    if (beside === undefined) throw new Error('expected the plan to wait for the new deployment');
    const tasks = [{ createdAt: AFTER }];
    const second = beside.verdicts.map(({ match: one, verdict }) => ({
      match: { ...one, subject: asSubject(change({ changeId: 'change-2' })) },
      verdict,
    }));
    const plan = {
      redeploys: [],
      others: [
        { ...beside, verdicts: [...beside.verdicts, ...second], evidence: { unreadable: 'late', tasks } },
      ],
      unmatched: [],
    };
    const known = ahead.map((one) => ({
      ...one,
      planned: { ...planned, evidence: { unreadable: 'early' } },
    }));
    const [joined] = withEarly(plan, { results: known, started: [] }).early;
    expect(joined?.planned.evidence).toEqual({ unreadable: 'early', tasks });
    expect(joined?.planned.verdicts).toHaveLength(2);
    const refused = known.map((one) => ({
      ...one,
      outcome: { service: planned.service.arn, result: 'denied' } as unknown as Outcome,
    }));
    const [asBefore] = withEarly(plan, { results: refused, started: [] }).early;
    expect(asBefore?.planned.verdicts.map(({ verdict }) => verdict.action)).toEqual(['redeploy', 'wait']);
    const untried = known.map(({ planned: before, decision }) => ({ planned: before, decision }));
    const [open] = withEarly(plan, { results: untried, started: [] }).early;
    expect(open?.planned.verdicts.map(({ verdict }) => verdict.action)).toEqual(['redeploy', 'wait']);
  });

  test('needs no further evidence', () => {
    const { matches } = planOf([service(), service({ name: 'web' })]);
    expect(stillUndecided(matches, { results: ahead, started: [] }).map((one) => one.service.name)).toEqual([
      'web',
    ]);
  });

  test('is asked about for a change that follows it, because the redeploy may have been refused', () => {
    const matches = planOf([service()]).matches.map((one) => ({ ...one, following: 'waiting' as const }));
    expect(stillUndecided(matches, { results: ahead, started: [] })).toEqual(matches);
  });

  test('is passed on to the invocation that reads the rest of the fleet, for the changes of that invocation only', () => {
    expect(startedEarlyFor(new Set(['change-1']), ahead)).toEqual(started('ecs-svc/2'));
    expect(startedEarlyFor(new Set(['change-2']), ahead)).toEqual([]);
  });
});

describe('a deployment that an earlier invocation started', () => {
  test.each([
    ['rolls out', { rolloutState: 'IN_PROGRESS' }],
    ['is complete', {}],
  ] as const)('counts as accepted and is followed if it %s', (_, different) => {
    const { matches, plan } = planOf([redeployed(different)]);
    const done = { results: [], started: started('ecs-svc/2') };
    const [result, ...others] = withEarly(plan, done).early;
    expect(others).toEqual([]);
    expect(result).toMatchObject({
      decision: { action: 'redeploy', reason: null },
      outcome: { result: 'accepted', deploymentId: 'ecs-svc/2', acceptedAt: AFTER },
    });
    expect(result?.planned.verdicts.map(({ verdict }) => verdict.action)).toEqual(['redeploy']);
    expect(stillUndecided(matches, done)).toEqual([]);
  });

  test('has no effect on the decision if another deployment has replaced it', () => {
    const { matches, plan } = planOf([redeployed()]);
    const done = { results: [], started: started('ecs-svc/1') };
    expect(withEarly(plan, done)).toEqual({ plan, early: [] });
    expect(stillUndecided(matches, done)).toEqual(matches);
  });
});

test('a plan stays as it is if no service was redeployed before it', () => {
  const { matches, plan } = planOf([service(), redeployed()]);
  expect(withEarly(plan, NOTHING_EARLY)).toEqual({ plan, early: [] });
  expect(stillUndecided(matches, NOTHING_EARLY)).toEqual(matches);
});

const named = (name: string, different: ServiceDifference = {}) => service({ name, ...different });
const rolling = (id: string) => ({
  deployments: [deployment({ id, createdAt: AFTER, rolloutState: 'IN_PROGRESS' }), draining()],
});

const planFor = (services: readonly Service[]): Plan => planOf(services).plan;

function done(one: Service, outcome?: Partial<Outcome>): readonly Result[] {
  return planFor([one]).redeploys.map((planned) => ({
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

const startedAs = (name: string, deploymentId: string) => ({
  cluster: service().cluster.arn,
  name,
  deploymentId,
});
const names = (some: Plan['others']) => some.map((one) => one.service.name);

test('a match is undecided if its service has no deployment any more', () => {
  const matches = match(fleet([named('a', { deployments: [] })]), [asSubject(change())], 'ignore');
  const before = { results: [], started: [startedAs('a', 'ecs-svc/2')] };
  expect(stillUndecided(matches, before)).toEqual(matches);
});

test('a match is undecided as long as its service has not been redeployed ahead of the plan', () => {
  const matches = match(fleet([named('a'), named('b')]), [asSubject(change())], 'ignore');
  const left = stillUndecided(matches, { results: done(named('a')), started: [] });
  expect(left.map((one) => one.service.name)).toEqual(['b']);
});

describe('a plan', () => {
  test('shows an early redeploy as done, whatever else it would decide about the same service', () => {
    const ahead = [...done(named('a')), ...done(named('b'))];
    const { plan, early } = withEarly(planFor([named('a'), named('b', rolling('ecs-svc/2')), named('c')]), {
      results: ahead,
      started: [],
    });
    expect(early).toEqual(ahead);
    expect(names(plan.redeploys)).toEqual(['c']);
    expect(names(plan.others)).toEqual([]);
  });

  test('shows a service as redeployed while the deployment rolls out that an earlier invocation started', () => {
    const { plan, early } = withEarly(
      planFor([named('a', rolling('ecs-svc/2')), named('b', rolling('ecs-svc/3'))]),
      {
        results: [],
        started: [startedAs('a', 'ecs-svc/2'), startedAs('b', 'ecs-svc/2')],
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
    [
      'has failed',
      { deployments: [deployment({ id: 'ecs-svc/2', createdAt: AFTER, rolloutState: 'FAILED' })] },
    ],
    ['has vanished', { deployments: [] }],
  ])('stays as it is if the deployment that an earlier invocation started %s', (_, different) => {
    const before = planFor([named('a', different)]);
    expect(withEarly(before, { results: [], started: [startedAs('a', 'ecs-svc/2')] })).toEqual({
      plan: before,
      early: [],
    });
  });
});

describe('a read that goes on in the next invocation takes along', () => {
  const ahead = [...done(named('a')), ...done(named('b'), { result: 'gone' })];

  test('the redeploys that ECS accepted', () => {
    expect(startedEarlyFor(new Set(['change-1']), ahead)).toEqual([startedAs('a', 'ecs-svc/2')]);
  });

  test('no redeploy that has no outcome yet', () => {
    const begun = ahead.map(({ outcome: _outcome, ...one }) => one);
    expect(startedEarlyFor(new Set(['change-1']), begun)).toEqual([]);
  });

  test('a redeploy that several changes demanded, for each of them', () => {
    const world = fleet([named('a')], { 'api:1': [SECRET, PARAMETER] });
    const changes = [change(), change({ changeId: 'change-2', kind: 'parameter', arn: PARAMETER })];
    const matches = match(world, changes.map(asSubject), 'ignore');
    const verdicts = matches.map((one) => ({ match: one, verdict: redeploy }));
    const both = ahead.slice(0, 1).map((one) => ({ ...one, planned: { ...one.planned, verdicts } }));
    for (const id of ['change-1', 'change-2'])
      expect(startedEarlyFor(new Set([id]), both)).toEqual([startedAs('a', 'ecs-svc/2')]);
  });

  test('only the redeploys that its own changes demanded', () => {
    expect(startedEarlyFor(new Set(['change-2']), ahead)).toEqual([]);
    expect(ahead.map((one) => concerns(one, new Set(['change-1', 'change-2'])))).toEqual([true, true]);
    expect(ahead.map((one) => concerns(one, new Set(['change-2'])))).toEqual([false, false]);
  });
});
