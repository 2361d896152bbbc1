import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod/mini';
import { type Packaged, packageInto, removeFolder } from './packaged.ts';
import { loadRules } from './template.ts';

const IDS = '444455556666,777788889999';
const ORGANIZATION = 'o-a1b2c3d4e5';

let folder: string;
let asIs: Packaged;
let withAccounts: Packaged;
let withOrganization: Packaged;
let withBoth: Packaged;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'other-accounts-test-'));
  [asIs, withAccounts, withOrganization, withBoth] = await Promise.all([
    packageInto(join(folder, 'as-is')),
    packageInto(join(folder, 'accounts'), { trustedAccounts: IDS, cloudTrailRules: 'DISABLED' }),
    packageInto(join(folder, 'organization'), { trustedOrganization: ORGANIZATION }),
    packageInto(join(folder, 'both'), { trustedAccounts: IDS, trustedOrganization: ORGANIZATION }),
  ]);
});
afterAll(() => removeFolder(folder));

const RULES = loadRules().map(({ name }) => `Trusted${name}`);
const QUEUES = ['TrustedQueue', 'TrustedDeadLetterQueue', 'TrustedRuleDeadLetterQueue'] as const;
const ALARMS = [
  'TrustedDeadLettersAlarm',
  'TrustedRuleDeadLettersAlarm',
  'TrustedQueueAgeAlarm',
  'UntrustedAccountsAlarm',
];
const OF_THE_BUS = [
  'TrustedEventBus',
  ...RULES,
  ...QUEUES,
  ...QUEUES.map((queue) => `${queue}Policy`),
  'TrustedQueuePermission',
  'TrustedEventSource',
  ...ALARMS,
];
const OF_ACCOUNTS = [
  'TrustedAccountsBusPolicy',
  'TrustedAccountsSecretsPermission',
  'TrustedAccountsVersionsPermission',
];
const OF_ORGANIZATION = [
  'TrustedOrganizationBusPolicy',
  'TrustedOrganizationSecretsPermission',
  'TrustedOrganizationVersionsPermission',
];
const OUTPUTS = ['TrustedEventBusArn', 'TrustedDeadLetterQueueUrl', 'TrustedRuleDeadLetterQueueUrl'];

const names = ({ resources }: Packaged) => Object.keys(resources);
const added = (packaged: Packaged) => names(packaged).filter((name) => !names(asIs).includes(name));
const Properties = z.record(z.string(), z.unknown());
const propertiesOf = ({ resources }: Packaged, name: string) => Properties.parse(resources[name]?.Properties);
const Environment = z.object({ Variables: z.record(z.string(), z.unknown()) });
const variablesOf = (packaged: Packaged, name: string) =>
  Environment.parse(propertiesOf(packaged, `${name}LambdaFunction`)['Environment']).Variables;
const Policy = z.object({ Statement: z.array(z.record(z.string(), z.unknown())) });
const statementsOf = (packaged: Packaged, name: string) =>
  Policy.parse(propertiesOf(packaged, name)['PolicyDocument']).Statement;
const arnOf = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const roles = (...functions: readonly string[]) => functions.map((name) => ({ Ref: `${name}Role` }));

describe('without trusted accounts', () => {
  test('the stack has nothing that is about them', () => {
    expect(JSON.stringify([asIs.resources, asIs.outputs, asIs.parameters, asIs.conditions])).not.toMatch(
      /trusted/i,
    );
  });
});

describe('with trusted accounts the stack has besides', () => {
  test('the bus, its rules, its queue and their permissions, and a policy for each kind of trust', () => {
    expect(added(withAccounts)).toEqual([...OF_THE_BUS, ...OF_ACCOUNTS]);
    expect(added(withOrganization)).toEqual([...OF_THE_BUS, ...OF_ORGANIZATION]);
    expect(added(withBoth)).toEqual([...OF_THE_BUS, ...OF_ACCOUNTS, ...OF_ORGANIZATION]);
    for (const packaged of [withAccounts, withOrganization, withBoth])
      expect(packaged.outputs).toEqual([...asIs.outputs, ...OUTPUTS]);
  });

  test('nothing else that is new or different, but for three variables of each function', () => {
    const { Code: _, Environment: __, ...others } = propertiesOf(withBoth, 'OnDashchangeLambdaFunction');
    expect(propertiesOf(asIs, 'OnDashchangeLambdaFunction')).toMatchObject(others);
    for (const name of ['OnDashchange', 'OnDashrequest', 'OnDashschedule'])
      expect(variablesOf(withBoth, name)).toEqual({
        ...variablesOf(asIs, name),
        TRUSTED_ACCOUNTS: IDS,
        TRUSTED_ORGANIZATION: ORGANIZATION,
        TRUSTED_QUEUE_ARN: arnOf('TrustedQueue'),
      });
    for (const name of names(asIs).filter((one) => !/LambdaFunction$|^Dashboard$/.test(one)))
      expect(withBoth.resources[name], name).toEqual(asIs.resources[name]);
    expect([withBoth.parameters, withBoth.conditions]).toEqual([asIs.parameters, asIs.conditions]);
  });

  test('variables that say who is trusted, and are empty for the other kind', () => {
    const variables = (packaged: Packaged) => variablesOf(packaged, 'OnDashchange');
    expect(variables(withAccounts)).toMatchObject({ TRUSTED_ACCOUNTS: IDS, TRUSTED_ORGANIZATION: '' });
    expect(variables(withOrganization)).toMatchObject({
      TRUSTED_ACCOUNTS: '',
      TRUSTED_ORGANIZATION: ORGANIZATION,
    });
  });
});

describe('the rules of the bus', () => {
  test('match what the rules of this account match, in any account, and have a dead-letter queue of their own', () => {
    for (const { name, pattern } of loadRules()) {
      const { account: _, ...ofAnyAccount } = pattern;
      expect(propertiesOf(withBoth, `Trusted${name}`)).toMatchObject({
        EventBusName: { 'Fn::GetAtt': ['TrustedEventBus', 'Name'] },
        EventPattern: ofAnyAccount,
        Targets: [
          {
            Id: 'queue',
            Arn: arnOf('TrustedQueue'),
            DeadLetterConfig: { Arn: arnOf('TrustedRuleDeadLetterQueue') },
          },
        ],
      });
      expect(propertiesOf(withBoth, `Trusted${name}`)).not.toHaveProperty('EventPattern.account');
    }
  });

  test('of CloudTrail are disabled together with those of this account', () => {
    const states = (packaged: Packaged) => RULES.map((name) => propertiesOf(packaged, name)['State']);
    expect(states(withBoth)).toEqual([undefined, undefined, undefined, 'ENABLED', 'ENABLED']);
    expect(states(withAccounts)).toEqual([undefined, undefined, undefined, 'DISABLED', 'DISABLED']);
  });
});

describe('the queue of the bus', () => {
  test('has the times, the retention and the encryption of the queue of this account, and dead letters of its own', () => {
    expect(propertiesOf(withBoth, 'TrustedQueue')).toEqual({
      ...propertiesOf(withBoth, 'ChangeQueue'),
      RedrivePolicy: { deadLetterTargetArn: arnOf('TrustedDeadLetterQueue'), maxReceiveCount: 5 },
    });
    for (const queue of ['TrustedDeadLetterQueue', 'TrustedRuleDeadLetterQueue'])
      expect(propertiesOf(withBoth, queue)).toEqual(propertiesOf(withBoth, 'ChangeDeadLetterQueue'));
  });

  test('feeds on-change as the queue of this account does, once the role may receive from it', () => {
    const sources = Object.entries(withBoth.resources).filter(
      ([, { Type }]) => Type === 'AWS::Lambda::EventSourceMapping',
    );
    expect(sources.map(([name]) => name)).toHaveLength(3);
    const [own] = sources.filter(([name]) => name.includes('ChangeQueue'));
    expect(propertiesOf(withBoth, 'TrustedEventSource')).toEqual({
      ...Properties.parse(own?.[1].Properties),
      EventSourceArn: arnOf('TrustedQueue'),
    });
    expect(withBoth.resources['TrustedEventSource']).toMatchObject({ DependsOn: ['TrustedQueuePermission'] });
    expect(propertiesOf(withBoth, 'TrustedQueuePermission')).toMatchObject({
      Roles: roles('OnChange'),
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
            Resource: arnOf('TrustedQueue'),
          },
        ],
      },
    });
  });

  test.each([
    ['TrustedQueue', RULES],
    ['TrustedRuleDeadLetterQueue', RULES],
    ['TrustedDeadLetterQueue', []],
  ] as const)(
    'takes messages of the rules of the bus only, and none over plain HTTP: %s',
    (queue, senders) => {
      const statements = statementsOf(withBoth, `${queue}Policy`);
      expect(propertiesOf(withBoth, `${queue}Policy`)['Queues']).toEqual([{ Ref: queue }]);
      const allowed = {
        Sid: 'OnlyTheseRules',
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: arnOf(queue),
        Condition: { ArnEquals: { 'aws:SourceArn': senders.map(arnOf) } },
      };
      const denied = {
        Sid: 'NeverPlainHttp',
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:*',
        Resource: arnOf(queue),
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      };
      expect(statements).toEqual([...(senders.length > 0 ? [allowed] : []), denied]);
    },
  );
});

describe('the functions may', () => {
  const secretsOf = (account: string) => ({
    'Fn::Sub': `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:${account}:secret:*`,
  });

  test.each([
    ['TrustedAccounts', { Resource: IDS.split(',').map(secretsOf) }],
    [
      'TrustedOrganization',
      { Resource: secretsOf('*'), Condition: { StringEquals: { 'aws:ResourceOrgID': ORGANIZATION } } },
    ],
  ])('ask for the labels of secrets of %s, and where there is no event for their dates', (whose, which) => {
    const allowed = (actions: string) => [
      { Sid: expect.any(String), Effect: 'Allow', Action: actions, ...which },
    ];
    expect(propertiesOf(withBoth, `${whose}SecretsPermission`)).toMatchObject({
      Roles: roles('OnChange', 'OnRequest', 'OnSchedule'),
      PolicyDocument: { Statement: allowed('secretsmanager:DescribeSecret') },
    });
    expect(propertiesOf(withBoth, `${whose}VersionsPermission`)).toMatchObject({
      Roles: roles('OnRequest', 'OnSchedule'),
      PolicyDocument: { Statement: allowed('secretsmanager:ListSecretVersionIds') },
    });
  });

  test('do nothing else', () => {
    const policies = added(withBoth).filter((name) => withBoth.resources[name]?.Type === 'AWS::IAM::Policy');
    expect(policies).toHaveLength(5);
    const actions = policies.flatMap((name) => statementsOf(withBoth, name).flatMap(({ Action }) => Action));
    expect(new Set(actions)).toEqual(
      new Set([
        'secretsmanager:DescribeSecret',
        'secretsmanager:ListSecretVersionIds',
        'sqs:ReceiveMessage',
        'sqs:DeleteMessage',
        'sqs:GetQueueAttributes',
      ]),
    );
  });
});

test('no ARN contains a fixed partition', () => {
  const all = [...OF_THE_BUS, ...OF_ACCOUNTS, ...OF_ORGANIZATION].map((name) => withBoth.resources[name]);
  expect(JSON.stringify(all)).not.toMatch(/arn:aws[:-]/);
});

test.each([
  [{ trustedAccounts: '4444' }, 'trustedAccounts: expected ids of accounts'],
  [{ trustedAccounts: '444455556666;777788889999' }, 'trustedAccounts: expected ids of accounts'],
  [{ trustedAccounts: '444455556666,' }, 'trustedAccounts: expected ids of accounts'],
  [{ trustedAccounts: '*' }, 'trustedAccounts: expected ids of accounts'],
  [{ trustedAccounts: 'arn:aws:iam::444455556666:root' }, 'trustedAccounts: expected ids of accounts'],
  [{ trustedOrganization: '*' }, 'trustedOrganization: expected the id of an organization'],
  [{ trustedOrganization: 'o-*' }, 'trustedOrganization: expected the id of an organization'],
  [{ trustedOrganization: '444455556666' }, 'trustedOrganization: expected the id of an organization'],
])('cannot be packaged with %j', async (parameters, message) => {
  await expect(packageInto(join(folder, 'refused'), { ...parameters })).rejects.toThrow(message);
});
