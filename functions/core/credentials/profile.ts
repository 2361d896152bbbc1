import type { ProfileKind } from './cause.ts';

/** The sections of the shared files by the names of their profiles; values are not kept. */
export type Profiles = Readonly<Record<string, Readonly<Record<string, string | undefined>> | undefined>>;

/** How the chosen profile stands in the shared files; no value of it but the name of another profile. */
export type Profile = {
  readonly name: string;
  /** AWS_PROFILE or --profile names it; otherwise it is `default`. */
  readonly isNamed: boolean;
  readonly exists: boolean;
  readonly kind: ProfileKind;
  readonly hasProcess: boolean;
  readonly hasRegion: boolean;
  /** One of the two keys stands in it, and the other does not. */
  readonly hasHalfAPair: boolean;
  readonly source: string | undefined;
  /** The other profiles that there are. */
  readonly others: readonly string[];
  /** The files that exist and cannot be read. */
  readonly unreadable: readonly string[];
};

const DEFAULT = 'default';
/** What the SDK keeps beside the profiles. */
const OTHER_SECTIONS = /^(?:sso-session|services)\./;

export function profileOf(
  profiles: Profiles,
  named: string | undefined,
  unreadable: readonly string[],
): Profile {
  const name = named ?? DEFAULT;
  const section = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  const has = (key: string): boolean => Boolean(section?.[key]);
  return {
    name,
    isNamed: named !== undefined,
    exists: section !== undefined,
    kind: kindOf(has),
    hasProcess: has('credential_process'),
    hasRegion: has('region'),
    hasHalfAPair: has('aws_access_key_id') !== has('aws_secret_access_key'),
    source: section?.['source_profile'],
    others: Object.keys(profiles).filter((other) => other !== name && !OTHER_SECTIONS.test(other)),
    unreadable,
  };
}

/** In the order of the SDK (functions/README.md, Credentials). */
function kindOf(has: (key: string) => boolean): ProfileKind {
  if (has('role_arn') && has('source_profile') !== has('credential_source')) return 'role';
  if (has('aws_access_key_id') && has('aws_secret_access_key')) return 'keys';
  if (has('web_identity_token_file') && has('role_arn')) return 'web-identity';
  if (has('credential_process')) return 'process';
  if (SSO.some(has)) return 'sso';
  return has('login_session') ? 'login' : 'nothing';
}

const SSO = ['sso_start_url', 'sso_account_id', 'sso_session', 'sso_region', 'sso_role_name'];
