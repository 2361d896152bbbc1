import { describe, expect, test } from 'vitest';
import { isContainer, placeInWords, placeOf, type Signs } from '../../../functions/core/credentials/place.ts';
import type { Environment } from '../../../functions/core/credentials/settings.ts';

const MACHINE: Signs = { hasContainerFile: false, interfaces: ['eth0'], hasDefaultRoute: true, isEc2: false };
const CONTAINER: Signs = { ...MACHINE, hasContainerFile: true };
const FARGATE = { AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE' };

describe('the place', () => {
  test.each<[string, Environment, Signs, boolean]>([
    ['a shell', {}, MACHINE, false],
    ['a shell, GitHub Actions', { GITHUB_ACTIONS: 'true', CI: 'true' }, MACHINE, false],
    ['a shell, continuous integration', { CI: 'true' }, MACHINE, false],
    ['a shell', { CI: 'false' }, MACHINE, false],
    ['an EC2 instance', {}, { ...MACHINE, isEc2: true }, false],
    ['an EC2 instance', {}, MACHINE, true],
    ['a Lambda function', { AWS_LAMBDA_FUNCTION_NAME: 'x' }, CONTAINER, false],
    ['a pod of Kubernetes', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, CONTAINER, false],
    ['a container, network bridge', {}, CONTAINER, false],
    ['a container on EC2, network bridge', {}, CONTAINER, true],
    ['a container, network bridge, CodeBuild', { CODEBUILD_BUILD_ID: 'x' }, CONTAINER, false],
    ['a container, network none', {}, { ...CONTAINER, interfaces: [] }, false],
    ['a container, network isolated', {}, { ...CONTAINER, hasDefaultRoute: false }, false],
    ['a container, network bridge', {}, { ...CONTAINER, hasDefaultRoute: undefined }, false],
    ['a container, network host', {}, { ...CONTAINER, interfaces: ['ens5', 'docker0'] }, false],
    ['an ECS task on Fargate, network awsvpc', FARGATE, MACHINE, false],
    [
      'an ECS task on EC2, network awsvpc',
      { AWS_EXECUTION_ENV: 'AWS_ECS_EC2' },
      { ...MACHINE, interfaces: ['ecs-eth0', 'eth0'] },
      true,
    ],
    [
      'an ECS task on Managed Instances, network host',
      { AWS_EXECUTION_ENV: 'AWS_ECS_MANAGED_INSTANCES' },
      { ...MACHINE, interfaces: ['ecs-bridge'] },
      true,
    ],
    [
      'an ECS task on ECS Anywhere, network bridge',
      { AWS_EXECUTION_ENV: 'AWS_ECS_EXTERNAL' },
      MACHINE,
      false,
    ],
    [
      'an ECS task, network bridge',
      { ECS_CONTAINER_METADATA_URI: 'http://169.254.170.2/v3/x' },
      MACHINE,
      false,
    ],
    ['a container, network bridge', {}, { ...CONTAINER, interfaces: ['my-docker0'] }, false],
    [
      'an ECS task, network bridge',
      { ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/x' },
      MACHINE,
      false,
    ],
  ])('%s is recognised by %o', (words, env, signs, answersAsEc2) => {
    expect(placeInWords(placeOf(env, signs, answersAsEc2))).toBe(words);
  });

  test('says nothing that is not known: no continuous integration, and nothing of what ECS runs a task on', () => {
    expect(placeOf({}, MACHINE, false)).toStrictEqual({ kind: 'shell', isOnEc2: false });
    const task = placeOf({ ECS_CONTAINER_METADATA_URI_V4: 'x', CI: 'true' }, MACHINE, true);
    expect(task).toStrictEqual({ kind: 'ecs', network: 'bridge', isOnEc2: true, ci: 'CI' });
    expect(placeOf({ AWS_EXECUTION_ENV: 'my_AWS_ECS_EC2' }, MACHINE, false).kind).toBe('shell');
    expect(placeOf({ AWS_EXECUTION_ENV: 'AWS_ECS_EC2_2' }, MACHINE, false).on).toBe('EC2');
  });

  test.each<[boolean, Environment, Signs]>([
    [true, FARGATE, MACHINE],
    [true, { KUBERNETES_SERVICE_HOST: 'x' }, MACHINE],
    [true, {}, CONTAINER],
    [false, {}, MACHINE],
    [false, { AWS_LAMBDA_FUNCTION_NAME: 'x' }, MACHINE],
  ])('is a container: %s', (isOne, env, signs) => {
    expect(isContainer(placeOf(env, signs, false))).toBe(isOne);
  });
});
