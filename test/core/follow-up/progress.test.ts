import { describe, expect, test } from 'vitest';
import { begin, type FollowUp, matchAgain } from '../../../functions/core/follow-up/follow-up.ts';
import { progressOf } from '../../../functions/core/follow-up/progress.ts';
import type { Outcome } from '../../../functions/core/model/outcome.ts';
import type { Evidence } from '../../../functions/core/plan/evidence.ts';
import { makePlan } from '../../../functions/core/plan/plan.ts';
import {
  AFTER,
  change,
  deployment,
  fleet,
  NOW,
  PARAMETER,
  POLICY,
  SECRET,
  type ServiceDifference,
  service,
} from '../../support/build.ts';

const NONE_SEEN = { described: new Set<never>(), refused: new Set<never>() };
const OURS = {
  cluster: service().cluster.arn,
  name: 'api',
  deploymentId: 'ecs-svc/2',
  ours: true,
  lastLogged: 'wait rolling-out',
};
const followUp = (different: Partial<FollowUp> = {}): FollowUp => ({
  ...begin('change-1', [change()], NOW),
  hop: 1,
  open: [OURS],
  ...different,
});

/** The progress of a change after a look at one service. Another change may have redeployed it in the same look. */
function look(
  before: FollowUp,
  different: ServiceDifference,
  given: { evidence?: Evidence; outcome?: Outcome; beside?: FollowUp } = {},
) {
  const world = fleet([service(different)], { 'api:1': [SECRET, PARAMETER] });
  const matches = [before, ...(given.beside === undefined ? [] : [given.beside])].flatMap((one) =>
    matchAgain(one, world, 'ignore'),
  );
  const evidence = new Map([[service().key, given.evidence ?? {}]]);
  const plan = makePlan({
    fleet: world,
    subjects: [],
    matches,
    evidence,
    policy: { ...POLICY, cooldownMs: 0 },
    earlier: { failed: new Map(), unseen: new Set(), overdue: new Set<string>() },
    now: NOW,
  });
  const results = [...plan.redeploys, ...plan.others].map((planned) => ({
    planned,
    decision: planned.decision,
    ...(given.outcome && { outcome: given.outcome }),
  }));
  return progressOf(before, results, { ...NONE_SEEN, described: new Set([service().key]) }, NOW);
}

const young = (different: Parameters<typeof deployment>[0] = {}) =>
  deployment({ id: 'ecs-svc/2', createdAt: AFTER, ...different });
const rolledBack: Evidence = { serviceDeployments: [{ createdAt: AFTER, status: 'ROLLBACK_SUCCESSFUL' }] };
const accepted: Outcome = {
  service: service().arn,
  result: 'accepted',
  deploymentId: 'ecs-svc/3',
  acceptedAt: NOW,
};

describe('a followed service', () => {
  test('that still rolls out stays open, and nothing new is recorded', () => {
    const standing = look(followUp(), { deployments: [young({ rolloutState: 'IN_PROGRESS' })] });
    expect(standing).toMatchObject({ followUp: { open: [OURS], hop: 2 }, closed: [], transitions: [] });
  });

  test('whose deployment is complete is fresh', () => {
    const standing = look(followUp(), { deployments: [young()] });
    expect(standing).toMatchObject({
      followUp: { open: [], tally: { fresh: 1 } },
      closed: [{ how: 'fresh', wasOpen: true }],
    });
  });

  test('that was rolled back has failed and stops the later waves', () => {
    const standing = look(followUp(), {}, { evidence: rolledBack });
    expect(standing).toMatchObject({
      followUp: { open: [], failedWave: 0 },
      closed: [{ how: 'failed', decision: { reason: 'rollout-failed' } }],
    });
  });

  test('that was rolled back has failed for this change, even if another change redeploys it in the same look', () => {
    const beside: FollowUp = {
      ...begin(
        'change-2',
        [change({ changeId: 'change-2', kind: 'parameter', arn: PARAMETER, changedAt: AFTER + 1 })],
        NOW,
      ),
      hop: 1,
      open: [{ ...OURS, deploymentId: null, lastLogged: 'wait cooldown' }],
    };
    const standing = look(followUp(), {}, { evidence: rolledBack, outcome: accepted, beside });
    expect(standing).toMatchObject({
      followUp: { open: [], tally: { failed: 1, redeployed: 0 } },
      closed: [{ how: 'failed', decision: { action: 'skip', reason: 'rollout-failed' } }],
    });
  });

  test('that is redeployed is followed by the deployment that we started', () => {
    const waiting = followUp({
      open: [{ ...OURS, deploymentId: null, ours: false, lastLogged: 'wait cooldown' }],
    });
    const standing = look(waiting, {}, { outcome: accepted });
    expect(standing.followUp.open).toEqual([{ ...OURS, deploymentId: 'ecs-svc/3' }]);
    expect(standing.followUp.tally.redeployed).toBe(1);
  });

  test('that rolls out for this change is followed, even if it waits to be redeployed for another change', () => {
    const rolling = { deployments: [young({ rolloutState: 'IN_PROGRESS' })], strategy: 'CANARY' } as const;
    const waiting = followUp({ open: [{ ...OURS, deploymentId: null, ours: false }] });
    const later = change({ changeId: 'change-2', kind: 'parameter', arn: PARAMETER, changedAt: AFTER + 1 });
    const beside: FollowUp = { ...begin('change-2', [later], NOW), hop: 1, open: waiting.open };
    const idsAfter = (one: FollowUp, other: FollowUp) =>
      look(one, rolling, { beside: other }).followUp.open.map(({ deploymentId }) => deploymentId);
    expect(idsAfter(waiting, beside)).toEqual(['ecs-svc/2']);
    expect(idsAfter(beside, waiting)).toEqual([null]);
  });

  test('that no longer exists is closed, and one that ECS refuses to describe stays open', () => {
    const before = followUp();
    expect(progressOf(before, [], NONE_SEEN, NOW)).toMatchObject({
      closed: [{ how: 'skipped' }],
      waiting: [],
    });
    const refused = progressOf(before, [], { ...NONE_SEEN, refused: new Set([service().key]) }, NOW);
    expect(refused).toMatchObject({
      closed: [],
      followUp: { open: [OURS] },
      waiting: [{ reason: 'unreadable' }],
    });
  });

  test('does not count for a follow-up that does not wait for it', () => {
    const elsewhere = followUp({ open: [{ ...OURS, name: 'web' }] });
    const standing = look(
      followUp(),
      { deployments: [young()] },
      { beside: { ...elsewhere, changeId: 'change-9' } },
    );
    expect(standing.closed).toHaveLength(1);
    expect(look(elsewhere, { deployments: [young()] }).followUp.tally.fresh).toBe(0);
  });
});
