import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import type { Change } from '../../../functions/core/model/change.ts';
import type { Evidence } from '../../../functions/core/plan/evidence.ts';
import type { Policy } from '../../../functions/core/plan/policy.ts';
import { candidateOf, RULES, type Rule } from '../../../functions/core/plan/rules.ts';
import { factFor } from '../../../functions/core/report/facts.ts';
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

type Given = {
  readonly service?: ServiceDifference;
  readonly change?: Partial<Change>;
  readonly evidence?: Evidence;
  readonly policy?: Partial<Policy>;
};

function factOf(reason: Rule['reasons'][number], given: Given = {}): string {
  const rule = RULES.find(({ reasons: [first] }) => first === reason);
  const changed = change(given.change);
  const [found] = match(fleet([service(given.service)]), [asSubject(changed)], 'ignore');
  if (rule === undefined || found === undefined) throw new Error(`no rule or no match for ${reason}`);
  const { evidence = {}, policy = {} } = given;
  return factFor(rule, candidateOf(found, changed, evidence, { ...POLICY, ...policy }, NOW));
}

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
