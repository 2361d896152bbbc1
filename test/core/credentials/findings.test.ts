import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { CAUSES, type CauseCode } from '../../../functions/core/credentials/cause.ts';
import { type Attempt, type Attempts, LINKS, walk } from '../../../functions/core/credentials/chain.ts';
import type { Diagnosis } from '../../../functions/core/credentials/diagnosis.ts';
import { findingsOf, principalCause } from '../../../functions/core/credentials/findings.ts';
import { METADATA_STATES, type MetadataState } from '../../../functions/core/credentials/metadata.ts';
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

const NO_KEYS = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_SESSION_TOKEN: '' };
const failure = (code: CauseCode, endsChain = false): Attempt => ({
  kind: 'failed',
  cause: { code, detail: 'ECODE' },
  endsChain,
  ms: 1,
});

const half: Attempt = { kind: 'failed', cause: { code: 'half-a-pair' }, endsChain: false, ms: 0 };
const SKIPPED = { env: { AWS_PROFILE: 'work' } };

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
    ['credentials that expire at this instant', { attempts: { environment: worked('ASIA…0001', NOW) } }, []],
    ['a temporary key without its token', { env: { AWS_SESSION_TOKEN: '' } }, ['wrong no-session-token']],
    [
      'a long-lived key, which needs no token',
      { env: { AWS_SESSION_TOKEN: '' }, attempts: { environment: worked('AKIA…0001') } },
      [],
    ],
    [
      'a pair of keys in an environment that the SDK skips',
      { ...SKIPPED, attempts: { environment: worked(), profile: worked() } },
      ['warning profile-and-keys'],
    ],
    [
      'a pair of keys of which one is missing, and nothing else',
      {
        env: { AWS_SECRET_ACCESS_KEY: '' },
        attempts: { environment: half, profile: worked() },
      },
      ['warning half-a-pair'],
    ],
    [
      'an instance that keeps its role away, beside a file that cannot be read',
      {
        env: NO_KEYS,
        attempts: { environment: NOTHING, metadata: failure('hop-limit') },
        metadata: { state: 'hop-limit', requiresTokens: true, role: undefined },
        profile: profileOf({}, undefined, ['/a']),
      },
      ['wrong unreadable-profile', 'wrong hop-limit'],
    ],
    [
      'an instance that keeps its role away, where a container endpoint is asked instead',
      {
        env: { ...NO_KEYS, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x' },
        attempts: {
          environment: NOTHING,
          container: failure('container-silent'),
          metadata: failure('hop-limit'),
        },
        metadata: { state: 'hop-limit', requiresTokens: true, role: undefined },
      },
      ['wrong container-silent'],
    ],
    [
      'an instance that gives its role after a profile that does not exist',
      {
        env: NO_KEYS,
        attempts: { environment: NOTHING, profile: failure('no-such-profile'), metadata: worked() },
        metadata: { state: 'ready', requiresTokens: true, role: 'app' },
      },
      ['warning no-such-profile'],
    ],
    [
      'a process that does not answer, behind a profile that does not exist',
      {
        env: NO_KEYS,
        attempts: {
          environment: NOTHING,
          profile: failure('no-such-profile'),
          process: { kind: 'unanswered', ms: 3_000 },
        },
      },
      ['wrong no-such-profile', 'wrong no-answer'],
    ],
    [
      'an instance of which nothing asks for a role, behind a profile that does not exist',
      {
        env: NO_KEYS,
        attempts: { environment: NOTHING, profile: failure('no-such-profile') },
        metadata: { state: 'hop-limit', requiresTokens: true, role: undefined },
      },
      ['wrong no-such-profile'],
    ],
    [
      'a file that cannot be read, where no instance answers',
      {
        env: NO_KEYS,
        attempts: { environment: NOTHING, metadata: failure('silent') },
        profile: profileOf({}, undefined, ['/a']),
      },
      ['wrong unreadable-profile'],
    ],
    ['who it is, without credentials to ask with', { identity: undefined }, []],
    [
      'a refusal that only contains the words of another',
      { identity: { kind: 'refused', code: 'NotAccessDenied' } },
      ['wrong refused-by-aws'],
    ],
    [
      'a refusal of what no link gave',
      {
        env: NO_KEYS,
        attempts: { environment: NOTHING, profile: failure('no-such-profile') },
        identity: { kind: 'refused', code: 'ExpiredToken' },
      },
      ['wrong no-such-profile'],
    ],
  ])('say what is so about %s', (_, some, wanted) => {
    expect(found(some)).toEqual(wanted);
  });

  it('explain why there are no credentials by the first that is wrong, not by a warning', () => {
    const skipped = diagnosis({
      env: { AWS_PROFILE: 'work', AWS_SECRET_ACCESS_KEY: '' },
      attempts: { environment: half, profile: failure('other', true) },
    });
    expect(principalCause(skipped)).toBe(findingsOf(skipped).find(({ level }) => level === 'wrong')?.finding);
    expect(principalCause(skipped)).toBeDefined();
    const silent = diagnosis({ env: NO_KEYS, attempts: { environment: NOTHING } });
    expect(principalCause(silent)).toBeUndefined();
    const region = { name: 'eu-west-1', from: 'default-variable' } as const;
    expect(findingsOf({ ...silent, region })).toHaveLength(1);
    expect(principalCause({ ...silent, region })).toBeUndefined();
  });

  it('tell of half a pair that the SDK skips what is missing in the environment', () => {
    const all = findingsOf(
      diagnosis({
        env: { AWS_PROFILE: 'work', AWS_SECRET_ACCESS_KEY: '' },
        attempts: { environment: half, profile: worked() },
      }),
    );
    expect(all.map(({ finding }) => finding)).toEqual([expect.stringContaining('AWS_ACCESS_KEY_ID')]);
  });

  test.each<[string, Some]>([
    [
      'the environment',
      { env: { AWS_PROFILE: 'work' }, attempts: { environment: failure('other'), profile: worked() } },
    ],
    [
      'the instance metadata service',
      {
        env: NO_KEYS,
        attempts: { environment: NOTHING, profile: failure('no-such-profile'), metadata: failure('other') },
        metadata: { state: 'ready', requiresTokens: true, role: 'app' },
      },
    ],
    [
      'the instance metadata service',
      {
        env: NO_KEYS,
        attempts: { environment: NOTHING, metadata: failure('other') },
        metadata: { state: 'ready', requiresTokens: true, role: 'app' },
      },
    ],
  ])('name the link that gives nothing, where no more is known: %s', (link, some) => {
    const other = findingsOf(diagnosis(some)).find(({ code }) => code === 'other');
    expect(other?.finding).toBe(`${link} gives no credentials (ECODE)`);
  });

  it('name the first five profiles and count the others', () => {
    const named = (...names: readonly string[]) => {
      const profile = profileOf(Object.fromEntries(names.map((name) => [name, {}])), 'x', []);
      return told({ code: 'no-such-profile' }, 'profile', diagnosis({ profile }))[0];
    };
    expect(named('a', 'b', 'c', 'd', 'e')).toContain('a, b, c, d, e)');
    expect(named('a', 'b', 'c', 'd', 'e', 'f', 'g')).toContain('a, b, c, d, e and 2 more)');
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

const PLACES: readonly Place[] = [
  SHELL,
  { kind: 'ec2', isOnEc2: true },
  { kind: 'container', isOnEc2: false, network: 'bridge' },
  { kind: 'ecs', isOnEc2: true, network: 'bridge' },
  { kind: 'kubernetes', isOnEc2: true },
  { kind: 'lambda', isOnEc2: false },
];
/** What is found where no link gives anything, in each place and for each state of the metadata service. */
function withoutAnything(place: Place, state: MetadataState, env: Environment = {}) {
  const code = state === 'ready' ? 'role-unusable' : state === 'slow' ? 'hop-limit' : state;
  return diagnosis({
    place,
    env: { ...NO_KEYS, ...env },
    attempts: { environment: NOTHING, metadata: failure(code) },
    metadata: { state, requiresTokens: undefined, role: 'app' },
    identity: undefined,
  });
}

/** Every text, by what it is about. */
function everything(): readonly (readonly [string, Diagnosis])[] {
  const inPlaces = PLACES.flatMap((place) =>
    METADATA_STATES.map((state) => [`${place.kind}, ${state}`, withoutAnything(place, state)] as const),
  );
  const address = { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1' };
  const container = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x' };
  const silentTask = withoutAnything({ kind: 'ecs', isOnEc2: false }, 'silent', container);
  const unanswered = LINKS.map((link) => {
    const one = { environment: NOTHING, [link]: { kind: 'unanswered', ms: 3_000 } as const };
    return [`${link} unanswered`, diagnosis({ env: NO_KEYS, attempts: one })] as const;
  });
  const failed = LINKS.flatMap((link) =>
    [true, false].map((ends) => {
      const one = { environment: NOTHING, [link]: failure('other', ends) };
      const metadata = link === 'metadata' ? {} : { metadata: worked() };
      return [
        `${link} failed, ${ends}`,
        diagnosis({ env: NO_KEYS, attempts: { ...one, ...metadata } }),
      ] as const;
    }),
  );
  const inTask = PLACES.map(
    (place) =>
      [
        `${place.kind} as the instance, with a long-lived key`,
        diagnosis({
          place,
          env: NO_KEYS,
          attempts: { environment: NOTHING, metadata: worked('AKIA…0001') },
          metadata: { state: 'slow', requiresTokens: false, role: 'app' },
        }),
      ] as const,
  );
  const single: readonly (readonly [string, Some])[] = [
    [
      'refused, no Region',
      { region: { name: undefined, from: 'nowhere' }, identity: { kind: 'refused', code: 'X' } },
    ],
    ['refused', { identity: { kind: 'refused', code: 'X' } }],
    ['expired', { identity: { kind: 'refused', code: 'ExpiredTokenException' } }],
    ['denied', { identity: { kind: 'refused', code: 'AccessDenied' } }],
    ['unreachable', { identity: { kind: 'unreachable', code: 'X' } }],
    ['default Region', { region: { name: 'eu-west-1', from: 'default-variable' } }],
    ['empty Region', { region: { name: '', from: 'environment' } }],
    ['wrong Region', { region: { name: 'eu', from: 'environment' } }],
    ['no session token', { env: { AWS_SESSION_TOKEN: '' } }],
    ['profile and keys', { env: { AWS_PROFILE: 'work' }, attempts: { profile: worked() } }],
    ['expired by time', { attempts: { environment: worked('ASIA…0001', NOW - 1) } }],
    ['unreadable', { profile: profileOf({}, undefined, ['/a', '/b']) }],
  ];
  return [
    ...inPlaces,
    ['an address', withoutAnything(SHELL, 'silent', address)],
    ['an ECS task with an address', silentTask],
    ...unanswered,
    ...failed,
    ...inTask,
    ...single.map(([name, some]) => [name, diagnosis(some)] as const),
  ];
}

/** Each cause as it is told, with what the settings and the profile say. */
function texts(): readonly (readonly [CauseCode, string, string])[] {
  const others = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => [name, {}]));
  const contexts: readonly (readonly [string, Some])[] = [
    ...PLACES.map((place) => [place.kind, { place }] as const),
    [
      'half',
      {
        env: { AWS_SECRET_ACCESS_KEY: '', AWS_ROLE_ARN: 'x' },
        profile: profileOf({ default: { aws_access_key_id: 'x' } }, undefined, ['/a']),
      },
    ],
    [
      'other half',
      {
        env: {
          AWS_ACCESS_KEY_ID: '',
          AWS_WEB_IDENTITY_TOKEN_FILE: '/w',
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/c',
        },
      },
    ],
    ['others', { profile: profileOf({ work: { source_profile: 'base' }, ...others }, 'work', []) }],
  ];
  return CAUSES.flatMap((code) =>
    contexts.flatMap(([, some]) =>
      [{ code, detail: 'ECODE' }, { code }].map(
        (cause) => [code, ...told(cause, 'container', diagnosis(some))] as const,
      ),
    ),
  );
}

/** The codes by what they are about, and each text once, by its code. */
function inShort(all: readonly (readonly [string, Diagnosis])[]) {
  const found = all.map(([name, one]) => [name, findingsOf(one)] as const);
  const byCode = new Map<string, Set<string>>();
  const add = (code: string, finding: string, todo: string) => {
    const known = byCode.get(code) ?? new Set();
    byCode.set(code, known.add(`${finding} → ${todo}`));
  };
  for (const { code, finding, todo } of found.flatMap(([, findings]) => findings)) add(code, finding, todo);
  for (const [code, finding, todo] of texts()) add(`cause ${code}`, finding, todo);
  const principal = all.map(([name, one]) => [name, principalCause(one) ?? null] as const);
  return {
    codes: Object.fromEntries(
      found.map(([name, findings]) => [name, findings.map(({ level, code }) => `${level} ${code}`)]),
    ),
    principal: Object.fromEntries(principal.filter(([, cause]) => cause !== null)),
    texts: Object.fromEntries([...byCode].map(([code, known]) => [code, [...known]])),
  };
}

// A text that changes has to change in told.json as well, where it can be read beside all the others.
it('everything that can be told is what is stored', () => {
  expect(inShort(everything())).toEqual(JSON.parse(readFileSync('test/core/credentials/told.json', 'utf8')));
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
