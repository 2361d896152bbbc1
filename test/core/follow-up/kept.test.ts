import { describe, expect, test } from 'vitest';
import type { OpenService } from '../../../functions/core/follow-up/follow-up.ts';
import { kept } from '../../../functions/core/follow-up/kept.ts';
import type { Look } from '../../../functions/core/follow-up/look.ts';
import { type Decision, redeploy, type Verdict, wait } from '../../../functions/core/model/decision.ts';
import type { Rollout } from '../../../functions/core/model/rollout.ts';
import { CHANGED_AT, NOW, service } from '../../support/build.ts';

const EARLIER = NOW - 61_000;
const iso = (instant: number) => new Date(instant).toISOString();
const api = service({ tags: new Map([['wave', '2']]), running: 1 });
const OPEN: OpenService = {
  cluster: api.cluster.arn,
  name: 'api',
  deploymentId: 'ecs-svc/2',
  ours: true,
  lastLogged: 'wait rolling-out',
};
const FAILING: Rollout = { state: 'tasks-failing', failures: 3 };
const accepted = {
  service: api.arn,
  result: 'accepted',
  deploymentId: 'ecs-svc/3',
  acceptedAt: NOW,
} as const;

/** A look at a service that waits for a rollout in this state. */
function look(
  rollout: Rollout | undefined,
  different: Partial<Look> & { readonly together?: Verdict } = {},
): Look {
  const { own = wait('rolling-out', undefined, rollout), together = own, ...rest } = different;
  const { action, reason } = together;
  const decision = {
    action,
    reason,
    service: api.arn,
    cluster: 'main',
    changeIds: ['change-1'],
    wave: 2,
    references: [],
  } as Decision;
  return {
    changeId: 'change-1',
    planned: { decision, service: api, verdicts: [], evidence: {} },
    own,
    decision,
    outcome: undefined,
    before: OPEN,
    changedAt: CHANGED_AT,
    now: NOW,
    ...rest,
  };
}

const keptAs = (one: Look, deploymentId: string | null = 'ecs-svc/2', reason = 'rolling-out') => {
  const { next, ...rest } = kept(one, reason, deploymentId);
  if (next.kind !== 'open') throw new Error('expected the service to stay open');
  return { ...rest, next };
};

describe('a service that waits for a rollout in a lasting state', () => {
  const rollout = { state: 'tasks-failing', since: NOW, alarmed: true } as const;

  test('keeps the state, rings the alarm and is recorded with it', () => {
    const { next, transition } = keptAs(look(FAILING));
    expect(next.open).toEqual({ ...OPEN, lastLogged: 'wait rolling-out tasks-failing', rollout });
    expect(next.alarms).toBe(true);
    expect(next.waiting).toEqual({
      service: api.arn,
      cluster: 'main',
      reason: 'rolling-out',
      state: 'tasks-failing',
      since: iso(NOW),
    });
    expect(transition).toMatchObject({
      deployment: { state: 'tasks-failing', since: iso(NOW), failures: 3 },
      tasks: { running: 1, before: 2 },
      failing: api,
    });
  });

  test('rings the alarm once, and the state lasts since it was seen first', () => {
    const seen = (alarmed: boolean) => ({ ...OPEN, rollout: { ...rollout, since: EARLIER, alarmed } });
    const rang = (before: OpenService) => keptAs(look(FAILING, { before })).next;
    expect(rang(seen(false)).alarms).toBe(true);
    expect(rang(seen(true)).alarms).toBe(false);
    expect(rang(seen(true)).open.rollout).toEqual({ ...rollout, since: EARLIER });
    expect(rang(seen(true)).waiting.since).toBe(iso(EARLIER));
  });

  test('begins anew with another deployment, and so does the number of tasks before', () => {
    const before = { ...OPEN, ranBefore: 0, rollout: { ...rollout, since: EARLIER } };
    const one = look({ state: 'baking' }, { before });
    expect(keptAs(one, 'ecs-svc/2').next.open).toMatchObject({ ranBefore: 0, ours: true });
    const other = keptAs(one, 'ecs-svc/9').next.open;
    expect(other).not.toHaveProperty('ranBefore');
    expect(other).toMatchObject({ ours: false, rollout: { since: NOW } });
    const same = { ...before, rollout: { state: 'baking', since: EARLIER, alarmed: false } as const };
    expect(keptAs(look({ state: 'baking' }, { before: same })).next.open.rollout?.since).toBe(EARLIER);
    expect(keptAs(look({ state: 'baking' }, { before: same }), 'x').next.open.rollout?.since).toBe(NOW);
  });

  test.each<[string, Look]>([
    ['the decision is another one', look(FAILING, { together: wait('earlier-wave') })],
    ['it is redeployed', look(FAILING, { outcome: accepted })],
    ['its rollout just goes on', look({ state: 'progressing' })],
    ['nothing is known of its rollout', look(undefined)],
  ])('has no such state if %s', (_, one) => {
    const { next, transition } = keptAs(one);
    expect(next.open).not.toHaveProperty('rollout');
    expect(next.alarms).toBe(false);
    expect(next.waiting).toEqual({ service: api.arn, cluster: 'main', reason: 'rolling-out' });
    for (const name of ['deployment', 'tasks', 'failing']) expect(transition ?? {}).not.toHaveProperty(name);
  });

  test('is recorded without the tasks unless they fail', () => {
    const { transition } = keptAs(look({ state: 'baking' }));
    expect(transition).toMatchObject({ deployment: { state: 'baking' } });
    for (const name of ['after', 'tasks', 'failing']) expect(transition).not.toHaveProperty(name);
  });
});

describe('a service that goes on waiting', () => {
  test('is recorded with the state that has ended', () => {
    const rollout = { state: 'baking', since: EARLIER, alarmed: false } as const;
    const before = { ...OPEN, lastLogged: 'wait rolling-out baking', rollout };
    const one = look(undefined, { own: wait('cooldown', NOW + 5), before });
    expect(keptAs(one, 'ecs-svc/2', 'cooldown')).toMatchObject({
      transition: { reason: 'cooldown', after: { state: 'baking', seconds: 61 } },
      next: { until: NOW + 5 },
    });
  });

  test('is not recorded if it waits for the same, at the first look, or with the outcome of a call', () => {
    expect(keptAs(look(undefined))).not.toHaveProperty('transition');
    expect(keptAs(look(FAILING, { before: undefined }))).not.toHaveProperty('transition');
    expect(keptAs(look(FAILING, { outcome: accepted }))).not.toHaveProperty('transition');
  });

  test('holds its wave only if it waits for an earlier one', () => {
    expect(keptAs(look(undefined, { own: wait('earlier-wave') }), null, 'earlier-wave').heldWave).toBe(2);
    expect(keptAs(look(undefined))).not.toHaveProperty('heldWave');
  });

  test('is due at once if there was no time for it', () => {
    expect(keptAs(look(undefined, { own: redeploy }), null, 'out-of-time').next.until).toBe(0);
    expect(keptAs(look(undefined)).next).not.toHaveProperty('until');
  });

  test('notes how many tasks ran before its redeploy', () => {
    expect(keptAs(look(undefined, { own: redeploy, outcome: accepted }), 'ecs-svc/3').next.open).toEqual({
      ...OPEN,
      deploymentId: 'ecs-svc/3',
      ranBefore: 1,
    });
  });
});
