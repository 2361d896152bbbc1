import { expect, test } from 'vitest';
import { ACCESS_CAUSES, type AccessFinding } from '../../../functions/core/model/access.ts';
import { todoOf, whyOf } from '../../../functions/core/report/access-words.ts';
import { SECRET } from '../../support/build.ts';

const ROLE = 'arn:aws:iam::111122223333:role/execution';
const ACTION = 'secretsmanager:GetSecretValue';
const ADD = `add to a policy of ${ROLE}: { "Effect": "Allow", "Action": "${ACTION}", "Resource": "${SECRET}" }`;

const finding = (different: Partial<AccessFinding>): AccessFinding => ({
  certainty: 'cannot',
  cause: 'implicit-deny',
  role: ROLE,
  kind: 'secret',
  arn: SECRET,
  valueFrom: SECRET,
  action: ACTION,
  deniedBy: 'identity',
  statement: { Effect: 'Allow', Action: ACTION, Resource: SECRET },
  conditionKeys: ['aws:SourceVpce', 'aws:PrincipalTag/team'],
  ...different,
});

/** What speaks against access, and what helps, word for word. */
const TOLD: readonly (readonly [different: Partial<AccessFinding>, why: string, todo: string])[] = [
  [
    { cause: 'role-gone' },
    'its execution role does not exist',
    `create ${ROLE}, or register a revision with another execution role`,
  ],
  [
    { cause: 'no-role', role: null },
    'its task definition names no execution role',
    'register a revision with an execution role',
  ],
  [
    { cause: 'resource-gone' },
    'it does not exist, or is scheduled for deletion',
    'restore it, or register a revision without the reference',
  ],
  [
    { cause: 'no-version' },
    'it has no version with the label and the id that the reference names',
    'put the label on a version, or register a revision with another reference',
  ],
  [
    { cause: 'key-unusable' },
    'the KMS key that encrypts it is gone, disabled or about to be deleted',
    'enable the key, or encrypt the value with another one',
  ],
  [
    { cause: 'explicit-deny' },
    `a policy of its execution role denies ${ACTION}`,
    'find the statement with Effect Deny, and narrow it',
  ],
  [
    { cause: 'explicit-deny', deniedBy: 'boundary' },
    `the permissions boundary of its execution role denies ${ACTION}`,
    'find the statement with Effect Deny, and narrow it',
  ],
  [{ cause: 'implicit-deny' }, `no policy of its execution role allows ${ACTION}`, ADD],
  [
    { cause: 'implicit-deny', deniedBy: 'boundary' },
    `the permissions boundary of its execution role does not allow ${ACTION}`,
    ADD.replace('a policy', 'the permissions boundary'),
  ],
  [
    { cause: 'organization-deny', deniedBy: 'organization' },
    `a service control policy denies ${ACTION}, perhaps on a condition that IAM does not show`,
    'ask for it where the organization is managed',
  ],
  [
    { cause: 'resource-policy' },
    `no policy of its execution role allows ${ACTION}; its resource policy may`,
    `look at its resource policy, or ${ADD}`,
  ],
  [
    { cause: 'key-policy' },
    `no policy of its execution role allows ${ACTION}; the key policy may`,
    `look at the key policy, or ${ADD}`,
  ],
  [
    { cause: 'condition' },
    `${ACTION} depends on aws:SourceVpce, aws:PrincipalTag/team, which only the request of ECS has`,
    'look at the conditions of its policies',
  ],
  [
    { cause: 'elsewhere' },
    'it, or the role, belongs to another account or Region, which must allow it as well',
    'look there at the resource policy and the key policy',
  ],
  [{ cause: 'not-shown', why: 'the call was throttled' }, 'the call was throttled', 'ask again'],
  [
    { cause: 'not-shown', why: 'it may not be asked', missingAction: 'iam:GetRole' },
    'it may not be asked',
    'allow the caller iam:GetRole, and ask again',
  ],
];

test.each(TOLD)('of %o it is said why, and what helps', (different, why, todo) => {
  expect([whyOf(finding(different)), todoOf(finding(different))]).toEqual([why, todo]);
});

test('every cause is told', () => {
  expect(new Set(TOLD.map(([{ cause }]) => cause))).toEqual(new Set(ACCESS_CAUSES));
});
