import { describe, expect, test } from 'vitest';
import { possibleMatches } from '../../../functions/core/match/match.ts';
import type { Change } from '../../../functions/core/model/change.ts';
import type { Evidence } from '../../../functions/core/plan/evidence.ts';
import type { Policy } from '../../../functions/core/plan/policy.ts';
import { candidateOf, RULES, type Rule } from '../../../functions/core/plan/rules.ts';
import { factFor } from '../../../functions/core/report/facts.ts';
import {
  AFTER,
  asSubject,
  CHANGED_AT,
  change,
  deployment,
  draining,
  fleet,
  NOW,
  POLICY,
  revisionArn,
  SECRET,
  type ServiceDifference,
  service,
} from '../../support/build.ts';

type Given = {
  readonly service?: ServiceDifference;
  /** Those of its revision; none: the revision cannot be read. */
  readonly references?: readonly string[] | 'none';
  readonly change?: Partial<Change>;
  readonly withoutLabel?: true;
  readonly evidence?: Evidence;
  readonly policy?: Partial<Policy>;
};

const ROLLBACK = { createdAt: AFTER, status: 'ROLLBACK_IN_PROGRESS' };
const DEPLOYING = { createdAt: AFTER, status: 'IN_PROGRESS' };

function factOf(reason: Rule['reasons'][number], given: Given = {}): string {
  const rule = RULES.find(({ reasons: [first] }) => first === reason);
  const { label, ...whole } = change(given.change);
  const changed = given.withoutLabel || label === undefined ? whole : { ...whole, label };
  const { references = [SECRET] } = given;
  const world = fleet([service(given.service)], { 'api:1': references === 'none' ? [] : references });
  const unread = new Map([[revisionArn(), { kind: 'unreadable', why: 'no' } as const]]);
  const read = references === 'none' ? { ...world, revisions: unread } : world;
  const [found] = possibleMatches(read, [asSubject(changed)], 'ignore');
  if (rule === undefined || found === undefined) throw new Error(`no rule or no match for ${reason}`);
  const { evidence = {}, policy = {} } = given;
  return factFor(rule, candidateOf(found, changed, evidence, { ...POLICY, ...policy }, NOW));
}

describe('the fact that a rule looked at is, word for word,', () => {
  test.each<[Rule['reasons'][number], Given, string]>([
    ['opted-out', {}, 'no tag secret-redeploy:enabled; select is all'],
    [
      'opted-out',
      {
        change: { optedOut: true },
        service: {
          tags: new Map([['enabled', 'true']]),
          cluster: { ...service().cluster, tags: new Map([['enabled', 'false']]) },
        },
        policy: { select: 'tagged' },
      },
      'secret-redeploy:enabled=true on the service, secret-redeploy:enabled=false on the cluster, secret-redeploy:enabled on the secret; select is tagged',
    ],
    ['secret-gone', {}, 'it exists'],
    ['secret-gone', { change: { gone: 'full-arn' } }, 'it is gone'],
    ['unreadable', {}, 'AWS has shown everything'],
    ['unreadable', { references: 'none' }, 'a revision of the service could not be read'],
    ['unreadable', { change: { unsure: true } }, 'AWS did not say whether the change still stands'],
    [
      'unreadable',
      { change: { behind: true } },
      'the replica of the secret here has not received the version yet',
    ],
    ['label-not-moved', {}, 'AWSCURRENT moved; references: secrets moves'],
    ['label-not-moved', { withoutLabel: true }, 'the value changed; references: secrets moves'],
    [
      'label-not-moved',
      { references: [`${SECRET}::BLUE:`, SECRET] },
      'AWSCURRENT moved; references: secrets other-label, secrets moves',
    ],
    ['label-not-moved', { change: { kind: 'service', arn: service().arn } }, 'the service itself is named'],
    ['not-active', { service: { status: 'DRAINING' } }, 'status DRAINING'],
    ['unsupported-controller', { service: { controller: 'EXTERNAL' } }, 'deployment controller EXTERNAL'],
    ['rollout-failed', {}, 'not asked; PRIMARY is COMPLETED with 2 of 2 tasks'],
    [
      'rollout-failed',
      { evidence: { serviceDeployments: [{ createdAt: CHANGED_AT, status: 'SUCCESSFUL' }] } },
      'no deployment since the change; PRIMARY is COMPLETED with 2 of 2 tasks',
    ],
    [
      'rollout-failed',
      {
        evidence: {
          serviceDeployments: [
            { createdAt: AFTER, status: 'SUCCESSFUL' },
            { createdAt: AFTER + 1, status: 'ROLLBACK_SUCCESSFUL' },
          ],
        },
      },
      'the youngest deployment since the change is ROLLBACK_SUCCESSFUL',
    ],
    ['rollout-failed', { service: { deployments: [] } }, 'not asked; no PRIMARY deployment'],
    [
      'rollout-failed',
      { service: { deployments: [deployment({ rolloutState: null, running: 1 })] } },
      'not asked; PRIMARY is in no known state with 1 of 2 tasks',
    ],
    [
      'rolling-out',
      {},
      'no deployment younger than the change is in progress; PRIMARY is COMPLETED with 2 of 2 tasks',
    ],
    [
      'rolling-out',
      {
        service: { deployments: [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' }), draining()] },
      },
      'a deployment younger than the change is in progress: PRIMARY is IN_PROGRESS with 2 of 2 tasks',
    ],
    ['deployment-in-progress', {}, 'strategy ROLLING; nothing is in progress'],
    [
      'deployment-in-progress',
      { evidence: { serviceDeployments: [DEPLOYING] } },
      'strategy ROLLING; a deployment is in progress',
    ],
    [
      'deployment-in-progress',
      { evidence: { serviceDeployments: [ROLLBACK] } },
      'strategy ROLLING; a rollback is in progress',
    ],
    ['possibly-stale', {}, 'the instant of the change is known'],
    [
      'possibly-stale',
      { change: { possiblyUntil: CHANGED_AT + 60_000 } },
      'the value moved between 2026-10-07 01:47:18Z and 2026-10-07 01:48:18Z',
    ],
    ['cooldown', {}, 'PRIMARY was created at 2026-10-07 00:47:18Z; cooldown 60 s'],
    ['cooldown', { service: { deployments: [] } }, 'PRIMARY was created at an unknown time; cooldown 60 s'],
    ['too-often', {}, 'not asked for deployments; 6 an hour are allowed'],
    [
      'too-often',
      { evidence: { serviceDeployments: [DEPLOYING] } },
      '1 deployments are known; 6 an hour are allowed',
    ],
    [
      'already-fresh',
      {},
      'the change was at 2026-10-07 01:47:18Z; PRIMARY was created at 2026-10-07 00:47:18Z, before it',
    ],
    [
      'already-fresh',
      { service: { deployments: [deployment({ createdAt: CHANGED_AT }), draining({ running: 0 })] } },
      'the change was at 2026-10-07 01:47:18Z; PRIMARY was created at 2026-10-07 01:47:18Z, before it',
    ],
    [
      'already-fresh',
      { evidence: { tasks: [AFTER + 1_000, AFTER].map((createdAt) => ({ createdAt })) } },
      'the change was at 2026-10-07 01:47:18Z; PRIMARY was created at 2026-10-07 00:47:18Z, before it; the oldest task at 2026-10-07 01:47:20Z, after it',
    ],
    [
      'already-fresh',
      { service: { deployments: [] } },
      'the change was at 2026-10-07 01:47:18Z; PRIMARY was created at an unknown time, and is not known',
    ],
  ])('%s of %o', (reason, given, fact) => {
    expect(factOf(reason, given)).toBe(fact);
  });
});

describe('the fact that a rule looked at', () => {
  test.each(RULES.map(({ reasons }) => reasons[0]))('is told for %s', (reason) => {
    expect(reason === undefined ? '' : factOf(reason)).not.toBe('');
  });

  test.each<[string, Rule['reasons'][number], Given, string]>([
    [
      'the tag and where it stands',
      'opted-out',
      { service: { tags: new Map([['enabled', 'false']]) } },
      'secret-redeploy:enabled=false on the service; select is all',
    ],
    ['why ECS did not answer', 'unreadable', { evidence: { unreadable: 'no' } }, 'no'],
    [
      'how the references follow the label',
      'label-not-moved',
      { change: { label: 'blue' } },
      'blue moved; references: secrets other-label',
    ],
    ['the counts of tasks', 'no-tasks', { service: { desired: 0 } }, 'desired 0, running 2, pending 0'],
    [
      'the youngest deployment since the change',
      'rollout-failed',
      {
        evidence: {
          serviceDeployments: [
            { createdAt: AFTER, status: 'ROLLBACK_SUCCESSFUL' },
            { createdAt: AFTER - 1, status: 'SUCCESSFUL' },
          ],
        },
      },
      'the youngest deployment since the change is ROLLBACK_SUCCESSFUL',
    ],
    [
      'the ages beside the change',
      'already-fresh',
      { service: { deployments: [deployment({ createdAt: AFTER }), draining()] } },
      'the change was at 2026-10-07 01:47:18Z; PRIMARY was created at 2026-10-07 01:47:20Z, after it; 1 older deployments still have tasks',
    ],
    [
      'the healthy percentages',
      'cannot-replace',
      { service: { maximumPercent: 100 } },
      'desired 2, healthy percent 100 to 100',
    ],
    ['the cooldown', 'cooldown', { policy: { cooldownMs: 90_000 } }, 'cooldown 90 s'],
  ])('is %s', (_, reason, given, fact) => {
    expect(factOf(reason, given)).toContain(fact);
  });
});
