import { describe, expect, test } from 'vitest';
import { match } from '../../functions/core/match/match.ts';
import type { Service } from '../../functions/core/model/fleet.ts';
import { startedEarlyFor, stillUndecided, withEarly } from '../../functions/core/plan/early.ts';
import { makePlan } from '../../functions/core/plan/plan.ts';
import { AFTER, asSubject, change, deployment, fleet, NOW, POLICY, service } from '../build.ts';

const NOBODY = { results: [], started: [] };

function planOf(services: readonly Service[]) {
  const world = fleet(services);
  const matches = match(world, [asSubject(change())], POLICY.pull);
  const earlier = { failed: new Map<string, number>(), unseen: new Set<string>() };
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

/** `api`, redeployed: this is its new deployment, as far as it has come. */
const redeployed = (different: Parameters<typeof deployment>[0] = {}) =>
  service({ deployments: [deployment({ id: 'ecs-svc/2', createdAt: AFTER, ...different })] });
const started = (deploymentId: string) => [{ cluster: service().cluster.arn, name: 'api', deploymentId }];

describe('what was redeployed ahead of the plan', () => {
  const [planned] = planOf([service()]).plan.redeploys;
  if (planned === undefined) throw new Error('the stale service is to be redeployed');
  const outcome = {
    service: planned.service.arn,
    result: 'accepted',
    deploymentId: 'ecs-svc/2',
    acceptedAt: AFTER,
  } as const;
  const ahead = [{ planned, decision: planned.decision, outcome }];

  test('stands in the plan as it was decided, whatever the service looks like since', () => {
    const { plan } = planOf([redeployed({ rolloutState: 'IN_PROGRESS' }), service({ name: 'web' })]);
    const whole = withEarly(plan, { results: ahead, started: [] });
    expect(whole.early).toEqual(ahead);
    expect(whole.plan.redeploys.map(({ service: { name } }) => name)).toEqual(['web']);
    expect(whole.plan.others).toEqual([]);
  });

  test('needs no further evidence', () => {
    const { matches } = planOf([service(), service({ name: 'web' })]);
    expect(stillUndecided(matches, { results: ahead, started: [] }).map((one) => one.service.name)).toEqual([
      'web',
    ]);
  });

  test('is handed on to whoever reads the rest of the fleet, for its own changes', () => {
    expect(startedEarlyFor(new Set(['change-1']), ahead)).toEqual(started('ecs-svc/2'));
    expect(startedEarlyFor(new Set(['change-2']), ahead)).toEqual([]);
  });
});

describe('what an earlier invocation has started', () => {
  test.each([
    ['rolls out', { rolloutState: 'IN_PROGRESS' }],
    ['is complete', {}],
  ] as const)('and %s counts as accepted, and is followed', (_, different) => {
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

  test('and somebody has replaced is decided upon as it is now', () => {
    const { matches, plan } = planOf([redeployed()]);
    const done = { results: [], started: started('ecs-svc/1') };
    expect(withEarly(plan, done)).toEqual({ plan, early: [] });
    expect(stillUndecided(matches, done)).toEqual(matches);
  });
});

test('where nothing was done ahead the plan stays as it is', () => {
  const { matches, plan } = planOf([service(), redeployed()]);
  expect(withEarly(plan, NOBODY)).toEqual({ plan, early: [] });
  expect(stillUndecided(matches, NOBODY)).toEqual(matches);
});
