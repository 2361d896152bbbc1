import { describe, expect, it } from 'vitest';
import { checkInput } from './check.ts';

const call = (service: string, operation: string, input: object) => () =>
  checkInput(service, operation, { ...input });

describe('a request that the service model forbids', () => {
  it.each([
    ['a missing field', 'ecs:DescribeServices', {}, 'InvalidParameterException', 'services'],
    [
      'a value of null for a field that is required',
      'kms:DescribeKey',
      { KeyId: null },
      'ValidationException',
      'keyId',
    ],
    ['a missing field in SQS', 'sqs:SendMessage', { QueueUrl: 'q' }, 'MissingParameter', 'MessageBody'],
    [
      'a delay that is no whole number',
      'sqs:SendMessage',
      { QueueUrl: 'q', MessageBody: 'b', DelaySeconds: 1.5 },
      'SerializationException',
      'DelaySeconds',
    ],
    ['an empty name', 'secretsmanager:DescribeSecret', { SecretId: '' }, 'ValidationException', 'secretId'],
    [
      'a name of 2,049 characters',
      'secretsmanager:DescribeSecret',
      { SecretId: 'x'.repeat(2049) },
      'ValidationException',
      'secretId',
    ],
    [
      'a word that is none of the allowed',
      'ecs:ListTasks',
      { desiredStatus: 'GONE' },
      'InvalidParameterException',
      'desiredStatus',
    ],
    [
      'a page that is too large',
      'ssm:DescribeParameters',
      { MaxResults: 51 },
      'ValidationException',
      'maxResults',
    ],
    [
      'an item that is too long',
      'ssm:DescribeParameters',
      { ParameterFilters: [{ Key: 'Name', Values: ['x', 'x'.repeat(1025)] }] },
      'ValidationException',
      'parameterFilters.1.member.Values.2.member',
    ],
    [
      'a list that is too long',
      'events:PutEvents',
      { Entries: Array.from({ length: 11 }, () => ({})) },
      'ValidationException',
      'entries',
    ],
    ['a role name with a slash', 'iam:GetRole', { RoleName: 'team/role' }, 'ValidationError', 'roleName'],
    [
      'an item of a form that is too short',
      'iam:SimulatePrincipalPolicy',
      {
        PolicySourceArn: 'arn:aws:iam::111122223333:role/r',
        'ActionNames.member.1': 'ecs:*',
        'ActionNames.member.2': 'x',
      },
      'ValidationError',
      'actionNames.2.member',
    ],
    [
      'a number of a form that is too large',
      'iam:SimulatePrincipalPolicy',
      {
        PolicySourceArn: 'arn:aws:iam::111122223333:role/r',
        'ActionNames.member.1': 'ecs:*',
        MaxItems: '1001',
      },
      'ValidationError',
      'maxItems',
    ],
    ['a text in place of a list', 'ecs:DescribeTasks', { tasks: 'one' }, 'SerializationException', 'tasks'],
    [
      'a tag value with a question mark',
      'ecs:TagResource',
      { resourceArn: 'r', tags: [{ key: 'k', value: 'a?' }] },
      'InvalidParameterException',
      'tags.1.member.value',
    ],
  ] as const)('is refused for %s', (_, called, input, code, field) => {
    const [service, operation] = called.split(':') as [string, string];
    expect(call(service, operation, input)).toThrow(expect.objectContaining({ code, status: 400 }));
    expect(call(service, operation, input)).toThrow(field);
  });

  it.each([
    ['fields that are not set', 'ecs:ListClusters', { nextToken: undefined, maxResults: null }],
    ['fields that the model does not know', 'ecs:ListClusters', { colour: 'red' }],
    ['an operation that has no limits here', 'ecs:CreateCluster', { clusterName: 3 }],
    [
      'a form',
      'iam:SimulatePrincipalPolicy',
      {
        PolicySourceArn: 'arn:aws:iam::111122223333:role/r',
        'ActionNames.member.1': 'ecs:ListTasks',
        'ContextEntries.member.1.ContextKeyName': 'aws:RequestedRegion',
        'ContextEntries.member.1.ContextKeyType': 'string',
        'ContextEntries.member.1.ContextKeyValues.member.1': 'eu-west-1',
        MaxItems: '1000',
      },
    ],
    [
      'a function of another partition',
      'lambda:GetFunctionConfiguration',
      { FunctionName: 'arn:aws-iso:lambda:us-iso-east-1:111122223333:function:f' },
    ],
    [
      'characters outside the first plane, each of which counts once',
      'ecs:TagResource',
      { resourceArn: 'r', tags: [{ key: 'k', value: '\u{1D400}'.repeat(256) }] },
    ],
  ] as const)('is not refused for %s', (_, called, input) => {
    const [service, operation] = called.split(':') as [string, string];
    expect(call(service, operation, input)).not.toThrow();
  });
});
