import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod/mini';
import {
  CAUSES,
  type CauseCode,
  containerCause,
  type LinkError,
  type ProfileKind,
  profileCause,
  webIdentityCause,
} from '../../../functions/core/credentials/cause.ts';
import { METADATA_STATES } from '../../../functions/core/credentials/metadata.ts';

const error = (message: string, more: Partial<LinkError> = {}): LinkError => ({
  name: 'CredentialsProviderError',
  message,
  ...more,
});

/** What the SDK says, word for word. */
const OF_PROFILES: readonly (readonly [ProfileKind, LinkError, CauseCode])[] = [
  [
    'nothing',
    error('Could not resolve credentials using profile: [work] in configuration/credentials file(s).'),
    'empty-profile',
  ],
  [
    'role',
    error('Could not resolve credentials using profile: [base] in configuration/credentials file(s).'),
    'no-source-profile',
  ],
  [
    'role',
    error('Detected a cycle attempting to resolve credentials for profile work. Profiles visited: base'),
    'profile-cycle',
  ],
  [
    'role',
    error('Unsupported credential source in profile work. Got X, expected EcsContainer or …'),
    'unknown-credential-source',
  ],
  [
    'role',
    error('Profile work requires multi-factor authentication, but no MFA code callback was provided.'),
    'mfa',
  ],
  [
    'role',
    error('Unable to connect to instance metadata service', { name: 'ProviderError', code: 'ECONNREFUSED' }),
    'credential-source-failed',
  ],
  [
    'role',
    error('Error response received from instance metadata service', { status: 404 }),
    'credential-source-failed',
  ],
  ['role', error('Unable to find environment variable credentials.'), 'credential-source-failed'],
  ['role', error('User: x is not authorized', { name: 'AccessDenied' }), 'role-refused'],
  [
    'role',
    error('The security token included in the request is expired', { name: 'ExpiredToken' }),
    'source-expired',
  ],
  [
    'role',
    error('The security token included in the request is invalid.', { name: 'InvalidClientTokenId' }),
    'source-refused',
  ],
  [
    'role',
    error('getaddrinfo ENOTFOUND sts.eu-wst-1.amazonaws.com', { name: 'Error', code: 'ENOTFOUND' }),
    'sts-unreachable',
  ],
  ['role', error('The SSO session associated with this profile has expired. To refresh …'), 'sso-login'],
  [
    'sso',
    error(
      'The SSO session associated with this profile is invalid. To refresh this SSO session run aws sso login …',
    ),
    'sso-login',
  ],
  [
    'sso',
    error('The SSO session token associated with profile=work was not found or is invalid. To refresh …'),
    'sso-login',
  ],
  [
    'sso',
    error("Value not present for 'refreshToken' in SSO Token. Cannot refresh. To refresh …"),
    'sso-login',
  ],
  [
    'sso',
    error('Token is expired. To refresh this SSO session run aws sso login with the corresponding profile.'),
    'sso-login',
  ],
  ['sso', error('UnauthorizedException: Session token not found or invalid'), 'sso-login'],
  ['sso', error('ForbiddenException: No access'), 'sso-refused'],
  ['sso', error("Sso session 'corp' could not be found in shared credentials file."), 'sso-incomplete'],
  ['sso', error("Sso session 'corp' is missing required property 'sso_region'."), 'sso-incomplete'],
  [
    'sso',
    error('Profile is configured with invalid SSO credentials. Required parameters …'),
    'sso-incomplete',
  ],
  ['sso', error('TimeoutError: connect', { name: 'TimeoutError' }), 'sts-unreachable'],
  ['login', error('Failed to load token from /x: Error: ENOENT: no such file'), 'login-session'],
  ['login', error('Your session has expired. Please reauthenticate.'), 'login-session'],
  ['process', error('Command failed: get-keys\nsome words'), 'process-failed'],
  ['process', error('Profile work credential_process returned invalid JSON.'), 'process-output'],
  ['process', error('Profile work credential_process did not return Version 1.'), 'process-output'],
  ['process', error('Profile work credential_process returned expired credentials.'), 'process-expired'],
  ['process', error('Command failed: get-keys\nToken is expired. AccessDenied ENOENT'), 'process-failed'],
  [
    'web-identity',
    error("ENOENT: no such file or directory, open '/x'", { name: 'Error', code: 'ENOENT' }),
    'token-file-missing',
  ],
  ['keys', error('anything'), 'other'],
];

const REFUSALS = [
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
] as const;
const UNREACHABLE = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
] as const;

const OF_WEB_IDENTITIES: readonly (readonly [LinkError, CauseCode])[] = [
  [
    error("ENOENT: no such file or directory, open '/x'", { name: 'Error', code: 'ENOENT' }),
    'token-file-missing',
  ],
  [error("EACCES: permission denied, open '/x'", { name: 'Error', code: 'EACCES' }), 'token-file-unreadable'],
  [
    error('Token expired: current date/time must be before …', { name: 'ExpiredTokenException' }),
    'token-expired',
  ],
  [
    error('No OpenIDConnect provider found in your account', { name: 'InvalidIdentityToken' }),
    'token-refused',
  ],
  [
    error('Not authorized to perform sts:AssumeRoleWithWebIdentity', { name: 'AccessDenied' }),
    'role-refused',
  ],
  [error('connect ECONNREFUSED 127.0.0.1:1', { name: 'Error', code: 'ECONNREFUSED' }), 'sts-unreachable'],
  [error('something new', { name: 'NewException' }), 'other'],
];

const OF_CONTAINERS: readonly (readonly [LinkError, CauseCode])[] = [
  [error('Error: connect ECONNREFUSED 169.254.170.2:80'), 'container-refused'],
  [error('Error: connect ENETUNREACH 169.254.170.2:80'), 'container-no-route'],
  [
    error('TimeoutError: @smithy/node-http-handler - the request socket did not establish a connection …'),
    'container-silent',
  ],
  [error('Server responded with status: 404'), 'container-status'],
  [error('Error response received from instance metadata service', { status: 400 }), 'container-status'],
  [
    error('HTTP credential provider response not of the required format, an object matching: …'),
    'container-answer',
  ],
  [error("Unexpected token '<", { name: 'SyntaxError' }), 'container-answer'],
  [error('URL not accepted. It must either be HTTPS or match one of the following: …'), 'container-address'],
  [error('Invalid URL', { name: 'TypeError', code: 'ERR_INVALID_URL' }), 'container-address'],
  [
    error("ENOENT: no such file or directory, open '/x'", { name: 'Error', code: 'ENOENT' }),
    'container-token-missing',
  ],
  [
    error("EACCES: permission denied, open '/x'", { name: 'Error', code: 'EACCES' }),
    'container-token-unreadable',
  ],
];

describe('an error of the SDK', () => {
  test.each(OF_PROFILES)('of a profile with %s, %o, is %s', (kind, one, code) => {
    expect(profileCause(kind, one).code).toBe(code);
  });
  test.each(OF_WEB_IDENTITIES)('of a web identity, %o, is %s', (one, code) => {
    expect(webIdentityCause(one).code).toBe(code);
  });
  test.each(REFUSALS)('of a role, %s, is that its source is refused', (name) => {
    expect(profileCause('role', error('x', { name })).code).toBe('source-refused');
  });
  test.each(UNREACHABLE)('of a role, %s, is that STS cannot be reached', (code) => {
    expect(profileCause('role', error('x', { name: 'Error', code }))).toEqual({
      code: 'sts-unreachable',
      detail: code,
    });
  });
  test.each(['ExpiredToken', 'ExpiredTokenException'])(
    'of a web identity, %s, is that its token has expired',
    (name) => {
      expect(webIdentityCause(error('x', { name })).code).toBe('token-expired');
    },
  );
  test.each(['InvalidIdentityTokenException', 'IDPRejectedClaimException'])(
    'of a web identity, %s, is that STS refuses it',
    (name) => {
      expect(webIdentityCause(error('x', { name })).code).toBe('token-refused');
    },
  );
  test.each(OF_CONTAINERS)('of a container endpoint, %o, is %s', (one, code) => {
    expect(containerCause(one).code).toBe(code);
  });
});

describe('of an error is kept', () => {
  it.each<[string, LinkError, string | undefined]>([
    ['the status', error('Server responded with status: 404'), '404'],
    ['the status that the error has', error('x', { status: 401 }), '401'],
    ['the code of the system', error('connect', { name: 'Error', code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['the name that AWS gives to it', error('x', { name: 'AccessDenied' }), 'AccessDenied'],
    ['no name that says nothing', error('x'), undefined],
    ['no code of another shape', error('x', { name: 'Error', code: 'password=hunter2' }), undefined],
    ['no name of another shape', error('x', { name: 'my secret' }), undefined],
    ['no name of a provider', error('x', { name: 'ProviderError' }), undefined],
    ['no name of a provider of tokens', error('x', { name: 'TokenProviderError' }), undefined],
    ['no name of what reads JSON', error('x', { name: 'SyntaxError' }), undefined],
    ['no code with words around it', error('x', { name: 'Error', code: 'my ENOENT hunter' }), undefined],
    ['no code with a word before it', error('x', { name: 'Error', code: 'hunter ENOENT' }), undefined],
    ['no code with a word after it', error('x', { name: 'Error', code: 'ENOENT hunter' }), undefined],
    ['no name with a word before it', error('x', { name: 'hunter2 AccessDenied' }), undefined],
    ['no name with a word after it', error('x', { name: 'AccessDenied hunter2' }), undefined],
    ['nothing of the message', error('Command failed: echo ENOENT hunter2', { name: 'Error' }), undefined],
  ])('%s', (_, one, detail) => {
    const { code: _code, ...kept } = containerCause(one);
    expect(kept).toStrictEqual(detail === undefined ? {} : { detail });
  });
});

test('the schema of doctor credentials lists the causes and the states of the code', () => {
  const List = z.object({ enum: z.array(z.string()) });
  const Schema = z.object({
    properties: z.object({
      links: z.object({
        items: z.object({
          properties: z.object({ cause: z.object({ properties: z.object({ code: List }) }) }),
        }),
      }),
      metadata: z.object({ properties: z.object({ state: List }) }),
    }),
  });
  const { properties } = Schema.parse(
    JSON.parse(readFileSync('functions/schema/credentials.schema.json', 'utf8')),
  );
  expect(properties.links.items.properties.cause.properties.code.enum).toEqual(CAUSES);
  expect(properties.metadata.properties.state.enum).toEqual(METADATA_STATES);
});
