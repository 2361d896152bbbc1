import { describe, expect, test } from 'vitest';
import type {
  KeyFact,
  ResourceFact,
  RoleFact,
  SimulationFact,
} from '../../../functions/core/model/access.ts';
import { type AccessFacts, findingsOn } from '../../../functions/core/plan/access.ts';
import type { RoleNeed } from '../../../functions/core/plan/access-questions.ts';
import { CHANGED_AT, PARAMETER, reference, SECRET } from '../../support/build.ts';

const ROLE = 'arn:aws:iam::111122223333:role/execution';
const KEY_ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1';
const PASSED = '/aws/reference/secretsmanager/prod/db';
const READ = 'secretsmanager:GetSecretValue';
const UNANSWERED = { kind: 'unanswered', why: 'throttled' } as const;
const REFUSED = { ...UNANSWERED, why: 'refused', missingAction: 'iam:GetRole' } as const;
const allowed: SimulationFact = { kind: 'allowed' };
type Denied = Extract<SimulationFact, { readonly kind: 'denied' }>;
const denied = (different: Partial<Denied> = {}): Denied => ({
  kind: 'denied',
  explicit: false,
  by: 'identity',
  missing: [],
  ...different,
});
const key = (different: object = {}): KeyFact => ({
  kind: 'key',
  arn: KEY_ARN,
  ofAws: false,
  usable: true,
  ...different,
});
type Secret = Extract<ResourceFact, { readonly kind: 'secret' }>;
const secret = (different: Partial<Secret> = {}): Secret => ({
  kind: 'secret',
  arn: SECRET,
  labelsOf: new Map([
    ['v1', ['AWSPREVIOUS']],
    ['v2', ['AWSCURRENT', 'blue']],
  ]),
  changedAt: CHANGED_AT,
  policy: { kind: 'none' },
  key: undefined,
  ...different,
});

type Given = {
  readonly valueFrom?: string;
  /** Undefined: ECS does not show it. */
  readonly role?: string | null | undefined;
  readonly exists?: RoleFact;
  readonly resource?: ResourceFact;
  /** What IAM says to each action; by default that it is allowed. */
  readonly answers?: Partial<Record<string, SimulationFact>>;
  readonly now?: number;
};

/** What is found, without what every finding says of the reference. */
function found({ valueFrom = SECRET, exists = { kind: 'exists' }, resource = secret(), ...given }: Given) {
  const named = reference({ valueFrom });
  const [target] = named.targets;
  if (target === undefined) throw new Error('the reference names nothing');
  const role = 'role' in given ? given.role : ROLE;
  const need: RoleNeed = { target, reference: named, role };
  const facts: AccessFacts = {
    role: exists,
    resource,
    answerTo: ({ action }) => given.answers?.[action] ?? allowed,
    now: given.now ?? CHANGED_AT + 3_600_000,
  };
  return findingsOn(need, facts).map(
    ({ role: _role, kind: _kind, arn: _arn, valueFrom: _from, ...rest }) => rest,
  );
}
const statement = (Action: string, Resource: string) => ({ Effect: 'Allow', Action, Resource });
const READING = { action: READ, deniedBy: 'identity' };
const DECRYPTING = { action: 'kms:Decrypt', key: KEY_ARN, deniedBy: 'identity' };
const elsewhere = (arn: string): ResourceFact => ({ kind: 'elsewhere', arn });
const FAR = SECRET.replace('eu-west-1', 'us-east-1');

describe('of a role and a reference it is found', () => {
  test.each<[string, Given, readonly object[]]>([
    ['nothing where everything is allowed', {}, []],
    [
      'nothing of a parameter',
      {
        valueFrom: PARAMETER,
        resource: { kind: 'parameter', arn: PARAMETER, policy: { kind: 'none' }, key: undefined },
      },
      [],
    ],
    [
      'that ECS does not show the role',
      { role: undefined },
      [{ certainty: 'unknown', cause: 'not-shown', why: 'ECS does not show the task definition' }],
    ],
    ['that there is no role', { role: null }, [{ certainty: 'probably-cannot', cause: 'no-role' }]],
    [
      'that the role is of another account',
      { role: ROLE.replace('1111', '9999') },
      [{ certainty: 'unknown', cause: 'elsewhere' }],
    ],
    ['that the role is gone', { exists: { kind: 'gone' } }, [{ certainty: 'cannot', cause: 'role-gone' }]],
    [
      'that the resource is gone',
      { resource: { kind: 'gone' } },
      [{ certainty: 'cannot', cause: 'resource-gone' }],
    ],
    [
      'why nothing is known of the resource',
      { resource: UNANSWERED },
      [{ certainty: 'unknown', cause: 'not-shown', why: 'throttled' }],
    ],
    [
      'which permission would show the resource',
      { resource: REFUSED },
      [{ certainty: 'unknown', cause: 'not-shown', why: 'refused', missingAction: 'iam:GetRole' }],
    ],
    ['nothing of a role that is not shown, if IAM answers for it', { exists: REFUSED }, []],
    [
      'why the role is not shown once, if IAM does not answer for the same reason',
      { exists: UNANSWERED, answers: { [READ]: UNANSWERED } },
      [{ certainty: 'unknown', cause: 'not-shown', why: 'throttled', action: READ }],
    ],
    [
      'nothing of a role that is not shown, if IAM answers one of two questions',
      {
        exists: REFUSED,
        resource: secret({ key: key() }),
        answers: { 'kms:Decrypt': UNANSWERED },
      },
      [{ certainty: 'unknown', cause: 'not-shown', why: 'throttled', action: 'kms:Decrypt' }],
    ],
    [
      'why the role is not shown, and why IAM does not answer',
      { exists: REFUSED, answers: { [READ]: UNANSWERED } },
      [
        { certainty: 'unknown', cause: 'not-shown', why: 'refused', missingAction: 'iam:GetRole' },
        { certainty: 'unknown', cause: 'not-shown', why: 'throttled', action: READ },
      ],
    ],
    [
      'that IAM alone does not answer',
      { answers: { [READ]: UNANSWERED } },
      [{ certainty: 'unknown', cause: 'not-shown', why: 'throttled', action: READ }],
    ],
    [
      'what nothing allows, and what would',
      { answers: { [READ]: denied() } },
      [{ certainty: 'cannot', cause: 'implicit-deny', ...READING, statement: statement(READ, SECRET) }],
    ],
    [
      'what is denied',
      { answers: { [READ]: denied({ explicit: true }) } },
      [{ certainty: 'cannot', cause: 'explicit-deny', ...READING }],
    ],
    [
      'what is denied for a version whose key is not known',
      { valueFrom: `${SECRET}:::v1`, answers: { [READ]: denied({ explicit: true }) } },
      [{ certainty: 'cannot', cause: 'explicit-deny', ...READING }],
    ],
    [
      'what the organization may deny',
      { answers: { [READ]: denied({ by: 'organization' }) } },
      [{ certainty: 'probably-cannot', cause: 'organization-deny', ...READING, deniedBy: 'organization' }],
    ],
    [
      'what depends on a condition',
      { answers: { [READ]: denied({ missing: ['aws:x'] }) } },
      [
        {
          certainty: 'unknown',
          cause: 'condition',
          ...READING,
          conditionKeys: ['aws:x'],
          statement: statement(READ, SECRET),
        },
      ],
    ],
    [
      'what a resource policy may allow',
      { resource: secret({ policy: { kind: 'present' } }), answers: { [READ]: denied() } },
      [
        {
          certainty: 'probably-cannot',
          cause: 'resource-policy',
          ...READING,
          statement: statement(READ, SECRET),
        },
      ],
    ],
    [
      'that the resource policy is not shown',
      { resource: secret({ policy: REFUSED }), answers: { [READ]: denied() } },
      [
        {
          certainty: 'unknown',
          cause: 'not-shown',
          why: 'refused',
          missingAction: 'iam:GetRole',
          ...READING,
          statement: statement(READ, SECRET),
        },
      ],
    ],
    [
      'nothing certain of a secret elsewhere',
      { valueFrom: FAR, resource: elsewhere(FAR) },
      [{ certainty: 'unknown', cause: 'elsewhere' }],
    ],
    [
      'that a secret elsewhere is probably denied by its full ARN',
      { valueFrom: FAR, resource: elsewhere(FAR), answers: { [READ]: denied() } },
      [{ certainty: 'probably-cannot', cause: 'elsewhere', ...READING, statement: statement(READ, FAR) }],
    ],
    [
      'nothing of a denial by its partial ARN',
      { valueFrom: FAR.slice(0, -7), resource: elsewhere(FAR.slice(0, -7)), answers: { [READ]: denied() } },
      [
        {
          certainty: 'unknown',
          cause: 'elsewhere',
          ...READING,
          statement: statement(READ, FAR.slice(0, -7)),
        },
      ],
    ],
    [
      'that a parameter elsewhere is probably denied',
      {
        valueFrom: PARAMETER.replace('eu-west-1', 'us-east-1'),
        resource: elsewhere(PARAMETER.replace('eu-west-1', 'us-east-1')),
        answers: { 'ssm:GetParameters': denied({ explicit: true }) },
      },
      [
        {
          certainty: 'probably-cannot',
          cause: 'elsewhere',
          action: 'ssm:GetParameters',
          deniedBy: 'identity',
        },
      ],
    ],
    [
      'that the parameter that passes a secret through is probably denied',
      { valueFrom: PASSED, answers: { 'ssm:GetParameters': denied({ explicit: true }) } },
      [
        {
          certainty: 'probably-cannot',
          cause: 'explicit-deny',
          action: 'ssm:GetParameters',
          deniedBy: 'identity',
        },
      ],
    ],
  ])('%s', (_, given, expected) => {
    expect(found(given)).toStrictEqual(expected);
  });

  test('which resource it is about, and by which reference', () => {
    const named = reference({ valueFrom: `${SECRET.slice(0, -7)}:key::` });
    const [target] = named.targets;
    if (target === undefined) throw new Error('the reference names nothing');
    const facts = { role: { kind: 'gone' }, resource: secret(), answerTo: () => allowed, now: 0 } as const;
    const about = {
      certainty: 'cannot',
      cause: 'role-gone',
      role: ROLE,
      kind: 'secret',
      valueFrom: named.valueFrom,
    };
    expect(findingsOn({ target, reference: named, role: ROLE }, facts)).toEqual([{ ...about, arn: SECRET }]);
    const [gone] = findingsOn(
      { target, reference: named, role: null },
      { ...facts, resource: { kind: 'gone' } },
    );
    expect(gone).toMatchObject({ role: null, arn: SECRET.slice(0, -7) });
  });
});

describe('the version that a reference names', () => {
  const none = [{ certainty: 'cannot', cause: 'no-version' }];
  test.each<[string, Given, readonly object[]]>([
    ['exists with its label', { valueFrom: `${SECRET}::blue:` }, []],
    ['exists with its id', { valueFrom: `${SECRET}:::v1` }, []],
    ['exists with both', { valueFrom: `${SECRET}::blue:v2` }, []],
    ['has another label', { valueFrom: `${SECRET}::blue:v1` }, none],
    ['has no such label', { valueFrom: `${SECRET}::green:` }, none],
    ['lacks AWSCURRENT', { resource: secret({ labelsOf: new Map() }) }, none],
    [
      'exists without a label',
      { valueFrom: `${SECRET}:::v0`, resource: secret({ version: { kind: 'present' } }) },
      [],
    ],
    [
      'does not exist',
      { valueFrom: `${SECRET}:::v0`, resource: secret({ version: { kind: 'none' } }) },
      none,
    ],
    [
      'was not asked about',
      { valueFrom: `${SECRET}:::v0` },
      [{ certainty: 'unknown', cause: 'not-shown', why: 'it was not asked about the version' }],
    ],
    [
      'is not shown',
      { valueFrom: `${SECRET}:::v0`, resource: secret({ version: UNANSWERED }) },
      [{ certainty: 'unknown', cause: 'not-shown', why: 'throttled' }],
    ],
    [
      'may be on its way for a minute',
      { valueFrom: `${SECRET}::green:`, now: CHANGED_AT + 60_000 },
      [{ certainty: 'probably-cannot', cause: 'no-version' }],
    ],
    ['is not on its way after a minute', { valueFrom: `${SECRET}::green:`, now: CHANGED_AT + 60_001 }, none],
    [
      'is left to Parameter Store where that passes it through',
      { valueFrom: PASSED, resource: secret({ labelsOf: new Map() }) },
      [],
    ],
  ])('%s', (_, given, expected) => {
    expect(found(given)).toEqual(expected);
  });
});

describe('the key of a resource', () => {
  const withKey = (fact: KeyFact, valueFrom = SECRET, answer: SimulationFact = allowed): Given => ({
    valueFrom,
    resource: secret({ key: fact }),
    answers: { 'kms:Decrypt': answer },
  });
  const unusable = (certainty: string) => [{ certainty, cause: 'key-unusable', action: 'kms:Decrypt' }];
  const DENIED = denied({ explicit: true });
  const explicit = (certainty: string) => [{ certainty, cause: 'explicit-deny', ...DECRYPTING }];

  test.each<[string, Given, readonly object[]]>([
    ['may be used', withKey(key()), []],
    ['is gone', withKey({ kind: 'gone' }), unusable('cannot')],
    ['is disabled', withKey(key({ usable: false })), unusable('cannot')],
    [
      'is disabled, and may have been another by its alias',
      withKey(key({ usable: false, byAlias: true })),
      unusable('probably-cannot'),
    ],
    [
      'is disabled, and may have been another for an old version',
      withKey(key({ usable: false }), `${SECRET}:::v1`),
      unusable('probably-cannot'),
    ],
    [
      'is that of the previous version, too',
      withKey(key({ usable: false }), `${SECRET}::AWSPREVIOUS:`),
      unusable('cannot'),
    ],
    [
      'is that of the current version by its label',
      withKey(key({ usable: false }), `${SECRET}::AWSCURRENT:`),
      unusable('cannot'),
    ],
    [
      'may have been another under a label',
      withKey(key({ usable: false }), `${SECRET}::blue:`),
      unusable('probably-cannot'),
    ],
    [
      'is not shown',
      withKey(REFUSED),
      [
        {
          certainty: 'unknown',
          cause: 'not-shown',
          why: 'refused',
          missingAction: 'iam:GetRole',
          action: 'kms:Decrypt',
        },
      ],
    ],
    ['is denied', withKey(key(), SECRET, DENIED), explicit('cannot')],
    [
      'is denied, and may have been another by its alias',
      withKey(key({ byAlias: true }), SECRET, DENIED),
      explicit('probably-cannot'),
    ],
    [
      'is allowed by nothing but perhaps its own policy',
      withKey(key(), SECRET, denied()),
      [
        {
          certainty: 'unknown',
          cause: 'key-policy',
          ...DECRYPTING,
          statement: statement('kms:Decrypt', KEY_ARN),
        },
      ],
    ],
    ['is of AWS, which admits every role', withKey(key({ ofAws: true }), SECRET, DENIED), []],
  ])('%s', (_, given, expected) => {
    expect(found(given)).toEqual(expected);
  });
});
