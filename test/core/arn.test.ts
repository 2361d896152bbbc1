import { describe, expect, test } from 'vitest';
import {
  clusterArn,
  homeOf,
  keyOf,
  nameOf,
  parseArn,
  serviceArn,
  serviceIn,
  taskDefinitionArn,
} from '../../functions/core/model/arn.ts';

const CLUSTER = 'arn:aws-cn:ecs:cn-north-1:111122223333:cluster/main';

describe('an ARN', () => {
  test.each([
    [
      'arn:aws:iam::1:role/x',
      { partition: 'aws', service: 'iam', region: '', account: '1', resource: 'role/x' },
    ],
    ['arn:aws:s3:::a:b', { partition: 'aws', service: 's3', region: '', account: '', resource: 'a:b' }],
    ['arn:aws:s3:::::', { partition: 'aws', service: 's3', region: '', account: '', resource: '::' }],
  ])('%s is taken apart', (text, arn) => {
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
  ])('%j is none', (text) => {
    expect(parseArn(text)).toBeUndefined();
  });
});

describe('an ARN of ECS', () => {
  const of = (resource: string, service = 'ecs') => `arn:aws:${service}:eu-west-1:1:${resource}`;

  test.each([
    ['a cluster', clusterArn, of('cluster/main')],
    ['a service', serviceArn, of('service/main/api')],
    ['a service', serviceArn, of('service/api')],
    ['a task definition', taskDefinitionArn, of('task-definition/api:1')],
  ] as const)('is known as that of %s', (_, arn, text) => {
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
  ] as const)('of anything else is not taken for that of %s', (what, arn, text) => {
    expect(() => arn(text)).toThrow(
      new TypeError(`expected the ARN of ${what} in ECS, found ${JSON.stringify(text)}`),
    );
  });

  test('that is none after all has no home', () => {
    expect(() => homeOf('main' as ReturnType<typeof clusterArn>)).toThrow(
      new TypeError('expected the ARN of a resource in ECS, found "main"'),
    );
  });

  test('tells name, key and home', () => {
    const cluster = clusterArn(CLUSTER);
    expect(nameOf(cluster)).toBe('main');
    expect(homeOf(cluster)).toEqual({ partition: 'aws-cn', region: 'cn-north-1', account: '111122223333' });
    expect(keyOf('main', serviceIn(cluster, 'api'))).toBe('main/api');
    expect(serviceIn(cluster, 'api')).toBe('arn:aws-cn:ecs:cn-north-1:111122223333:service/main/api');
  });
});
