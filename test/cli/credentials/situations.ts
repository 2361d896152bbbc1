import { createHash } from 'node:crypto';
import type { ExitCode } from '../../../functions/cli/exit.ts';
import type { LinkName } from '../../../functions/core/credentials/chain.ts';
import type { MetadataState } from '../../../functions/core/credentials/metadata.ts';

/** Stands in every secret key, token and text of a server: nothing that is printed may hold it. */
export const SENTINEL = 'SENTINEL';

/** Each source of credentials has a key of its own, so that a key tells its source. */
export const KEYS = {
  sentinel: SENTINEL,
  instance: 'ASIAX0INSTANCE0000IN',
  container: 'ASIAX0CONTAINER000CO',
  sso: 'ASIAX0SSO000000000SS',
  assumed: 'ASIAX0ASSUMED00000AS',
  session: 'ASIAX0ENVIRONMENT0EN',
  longLived: 'AKIAX0ENVIRONMENT0EN',
  profile: 'AKIAX0PROFILE00000PR',
  process: 'ASIAX0PROCESS00000PC',
  unknown: 'AKIAX0UNKNOWN00000UN',
} as const;

/** Who AWS says that the keys belong to. */
export const CALLERS: Readonly<Record<string, string>> = {
  [KEYS.instance]: 'arn:aws:sts::111122223333:assumed-role/app-instance/i-0abc',
  [KEYS.container]: 'arn:aws:sts::111122223333:assumed-role/task/11111111',
  [KEYS.sso]: 'arn:aws:sts::111122223333:assumed-role/reader/me',
  [KEYS.assumed]: 'arn:aws:sts::111122223333:assumed-role/assumed/session',
  [KEYS.session]: 'arn:aws:sts::111122223333:assumed-role/given/session',
  [KEYS.longLived]: 'arn:aws:iam::111122223333:user/deploy',
  [KEYS.profile]: 'arn:aws:iam::111122223333:user/me',
  [KEYS.process]: 'arn:aws:sts::111122223333:assumed-role/process/session',
};

/** The metadata service of the instance; `undefined`: what is sent there gets lost. */
export type MetadataService = {
  readonly kind: 'service' | 'mute' | 'refused' | 'portal';
  readonly tokens?: 'required' | 'optional';
  /** `null`: the instance has no role. */
  readonly role?: null;
  readonly hopLimit?: number;
  readonly off?: true;
  /** It refuses to give a token, as it does to a proxy. */
  readonly proxied?: true;
  /** EC2 cannot assume the role. */
  readonly unusable?: true;
};

/** What gives a container its own credentials. */
export type ContainerEndpoint = {
  readonly addresses: readonly string[];
  readonly status?: number;
  readonly mute?: true;
  readonly broken?: true;
  readonly refused?: true;
  readonly wants?: string;
};

export type Situation = {
  readonly id: string;
  /** As the documents say it. */
  readonly environment: string;
  /** `offline`: a host without any network. */
  readonly where: 'host' | 'bridge' | 'custom' | 'internal' | 'none' | 'offline';
  readonly isContainer?: true;
  /** Network interfaces besides the first. */
  readonly interfaces?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** By path below the home, `~`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly metadata?: MetadataService;
  readonly endpoint?: ContainerEndpoint;
  /** Errors of AWS by the action, or by the key of the caller; `none`: nothing answers. */
  readonly aws?: 'none' | Readonly<Record<string, string>>;
  readonly expected: Expected;
};

export type Expected = {
  readonly taken: LinkName | null;
  /** What the links but those that are not configured gave: `worked`, `unanswered`, or the cause. */
  readonly links: Readonly<Partial<Record<LinkName, string>>>;
  readonly metadata: MetadataState;
  readonly place: string;
  readonly findings: readonly string[];
  readonly code: ExitCode;
};

const REGION = { AWS_REGION: 'eu-west-1' };
const SESSION = {
  AWS_ACCESS_KEY_ID: KEYS.session,
  AWS_SECRET_ACCESS_KEY: `${SENTINEL}-secret`,
  AWS_SESSION_TOKEN: `${SENTINEL}-token`,
};
const LONG_LIVED = { AWS_ACCESS_KEY_ID: KEYS.longLived, AWS_SECRET_ACCESS_KEY: `${SENTINEL}-secret` };

const keysOf = (id: string) => `aws_access_key_id = ${id}\naws_secret_access_key = ${SENTINEL}-secret\n`;
const credentials = (text: string) => ({ '~/.aws/credentials': text });
const config = (text: string) => ({ '~/.aws/config': text });

const IMDS: MetadataService = { kind: 'service' };
const hops = (hopLimit: number): MetadataService => ({ kind: 'service', hopLimit });

const SHELL = { where: 'host' } as const;
const EC2 = { where: 'host', metadata: IMDS } as const;
const docker = (where: Situation['where'], metadata?: MetadataService) =>
  ({ where, isContainer: true, ...(metadata !== undefined && { metadata }) }) as const;

const RELATIVE = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/11111111-2222' };
const ECS_ADDRESS = ['169.254.170.2'];
const ecs = (on: 'EC2' | 'FARGATE', more: Readonly<Record<string, string>> = {}) => ({
  ...REGION,
  AWS_EXECUTION_ENV: `AWS_ECS_${on}`,
  ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/11111111',
  ...more,
});
const TASK_ON_EC2 = { ...docker('bridge', hops(2)), endpoint: { addresses: ECS_ADDRESS } } as const;
const TASK_ON_FARGATE = { ...docker('bridge'), endpoint: { addresses: ECS_ADDRESS } } as const;

const POD = { KUBERNETES_SERVICE_HOST: '10.100.0.1', ...REGION };
const POD_IDENTITY = {
  ...POD,
  AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '~/pod-token',
};
const WEB_IDENTITY = {
  AWS_WEB_IDENTITY_TOKEN_FILE: '~/web-token',
  AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/assumed',
};
const WEB_TOKEN = { '~/web-token': `${SENTINEL}-web-token` };

const SSO_PROFILE =
  '[profile work]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = reader\nregion = eu-west-1\n' +
  '[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n';
const SSO_CACHE = `~/.aws/sso/cache/${createHash('sha1').update('corp').digest('hex')}.json`;
const OPEN_SESSION = {
  [SSO_CACHE]: JSON.stringify({ accessToken: `${SENTINEL}-sso`, expiresAt: '2099-01-01T00:00:00Z' }),
};

const PROCESS_OUTPUT = JSON.stringify({
  Version: 1,
  AccessKeyId: KEYS.process,
  SecretAccessKey: `${SENTINEL}-secret`,
  SessionToken: `${SENTINEL}-token`,
});

const none = (
  metadata: MetadataState,
  place: string,
  finding: string,
  links: Expected['links'] = {},
): Expected => ({
  taken: null,
  links: { metadata, ...links },
  metadata,
  place,
  findings: [finding],
  code: 3,
});
const well = (
  taken: LinkName,
  metadata: MetadataState,
  place: string,
  links: Expected['links'] = {},
): Expected => ({
  taken,
  links: {
    metadata: metadata === 'ready' || metadata === 'slow' ? 'worked' : metadata,
    [taken]: 'worked',
    ...links,
  },
  metadata,
  place,
  findings: [],
  code: 0,
});
const but = (expected: Expected, ...findings: readonly string[]): Expected => ({
  ...expected,
  findings,
  code: 3,
});

const IN_SHELL = 'a shell';
const ON_EC2 = 'an EC2 instance';
const IN_BRIDGE = 'a container, network bridge';
const IN_BRIDGE_ON_EC2 = 'a container on EC2, network bridge';
const ECS_ON_EC2 = 'an ECS task on EC2, network bridge';
const ECS_ON_FARGATE = 'an ECS task on Fargate, network awsvpc';
const IN_POD = 'a pod of Kubernetes';

const SHELLS: readonly Situation[] = [
  {
    ...SHELL,
    id: 'shell-keys',
    environment: 'shell, keys of a session in the environment',
    env: { ...REGION, ...SESSION },
    expected: well('environment', 'silent', IN_SHELL),
  },
  {
    ...SHELL,
    id: 'shell-nothing',
    environment: 'shell, nothing configured',
    env: REGION,
    expected: none('silent', IN_SHELL, 'nothing-configured'),
  },
  {
    where: 'offline',
    id: 'shell-offline',
    environment: 'shell without a network, nothing configured',
    env: REGION,
    expected: none('no-route', IN_SHELL, 'nothing-configured'),
  },
  {
    ...SHELL,
    id: 'shell-default-profile',
    environment: 'shell, keys in the default profile',
    env: REGION,
    files: credentials(`[default]\n${keysOf(KEYS.profile)}`),
    expected: well('profile', 'silent', IN_SHELL),
  },
  {
    ...SHELL,
    id: 'shell-profile-mistyped',
    environment: 'shell, AWS_PROFILE mistyped',
    env: { ...REGION, AWS_PROFILE: 'wrok' },
    files: config(`[profile work]\nregion = eu-west-1\n${keysOf(KEYS.profile)}`),
    expected: none('silent', IN_SHELL, 'no-such-profile', { profile: 'no-such-profile' }),
  },
  {
    ...SHELL,
    id: 'shell-profile-and-keys',
    environment: 'shell, AWS_PROFILE and keys together',
    env: { ...REGION, ...SESSION, AWS_PROFILE: 'work' },
    files: config(`[profile work]\n${keysOf(KEYS.profile)}`),
    expected: but(well('profile', 'silent', IN_SHELL, { environment: 'worked' }), 'profile-and-keys'),
  },
  {
    ...SHELL,
    id: 'shell-half-a-pair',
    environment: 'shell, only AWS_ACCESS_KEY_ID set',
    env: { ...REGION, AWS_ACCESS_KEY_ID: KEYS.longLived },
    expected: none('silent', IN_SHELL, 'half-a-pair', { environment: 'half-a-pair' }),
  },
  {
    ...SHELL,
    id: 'shell-no-session-token',
    environment: 'shell, a temporary key without its session token',
    env: {
      ...REGION,
      AWS_ACCESS_KEY_ID: KEYS.unknown.replace('AKIA', 'ASIA'),
      AWS_SECRET_ACCESS_KEY: `${SENTINEL}-s`,
    },
    expected: but(well('environment', 'silent', IN_SHELL), 'no-session-token', 'refused-by-aws'),
  },
  {
    ...SHELL,
    id: 'shell-unknown-keys',
    environment: 'shell, keys that AWS does not know',
    env: { ...REGION, AWS_ACCESS_KEY_ID: KEYS.unknown, AWS_SECRET_ACCESS_KEY: `${SENTINEL}-s` },
    expected: but(well('environment', 'silent', IN_SHELL), 'refused-by-aws'),
  },
  {
    ...SHELL,
    id: 'shell-expired',
    environment: 'shell, keys of a session that has expired',
    env: { ...REGION, ...SESSION },
    aws: { [KEYS.session]: 'ExpiredToken' },
    expected: but(well('environment', 'silent', IN_SHELL), 'expired'),
  },
  {
    ...SHELL,
    id: 'shell-no-region',
    environment: 'shell, keys, and no Region',
    env: SESSION,
    expected: but(well('environment', 'silent', IN_SHELL), 'no-region'),
  },
  {
    ...SHELL,
    id: 'shell-default-region-only',
    environment: 'shell, keys, and only AWS_DEFAULT_REGION',
    env: { ...SESSION, AWS_DEFAULT_REGION: 'eu-west-1' },
    expected: but(well('environment', 'silent', IN_SHELL), 'default-region-only'),
  },
  {
    ...SHELL,
    id: 'shell-aws-unreachable',
    environment: 'shell, keys, and AWS cannot be reached',
    env: { ...REGION, ...SESSION },
    aws: 'none',
    expected: { ...but(well('environment', 'silent', IN_SHELL), 'aws-unreachable'), code: 2 },
  },
  {
    ...SHELL,
    id: 'shell-sso',
    environment: 'shell, SSO with an open session',
    env: { AWS_PROFILE: 'work' },
    files: { ...config(SSO_PROFILE), ...OPEN_SESSION },
    expected: well('profile', 'silent', IN_SHELL),
  },
  {
    ...EC2,
    id: 'shell-sso-expired',
    environment: 'SSO without a session, on EC2 with a role',
    env: { AWS_PROFILE: 'work' },
    files: config(SSO_PROFILE),
    expected: {
      ...none('ready', ON_EC2, 'sso-login', { profile: 'sso-login' }),
      links: { profile: 'sso-login', metadata: 'worked' },
    },
  },
  {
    ...SHELL,
    id: 'shell-login-session',
    environment: 'shell, "aws login" without a session',
    env: { ...REGION, AWS_PROFILE: 'work' },
    files: config('[profile work]\nlogin_session = arn:aws:iam::111122223333:user/me\n'),
    expected: none('silent', IN_SHELL, 'login-session', { profile: 'login-session' }),
  },
  {
    ...SHELL,
    id: 'shell-mfa',
    environment: 'shell, a profile that needs a second factor',
    env: { ...REGION, AWS_PROFILE: 'work' },
    files: config(
      `[profile base]\n${keysOf(KEYS.profile)}[profile work]\nrole_arn = arn:aws:iam::111122223333:role/assumed\nsource_profile = base\nmfa_serial = arn:aws:iam::111122223333:mfa/me\n`,
    ),
    expected: none('silent', IN_SHELL, 'mfa', { profile: 'mfa' }),
  },
  {
    ...SHELL,
    id: 'shell-assumed-role',
    environment: 'shell, a profile that assumes a role',
    env: { ...REGION, AWS_PROFILE: 'work' },
    files: config(
      `[profile base]\n${keysOf(KEYS.profile)}[profile work]\nrole_arn = arn:aws:iam::111122223333:role/assumed\nsource_profile = base\n`,
    ),
    expected: well('profile', 'silent', IN_SHELL),
  },
  {
    ...SHELL,
    id: 'shell-role-refused',
    environment: 'shell, a profile whose role refuses the caller',
    env: { ...REGION, AWS_PROFILE: 'work' },
    files: config(
      `[profile base]\n${keysOf(KEYS.profile)}[profile work]\nrole_arn = arn:aws:iam::111122223333:role/assumed\nsource_profile = base\n`,
    ),
    aws: { AssumeRole: 'AccessDenied' },
    expected: none('silent', IN_SHELL, 'role-refused', { profile: 'role-refused' }),
  },
  {
    ...SHELL,
    // It fails if it runs twice at once.
    id: 'shell-process',
    environment: 'shell, a credential_process',
    env: { ...REGION, AWS_PROFILE: 'work' },
    files: {
      ...config(
        '[profile work]\ncredential_process = mkdir ~/running && cat ~/printed && sleep 0.3 && rmdir ~/running\n',
      ),
      '~/printed': PROCESS_OUTPUT,
    },
    expected: well('profile', 'silent', IN_SHELL, { process: 'worked' }),
  },
  {
    ...SHELL,
    id: 'shell-process-failed',
    environment: 'shell, a credential_process that fails',
    env: { ...REGION, AWS_PROFILE: 'work' },
    files: config(`[profile work]\ncredential_process = echo ${SENTINEL}-password >&2; exit 1\n`),
    expected: none('silent', IN_SHELL, 'process-failed', {
      profile: 'process-failed',
      process: 'process-failed',
    }),
  },
  {
    ...SHELL,
    id: 'shell-process-hangs',
    environment: 'shell, a credential_process that does not end',
    env: { ...REGION, AWS_PROFILE: 'work' },
    files: config('[profile work]\ncredential_process = sleep 60\n'),
    expected: none('silent', IN_SHELL, 'no-answer', { profile: 'unanswered', process: 'unanswered' }),
  },
  {
    ...SHELL,
    id: 'shell-portal',
    environment: 'shell in a network whose login page answers for every address',
    env: REGION,
    metadata: { kind: 'portal' },
    expected: none('not-a-metadata-service', IN_SHELL, 'nothing-configured'),
  },
];

const MORE_SHELLS: readonly Situation[] = [
  {
    ...SHELL,
    id: 'shell-no-metadata-address',
    environment: 'shell, AWS_EC2_METADATA_SERVICE_ENDPOINT is no address',
    env: { ...REGION, AWS_EC2_METADATA_SERVICE_ENDPOINT: 'nowhere' },
    expected: none('not-a-metadata-service', IN_SHELL, 'not-a-metadata-service'),
  },
  {
    ...SHELL,
    id: 'shell-sts-denied',
    environment: 'shell, keys, and a VPC endpoint of STS that refuses everything',
    env: { ...REGION, ...SESSION },
    aws: { GetCallerIdentity: 'AccessDenied' },
    expected: but(well('environment', 'silent', IN_SHELL), 'sts-denied'),
  },
  {
    ...SHELL,
    id: 'shell-sts-throttles',
    environment: 'shell, keys, and STS has too many calls',
    env: { ...REGION, ...SESSION },
    aws: { GetCallerIdentity: 'Throttling' },
    expected: { ...but(well('environment', 'silent', IN_SHELL), 'aws-unreachable'), code: 2 },
  },
  {
    ...SHELL,
    id: 'shell-mistyped-region',
    environment: 'shell, keys, and AWS_REGION is no name of a Region',
    env: { ...SESSION, AWS_REGION: 'eu-wst' },
    expected: but(well('environment', 'silent', IN_SHELL), 'not-a-region'),
  },
];

const INSTANCES: readonly Situation[] = [
  {
    ...EC2,
    id: 'ec2-role',
    environment: 'EC2 with a role, tokens required',
    env: REGION,
    expected: well('metadata', 'ready', ON_EC2),
  },
  {
    ...EC2,
    id: 'ec2-tokens-optional',
    environment: 'EC2 with a role, tokens optional, the Region from the instance',
    metadata: { kind: 'service', tokens: 'optional', hopLimit: 1 },
    expected: well('metadata', 'ready', ON_EC2),
  },
  {
    ...EC2,
    id: 'ec2-profile-mistyped',
    environment: 'EC2 with a role, AWS_PROFILE mistyped',
    env: { ...REGION, AWS_PROFILE: 'wrok' },
    expected: but(well('metadata', 'ready', ON_EC2, { profile: 'no-such-profile' }), 'no-such-profile'),
  },
  {
    ...EC2,
    id: 'ec2-no-role',
    environment: 'EC2 without a role',
    env: REGION,
    metadata: { kind: 'service', role: null },
    expected: none('no-role', ON_EC2, 'no-role'),
  },
  {
    ...EC2,
    id: 'ec2-role-unusable',
    environment: 'EC2 with a role that EC2 cannot assume',
    env: REGION,
    metadata: { kind: 'service', unusable: true },
    expected: { ...none('ready', ON_EC2, 'role-unusable'), links: { metadata: 'role-unusable' } },
  },
  {
    ...EC2,
    id: 'ec2-off',
    environment: 'EC2, metadata service switched off at the instance',
    env: REGION,
    metadata: { kind: 'service', off: true },
    expected: none('off', ON_EC2, 'off'),
  },
  {
    ...EC2,
    id: 'ec2-off-here',
    environment: 'EC2 with a role, AWS_EC2_METADATA_DISABLED set',
    env: { ...REGION, AWS_EC2_METADATA_DISABLED: 'true' },
    expected: none('off-here', IN_SHELL, 'off-here'),
  },
  {
    ...EC2,
    id: 'ec2-refused',
    environment: 'EC2, nothing listens at the address of the metadata service',
    env: REGION,
    metadata: { kind: 'refused' },
    expected: none('refused', IN_SHELL, 'nothing-configured'),
  },
  {
    ...EC2,
    id: 'ec2-proxied',
    environment: 'EC2, a proxy before the metadata service',
    env: REGION,
    metadata: { kind: 'service', proxied: true },
    expected: none('tokens-required', ON_EC2, 'tokens-required'),
  },
];

const CONTAINERS: readonly Situation[] = [
  {
    ...docker('bridge', hops(1)),
    id: 'docker-bridge-hop-1',
    environment: 'Docker on EC2, network bridge, hop limit 1, tokens required',
    env: REGION,
    expected: none('hop-limit', IN_BRIDGE_ON_EC2, 'hop-limit'),
  },
  {
    ...docker('bridge', { kind: 'service', hopLimit: 1, tokens: 'optional' }),
    id: 'docker-bridge-hop-1-optional',
    environment: 'Docker on EC2, network bridge, hop limit 1, tokens optional',
    env: REGION,
    expected: but(well('metadata', 'slow', IN_BRIDGE_ON_EC2), 'slow-metadata'),
  },
  {
    ...docker('bridge', { kind: 'service', hopLimit: 1, tokens: 'optional' }),
    id: 'docker-bridge-hop-1-v1-disabled',
    environment:
      'Docker on EC2, network bridge, hop limit 1, tokens optional, AWS_EC2_METADATA_V1_DISABLED set',
    env: { ...REGION, AWS_EC2_METADATA_V1_DISABLED: 'true' },
    expected: { ...none('slow', IN_BRIDGE_ON_EC2, 'hop-limit'), links: { metadata: 'hop-limit' } },
  },
  {
    ...docker('bridge', hops(2)),
    id: 'docker-bridge-hop-2',
    environment: 'Docker on EC2, network bridge, hop limit 2',
    env: REGION,
    expected: well('metadata', 'ready', IN_BRIDGE_ON_EC2),
  },
  {
    ...docker('custom', hops(2)),
    id: 'docker-custom-bridge',
    environment: 'Docker on EC2, a bridge of its own, hop limit 2',
    env: REGION,
    expected: well('metadata', 'ready', IN_BRIDGE_ON_EC2),
  },
  {
    ...docker('internal', hops(2)),
    id: 'docker-internal',
    environment: 'Docker on EC2, an internal network',
    env: REGION,
    expected: none('no-route', 'a container, network isolated', 'no-route'),
  },
  {
    ...docker('none', hops(2)),
    id: 'docker-none',
    environment: 'Docker on EC2, network none',
    env: REGION,
    expected: none('no-route', 'a container, network none', 'no-route'),
  },
  {
    ...docker('host', hops(1)),
    id: 'docker-host',
    environment: 'Docker on EC2, network host, hop limit 1',
    env: REGION,
    expected: well('metadata', 'ready', 'a container on EC2, network host'),
  },
  {
    ...docker('bridge'),
    id: 'docker-blocked',
    environment: 'Docker on EC2, network bridge, a firewall drops what goes to the metadata service',
    env: REGION,
    expected: none('silent', IN_BRIDGE, 'silent'),
  },
  {
    ...docker('bridge', { kind: 'mute' }),
    id: 'docker-mute',
    environment:
      'Docker, network bridge, something accepts connections in place of the metadata service and says nothing',
    env: REGION,
    expected: none('silent', IN_BRIDGE, 'silent'),
  },
  {
    ...docker('bridge', hops(2)),
    id: 'docker-session-keys',
    environment: 'Docker on EC2, keys of a session in the environment',
    env: { ...REGION, ...SESSION },
    expected: well('environment', 'ready', IN_BRIDGE_ON_EC2),
  },
  {
    ...docker('bridge', hops(2)),
    id: 'docker-long-lived-keys',
    environment: 'Docker on EC2, keys of a user in the environment',
    env: { ...REGION, ...LONG_LIVED },
    expected: but(well('environment', 'ready', IN_BRIDGE_ON_EC2), 'long-lived-keys'),
  },
];

const TASKS: readonly Situation[] = [
  {
    ...TASK_ON_EC2,
    id: 'ecs-ec2-task-role',
    environment: 'ECS on EC2 with a task role, network mode bridge',
    env: ecs('EC2', RELATIVE),
    expected: well('container', 'ready', ECS_ON_EC2),
  },
  {
    ...docker('bridge'),
    interfaces: ['ecs-eth0'],
    endpoint: { addresses: ECS_ADDRESS },
    id: 'ecs-ec2-awsvpc',
    environment: 'ECS on EC2 with a task role, network mode awsvpc, metadata service blocked',
    env: ecs('EC2', RELATIVE),
    expected: well('container', 'silent', 'an ECS task on EC2, network awsvpc'),
  },
  {
    ...docker('host', hops(1)),
    endpoint: { addresses: ECS_ADDRESS },
    id: 'ecs-ec2-host',
    environment: 'ECS on EC2 with a task role, network mode host',
    env: ecs('EC2', RELATIVE),
    expected: well('container', 'ready', 'an ECS task on EC2, network host'),
  },
  {
    ...TASK_ON_EC2,
    id: 'ecs-ec2-no-task-role',
    environment: 'ECS on EC2 without a task role, hop limit 2',
    env: ecs('EC2'),
    expected: but(well('metadata', 'ready', ECS_ON_EC2), 'answers-as-instance'),
  },
  {
    ...TASK_ON_EC2,
    ...docker('bridge', hops(1)),
    id: 'ecs-ec2-no-task-role-hop-1',
    environment: 'ECS on EC2 without a task role, hop limit 1',
    env: ecs('EC2'),
    expected: none('hop-limit', ECS_ON_EC2, 'no-task-role'),
  },
  {
    ...TASK_ON_FARGATE,
    id: 'ecs-fargate-task-role',
    environment: 'Fargate with a task role',
    env: ecs('FARGATE', RELATIVE),
    expected: well('container', 'silent', ECS_ON_FARGATE),
  },
  {
    ...TASK_ON_FARGATE,
    id: 'ecs-fargate-no-task-role',
    environment: 'Fargate without a task role',
    env: ecs('FARGATE'),
    expected: none('silent', ECS_ON_FARGATE, 'no-task-role'),
  },
  {
    ...TASK_ON_FARGATE,
    endpoint: { addresses: ECS_ADDRESS, status: 400 },
    id: 'ecs-endpoint-400',
    environment: 'Fargate, the container endpoint answers 400',
    env: ecs('FARGATE', RELATIVE),
    expected: none('silent', ECS_ON_FARGATE, 'container-status', { container: 'container-status' }),
  },
  {
    ...TASK_ON_EC2,
    id: 'ecs-token-missing',
    environment:
      'ECS on EC2 with a task role, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names a file that does not exist',
    env: ecs('EC2', { ...RELATIVE, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '~/no-token' }),
    expected: {
      ...none('ready', ECS_ON_EC2, 'container-token-missing'),
      links: { container: 'container-token-missing', metadata: 'worked' },
    },
  },
  {
    ...TASK_ON_EC2,
    // The SDK has two readers for this endpoint, and the second knows no file.
    id: 'ecs-two-tokens',
    environment:
      'ECS on EC2 with a task role, AWS_CONTAINER_AUTHORIZATION_TOKEN is accepted and that of the file is not',
    env: ecs('EC2', {
      ...RELATIVE,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '~/pod-token',
      AWS_CONTAINER_AUTHORIZATION_TOKEN: `${SENTINEL}-pod`,
    }),
    files: { '~/pod-token': `${SENTINEL}-old` },
    endpoint: { addresses: ECS_ADDRESS, wants: `${SENTINEL}-pod` },
    expected: well('container', 'ready', ECS_ON_EC2),
  },
  {
    ...TASK_ON_EC2,
    endpoint: { addresses: ECS_ADDRESS, mute: true },
    id: 'ecs-endpoint-mute',
    environment:
      'ECS on EC2 with a task role, the container endpoint accepts connections and does not answer',
    env: ecs('EC2', RELATIVE),
    expected: {
      ...none('ready', ECS_ON_EC2, 'no-answer'),
      links: { container: 'unanswered', metadata: 'worked' },
    },
  },
  {
    ...TASK_ON_EC2,
    endpoint: { addresses: [] },
    id: 'ecs-endpoint-lost',
    environment: 'ECS on EC2 with a task role, what is sent to the container endpoint gets lost',
    env: ecs('EC2', RELATIVE),
    expected: {
      ...none('ready', ECS_ON_EC2, 'container-silent'),
      links: { container: 'container-silent', metadata: 'worked' },
    },
  },
  {
    ...TASK_ON_EC2,
    endpoint: { addresses: ECS_ADDRESS, refused: true },
    id: 'ecs-endpoint-refused',
    environment: 'ECS on EC2 with a task role, the agent does not listen',
    env: ecs('EC2', RELATIVE),
    expected: {
      ...none('ready', ECS_ON_EC2, 'container-refused'),
      links: { container: 'container-refused', metadata: 'worked' },
    },
  },
  {
    ...TASK_ON_EC2,
    endpoint: { addresses: ECS_ADDRESS, broken: true },
    id: 'ecs-endpoint-broken',
    environment: 'ECS on EC2, the container endpoint answers with something else',
    env: ecs('EC2', RELATIVE),
    expected: {
      ...none('ready', ECS_ON_EC2, 'container-answer'),
      links: { container: 'container-answer', metadata: 'worked' },
    },
  },
  {
    ...TASK_ON_EC2,
    id: 'ecs-long-lived-keys',
    environment: 'ECS on EC2 with a task role, keys of a user in the environment',
    env: ecs('EC2', { ...RELATIVE, ...LONG_LIVED }),
    expected: but(well('environment', 'ready', ECS_ON_EC2, { container: 'worked' }), 'long-lived-keys'),
  },
];

const OTHERS: readonly Situation[] = [
  {
    ...docker('bridge'),
    id: 'eks-pod-identity',
    environment: 'EKS with Pod Identity',
    env: POD_IDENTITY,
    files: { '~/pod-token': `${SENTINEL}-pod` },
    endpoint: { addresses: ['169.254.170.23'], wants: `${SENTINEL}-pod` },
    expected: well('container', 'silent', IN_POD),
  },
  {
    ...docker('bridge'),
    id: 'eks-pod-identity-no-token',
    environment: 'EKS with Pod Identity, its token is not mounted',
    env: POD_IDENTITY,
    endpoint: { addresses: ['169.254.170.23'], wants: `${SENTINEL}-pod` },
    expected: none('silent', IN_POD, 'container-token-missing', { container: 'container-token-missing' }),
  },
  {
    ...docker('bridge'),
    id: 'eks-pod-identity-refused',
    environment: 'EKS with Pod Identity, its token is not accepted',
    env: POD_IDENTITY,
    files: { '~/pod-token': `${SENTINEL}-old` },
    endpoint: { addresses: ['169.254.170.23'], wants: `${SENTINEL}-pod` },
    expected: none('silent', IN_POD, 'container-status', { container: 'container-status' }),
  },
  {
    ...docker('bridge'),
    id: 'eks-irsa',
    environment: 'EKS with IRSA',
    env: { ...POD, ...WEB_IDENTITY },
    files: WEB_TOKEN,
    expected: well('web-identity', 'silent', IN_POD),
  },
  {
    ...docker('bridge', hops(2)),
    id: 'eks-irsa-no-token',
    environment: 'EKS with IRSA, its token is not mounted, metadata service in reach',
    env: { ...POD, ...WEB_IDENTITY },
    expected: {
      ...none('ready', IN_POD, 'token-file-missing'),
      links: { 'web-identity': 'token-file-missing', metadata: 'worked' },
    },
  },
  {
    ...docker('bridge', hops(2)),
    id: 'eks-node-role',
    environment: 'EKS without a role of the pod, hop limit 2',
    env: POD,
    expected: but(well('metadata', 'ready', IN_POD), 'answers-as-instance'),
  },
  {
    ...docker('bridge'),
    id: 'container-address',
    environment: 'container whose endpoint is at an address that the SDK does not ask',
    env: { ...REGION, AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://10.0.0.2/${SENTINEL}` },
    expected: none('silent', IN_BRIDGE, 'container-address', { container: 'container-address' }),
  },
  {
    ...docker('bridge', { kind: 'mute' }),
    id: 'all-silent',
    environment: 'container in which every link is configured and nothing answers',
    env: { ...REGION, AWS_PROFILE: 'work', ...WEB_IDENTITY, ...RELATIVE },
    files: { ...config('[profile work]\ncredential_process = sleep 60\n'), ...WEB_TOKEN },
    endpoint: { addresses: [] },
    aws: 'none',
    expected: {
      ...none('silent', IN_BRIDGE, 'no-answer'),
      links: {
        profile: 'unanswered',
        process: 'unanswered',
        'web-identity': 'sts-unreachable',
        container: 'container-silent',
        metadata: 'silent',
      },
    },
  },
  {
    where: 'host',
    id: 'lambda',
    environment: 'Lambda',
    env: {
      ...REGION,
      ...SESSION,
      AWS_LAMBDA_FUNCTION_NAME: 'any',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    },
    expected: well('environment', 'silent', 'a Lambda function'),
  },
  {
    where: 'host',
    id: 'lambda-snapstart',
    environment: 'Lambda with SnapStart',
    env: {
      ...REGION,
      AWS_LAMBDA_FUNCTION_NAME: 'any',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.2/credentials',
      AWS_CONTAINER_AUTHORIZATION_TOKEN: `${SENTINEL}-snapstart`,
    },
    endpoint: { addresses: ECS_ADDRESS, wants: `${SENTINEL}-snapstart` },
    expected: well('container', 'silent', 'a Lambda function'),
  },
  {
    where: 'host',
    id: 'ci-oidc',
    environment: 'GitHub Actions with OIDC',
    env: { ...REGION, CI: 'true', GITHUB_ACTIONS: 'true', ...WEB_IDENTITY },
    files: WEB_TOKEN,
    expected: well('web-identity', 'silent', 'a shell, GitHub Actions'),
  },
  {
    where: 'host',
    id: 'ci-oidc-expired',
    environment: 'GitHub Actions with OIDC, the token has expired',
    env: { ...REGION, CI: 'true', GITHUB_ACTIONS: 'true', ...WEB_IDENTITY },
    files: WEB_TOKEN,
    aws: { AssumeRoleWithWebIdentity: 'ExpiredTokenException' },
    expected: none('silent', 'a shell, GitHub Actions', 'token-expired', { 'web-identity': 'token-expired' }),
  },
  {
    where: 'host',
    id: 'web-identity-half',
    environment: 'shell, AWS_ROLE_ARN without AWS_WEB_IDENTITY_TOKEN_FILE',
    env: { ...REGION, AWS_ROLE_ARN: WEB_IDENTITY.AWS_ROLE_ARN },
    expected: none('silent', IN_SHELL, 'half-web-identity', { 'web-identity': 'half-web-identity' }),
  },
];

/** In the order in which the documents list them. */
export const SITUATIONS: readonly Situation[] = [
  ...SHELLS,
  ...MORE_SHELLS,
  ...INSTANCES,
  ...CONTAINERS,
  ...TASKS,
  ...OTHERS,
];
