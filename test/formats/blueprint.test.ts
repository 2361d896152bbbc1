import { describe, expect, test } from 'vitest';
import { blueprintOf } from '../../functions/formats/blueprint.ts';
import type { Deployment } from '../../functions/formats/stack-template.ts';

const HOME = { partition: 'aws-cn', region: 'cn-north-1', account: '111122223333' };
const arn = (service: string, resource: string) =>
  `arn:aws-cn:${service}:cn-north-1:111122223333:${resource}`;

/** What a template with these resources says, where each has a name of its own. */
function read(
  Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: unknown }>>,
  without: readonly string[] = [],
) {
  const made = Object.entries(Resources).filter(([id]) => !without.includes(id));
  const resources: Deployment['resources'] = new Map(
    made.map(([id, { Type }]) => [
      id,
      { type: Type, physicalId: Type === 'AWS::SQS::Queue' ? `https://sqs/1/${id}-1` : `${id}-1` },
    ]),
  );
  return blueprintOf(JSON.stringify({ Resources }), {
    home: HOME,
    stack: 'mine',
    parameters: new Map(),
    resources,
  });
}
const att = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const queue = (Properties?: object) => ({ Type: 'AWS::SQS::Queue', ...(Properties && { Properties }) });
const RULE = {
  Type: 'AWS::Events::Rule',
  Properties: { EventPattern: { source: ['a'] }, Targets: [{ Arn: att('Q') }] },
};

describe('a template says of', () => {
  test('a queue its ARN, and where it puts what fails', () => {
    const found = read({ Q: queue({ RedrivePolicy: { deadLetterTargetArn: att('D') } }), D: queue() });
    expect(found?.queues).toEqual([
      { id: 'Q', url: 'https://sqs/1/Q-1', arn: arn('sqs', 'Q-1'), deadLetters: arn('sqs', 'D-1') },
      { id: 'D', url: 'https://sqs/1/D-1', arn: arn('sqs', 'D-1'), deadLetters: undefined },
    ]);
    expect(read({ Q: queue() }, ['Q'])?.queues).toEqual([
      { id: 'Q', url: undefined, arn: arn('sqs', ''), deadLetters: undefined },
    ]);
  });

  test('a rule its pattern, its targets and their dead letters, and whether it is enabled', () => {
    const { Properties } = RULE;
    const Targets = [{ Arn: att('Q'), DeadLetterConfig: { Arn: att('D') } }];
    const rules = read({
      R: RULE,
      Off: { ...RULE, Properties: { ...Properties, State: 'DISABLED', Targets } },
      None: { ...RULE, Properties: { EventPattern: 'x' } },
      Q: queue(),
      D: queue(),
    })?.rules;
    const common = { bus: undefined, pattern: { source: ['a'] } };
    expect(rules).toEqual([
      {
        ...common,
        id: 'R',
        name: 'R-1',
        arn: arn('events', 'rule/R-1'),
        isEnabled: true,
        targets: [{ arn: arn('sqs', 'Q-1'), deadLetters: undefined }],
      },
      {
        ...common,
        id: 'Off',
        name: 'Off-1',
        arn: arn('events', 'rule/Off-1'),
        isEnabled: false,
        targets: [{ arn: arn('sqs', 'Q-1'), deadLetters: arn('sqs', 'D-1') }],
      },
      {
        ...common,
        id: 'None',
        name: 'None-1',
        arn: arn('events', 'rule/None-1'),
        isEnabled: true,
        pattern: 'x',
        targets: [],
      },
    ]);
  });

  test('a rule of another event bus its own name, which CloudFormation puts behind that of the bus', () => {
    const Resources = {
      'Bus|R': { ...RULE, Properties: { ...RULE.Properties, EventBusName: 'Bus' } },
      Q: queue(),
    };
    expect(read(Resources)?.rules[0]).toMatchObject({
      name: 'R-1',
      bus: 'Bus',
      arn: arn('events', 'rule/Bus/R-1'),
    });
    expect(read(Resources, ['Bus|R'])?.rules[0]).toMatchObject({
      name: undefined,
      arn: arn('events', 'rule/Bus'),
    });
  });

  test('an event source its queue and its function, and whether it reports item failures', () => {
    const of = (more: object) => ({
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { EventSourceArn: att('Q'), FunctionName: 'f', ...more },
    });
    const sources = read({
      All: of({ FunctionResponseTypes: ['Other', 'ReportBatchItemFailures'] }),
      None: of({}),
      Other: of({ FunctionResponseTypes: ['Other'] }),
      Q: queue(),
    })?.sources;
    const common = { queue: arn('sqs', 'Q-1'), functionArn: 'f' };
    expect(sources).toEqual(
      [true, false, false].map((reportsItemFailures) => ({ ...common, reportsItemFailures })),
    );
  });

  test('a function everything that its role grants, in itself and in policies beside it', () => {
    const allow = (Action: unknown, Resource: unknown, more: object = {}) => ({
      Effect: 'Allow',
      Action,
      Resource,
      ...more,
    });
    const document = (...Statement: readonly object[]) => ({ PolicyDocument: { Statement } });
    const Condition = { StringEquals: { 'aws:ResourceTag/team': ['a', 'b'], 'aws:ResourceTag/none': [] } };
    const role = (...Policies: readonly object[]) => ({ Type: 'AWS::IAM::Role', Properties: { Policies } });
    const policy = (Roles: readonly unknown[], Action: string) => ({
      Type: 'AWS::IAM::Policy',
      Properties: { ...document(allow(Action, '*')), Roles },
    });
    const Resources = {
      F: { Type: 'AWS::Lambda::Function', Properties: { Role: att('R') } },
      R: role(
        document(allow(['ecs:A', 'ecs:B'], ['arn:aws-cn:ecs:*:*:service/*', 'x?'])),
        document(allow('logs:A', arn('logs', 'log-group:/x:*:log-stream:y'))),
        document(allow('s3:A', '*', { Condition }), { ...allow('s3:B', '*'), Effect: 'Deny' }),
      ),
      Other: role(document(allow('iam:A', '*'))),
      Beside: policy(['x', { Ref: 'R' }], 'sqs:A'),
      Elsewhere: policy([{ Ref: 'Other' }], 'sqs:B'),
    };
    const need = (action: string, resource = '*', context = new Map<string, string>()) => ({
      action,
      resource,
      context,
    });
    const TAGS = new Map([
      ['aws:resourcetag/team', 'a'],
      ['aws:resourcetag/none', ''],
    ]);
    const service = 'arn:aws-cn:ecs:any:123456789012:service/any';
    const expected = [
      need('ecs:A', service),
      need('ecs:A', 'xa'),
      need('ecs:B', service),
      need('ecs:B', 'xa'),
      need('logs:A', arn('logs', 'log-group:/x:any:log-stream:y')),
      need('s3:A', '*', TAGS),
      need('sqs:A'),
    ];
    expect(read(Resources)?.functions).toEqual([
      { id: 'F', name: 'F-1', arn: arn('lambda', 'function:F-1'), needs: expected },
    ]);
    expect(read(Resources, ['F', 'R'])?.functions).toEqual([
      { id: 'F', name: undefined, arn: arn('lambda', 'function:'), needs: expected },
    ]);
  });

  test('a function nothing that another resource with the name of its role grants, or one without policies', () => {
    const Resources = {
      F: { Type: 'AWS::Lambda::Function', Properties: { Role: att('R') } },
      R: { Type: 'AWS::IAM::Role', Properties: {} },
      'R-1': { Type: 'AWS::S3::Bucket' },
    };
    expect(read(Resources, ['R-1'])?.functions.map(({ needs }) => needs)).toEqual([[]]);
  });

  test('the alarms, and the bucket of the snapshot alone', () => {
    const found = read({
      A: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: 'one' } },
      Other: { Type: 'AWS::S3::Bucket' },
      SnapshotBucket: { Type: 'AWS::S3::Bucket' },
    });
    expect(found).toMatchObject({ alarms: ['one'], bucket: { name: 'SnapshotBucket-1' } });
    expect(read({})).toEqual({
      rules: [],
      queues: [],
      sources: [],
      functions: [],
      alarms: [],
      bucket: undefined,
    });
  });
});

describe('of a template', () => {
  const deployment: Deployment = { home: HOME, stack: 'mine', parameters: new Map(), resources: new Map() };

  test.each([
    ['no JSON', 'Resources:\n'],
    ['no template', '{}'],
    ['nothing', ''],
  ])('%s is none', (_, text) => {
    expect(blueprintOf(text, deployment)).toBeUndefined();
  });

  test('a rule that is none is none of this service', () => {
    const Resources = { R: { Type: 'AWS::Events::Rule', Properties: { Targets: 'no list' } } };
    expect(blueprintOf(JSON.stringify({ Resources }), deployment)).toBeUndefined();
  });
});
