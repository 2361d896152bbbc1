import { describe, expect, test } from 'vitest';
import {
  clusterArn,
  clusterOf,
  homeOf,
  keyOf,
  nameOf,
  parseArn,
  serviceArn,
  serviceIn,
  taskDefinitionArn,
} from '../../../functions/core/model/arn.ts';

const CLUSTER = 'arn:aws-cn:ecs:cn-north-1:111122223333:cluster/main';

describe('the text', () => {
  test.each([
    [
      'arn:aws:iam::1:role/x',
      { partition: 'aws', service: 'iam', region: '', account: '1', resource: 'role/x' },
    ],
    ['arn:aws:s3:::a:b', { partition: 'aws', service: 's3', region: '', account: '', resource: 'a:b' }],
    ['arn:aws:s3:::::', { partition: 'aws', service: 's3', region: '', account: '', resource: '::' }],
  ])('%s is parsed into the parts of an ARN', (text, arn) => {
    expect(parseArn(text)).toEqual(arn);
  });

  test.each([
    '',
    'main',
    'arn',
    'arn:aws',
    'arn:aws:ecs',
    'arn:aws:ecs:eu-west-1',
    'arn:aws:ecs:eu-west-1:1',
    'arn:aws:ecs:eu-west-1:1:',
    'arn::ecs:eu-west-1:1:cluster/x',
    'arn:aws::eu-west-1:1:cluster/x',
    'urn:aws:ecs:eu-west-1:1:cluster/x',
    ' arn:aws:ecs:eu-west-1:1:cluster/x',
  ])('%j is refused as an ARN', (text) => {
    expect(parseArn(text)).toBeUndefined();
  });
});

describe('the model of ECS ARNs', () => {
  const of = (resource: string, service = 'ecs') => `arn:aws:${service}:eu-west-1:1:${resource}`;

  test.each([
    ['a cluster', clusterArn, of('cluster/main')],
    ['a service', serviceArn, of('service/main/api')],
    ['a service', serviceArn, of('service/api')],
    ['a task definition', taskDefinitionArn, of('task-definition/api:1')],
  ] as const)('accepts the ARN of %s', (_, arn, text) => {
    expect(arn(text)).toBe(text);
  });

  test.each([
    ['a cluster', clusterArn, of('service/main/api')],
    ['a cluster', clusterArn, of('cluster/main', 'eks')],
    ['a cluster', clusterArn, 'main'],
    ['a service', serviceArn, of('cluster/main')],
    ['a service', serviceArn, of('service/main', 'servicediscovery')],
    ['a task definition', taskDefinitionArn, of('task/api')],
    ['a task definition', taskDefinitionArn, ''],
  ] as const)('refuses a text that is not the ARN of %s', (what, arn, text) => {
    expect(() => arn(text)).toThrow(
      new TypeError(`expected the ARN of ${what} in ECS, found ${JSON.stringify(text)}`),
    );
  });

  test('refuses to tell the home of a text that is not an ARN', () => {
    expect(() => homeOf('main' as ReturnType<typeof clusterArn>)).toThrow(
      new TypeError('expected the ARN of a resource in ECS, found "main"'),
    );
  });

  test('tells the name, the key and the home of an ARN', () => {
    const cluster = clusterArn(CLUSTER);
    expect(nameOf(cluster)).toBe('main');
    expect(homeOf(cluster)).toEqual({ partition: 'aws-cn', region: 'cn-north-1', account: '111122223333' });
    expect(keyOf('main', serviceIn(cluster, 'api'))).toBe('main/api');
    expect(serviceIn(cluster, 'api')).toBe('arn:aws-cn:ecs:cn-north-1:111122223333:service/main/api');
  });
});

test('the cluster of a service is in its account and Region', () => {
  const arn = serviceArn('arn:aws-cn:ecs:cn-north-1:111122223333:service/main/api');
  expect(clusterOf(arn, 'main')).toBe(CLUSTER);
});
