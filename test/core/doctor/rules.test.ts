import { describe, expect, test } from 'vitest';
import type { PlannedRule } from '../../../functions/core/doctor/blueprint.ts';
import type { Answer, RuleFact, TargetFact } from '../../../functions/core/doctor/facts.ts';
import { checkRule } from '../../../functions/core/doctor/rules.ts';
import { GONE, NOT_KNOWN, RESTORE, shown, type Told, told, UNANSWERED } from './told.ts';

const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:changes';
const DEAD = 'arn:aws:sqs:eu-west-1:111122223333:dead';
const OTHER = 'arn:aws:sqs:eu-west-1:111122223333:other';

const planned = (different: Partial<PlannedRule> = {}): PlannedRule => ({
  id: 'ChangedRule',
  name: 'esr-changed',
  bus: undefined,
  arn: 'arn:aws:events:eu-west-1:111122223333:rule/esr-changed',
  isEnabled: true,
  pattern: { source: ['aws.ssm', 'aws.x'], detail: { operation: ['Update', { exists: true }] }, count: null },
  targets: [{ arn: QUEUE, deadLetters: DEAD }],
  ...different,
});
const rule = (different: Partial<RuleFact> = {}): RuleFact => ({
  name: 'esr-changed',
  state: 'ENABLED',
  pattern: JSON.stringify(planned().pattern),
  ...different,
});
const target = (different: Partial<TargetFact> = {}): TargetFact => ({
  arn: QUEUE,
  deadLetters: DEAD,
  changesEvents: false,
  ...different,
});
type Situation = {
  readonly plan?: Partial<PlannedRule>;
  readonly rules?: Answer<readonly RuleFact[]>;
  readonly targets?: Answer<readonly TargetFact[]> | 'not asked';
};

function found({ plan, rules = shown([rule()]), targets = shown([target()]) }: Situation) {
  const facts = {
    rules,
    targets: new Map(targets === 'not asked' ? [] : [['esr-changed', targets] as const]),
  };
  const checks = checkRule(planned(plan), facts);
  expect(new Set(checks.map(({ check }) => check))).toEqual(new Set(['rule ChangedRule']));
  return told(checks);
}

const FINE: Told = ['ok', 'ok', 'enabled, with its pattern and target', ''];
const NO_RULE: Told = ['wrong', 'rule-gone', 'there is no rule esr-changed', RESTORE];
const CHANGED: Told = [
  'wrong',
  'rule-changed',
  'the event pattern of esr-changed is another than it was deployed',
  RESTORE,
];
const disabled = (onBus = ''): Told => [
  'wrong',
  'rule-disabled',
  'esr-changed is disabled: its events reach no queue',
  `aws events enable-rule --region eu-west-1${onBus} --name esr-changed`,
];
const NO_TARGET: Told = [
  'wrong',
  'target-gone',
  'esr-changed does not send to changes: its events are lost',
  RESTORE,
];

describe('of a rule it is said', () => {
  test.each<[string, Situation, readonly Told[]]>([
    ['that it is as it was deployed', {}, [FINE]],
    [
      'so beside other rules and targets',
      {
        rules: shown([rule({ name: 'other', state: 'DISABLED' }), rule()]),
        targets: shown([target({ arn: OTHER }), target()]),
      },
      [FINE],
    ],
    ['that it is gone', { rules: shown([rule({ name: 'other' })]) }, [NO_RULE]],
    ['that it is gone with its event bus', { rules: GONE }, [NO_RULE]],
    [
      'that it is gone, by its id where the stack names none',
      { plan: { name: undefined } },
      [['wrong', 'rule-gone', 'there is no rule ChangedRule', RESTORE]],
    ],
    [
      'that it is gone where the stack names none, whatever EventBridge answers',
      { plan: { name: undefined }, rules: UNANSWERED },
      [['wrong', 'rule-gone', 'there is no rule ChangedRule', RESTORE]],
    ],
    ['that it is not shown', { rules: UNANSWERED }, [NOT_KNOWN]],
    [
      'that it is off, as it was deployed, whatever it looks like',
      {
        plan: { isEnabled: false },
        rules: shown([rule({ state: 'DISABLED', pattern: '{}' })]),
        targets: shown([]),
      },
      [['ok', 'ok', 'off, as it was deployed', '']],
    ],
    [
      'that it is disabled, and the command that enables it',
      { rules: shown([rule({ state: 'DISABLED' })]) },
      [disabled()],
    ],
    [
      'that it is disabled on an event bus of its own',
      { plan: { bus: 'trusted' }, rules: shown([rule({ state: 'DISABLED' })]) },
      [disabled(' --event-bus-name trusted')],
    ],
    ['that its targets are gone', { targets: GONE }, [NO_TARGET]],
    ['that its targets are gone if nothing is known of them', { targets: 'not asked' }, [NO_TARGET]],
    ['that its target is another', { targets: shown([target({ arn: OTHER })]) }, [NO_TARGET]],
    ['that its targets are not shown', { targets: UNANSWERED }, [NOT_KNOWN]],
    [
      'that its target gets something else than the event',
      { targets: shown([target({ changesEvents: true })]) },
      [['wrong', 'target-changed', 'esr-changed sends changes something else than the event', RESTORE]],
    ],
    [
      'that dead letters go nowhere',
      { targets: shown([target({ deadLetters: undefined })]) },
      [
        [
          'warning',
          'no-dead-letters',
          'what esr-changed cannot deliver to changes does not go to dead',
          RESTORE,
        ],
      ],
    ],
    [
      'nothing of dead letters that the template does not want',
      { plan: { targets: [{ arn: QUEUE, deadLetters: undefined }] } },
      [FINE],
    ],
    [
      'everything that is wrong with it',
      {
        rules: shown([rule({ state: 'DISABLED', pattern: '{}' })]),
        targets: shown([target({ changesEvents: true, deadLetters: OTHER })]),
      },
      [
        disabled(),
        CHANGED,
        ['wrong', 'target-changed', 'esr-changed sends changes something else than the event', RESTORE],
        [
          'warning',
          'no-dead-letters',
          'what esr-changed cannot deliver to changes does not go to dead',
          RESTORE,
        ],
      ],
    ],
  ])('%s', (_, situation, wanted) => {
    expect(found(situation)).toEqual(wanted);
  });
});

describe('a pattern', () => {
  test.each<[string, string]>([
    [
      'in another order',
      '{"count":null,"detail":{"operation":[{"exists":true},"Update"]},"source":["aws.x","aws.ssm"]}',
    ],
    ['with spaces', JSON.stringify(planned().pattern, null, 2)],
  ])('%s is the same', (_, pattern) => {
    expect(found({ rules: shown([rule({ pattern })]) })).toEqual([FINE]);
  });

  test.each<[string, string]>([
    [
      'without an alternative',
      '{"source":["aws.ssm"],"detail":{"operation":["Update",{"exists":true}]},"count":null}',
    ],
    [
      'with another value',
      '{"source":["aws.ssm","aws.x"],"detail":{"operation":["Delete",{"exists":true}]},"count":null}',
    ],
    [
      'with another field',
      '{"source":["aws.ssm","aws.x"],"detail":{"name":["Update",{"exists":true}]},"count":null}',
    ],
    [
      'whose alternatives are run together',
      '{"source":["aws.ssm,aws.x"],"detail":{"operation":["Update",{"exists":true}]},"count":null}',
    ],
    [
      'with another scalar',
      '{"source":["aws.ssm","aws.x"],"detail":{"operation":["Update",{"exists":true}]},"count":0}',
    ],
    ['that is no JSON', 'no JSON'],
    ['that is empty', '{}'],
  ])('%s is another', (_, pattern) => {
    expect(found({ rules: shown([rule({ pattern })]) })).toEqual([CHANGED]);
  });
});
