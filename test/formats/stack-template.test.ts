import { describe, expect, test } from 'vitest';
import { type Deployment, deployedResources } from '../../functions/formats/stack-template.ts';

const HOME = { partition: 'aws-cn', region: 'cn-north-1', account: '111122223333' };
const arn = (service: string, resource: string) =>
  `arn:aws-cn:${service}:cn-north-1:111122223333:${resource}`;

describe('of a template', () => {
  const deployment: Deployment = {
    home: HOME,
    stack: 'mine',
    parameters: new Map([['Given', 'yes']]),
    resources: new Map([
      ['Q', { type: 'AWS::SQS::Queue', physicalId: 'https://sqs/1/q' }],
      ['Made', { type: 'AWS::S3::Bucket', physicalId: 'made' }],
    ]),
  };
  const body = (value: unknown, more: object = {}) =>
    JSON.stringify({
      Parameters: { Given: { Default: 'no' }, Preset: { Default: 'preset' } },
      Conditions: {
        Yes: { 'Fn::Equals': [{ Ref: 'Given' }, 'yes'] },
        No: { 'Fn::Not': [{ 'Fn::Equals': ['a', 'a'] }] },
        Differs: { 'Fn::Equals': [{ Ref: 'Given' }, 'no'] },
        NotDiffers: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Given' }, 'no'] }] },
      },
      Resources: { Q: { Type: 'AWS::SQS::Queue', Properties: { value }, ...more } },
    });

  test.each([
    ['a parameter', { Ref: 'Given' }, 'yes'],
    ['the default of a parameter', { Ref: 'Preset' }, 'preset'],
    ['the name of a resource', { Ref: 'Q' }, 'https://sqs/1/q'],
    ['its ARN', { 'Fn::GetAtt': ['Q', 'Arn'] }, arn('sqs', 'q')],
    ['the ARN of what only the stack has', { 'Fn::GetAtt': ['Made', 'Arn'] }, 'arn:aws-cn:s3:::made'],
    ['its ARN in the short form', { 'Fn::GetAtt': 'Q.Arn' }, arn('sqs', 'q')],
    ['its name', { 'Fn::GetAtt': ['Q', 'QueueName'] }, 'q'],
    ['another attribute of it', { 'Fn::GetAtt': ['Q', 'Other'] }, '<Q.Other>'],
    ['a resource that the stack does not have', { Ref: 'Gone' }, '<Gone>'],
    [
      'a text',
      { 'Fn::Sub': `\${AWS::Partition}/\${AWS::StackName}/\${Q.Arn}/\${!Not}` },
      `aws-cn/mine/${arn('sqs', 'q')}/\${Not}`,
    ],
    [
      'a text with names of its own',
      { 'Fn::Sub': [`\${a}-\${AWS::Region}`, { a: { Ref: 'Given' } }] },
      'yes-cn-north-1',
    ],
    ['a text whose names are nothing', { 'Fn::Sub': ['a', null] }, 'a'],
    ['what joins no list', { 'Fn::Join': [',', 'a'] }, ''],
    ['a condition that holds', { 'Fn::If': ['Yes', 1, 2] }, 1],
    ['a condition that does not', { 'Fn::If': ['No', 1, 2] }, 2],
    ['a comparison of what differs', { 'Fn::If': ['Differs', 1, 2] }, 2],
    ['the contrary of a condition that does not hold', { 'Fn::If': ['NotDiffers', 1, 2] }, 1],
    ['a list', { 'Fn::Split': [',', { 'Fn::Join': [',', ['a', { Ref: 'Given' }]] }] }, ['a', 'yes']],
    ['nothing', { Ref: 'AWS::NoValue' }, undefined],
    ['an attribute of nothing', { 'Fn::GetAtt': 'Gone.Arn' }, '<Gone.Arn>'],
    ['an attribute without its name', { 'Fn::GetAtt': 'Q' }, '<Q.>'],
    ['an attribute of which nothing is written', { 'Fn::GetAtt': [] }, '<.>'],
    ['the account', { Ref: 'AWS::AccountId' }, '111122223333'],
    ['a list without what is nothing', ['a', { Ref: 'AWS::NoValue' }, { Ref: 'Given' }], ['a', 'yes']],
    ['an object in depth', { a: { b: { Ref: 'Given' } }, c: { Ref: 'AWS::NoValue' } }, { a: { b: 'yes' } }],
    ['a condition that is not known', { 'Fn::If': ['Other', 1, 2] }, 2],
    ['a text of a resource', { 'Fn::Sub': `\${Q}` }, 'https://sqs/1/q'],
    ['nothing at all', null, null],
    ['what is empty', {}, {}],
    ['what is no reference', { Ref: 'Q', other: 1 }, { Ref: 'Q', other: 1 }],
    ['a function that is not known', { 'Fn::Base64': 'a' }, { 'Fn::Base64': 'a' }],
  ])('%s is what it stands for', (_, written, meant) => {
    const [resource] = deployedResources(body(written), deployment) ?? [];
    expect(resource?.properties).toStrictEqual(meant === undefined ? {} : { value: meant });
  });

  test('an event bus has the name that the template gives it, also where the stack does not tell it', () => {
    const Bus = { Type: 'AWS::Events::EventBus', Properties: { Name: 'own' } };
    const Rule = {
      Type: 'AWS::Events::Rule',
      Properties: { EventBusName: { 'Fn::GetAtt': ['Bus', 'Name'] } },
    };
    const [, rule] = deployedResources(JSON.stringify({ Resources: { Bus, Rule } }), deployment) ?? [];
    expect(rule?.properties).toEqual({ EventBusName: 'own' });
  });

  test('a queue that the stack does not have has no name', () => {
    const name = { 'Fn::GetAtt': ['Gone', 'QueueName'] };
    const Resources = {
      Gone: { Type: 'AWS::SQS::Queue' },
      Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { name } },
    };
    const [, alarm] = deployedResources(JSON.stringify({ Resources }), deployment) ?? [];
    expect(alarm?.properties).toEqual({ name: '<Gone.QueueName>' });
  });

  test('a resource whose condition does not hold is none', () => {
    expect(deployedResources(body(1, { Condition: 'No' }), deployment)).toEqual([]);
    expect(deployedResources(body(1, { Condition: 'Yes' }), deployment)).toHaveLength(1);
  });

  test.each(['Resources:\n', '{}', '', '{"Resources":[]}'])('%s is none', (text) => {
    expect(deployedResources(text, deployment)).toBeUndefined();
  });
});

test.each([
  ['AWS::Events::Rule', 'one', arn('events', 'rule/one')],
  ['AWS::IAM::Role', 'one', 'arn:aws-cn:iam::111122223333:role/one'],
  ['AWS::Lambda::Function', 'one', arn('lambda', 'function:one')],
  ['AWS::Logs::LogGroup', '/aws/one', arn('logs', 'log-group:/aws/one:*')],
  ['AWS::S3::Bucket', 'one', 'arn:aws-cn:s3:::one'],
  ['AWS::SQS::Queue', 'https://sqs/1/one', arn('sqs', 'one')],
  ['AWS::Other', 'one', '<It.Arn>'],
])('the ARN of %s with the name %s is %s', (Type, physicalId, expected) => {
  const Resources = { It: { Type, Properties: { value: { 'Fn::GetAtt': ['It', 'Arn'] } } } };
  const deployment = { home: HOME, stack: 'mine', parameters: new Map<string, string>() };
  const read = (resources: Deployment['resources']) =>
    deployedResources(JSON.stringify({ Resources }), { ...deployment, resources })?.map(
      ({ properties }) => properties,
    );
  expect(read(new Map([['It', { type: Type, physicalId }]]))).toEqual([{ value: expected }]);
  expect(read(new Map())).toEqual([{ value: '<It.Arn>' }]);
});
