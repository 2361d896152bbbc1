import { describe, expect, it, test } from 'vitest';
import { isRegion, settingsOf } from '../../../functions/core/credentials/settings.ts';

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
])('%j is a Region: %s', (name, isOne) => {
  expect(isRegion(name)).toBe(isOne);
});
