import { METADATA_FAILURES } from './metadata.ts';

/**
 * Why a link of the SDK's chain gave no credentials: a closed list. The texts of the SDK hold what a process printed, what
 * a server answered or what stands in a file, and any of it may be a piece of a key: none of them is passed on.
 */
export const CAUSES = [
  'half-a-pair',
  'no-such-profile',
  'unreadable-profile',
  'empty-profile',
  'no-source-profile',
  'profile-cycle',
  'unknown-credential-source',
  'credential-source-failed',
  'sso-login',
  'sso-incomplete',
  'sso-refused',
  'login-session',
  'mfa',
  'process-failed',
  'process-output',
  'process-expired',
  'role-refused',
  'source-expired',
  'source-refused',
  'half-web-identity',
  'token-file-missing',
  'token-file-unreadable',
  'token-expired',
  'token-refused',
  'sts-unreachable',
  'container-address',
  'container-refused',
  'container-no-route',
  'container-silent',
  'container-status',
  'container-answer',
  'container-token-missing',
  'container-token-unreadable',
  'role-unusable',
  ...METADATA_FAILURES,
  'other',
] as const;
export type CauseCode = (typeof CAUSES)[number];

/** `detail`: the code of an error, or the status of an answer. */
export type Cause = { readonly code: CauseCode; readonly detail?: string };

/** What an error of the SDK tells; `status` of the answer, if there was one. */
export type LinkError = {
  readonly name: string;
  readonly code?: string;
  readonly status?: number;
  readonly message: string;
};

type Rules = readonly (readonly [pattern: RegExp, code: CauseCode])[];

const UNREACHABLE: Rules = [
  [
    /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|TimeoutError|RequestTimeout)\b/,
    'sts-unreachable',
  ],
];
const REFUSED: Rules = [
  [/\bExpiredToken(?:Exception)?\b/, 'source-expired'],
  [
    /\b(?:InvalidClientTokenId|UnrecognizedClient\w*|SignatureDoesNotMatch|InvalidSignature\w*)\b/,
    'source-refused',
  ],
  [/\bAccessDenied(?:Exception)?\b/, 'role-refused'],
];
const SSO: Rules = [
  [
    /invalid SSO credentials|is missing required property|Sso session '[^']*' could not be found/,
    'sso-incomplete',
  ],
  [/\bForbiddenException\b|\bResourceNotFoundException\b|\bInvalidRequestException\b/, 'sso-refused'],
  [/SSO session|Token is expired|UnauthorizedException|in SSO Token/, 'sso-login'],
];
const PROCESS: Rules = [
  [/returned expired credentials/, 'process-expired'],
  [/returned invalid JSON|did not return Version 1|returned invalid credentials/, 'process-output'],
];
const ROLE: Rules = [
  [/multi-factor authentication/, 'mfa'],
  [/Detected a cycle/, 'profile-cycle'],
  [/Unsupported credential source/, 'unknown-credential-source'],
  [
    /instance metadata service|metadata service|HTTP credential provider|container metadata|environment variable credentials/i,
    'credential-source-failed',
  ],
  [/Could not resolve credentials using profile/, 'no-source-profile'],
];
const TOKEN: Rules = [
  [/\bENOENT\b/, 'token-file-missing'],
  [/\bEACCES\b|\bEPERM\b|\bEISDIR\b/, 'token-file-unreadable'],
  [/\bExpiredToken(?:Exception)?\b/, 'token-expired'],
  [/\bInvalidIdentityToken(?:Exception)?\b|\bIDPRejectedClaim\w*\b/, 'token-refused'],
  [/\bAccessDenied(?:Exception)?\b/, 'role-refused'],
];

/** How a profile leads to credentials, in the order in which the SDK looks for it; `nothing`: it does not. */
export const PROFILE_KINDS = ['role', 'keys', 'web-identity', 'process', 'sso', 'login', 'nothing'] as const;
export type ProfileKind = (typeof PROFILE_KINDS)[number];

const OF_PROFILE: Readonly<Record<ProfileKind, Rules>> = {
  role: [...ROLE, ...SSO, ...REFUSED, ...UNREACHABLE, ...PROCESS],
  keys: [],
  'web-identity': [...TOKEN, ...UNREACHABLE],
  process: [...PROCESS, [/^/, 'process-failed']],
  sso: [...SSO, ...UNREACHABLE],
  login: [...UNREACHABLE, [/^/, 'login-session']],
  nothing: [[/^/, 'empty-profile']],
};

const CONTAINER: Rules = [
  [/\bENOENT\b/, 'container-token-missing'],
  [/\bEACCES\b|\bEPERM\b|\bEISDIR\b/, 'container-token-unreadable'],
  [/URL not accepted|is not a valid container metadata|Invalid URL/, 'container-address'],
  [/\bECONNREFUSED\b/, 'container-refused'],
  [/\bENETUNREACH\b|\bEHOSTUNREACH\b/, 'container-no-route'],
  [/TimeoutError|\bETIMEDOUT\b|timeout/i, 'container-silent'],
  [/Server responded with status|Error response received/, 'container-status'],
  [/required format|Invalid response|JSON|Unexpected/, 'container-answer'],
];

export const profileCause = (kind: ProfileKind, error: LinkError): Cause => causeIn(OF_PROFILE[kind], error);
export const webIdentityCause = (error: LinkError): Cause => causeIn([...TOKEN, ...UNREACHABLE], error);
export const containerCause = (error: LinkError): Cause => causeIn(CONTAINER, error);

function causeIn(rules: Rules, error: LinkError): Cause {
  const { name, code = '', message } = error;
  const text = `${name} ${code} ${message}`;
  const found = rules.find(([pattern]) => pattern.test(text))?.[1] ?? 'other';
  const detail = detailOf(error);
  return { code: found, ...(detail !== undefined && { detail }) };
}

/** What tells an error from others and holds nothing that a server or a process has written freely. */
function detailOf({ name, code, status, message }: LinkError): string | undefined {
  const answered = status ?? /\bresponded with status: (\d{3})\b/.exec(message)?.[1];
  if (answered !== undefined) return String(answered);
  const system = /^E[A-Z_]{3,15}$/.exec(code ?? '')?.[0];
  return system ?? (/^[A-Z][A-Za-z]{2,40}$/.test(name) && !GENERIC.includes(name) ? name : undefined);
}

const GENERIC = ['Error', 'CredentialsProviderError', 'ProviderError', 'TokenProviderError', 'SyntaxError'];
