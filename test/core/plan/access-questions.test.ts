import { describe, expect, test } from 'vitest';
import type { KeyFact, ResourceFact } from '../../../functions/core/model/access.ts';
import {
  asNamedBy,
  isRoleElsewhere,
  keyAsNamed,
  roleNeedsOf,
  simulationsFor,
} from '../../../functions/core/plan/access-questions.ts';
import {
  deployment,
  draining,
  fleet,
  PARAMETER,
  reference,
  revisionArn,
  SECRET,
  service,
} from '../../support/build.ts';

const ROLE = 'arn:aws:iam::111122223333:role/execution';
const KEY_ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1';
const PASSED = '/aws/reference/secretsmanager/prod/db';

function need(valueFrom = SECRET) {
  const named = reference({ valueFrom });
  const [target] = named.targets;
  if (target === undefined) throw new Error('the reference names nothing');
  return { target, reference: named };
}
const shown = (kind: 'secret' | 'parameter', arn: string, key?: KeyFact): ResourceFact => ({
  kind,
  arn,
  labelsOf: new Map(),
  changedAt: 0,
  policy: { kind: 'none' },
  key,
});
const KEY = { kind: 'key', arn: KEY_ARN, ofAws: false, usable: true } as const;

const text = (key: string, value: string) => ({ key, type: 'string', value });
const common = (region = 'eu-west-1', account: string | undefined = '111122223333') => [
  text('aws:PrincipalArn', ROLE),
  text('aws:PrincipalAccount', '111122223333'),
  text('aws:RequestedRegion', region),
  ...(account === undefined ? [] : [text('aws:ResourceAccount', account)]),
  { key: 'aws:SecureTransport', type: 'boolean', value: 'true' },
];

describe('IAM is asked', () => {
  test('whether the role may read a secret, with what is certain of every request', () => {
    expect(simulationsFor(ROLE, need(), shown('secret', SECRET))).toEqual([
      { role: ROLE, action: 'secretsmanager:GetSecretValue', resource: SECRET, context: common() },
    ]);
  });

  test('whether it may use the key of the customer, on behalf of the store', () => {
    const [, decrypt] = simulationsFor(ROLE, need(), shown('secret', SECRET, KEY));
    expect(decrypt).toEqual({
      role: ROLE,
      action: 'kms:Decrypt',
      resource: KEY_ARN,
      context: [
        ...common(),
        text('kms:ViaService', 'secretsmanager.eu-west-1.amazonaws.com'),
        text('kms:CallerAccount', '111122223333'),
        text('kms:EncryptionContext:SecretARN', SECRET),
      ],
    });
    const [read, ofParameter] = simulationsFor(ROLE, need(PARAMETER), shown('parameter', PARAMETER, KEY));
    expect(read?.action).toBe('ssm:GetParameters');
    expect(ofParameter?.context.slice(common().length)).toEqual([
      text('kms:ViaService', 'ssm.eu-west-1.amazonaws.com'),
      text('kms:CallerAccount', '111122223333'),
      text('kms:EncryptionContext:PARAMETER_ARN', PARAMETER),
    ]);
  });

  test.each([
    ['aws', true],
    ['aws-us-gov', true],
    ['aws-cn', false],
  ])('in the partition %s with the name of the store, if that is known: %s', (partition, isNamed) => {
    const arn = SECRET.replace('arn:aws:', `arn:${partition}:`);
    const [, decrypt] = simulationsFor(ROLE, need(), shown('secret', arn, KEY));
    expect(decrypt?.context.slice(common().length).map(({ key }) => key)).toEqual([
      ...(isNamed ? ['kms:ViaService'] : []),
      'kms:CallerAccount',
      'kms:EncryptionContext:SecretARN',
    ]);
  });

  test.each<[string, KeyFact | undefined]>([
    ['a key that AWS keeps', { ...KEY, ofAws: true }],
    ['a key that is gone', { kind: 'gone' }],
    ['no key', undefined],
  ])('nothing about %s', (_, key) => {
    expect(simulationsFor(ROLE, need(), shown('secret', SECRET, key))).toHaveLength(1);
  });

  test('about the parameter, too, with which Parameter Store passes a secret through', () => {
    const asked = simulationsFor(ROLE, need(PASSED), shown('secret', SECRET));
    expect(asked.map(({ action, resource }) => [action, resource])).toEqual([
      ['secretsmanager:GetSecretValue', SECRET],
      ['ssm:GetParameters', `arn:aws:ssm:eu-west-1:111122223333:parameter${PASSED}`],
    ]);
    expect(asked.map(({ context }) => context)).toEqual([common(), common()]);
  });

  test('about a resource elsewhere in its own place, and about none that is gone or not shown', () => {
    const far = SECRET.replace('eu-west-1', 'us-east-1').replace('111122223333', '999988887777');
    const [asked] = simulationsFor(ROLE, need(far), { kind: 'elsewhere', arn: far });
    expect(asked?.context).toEqual(common('us-east-1', '999988887777'));
    expect(simulationsFor(ROLE, need(), { kind: 'gone' })).toEqual([]);
    expect(simulationsFor(ROLE, need(), { kind: 'unanswered', why: 'x' })).toEqual([]);
  });

  test('without what the ARNs do not tell', () => {
    const [asked] = simulationsFor('no ARN', need(), { kind: 'elsewhere', arn: 'no ARN' });
    expect(asked?.context).toEqual([
      text('aws:PrincipalArn', 'no ARN'),
      text('aws:PrincipalAccount', ''),
      text('aws:RequestedRegion', ''),
      { key: 'aws:SecureTransport', type: 'boolean', value: 'true' },
    ]);
    const [, decrypt] = simulationsFor('no ARN', need(), shown('secret', 'no ARN', KEY));
    expect(decrypt?.context.slice(common().length)).toEqual([
      text('kms:CallerAccount', ''),
      text('kms:EncryptionContext:SecretARN', 'no ARN'),
    ]);
  });
});

test.each([
  [ROLE, false],
  [ROLE.replace('1111', '9999'), true],
  ['no ARN', true],
])('the role %s belongs to another account than the task definition: %s', (role, isElsewhere) => {
  expect(isRoleElsewhere(role, need())).toBe(isElsewhere);
});

describe('the key of a resource, as it is named,', () => {
  test.each<[string, string | undefined, unknown]>([
    ['is that of the store if none is named', undefined, undefined],
    ['is that of the store by its alias', 'alias/aws/ssm', undefined],
    [
      'is that of the store by the ARN of its alias',
      'arn:aws:kms:eu-west-1:111122223333:alias/aws/ssm',
      undefined,
    ],
    ['is asked about by its id', 'a-b', { kind: 'ask', id: 'a-b' }],
    ['is asked about by its alias', 'alias/mine', { kind: 'ask', id: 'alias/mine' }],
    ['is asked about by its ARN', KEY_ARN, { kind: 'ask', id: KEY_ARN }],
    [
      'of another account is taken as usable',
      KEY_ARN.replace('1111', '9999'),
      { kind: 'key', arn: KEY_ARN.replace('1111', '9999'), ofAws: false, usable: true },
    ],
    [
      'of another Region is taken as usable',
      KEY_ARN.replace('eu-west', 'us-east'),
      { kind: 'key', arn: KEY_ARN.replace('eu-west', 'us-east'), ofAws: false, usable: true },
    ],
    [
      'of another account by its alias is not known',
      'arn:aws:kms:eu-west-1:999988887777:alias/theirs',
      { kind: 'unanswered', why: 'the key belongs to another account or Region, and is named by an alias' },
    ],
  ])('%s', (_, keyId, expected) => {
    expect(keyAsNamed(keyId, need())).toEqual(expected);
  });

  test('is less certain by an alias, unless nothing is known of it', () => {
    expect(asNamedBy('alias/mine', KEY)).toEqual({ ...KEY, byAlias: true });
    expect(asNamedBy('arn:aws:kms:eu-west-1:111122223333:alias/mine', KEY)).toEqual({
      ...KEY,
      byAlias: true,
    });
    expect(asNamedBy('my-alias/x', KEY)).toEqual(KEY);
    expect(asNamedBy(KEY_ARN, KEY)).toEqual(KEY);
    const unknown = { kind: 'unanswered', why: 'x' } as const;
    expect(asNamedBy('alias/mine', unknown)).toEqual(unknown);
  });
});

test('a service needs what ECS resolves for its new tasks with the execution role of the revision', () => {
  const old = revisionArn('old:1');
  const world = fleet([], { 'api:1': [SECRET, { place: 'also', valueFrom: 'x' }], 'old:1': [PARAMETER] });
  const one = service({ deployments: [deployment(), draining({ taskDefinition: old })] });
  const [needed, ...others] = roleNeedsOf(one, world);
  expect(others).toEqual([]);
  expect([needed?.target.id, needed?.role]).toEqual([SECRET, null]);
  const [revision] = world.revisions.values();
  const withRole = new Map([[revisionArn(), { ...revision, executionRole: ROLE }]]) as typeof world.revisions;
  expect(roleNeedsOf(one, { revisions: withRole }).map(({ role }) => role)).toEqual([ROLE]);
  const direct = service({ deployments: [deployment({ references: [reference()] })] });
  expect(roleNeedsOf(direct, { revisions: new Map() }).map(({ role }) => role)).toEqual([undefined]);
  const unreadable = new Map([
    [revisionArn(), { kind: 'unreadable', why: 'x' }],
  ]) as unknown as typeof world.revisions;
  expect(roleNeedsOf(direct, { revisions: unreadable }).map(({ role }) => role)).toEqual([undefined]);
});
