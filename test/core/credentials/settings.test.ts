import { describe, expect, it, test } from 'vitest';
import { ciOf, isRegion, settingsOf } from '../../../functions/core/credentials/settings.ts';

describe('the settings', () => {
  it('keep no key, no token and no address', () => {
    const env = {
      AWS_ACCESS_KEY_ID: 'S3CRET',
      AWS_SECRET_ACCESS_KEY: 'S3CRET',
      AWS_SESSION_TOKEN: 'S3CRET',
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'S3CRET',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://S3CRET',
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/S3CRET',
    };
    expect(JSON.stringify(settingsOf(env))).not.toContain('S3CRET');
    expect(settingsOf(env)).toMatchObject({ hasKeyId: true, hasSecretKey: true, hasContainerAddress: true });
  });

  it('take what is set to nothing as not set, as the SDK does', () => {
    const env = {
      AWS_PROFILE: '',
      AWS_ACCESS_KEY_ID: '',
      AWS_WEB_IDENTITY_TOKEN_FILE: '',
      AWS_EC2_METADATA_DISABLED: '',
    };
    expect(settingsOf(env)).toEqual(settingsOf({}));
  });

  it('are each that of its variable, and nothing where none is set', () => {
    const nothing = {
      profile: undefined,
      hasKeyId: false,
      hasSecretKey: false,
      hasSessionToken: false,
      tokenFile: undefined,
      hasRoleArn: false,
      hasContainerAddress: false,
      containerTokenFile: undefined,
      hasMetadataAddress: false,
      isMetadataOff: false,
      isPlainMetadataOff: false,
      region: undefined,
      defaultRegion: undefined,
    };
    expect(settingsOf({})).toEqual(nothing);
    const set = [
      ['AWS_PROFILE', 'profile', 'work'],
      ['AWS_ACCESS_KEY_ID', 'hasKeyId', true],
      ['AWS_SECRET_ACCESS_KEY', 'hasSecretKey', true],
      ['AWS_SESSION_TOKEN', 'hasSessionToken', true],
      ['AWS_WEB_IDENTITY_TOKEN_FILE', 'tokenFile', '/token'],
      ['AWS_ROLE_ARN', 'hasRoleArn', true],
      ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'hasContainerAddress', true],
      ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'hasContainerAddress', true],
      ['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', 'containerTokenFile', '/token'],
      ['AWS_EC2_METADATA_SERVICE_ENDPOINT', 'hasMetadataAddress', true],
      ['AWS_EC2_METADATA_DISABLED', 'isMetadataOff', true],
      ['AWS_EC2_METADATA_V1_DISABLED', 'isPlainMetadataOff', true],
      ['AWS_REGION', 'region', 'eu-west-1'],
      ['AWS_DEFAULT_REGION', 'defaultRegion', 'eu-west-1'],
    ] as const;
    for (const [variable, name, value] of set)
      expect(settingsOf({ [variable]: value === true ? 'x' : value })).toEqual({ ...nothing, [name]: value });
  });

  test.each([
    ['true', true],
    ['1', true],
    ['false', false],
  ])('switch the metadata service off with %s: %s', (value, isOff) => {
    expect(settingsOf({ AWS_EC2_METADATA_DISABLED: value }).isMetadataOff).toBe(isOff);
  });
});

test.each([
  ['eu-west-1', true],
  ['us-gov-east-1', true],
  ['ap-southeast-7', true],
  ['eu-wst', false],
  ['', false],
  ['eu-west-1.evil.example', false],
  ['http://eu-west-1', false],
  ['eu-west-12', true],
  ['eu-west-123', false],
])('%j is a Region: %s', (name, isOne) => {
  expect(isRegion(name)).toBe(isOne);
});

test.each([
  ['GITHUB_ACTIONS', 'GitHub Actions'],
  ['GITLAB_CI', 'GitLab CI'],
  ['CODEBUILD_BUILD_ID', 'CodeBuild'],
  ['JENKINS_URL', 'Jenkins'],
  ['CIRCLECI', 'CircleCI'],
  ['BITBUCKET_BUILD_NUMBER', 'Bitbucket Pipelines'],
  ['BUILDKITE', 'Buildkite'],
  ['TF_BUILD', 'Azure Pipelines'],
  ['CI', 'CI'],
])('%s is set by %s', (variable, name) => {
  expect(ciOf({ [variable]: 'true' })).toBe(name);
  expect(ciOf({ [variable]: 'false' })).toBeUndefined();
});
