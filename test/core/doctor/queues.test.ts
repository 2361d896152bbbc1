import { describe, expect, test } from 'vitest';
import type { Blueprint, PlannedQueue, PlannedRule } from '../../../functions/core/doctor/blueprint.ts';
import type { Answer, EventSource, QueueFact } from '../../../functions/core/doctor/facts.ts';
import { checkQueue, checkSource } from '../../../functions/core/doctor/queues.ts';
import { parsePolicy } from '../../../functions/formats/policy.ts';
import { GONE, NOT_KNOWN, RESTORE, shown, type Told, told, UNANSWERED } from './told.ts';

const arn = (name: string) => `arn:aws:sqs:eu-west-1:111122223333:${name}`;
const ruleArn = (name: string) => `arn:aws:events:eu-west-1:111122223333:rule/${name}`;

const rule = (id: string, different: Partial<PlannedRule> = {}): PlannedRule => ({
  id,
  name: id,
  bus: undefined,
  arn: ruleArn(id),
  isEnabled: true,
  pattern: {},
  targets: [{ arn: arn('changes'), deadLetters: arn('rule-dead') }],
  ...different,
});
const QUEUE: PlannedQueue = { id: 'ChangeQueue', url: 'u', arn: arn('changes'), deadLetters: arn('dead') };
const DEAD: PlannedQueue = { id: 'RuleDead', url: 'u', arn: arn('rule-dead'), deadLetters: undefined };
const ELSEWHERE = { targets: [{ arn: arn('other'), deadLetters: arn('other-dead') }] };
const RULES = [
  rule('A'),
  rule('B'),
  rule('Off', { isEnabled: false }),
  rule('Elsewhere', ELSEWHERE),
  rule('Nowhere', { targets: [] }),
];

/** A policy that lets EventBridge send, in so far as the condition holds. */
const policy = (Condition: object = {}, different: object = {}, name = 'changes') =>
  JSON.stringify({
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: arn(name),
        Condition,
        ...different,
      },
    ],
  });
const queue = (different: Partial<QueueFact> = {}, name = 'changes') =>
  shown<QueueFact>({
    arn: arn(name),
    visible: 0,
    inFlight: 0,
    delayed: 0,
    policy: policy({}, {}, name),
    deadLetters: arn('dead'),
    ...different,
  });
const fine = (finding: string): Told => ['ok', 'ok', finding, ''];
const BOTH = fine('its rules may send, dead letters are kept');
const refused = (rules: string, what = 'its policy does not let EventBridge send'): Told => [
  'wrong',
  'queue-policy',
  `${what}: nothing arrives from ${rules}`,
  RESTORE,
];
const unsure = (rules: string): Told => [
  'warning',
  'queue-policy',
  `whether its policy lets EventBridge send depends on a condition: ${rules}`,
  RESTORE,
];
const NO_REDRIVE: Told = [
  'wrong',
  'no-dead-letters',
  'a message that fails five times does not go to its dead-letter queue: it comes back until SQS forgets it',
  RESTORE,
];

describe('of a queue it is said', () => {
  test.each<[string, PlannedQueue, readonly PlannedRule[], Answer<QueueFact>, readonly Told[]]>([
    ['that its rules may send and its dead letters are kept', QUEUE, RULES, queue(), [BOTH]],
    [
      'that the dead letters of rules may be sent',
      DEAD,
      RULES,
      queue({ deadLetters: undefined }, 'rule-dead'),
      [fine('its rules may send')],
    ],
    [
      'that its dead letters are kept, where no rule sends',
      QUEUE,
      [rule('Off', { isEnabled: false })],
      queue({ policy: undefined }),
      [fine('dead letters are kept')],
    ],
    [
      'that it is there, where nothing else is wanted',
      DEAD,
      [],
      queue({ policy: undefined }, 'rule-dead'),
      [fine('it is there')],
    ],
    [
      'that it is gone',
      QUEUE,
      RULES,
      GONE,
      [['wrong', 'queue-gone', 'there is no queue ChangeQueue', RESTORE]],
    ],
    ['that it is not shown', QUEUE, RULES, UNANSWERED, [NOT_KNOWN]],
    [
      'that it has no policy',
      QUEUE,
      RULES,
      queue({ policy: undefined }),
      [refused('A, B', 'it has no policy')],
    ],
    [
      'that its policy is about something else',
      QUEUE,
      RULES,
      queue({ policy: policy({}, { Action: 'sqs:ReceiveMessage' }) }),
      [refused('A, B')],
    ],
    [
      'that its policy is about another queue',
      QUEUE,
      RULES,
      queue({ policy: policy({}, {}, 'other') }),
      [refused('A, B')],
    ],
    [
      'that its policy lets another service send',
      QUEUE,
      RULES,
      queue({ policy: policy({}, { Principal: { Service: 'sns.amazonaws.com' } }) }),
      [refused('A, B')],
    ],
    [
      'which of its rules may not send',
      QUEUE,
      RULES,
      queue({ policy: policy({ ArnEquals: { 'aws:SourceArn': ruleArn('A') } }) }),
      [refused('B')],
    ],
    [
      'that the rules of its account may send',
      QUEUE,
      RULES,
      queue({ policy: policy({ StringEquals: { 'aws:SourceAccount': '111122223333' } }) }),
      [BOTH],
    ],
    [
      'that only the rules of another account may send',
      QUEUE,
      RULES,
      queue({ policy: policy({ StringEquals: { 'aws:SourceAccount': '999988887777' } }) }),
      [refused('A, B')],
    ],
    [
      'that messages come encrypted',
      QUEUE,
      RULES,
      queue({ policy: policy({ Bool: { 'aws:SecureTransport': 'true' } }) }),
      [BOTH],
    ],
    [
      'that a condition is not known',
      QUEUE,
      RULES,
      queue({ policy: policy({ StringEquals: { 'aws:Other': 'x' } }) }),
      [unsure('A, B')],
    ],
    ['that its policy cannot be read', QUEUE, RULES, queue({ policy: 'no JSON' }), [unsure('A, B')]],
    ['that its dead letters go nowhere', QUEUE, RULES, queue({ deadLetters: undefined }), [NO_REDRIVE]],
    [
      'that its dead letters go to another queue',
      QUEUE,
      RULES,
      queue({ deadLetters: arn('other') }),
      [NO_REDRIVE],
    ],
    [
      'everything that is wrong with it',
      QUEUE,
      RULES,
      queue({ policy: undefined, deadLetters: undefined }),
      [refused('A, B', 'it has no policy'), NO_REDRIVE],
    ],
  ])('%s', (_, planned, rules, answer, wanted) => {
    const checks = checkQueue(planned, rules, answer, parsePolicy);
    expect(told(checks)).toEqual(wanted);
    expect(new Set(checks.map(({ check }) => check))).toEqual(new Set([`queue ${planned.id}`]));
  });
});

const FUNCTION = 'arn:aws:lambda:eu-west-1:111122223333:function:on-change';
const PLANNED = { queue: QUEUE.arn, functionArn: FUNCTION, reportsItemFailures: true };
const BLUEPRINT: Blueprint = {
  rules: RULES,
  queues: [DEAD, QUEUE],
  sources: [PLANNED],
  functions: [
    { id: 'Other', name: 'other', arn: `${FUNCTION}-other`, needs: [] },
    { id: 'OnChange', name: 'on-change', arn: FUNCTION, needs: [] },
  ],
  alarms: [],
  bucket: undefined,
};
const source = (different: Partial<EventSource> = {}): EventSource => ({
  functionArn: FUNCTION,
  state: 'Enabled',
  reportsItemFailures: true,
  ...different,
});
const RECEIVES = fine('enabled, and its function receives');
const NO_SOURCE: Told = [
  'wrong',
  'source-gone',
  'on-change does not receive from ChangeQueue: its messages stay there',
  RESTORE,
];
const off = (state: string): Told => [
  'wrong',
  'source-disabled',
  `the trigger of on-change is ${state}: its messages stay in the queue`,
  'enable it: Lambda, on-change, Configuration, Triggers',
];
const soon = (state: string): Told => [
  'warning',
  'source-disabled',
  `the trigger of on-change is ${state}`,
  'ask again in a minute',
];
const other = (name: string): Told => [
  'wrong',
  'source-changed',
  `${name} receives from ChangeQueue, too: what it takes does not reach the service`,
  'remove that trigger',
];
const NO_FAILURES: Told = [
  'wrong',
  'source-changed',
  'the trigger of on-change no longer reports item failures: what fails is deleted',
  RESTORE,
];
const OTHER = source({ functionArn: `${FUNCTION}-2` });

describe('of an event source it is said', () => {
  test.each<[string, Answer<readonly EventSource[]>, readonly Told[]]>([
    ['that its function receives', shown([source()]), [RECEIVES]],
    [
      'that an alias of its function receives',
      shown([source({ functionArn: `${FUNCTION}:live` })]),
      [RECEIVES],
    ],
    ['that it is gone', GONE, [NO_SOURCE]],
    ['that there is none', shown([]), [NO_SOURCE]],
    ['that only another function receives', shown([OTHER]), [NO_SOURCE]],
    ['that it is not shown', UNANSWERED, [NOT_KNOWN]],
    ...['Disabled', 'Disabling', 'Deleting']
      .map((state) => [`that it is ${state}`, shown([source({ state })]), [off(state)]] as const)
      .map((row): [string, Answer<readonly EventSource[]>, readonly Told[]] => [...row]),
    ['that it is about to be enabled', shown([source({ state: 'Enabling' })]), [soon('Enabling')]],
    ['that it reports no failures of items', shown([source({ reportsItemFailures: false })]), [NO_FAILURES]],
    ['that another function receives, too', shown([OTHER, source()]), [other('on-change-2')]],
    [
      'nothing of another one that is disabled',
      shown([source(), { ...OTHER, state: 'Disabled' }]),
      [RECEIVES],
    ],
    [
      'everything that is wrong with it',
      shown([source({ state: 'Disabled', reportsItemFailures: false }), OTHER]),
      [off('Disabled'), NO_FAILURES, other('on-change-2')],
    ],
  ])('%s', (_, answer, wanted) => {
    const checks = checkSource(PLANNED, BLUEPRINT, answer);
    expect(told(checks)).toEqual(wanted);
    expect(new Set(checks.map(({ check }) => check))).toEqual(new Set(['event source ChangeQueue']));
  });

  test('nothing of failures of items, if the template does not want them', () => {
    const answer = shown([source({ reportsItemFailures: false })]);
    expect(told(checkSource({ ...PLANNED, reportsItemFailures: false }, BLUEPRINT, answer))).toEqual([
      RECEIVES,
    ]);
  });

  test('its ARNs, where the template names neither its queue nor its function', () => {
    const checks = checkSource(PLANNED, { ...BLUEPRINT, queues: [], functions: [] }, GONE);
    expect(checks[0]?.finding).toBe(
      `${FUNCTION} does not receive from ${QUEUE.arn}: its messages stay there`,
    );
  });
});
