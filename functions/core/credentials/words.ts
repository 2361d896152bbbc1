import type { Cause, CauseCode } from './cause.ts';
import type { LinkName } from './chain.ts';
import type { Diagnosis } from './diagnosis.ts';
import { isContainer, type Place } from './place.ts';

/** What was found, and what to do about it. */
export type Told = readonly [finding: string, todo: string];

export const LINK_IN_WORDS: Readonly<Record<LinkName, string>> = {
  environment: 'the environment',
  profile: 'the profile',
  process: 'the credential process',
  'web-identity': 'the web identity',
  container: 'the container endpoint',
  metadata: 'the instance metadata service',
};

/** What a cause means where it was found. */
export function told(cause: Cause, link: LinkName, diagnosis: Diagnosis): Told {
  const [finding, todo] = TELL[cause.code](diagnosis, cause.detail ?? 'no code', link);
  return [finding, todo];
}

type Tell = (diagnosis: Diagnosis, detail: string, link: LinkName) => Told;

const MODIFY = 'aws ec2 modify-instance-metadata-options --instance-id INSTANCE';

/** What gives a place credentials of its own, in place of those of the instance. */
export function ownRole({ kind }: Pick<Place, 'kind'>): string {
  if (kind === 'ecs') return 'give the task a task role (taskRoleArn), which needs no metadata service';
  if (kind === 'kubernetes')
    return 'give the service account of the pod a role (EKS Pod Identity, or IRSA), which needs no metadata service';
  return 'run it as an ECS task with a task role, which needs no metadata service';
}

const CONFIGURE =
  'log in, for example with "aws sso login", and name the profile in AWS_PROFILE or --profile; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';

/** How a place without credentials gets some. */
export function withoutAny(place: Place): string {
  if (isContainer(place)) return ownRole(place);
  return place.kind === 'ec2' ? 'attach an instance profile with a role' : CONFIGURE;
}

const UNREADABLE = 'give the user of this process the right to read it';
const file = (path: string | undefined): string => (path === undefined ? 'its token file' : path);

const OF_PROFILE = {
  'no-such-profile': ({ profile: { name, others } }) => [
    `the profile ${name} does not exist${others.length === 0 ? ', and there is no other' : ` (there are: ${some(others)})`}`,
    'name one that exists in AWS_PROFILE or --profile, or unset AWS_PROFILE',
  ],
  'unreadable-profile': ({ profile: { unreadable } }) => [
    `${some(unreadable)} cannot be read, so it counts as empty`,
    UNREADABLE,
  ],
  'empty-profile': ({ profile: { name, hasHalfAPair } }) => [
    hasHalfAPair
      ? `the profile ${name} has only one of aws_access_key_id and aws_secret_access_key`
      : `the profile ${name} leads to no credentials`,
    'complete it (keys, sso_session, role_arn with source_profile, or credential_process), or name another one',
  ],
  'no-source-profile': ({ profile: { name, source } }) => [
    `the profile ${name} takes its credentials from ${source ?? 'another one'}, which leads to none`,
    'correct source_profile, or complete the profile that it names',
  ],
  'profile-cycle': ({ profile: { name } }) => [
    `source_profile leads from ${name} back to itself`,
    'let the last of these profiles have credentials of its own',
  ],
  'unknown-credential-source': ({ profile: { name } }) => [
    `the SDK does not know the credential_source of the profile ${name}`,
    'set it to EcsContainer, Ec2InstanceMetadata or Environment',
  ],
  'credential-source-failed': ({ profile: { name } }, detail) => [
    `the credential_source of the profile ${name} gives no credentials (${detail})`,
    'look at the link of the chain that it names',
  ],
  'sso-login': ({ profile: { name } }) => [
    `the SSO session of the profile ${name} has expired, or was never opened`,
    `aws sso login --profile ${name}`,
  ],
  'sso-incomplete': ({ profile: { name } }) => [
    `the profile ${name} lacks something that SSO needs (sso_account_id, sso_role_name, sso_start_url, sso_region)`,
    `aws configure sso --profile ${name}`,
  ],
  'sso-refused': ({ profile: { name } }, detail) => [
    `SSO refuses the account and the role of the profile ${name} (${detail})`,
    'correct sso_account_id and sso_role_name, or ask for the access',
  ],
  'login-session': ({ profile: { name } }) => [
    `the login session of the profile ${name} has expired, or was never opened`,
    `aws login --profile ${name}`,
  ],
  mfa: ({ profile: { name } }) => [
    `the profile ${name} needs a code of a second factor, which the SDK cannot ask for`,
    'use a profile of SSO; or get keys with "aws sts assume-role --serial-number … --token-code …" and set them in the environment',
  ],
  'process-failed': ({ profile: { name } }) => [
    `the credential_process of the profile ${name} has failed`,
    'run its command by hand: what it printed is not shown here, because it may hold a key',
  ],
  'process-output': ({ profile: { name } }) => [
    `the credential_process of the profile ${name} does not print the JSON that the SDK expects`,
    'let it print Version 1, AccessKeyId, SecretAccessKey and SessionToken, and nothing else',
  ],
  'process-expired': ({ profile: { name } }) => [
    `the credential_process of the profile ${name} gives credentials that have expired`,
    'log in to what it asks, and run its command by hand',
  ],
} satisfies Partial<Record<CauseCode, Tell>>;

const OF_ROLES = {
  'role-refused': (_, detail) => [
    `STS does not let this caller assume the role (${detail})`,
    'compare the role that is named with its trust policy',
  ],
  'source-expired': (_, detail) => [
    `the credentials with which the role is assumed have expired (${detail})`,
    'log in again, or renew the keys of the source profile',
  ],
  'source-refused': (_, detail) => [
    `AWS does not know the keys with which the role is assumed (${detail})`,
    'correct the keys of the source profile',
  ],
  'half-web-identity': ({ settings: { hasRoleArn } }) => [
    hasRoleArn
      ? 'AWS_ROLE_ARN is set, and AWS_WEB_IDENTITY_TOKEN_FILE is not'
      : 'AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not',
    'set both, or neither',
  ],
  'token-file-missing': ({ settings: { tokenFile } }) => [
    `${file(tokenFile)} does not exist, and the SDK asks no later link`,
    'mount or write the token, or unset AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN',
  ],
  'token-file-unreadable': ({ settings: { tokenFile } }) => [
    `${file(tokenFile)} cannot be read, and the SDK asks no later link`,
    UNREADABLE,
  ],
  'token-expired': () => [
    'the token of the web identity has expired',
    'in CI ask for it right before its use; in a pod look whether the kubelet still renews the mounted token',
  ],
  'token-refused': (_, detail) => [
    `STS does not accept the token of the web identity (${detail})`,
    'compare its issuer and audience with the identity provider in IAM and the trust policy of the role',
  ],
  'sts-unreachable': (_, detail) => [
    `AWS cannot be reached for the credentials (${detail})`,
    'check the network, its proxy and AWS_ENDPOINT_URL',
  ],
} satisfies Partial<Record<CauseCode, Tell>>;

const AGENT =
  'on ECS look whether the agent runs; elsewhere unset AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI';

const OF_CONTAINERS = {
  'container-address': () => [
    'AWS_CONTAINER_CREDENTIALS_FULL_URI is an address that the SDK does not ask',
    'use https, the loopback, 169.254.170.2 or 169.254.170.23',
  ],
  'container-refused': () => ['nothing listens at the container endpoint (ECONNREFUSED)', AGENT],
  'container-no-route': (_, detail) => [
    `this network has no route to the container endpoint (${detail})`,
    'use the network that ECS gives to the task',
  ],
  'container-silent': () => ['the container endpoint does not answer within a second', AGENT],
  'container-status': ({ place }, detail) => [
    `the container endpoint answers ${detail} and gives no credentials`,
    place.kind === 'kubernetes'
      ? 'look whether the service account has a pod identity association, and whether the trust policy of its role names pods.eks.amazonaws.com'
      : 'look whether the task role exists, and whether its trust policy names ecs-tasks.amazonaws.com; then start the task anew',
  ],
  'container-answer': () => [
    'the answer of the container endpoint holds no credentials',
    'look at what answers at the address in AWS_CONTAINER_CREDENTIALS_FULL_URI',
  ],
  'container-token-missing': ({ settings: { containerTokenFile } }) => [
    `${file(containerTokenFile)}, the token for the container endpoint, does not exist`,
    'mount it, or unset AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  ],
  'container-token-unreadable': ({ settings: { containerTokenFile } }) => [
    `${file(containerTokenFile)}, the token for the container endpoint, cannot be read`,
    UNREADABLE,
  ],
} satisfies Partial<Record<CauseCode, Tell>>;

const OF_METADATA = {
  'role-unusable': ({ metadata: { role } }) => [
    `the instance has the role ${role ?? 'of its profile'}, and EC2 cannot assume it`,
    'look whether the role still exists, and whether its trust policy names ec2.amazonaws.com',
  ],
  'hop-limit': ({ place }) => [
    'the hop limit of the instance is too small for this network: the token of the metadata service does not get here',
    `${ownRole(place)}; or raise the limit with "${MODIFY} --http-put-response-hop-limit 2", after which every container of the instance can take its role`,
  ],
  'tokens-required': () => [
    'the metadata service requires a token and refuses to give one, as it does to what comes through a proxy',
    'let requests to 169.254.169.254 go past the proxy (NO_PROXY)',
  ],
  'no-role': () => [
    'the metadata service answers, and the instance has no role',
    'attach an instance profile: aws ec2 associate-iam-instance-profile --instance-id INSTANCE --iam-instance-profile Name=PROFILE',
  ],
  off: ({ place }) => [
    'the metadata service is switched off at the instance (403)',
    `${isContainer(place) ? `${ownRole(place)}; or switch` : 'switch'} it on with "${MODIFY} --http-endpoint enabled"`,
  ],
  'off-here': ({ place }) => [
    'AWS_EC2_METADATA_DISABLED is set, so the SDK does not ask the metadata service',
    `unset it where the role of the instance is meant; otherwise ${withoutAny(place)}`,
  ],
  'no-route': ({ place }) => [
    'this network has no route to the metadata service',
    isContainer(place)
      ? `use the network bridge in place of none or an internal one, or ${ownRole(place)}`
      : withoutAny(place),
  ],
  refused: ({ place }) => [
    'nothing listens at the address of the metadata service (ECONNREFUSED)',
    withoutAny(place),
  ],
  silent: ({ place }) => [
    'the metadata service does not answer within a second: a firewall drops the requests, or this is no EC2',
    isContainer(place)
      ? `${ownRole(place)}; or let 169.254.169.254 through the firewall of the host`
      : withoutAny(place),
  ],
  'not-a-metadata-service': ({ place }) => [
    'what answers at the address of the metadata service is something else',
    `look at AWS_EC2_METADATA_SERVICE_ENDPOINT and at what the network does with 169.254.169.254; otherwise ${withoutAny(place)}`,
  ],
} satisfies Partial<Record<CauseCode, Tell>>;

const TELL: Readonly<Record<CauseCode, Tell>> = {
  'half-a-pair': ({ settings: { hasKeyId } }) => [
    hasKeyId
      ? 'AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not'
      : 'AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not',
    'set both, or neither',
  ],
  ...OF_PROFILE,
  ...OF_ROLES,
  ...OF_CONTAINERS,
  ...OF_METADATA,
  other: (_, detail, link) => [
    `${LINK_IN_WORDS[link]} gives no credentials (${detail})`,
    'check what configures it, and what the aws command says with the same settings',
  ],
};

const MOST_NAMES = 5;

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
