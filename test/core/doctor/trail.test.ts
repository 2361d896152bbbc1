import { describe, expect, test } from 'vitest';
import type { PlannedRule } from '../../../functions/core/doctor/blueprint.ts';
import type { Answer, TrailFact } from '../../../functions/core/doctor/facts.ts';
import { checkTrail, trailRules } from '../../../functions/core/doctor/trail.ts';
import { GONE, NOT_KNOWN, shown, type Told, told, UNANSWERED } from './told.ts';

const rule = (different: Partial<PlannedRule>): PlannedRule => ({
  id: 'one',
  name: 'one',
  bus: undefined,
  arn: 'arn:aws:events:eu-west-1:111122223333:rule/one',
  isEnabled: true,
  pattern: { 'detail-type': ['AWS API Call via CloudTrail'] },
  targets: [],
  ...different,
});

test('only the enabled rules of this account that wait for CloudTrail need a trail of this account', () => {
  const rules = [
    rule({ id: 'waits' }),
    rule({ id: 'is off', isEnabled: false }),
    rule({ id: 'gets them from another account', bus: 'trusted' }),
    rule({ id: 'waits for something else', pattern: { source: ['aws.ssm'] } }),
  ];
  expect(trailRules({ rules }).map(({ id }) => id)).toEqual(['waits']);
});

const [yes, no] = [shown(true), shown(false)];
const trail = (name: string, isLogging: Answer<boolean>, records: Answer<boolean>): TrailFact => ({
  name,
  isLogging,
  records,
});
const LOST = 'deletions and failed rotations are not told';
const NONE: Told = [
  'warning',
  'no-trail',
  `no trail of CloudTrail reaches this Region: ${LOST}`,
  'create one with management events, or deploy with cloudTrailRules=DISABLED',
];
const off = (why: string): Told => [
  'warning',
  'trail-off',
  `${why}: ${LOST}`,
  'start its logging (aws cloudtrail start-logging), or let it record management events',
];

describe('of the trails it is said', () => {
  test.each<[string, Answer<readonly TrailFact[]> | undefined, Told]>([
    ['that none is needed', undefined, ['ok', 'ok', 'none is needed: the rules of CloudTrail are off', '']],
    ['that there is none', shown([]), NONE],
    ['that there is none any more', GONE, NONE],
    ['that they are not shown', UNANSWERED, NOT_KNOWN],
    [
      'that one of them works',
      shown([trail('a', no, yes), trail('b', yes, yes), trail('c', UNANSWERED, yes)]),
      ['ok', 'ok', 'b records management events', ''],
    ],
    [
      'why each of them does not work',
      shown([trail('a', no, yes), trail('b', yes, no), trail('c', GONE, yes), trail('d', yes, GONE)]),
      off(
        'a does not log, b records no management events that write, c does not log, d records no management events that write',
      ),
    ],
    [
      'that one of them may work, if it logs',
      shown([trail('a', no, yes), trail('b', UNANSWERED, yes)]),
      NOT_KNOWN,
    ],
    ['that one of them may work, if it records', shown([trail('a', yes, UNANSWERED)]), NOT_KNOWN],
    [
      'that one does not log, whatever it records',
      shown([trail('a', no, UNANSWERED)]),
      off('a does not log'),
    ],
    [
      'that one records nothing, whether it logs or not',
      shown([trail('a', UNANSWERED, no)]),
      off('a records no management events that write'),
    ],
  ])('%s', (_, answer, wanted) => {
    const checks = checkTrail(answer);
    expect(told(checks)).toEqual([wanted]);
    expect(checks[0]?.check).toBe('trail');
  });
});
