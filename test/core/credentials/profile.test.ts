import { describe, expect, it, test } from 'vitest';
import type { ProfileKind } from '../../../functions/core/credentials/cause.ts';
import { profileOf } from '../../../functions/core/credentials/profile.ts';

const KEYS = { aws_access_key_id: 'A', aws_secret_access_key: 'S' };

describe('a profile', () => {
  test.each<[ProfileKind, Readonly<Record<string, string>>]>([
    ['keys', KEYS],
    ['role', { role_arn: 'r', source_profile: 'base', ...KEYS }],
    ['role', { role_arn: 'r', credential_source: 'Environment' }],
    ['keys', { role_arn: 'r', source_profile: 'base', credential_source: 'Environment', ...KEYS }],
    ['web-identity', { role_arn: 'r', web_identity_token_file: '/x' }],
    ['process', { credential_process: 'x', sso_session: 'corp' }],
    ['sso', { sso_session: 'corp' }],
    ['sso', { sso_start_url: 'u' }],
    ['sso', { sso_account_id: 'a' }],
    ['sso', { sso_region: 'eu-west-1' }],
    ['sso', { sso_role_name: 'r' }],
    ['nothing', { role_arn: 'r', aws_secret_access_key: 'S' }],
    ['nothing', { web_identity_token_file: '/x' }],
    ['login', { login_session: 'x' }],
    ['nothing', { region: 'eu-west-1' }],
    ['nothing', { aws_access_key_id: 'A' }],
  ])('leads to credentials by %s: %o', (kind, section) => {
    expect(profileOf({ work: section }, 'work', [])).toMatchObject({ exists: true, isNamed: true, kind });
  });

  it('is default unless one is named', () => {
    expect(profileOf({ default: KEYS }, undefined, [])).toMatchObject({
      name: 'default',
      isNamed: false,
      kind: 'keys',
    });
  });

  it('that does not exist leaves the others to be named, but no session and no list of endpoints', () => {
    const profiles = { work: {}, 'my-services.x': {}, 'sso-session.corp': {}, 'services.local': {} };
    expect(profileOf(profiles, 'wrok', [])).toMatchObject({
      exists: false,
      others: ['work', 'my-services.x'],
      kind: 'nothing',
    });
    expect(profileOf(profiles, 'toString', [])).toMatchObject({ exists: false });
  });

  it('with one of the two keys is told from one with none', () => {
    expect(profileOf({ default: { aws_access_key_id: 'A' } }, undefined, []).hasHalfAPair).toBe(true);
    expect(profileOf({ default: { aws_secret_access_key: 'S' } }, undefined, []).hasHalfAPair).toBe(true);
    for (const section of [{}, KEYS])
      expect(profileOf({ default: section }, undefined, []).hasHalfAPair).toBe(false);
  });

  it('tells whether it has a process and a Region', () => {
    const section = { credential_process: 'x', region: 'eu-west-1' };
    expect(profileOf({ work: section }, 'work', [])).toMatchObject({ hasProcess: true, hasRegion: true });
    expect(profileOf({ work: {} }, 'work', ['/a'])).toMatchObject({
      hasProcess: false,
      hasRegion: false,
      source: undefined,
      unreadable: ['/a'],
    });
  });

  it('keeps nothing of its values but the name of its source', () => {
    const kept = JSON.stringify(
      profileOf({ work: { ...KEYS, source_profile: 'base', sso_session: 'S3CRET' } }, 'work', []),
    );
    expect(kept).toContain('base');
    expect(kept).not.toContain('S3CRET');
  });
});
