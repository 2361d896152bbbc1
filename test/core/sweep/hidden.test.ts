import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import type { Change } from '../../../functions/core/model/change.ts';
import { makePlan } from '../../../functions/core/plan/plan.ts';
import { changesHeard, changesNamed, isFreshByHearsay } from '../../../functions/core/sweep/hidden.ts';
import { referencedBy } from '../../../functions/core/sweep/referenced.ts';
import { sweepPolicy, sweptIn } from '../../../functions/core/sweep/sweep.ts';
import {
  AFTER,
  asSubject,
  BEFORE,
  CHANGED_AT,
  change,
  deployment,
  fleet,
  NOW,
  PARAMETER,
  POLICY,
  SECRET,
  service,
} from '../../support/build.ts';

const OTHER = SECRET.replace('prod/db', 'prod/other');
const HEARD = { arn: SECRET, label: 'AWSCURRENT', versionId: 'v2', at: CHANGED_AT };

test('what was heard of a secret is a change of this sweep that nothing confirms, with the label and the version that it names', () => {
  const told = {
    changeId: `sweep-1:${SECRET}`,
    kind: 'secret',
    arn: SECRET,
    changedAt: CHANGED_AT,
    source: 'sweep',
    optedOut: false,
    confirmed: false,
  };
  expect(changesHeard([HEARD, { arn: SECRET, at: CHANGED_AT }], 'sweep-1')).toStrictEqual([
    { ...told, label: 'AWSCURRENT', versionId: 'v2' },
    told,
  ]);
});

test('what was heard is named by each reference to its secret, and by no other one', () => {
  const world = fleet([service()], { 'api:1': [SECRET, `${SECRET.slice(0, -7)}::blue:`, OTHER] });
  const changes = changesHeard([HEARD, { ...HEARD, label: 'blue' }], 'sweep-1');
  const named = changesNamed(changes, referencedBy(world).secrets, world);
  expect([...named].map(([{ target }, found]) => [target.id, found])).toEqual([
    [SECRET, changes],
    [SECRET.slice(0, -7), changes],
  ]);
});

describe('a service is fresh by hearsay', () => {
  const hearsay = change({ confirmed: false });
  const seen = change({ changeId: 'change-2', kind: 'parameter', arn: PARAMETER });

  const isHearsay = (changes: readonly Change[], createdAt = AFTER) => {
    const world = fleet([service({ deployments: [deployment({ createdAt })] })], {
      'api:1': [SECRET, PARAMETER],
    });
    const subjects = changes.map(asSubject);
    const plan = makePlan({
      fleet: world,
      subjects,
      matches: match(world, subjects, 'ignore'),
      evidence: new Map(),
      policy: sweepPolicy(POLICY),
      earlier: { failed: new Map(), unseen: new Set(), overdue: new Set<string>() },
      now: NOW,
    });
    const swept = sweptIn(plan);
    expect(swept).toHaveLength(1);
    return swept.map(isFreshByHearsay)[0];
  };

  test('if an event alone told of each of its changes', () => {
    expect(isHearsay([hearsay])).toBe(true);
    expect(isHearsay([hearsay, { ...hearsay, changeId: 'change-3' }])).toBe(true);
  });

  test.each<[string, readonly Change[], number?]>([
    ['AWS confirms the change', [change()]],
    ['AWS confirms one of its changes', [hearsay, seen]],
    ['it is not fresh', [hearsay], BEFORE],
  ])('not if %s', (_, changes, createdAt) => {
    expect(isHearsay(changes, createdAt)).toBe(false);
  });
});
