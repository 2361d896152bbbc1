import { describe, expect, it, test } from 'vitest';
import { CAUSES } from '../../../functions/core/credentials/cause.ts';
import { type Attempt, type Attempts, LINKS, walk } from '../../../functions/core/credentials/chain.ts';
import type { Diagnosis } from '../../../functions/core/credentials/diagnosis.ts';
import { findingsOf, principalCause } from '../../../functions/core/credentials/findings.ts';
import type { Place } from '../../../functions/core/credentials/place.ts';
import { profileOf } from '../../../functions/core/credentials/profile.ts';
import { type Environment, settingsOf } from '../../../functions/core/credentials/settings.ts';
import { told } from '../../../functions/core/credentials/words.ts';

const NOW = Date.UTC(2026, 10, 29);
const NOTHING: Attempt = { kind: 'not-configured' };
const worked = (key = 'ASIA…0001', expiresAt?: number): Attempt => ({
  kind: 'worked',
  key,
  ms: 1,
  ...(expiresAt !== undefined && { expiresAt }),
});
const SHELL: Place = { kind: 'shell', isOnEc2: false };

type Some = { readonly env?: Environment; readonly attempts?: Partial<Attempts> } & Partial<
  Omit<Diagnosis, 'attempts'>
>;

/** Keys of a session in the environment of a shell, with which everything is well; `some` is different. */
function diagnosis({ env = {}, attempts: others = {}, ...some }: Some = {}): Diagnosis {
  const settings = settingsOf({
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_SESSION_TOKEN: 'x',
    ...env,
  });
  const attempts = {
    environment: worked(),
    profile: NOTHING,
    process: NOTHING,
    'web-identity': NOTHING,
    container: NOTHING,
    metadata: NOTHING,
    ...others,
  };
  return {
    now: NOW,
    place: SHELL,
    settings,
    profile: profileOf({}, settings.profile, []),
    attempts,
    ...walk(attempts, settings),
    metadata: { state: 'silent', requiresTokens: undefined, role: undefined },
    region: { name: 'eu-west-1', from: 'environment' },
    identity: { kind: 'known', account: '111122223333', arn: 'arn:aws:sts::111122223333:assumed-role/x/y' },
    ...some,
  };
}

const found = (some: Some) => findingsOf(diagnosis(some)).map(({ level, code }) => `${level} ${code}`);

describe('the findings', () => {
  it('are none where everything is well', () => {
    expect(found({})).toEqual([]);
    expect(principalCause(diagnosis())).toBeUndefined();
  });

  test.each<[string, Some, readonly string[]]>([
    [
      'credentials that have expired',
      { attempts: { environment: worked('ASIA…0001', NOW - 1) } },
      ['wrong expired'],
    ],
    ['credentials that expire later', { attempts: { environment: worked('ASIA…0001', NOW + 1) } }, []],
    [
      'credentials that have expired, of which AWS says the same',
      {
        attempts: { environment: worked('ASIA…0001', NOW - 1) },
        identity: { kind: 'refused', code: 'ExpiredToken' },
      },
      ['wrong expired'],
    ],
    [
      'keys that AWS refuses',
      { identity: { kind: 'refused', code: 'InvalidClientTokenId' } },
      ['wrong refused-by-aws'],
    ],
    [
      'AWS that cannot be reached',
      { identity: { kind: 'unreachable', code: 'ENOTFOUND' } },
      ['wrong aws-unreachable'],
    ],
    [
      'a Region that is set to nothing',
      { region: { name: '', from: 'environment' } },
      ['wrong not-a-region'],
    ],
    ['a Region that is none', { region: { name: 'eu-wst', from: 'environment' } }, ['wrong not-a-region']],
    [
      'a pair of keys of which one is missing, beside a profile',
      {
        env: { AWS_PROFILE: 'work', AWS_SECRET_ACCESS_KEY: '' },
        attempts: {
          environment: { kind: 'failed', cause: { code: 'half-a-pair' }, endsChain: false, ms: 0 },
          profile: worked(),
        },
      },
      ['warning half-a-pair'],
    ],
    [
      'a file that cannot be read',
      { profile: profileOf({}, undefined, ['/home/me/.aws/config']) },
      ['warning unreadable-profile'],
    ],
    [
      'a file that cannot be read, and nothing else',
      {
        env: { AWS_PROFILE: 'work' },
        attempts: {
          environment: NOTHING,
          profile: { kind: 'failed', cause: { code: 'no-such-profile' }, endsChain: false, ms: 1 },
        },
        profile: profileOf({}, 'work', ['/home/me/.aws/config']),
      },
      ['wrong unreadable-profile', 'wrong no-such-profile', 'warning profile-and-keys'],
    ],
    [
      'a long-lived key in a pod',
      { place: { kind: 'kubernetes', isOnEc2: true }, attempts: { environment: worked('AKIA…0001') } },
      ['warning long-lived-keys'],
    ],
    ['a long-lived key in a shell', { attempts: { environment: worked('AKIA…0001') } }, []],
    [
      'a pod without a role',
      { place: { kind: 'kubernetes', isOnEc2: true }, attempts: { environment: NOTHING } },
      ['wrong no-pod-role'],
    ],
    [
      'an instance that keeps its role away, after a profile that does not exist',
      {
        env: { AWS_PROFILE: 'wrok', AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
        attempts: {
          environment: NOTHING,
          profile: { kind: 'failed', cause: { code: 'no-such-profile' }, endsChain: false, ms: 1 },
          metadata: { kind: 'failed', cause: { code: 'hop-limit' }, endsChain: false, ms: 1 },
        },
        metadata: { state: 'hop-limit', requiresTokens: true, role: undefined },
      },
      ['wrong no-such-profile', 'wrong hop-limit'],
    ],
    [
      'a metadata service that has not answered in time',
      { attempts: { environment: NOTHING, metadata: { kind: 'unanswered', ms: 3_000 } } },
      ['wrong no-answer'],
    ],
  ])('say what is so about %s', (_, some, wanted) => {
    expect(found(some)).toEqual(wanted);
  });

  it('name the link to which the SDK goes on', () => {
    const [first] = findingsOf(
      diagnosis({
        env: { AWS_PROFILE: 'wrok', AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
        attempts: {
          environment: NOTHING,
          profile: { kind: 'failed', cause: { code: 'no-such-profile' }, endsChain: false, ms: 1 },
          metadata: worked(),
        },
        profile: profileOf({ work: {} }, 'wrok', []),
      }),
    );
    expect(first).toMatchObject({
      level: 'warning',
      finding:
        'the profile wrok does not exist (there are: work); the SDK says nothing and goes on to the instance metadata service',
    });
  });
});

describe('the words', () => {
  test.each(CAUSES)('of %s say what was found and what to do, in every place', (code) => {
    for (const kind of ['shell', 'ec2', 'container', 'ecs', 'kubernetes', 'lambda'] as const)
      for (const link of LINKS) {
        const [finding, todo] = told(
          { code, detail: 'ECONNREFUSED' },
          link,
          diagnosis({ place: { kind, isOnEc2: true } }),
        );
        expect(finding.length).toBeGreaterThan(10);
        expect(todo.length).toBeGreaterThan(10);
        expect(`${finding}${todo}`).not.toMatch(/undefined|\.$/);
      }
  });
});
