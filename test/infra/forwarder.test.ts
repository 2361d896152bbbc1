import { describe, expect, test } from 'vitest';
import { z } from 'zod/mini';
import { sampleEvents } from '../events/samples.ts';
import type { PolicyDocument } from '../simulator/iam/policy.ts';
import { stackOf, templateIn } from './cloudformation.ts';
import { compilePattern, type JsonObject } from './event-pattern.ts';
import { loadRules, readYaml } from './template.ts';

const PATH = 'infra/forwarder.yml';
const THEIRS = { account: '444455556666', region: 'eu-central-1', partition: 'aws' };
const BUS = 'arn:aws:events:eu-west-1:111122223333:event-bus/ecs-secret-redeploy-prod';
const template = templateIn(PATH);
const stack = (given: Readonly<Record<string, string>> = {}, place = THEIRS, id?: string) =>
  stackOf(template, place, { EventBusArn: BUS, ...given }, id);

const Rule = z.object({
  Name: z.string(),
  State: z.optional(z.string()),
  EventPattern: z.record(z.string(), z.json()),
  Targets: z.array(
    z.object({
      Arn: z.string(),
      RoleArn: z.string(),
      DeadLetterConfig: z.object({ Arn: z.string() }),
    }),
  ),
});
const Role = z.object({
  PermissionsBoundary: z.optional(z.string()),
  AssumeRolePolicyDocument: z.custom<PolicyDocument>(),
  Policies: z.array(z.object({ PolicyDocument: z.custom<PolicyDocument>() })),
});
const rulesOf = (of: ReturnType<typeof stack>) =>
  of.ofType('AWS::Events::Rule').map(({ id, properties }) => ({ id, ...Rule.parse(properties) }));
const roleOf = (of: ReturnType<typeof stack>) => Role.parse(of.ofType('AWS::IAM::Role')[0]?.properties);

describe('the template for the account that owns the secrets', () => {
  test('has no functions, and nothing that a stack set refuses', () => {
    const kinds = new Set(Object.values(template.Resources).map(({ Type }) => Type));
    expect([...kinds].sort()).toEqual([
      'AWS::CloudWatch::Alarm',
      'AWS::Events::Rule',
      'AWS::IAM::Role',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
    ]);
    expect(Object.keys(Object(readYaml(PATH))).sort()).toEqual([
      'AWSTemplateFormatVersion',
      'Conditions',
      'Description',
      'Outputs',
      'Parameters',
      'Resources',
    ]);
    expect(JSON.stringify(readYaml(PATH)).length).toBeLessThan(51_200);
  });

  test('needs only the ARN of the bus', () => {
    const required = Object.entries(template.Parameters).filter(([, { Default }]) => Default === undefined);
    expect(required.map(([name]) => name)).toEqual(['EventBusArn']);
  });

  test.each([
    ['EventBusArn', BUS, true],
    ['EventBusArn', 'arn:aws-us-gov:events:us-gov-west-1:111122223333:event-bus/secrets', true],
    ['EventBusArn', 'arn:aws-cn:events:cn-north-1:111122223333:event-bus/secrets', true],
    ['EventBusArn', 'arn:aws-iso-b:events:us-isob-east-1:111122223333:event-bus/secrets', true],
    ['EventBusArn', 'arn:aws:events:eu-west-1:111122223333:event-bus/', false],
    ['EventBusArn', 'arn:aws:events:eu-west-1:1111:event-bus/secrets', false],
    ['EventBusArn', 'arn:aws:events:*:111122223333:event-bus/secrets', false],
    ['EventBusArn', 'arn:aws:events:eu-west-1:111122223333:event-bus/*', false],
    ['EventBusArn', 'arn:aws:sqs:eu-west-1:111122223333:changes', false],
    ['EventBusArn', 'secrets', false],
    ['CloudTrailRules', 'DISABLED', true],
    ['CloudTrailRules', 'off', false],
    ['AlarmTopicArn', 'arn:aws:sns:eu-central-1:444455556666:alarms', true],
    ['AlarmTopicArn', 'no-topic', true],
    ['AlarmTopicArn', '', false],
    ['AlarmTopicArn', 'alarms', false],
    ['PermissionsBoundary', 'arn:aws:iam::444455556666:policy/team/boundary', true],
    ['PermissionsBoundary', 'arn:aws:iam::aws:policy/PowerUserAccess', true],
    ['PermissionsBoundary', 'boundary', false],
  ])('takes %s=%s: %s', (name, value, isTaken) => {
    const make = () => stack({ [name]: value });
    if (isTaken) expect(make).not.toThrow();
    else expect(make).toThrow(name);
  });
});

describe('its rules', () => {
  test('match what the rules of the service match, in its own account, and put it on the bus', () => {
    expect(rulesOf(stack()).map(({ id }) => id)).toEqual(loadRules().map(({ name }) => name));
    for (const [at, { EventPattern, Targets }] of rulesOf(stack()).entries()) {
      expect(EventPattern).toEqual({ ...loadRules()[at]?.pattern, account: [THEIRS.account] });
      expect(Targets).toEqual([
        {
          Arn: BUS,
          RoleArn: stack().arnOf('ForwarderRole'),
          DeadLetterConfig: { Arn: stack().arnOf('DeadLetterQueue') },
        },
      ]);
    }
  });

  test('forward each sample event that the service takes, and no other', () => {
    const patterns = rulesOf(stack()).map(({ EventPattern }) => compilePattern(EventPattern));
    for (const { file, event, rules } of sampleEvents()) {
      const theirs: JsonObject = { ...event, account: THEIRS.account };
      const matching = patterns.filter((matches) => matches(theirs)).length;
      expect({ file, matching }).toEqual({ file, matching: rules === null ? 0 : 1 });
      expect(patterns.filter((matches) => matches(event))).toEqual([]);
    }
  });

  test('of CloudTrail can be disabled', () => {
    const states = (of: ReturnType<typeof stack>) => rulesOf(of).map(({ State }) => State);
    expect(states(stack())).toEqual([undefined, undefined, undefined, 'ENABLED', 'ENABLED']);
    expect(states(stack({ CloudTrailRules: 'DISABLED' })).slice(3)).toEqual(['DISABLED', 'DISABLED']);
  });

  test('have names that differ by stack and are no longer than EventBridge allows', () => {
    const ids = ['0a1b2c3d-0000-4000-8000-000000000000', 'ffffffff-0000-4000-8000-000000000000'];
    const names = ids.flatMap((id) => rulesOf(stack({}, THEIRS, id)).map(({ Name }) => Name));
    expect(new Set(names).size).toBe(10);
    for (const name of names) expect(name).toMatch(/^[\w.-]{1,64}$/);
  });
});

describe('its role', () => {
  test('may put events on the bus, and nothing else', () => {
    expect(roleOf(stack()).Policies.map(({ PolicyDocument }) => PolicyDocument)).toEqual([
      {
        Version: '2012-10-17',
        Statement: [{ Sid: 'Forward', Effect: 'Allow', Action: 'events:PutEvents', Resource: BUS }],
      },
    ]);
  });

  test('can be taken by EventBridge for the rules of this stack only', () => {
    expect(roleOf(stack()).AssumeRolePolicyDocument.Statement).toEqual([
      {
        Sid: 'OnlyTheseRules',
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: { 'aws:SourceAccount': THEIRS.account },
          ArnLike: {
            'aws:SourceArn': `arn:aws:events:eu-central-1:${THEIRS.account}:rule/secret-redeploy-0a1b2c3d-*`,
          },
        },
      },
    ]);
    for (const { Name } of rulesOf(stack())) expect(Name).toMatch(/^secret-redeploy-0a1b2c3d-/);
  });

  test('has a permissions boundary where one is given', () => {
    const boundary = `arn:aws:iam::${THEIRS.account}:policy/boundary`;
    expect(roleOf(stack()).PermissionsBoundary).toBeUndefined();
    expect(roleOf(stack({ PermissionsBoundary: boundary })).PermissionsBoundary).toBe(boundary);
  });
});

describe('its dead-letter queue', () => {
  const of = stack({ AlarmTopicArn: 'arn:aws:sns:eu-central-1:444455556666:alarms' });

  test('keeps what could not be forwarded for fourteen days, encrypted, and takes it from these rules only', () => {
    expect(of.ofType('AWS::SQS::Queue').map(({ properties }) => properties)).toEqual([
      { MessageRetentionPeriod: 14 * 24 * 3600, SqsManagedSseEnabled: true },
    ]);
    const queue = of.arnOf('DeadLetterQueue');
    expect(of.ofType('AWS::SQS::QueuePolicy')[0]?.properties).toMatchObject({
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: queue,
            Condition: {
              ArnEquals: { 'aws:SourceArn': loadRules().map(({ name }) => of.arnOf(name)) },
            },
          },
          {
            Effect: 'Deny',
            Principal: '*',
            Action: 'sqs:*',
            Resource: queue,
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    });
  });

  test('has an alarm, which tells a topic if one is given', () => {
    const alarm = (given: Readonly<Record<string, string>>) =>
      stack(given).ofType('AWS::CloudWatch::Alarm')[0]?.properties;
    expect(of.ofType('AWS::CloudWatch::Alarm')[0]?.properties).toMatchObject({
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Threshold: 0,
      TreatMissingData: 'ignore',
      AlarmActions: ['arn:aws:sns:eu-central-1:444455556666:alarms'],
      OKActions: ['arn:aws:sns:eu-central-1:444455556666:alarms'],
    });
    expect(alarm({})).not.toHaveProperty('AlarmActions');
  });
});

test('no ARN of the template contains a fixed partition', () => {
  expect(JSON.stringify(template.Resources)).not.toMatch(/arn:aws[:-]/);
  const gov = stack(
    { EventBusArn: BUS.replace('arn:aws:', 'arn:aws-us-gov:') },
    {
      ...THEIRS,
      partition: 'aws-us-gov',
    },
  );
  expect(JSON.stringify(rulesOf(gov))).not.toContain('arn:aws:');
  expect(JSON.stringify(roleOf(gov))).not.toContain('arn:aws:');
});
