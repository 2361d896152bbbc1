import { LINKS, type LinkName } from './chain.ts';
import type { Diagnosis } from './diagnosis.ts';
import { isOfEc2 } from './metadata.ts';
import { isContainer } from './place.ts';
import { isRegion } from './settings.ts';
import { LINK_IN_WORDS, ownRole, type Told, told, withoutAny } from './words.ts';

/** Something about the credentials that is not as it should be. `wrong`: a call to AWS would fail. */
export type CredentialFinding = {
  readonly level: 'wrong' | 'warning';
  readonly code: string;
  readonly finding: string;
  readonly todo: string;
};

/** Everything that is not as it should be; the first one that is wrong is the cause of all. */
export function findingsOf(diagnosis: Diagnosis): readonly CredentialFinding[] {
  const all = RULES.flatMap((rule) => rule(diagnosis));
  return all.filter(({ code }, at) => all.findIndex((other) => other.code === code) === at);
}

/** The text of the finding that explains why there are no credentials; undefined: there are. */
export function principalCause(diagnosis: Diagnosis): string | undefined {
  if (diagnosis.taken !== undefined) return undefined;
  return findingsOf(diagnosis).find(({ level }) => level === 'wrong')?.finding;
}

type Rule = (diagnosis: Diagnosis) => readonly CredentialFinding[];

const wrong = (code: string, [finding, todo]: Told): readonly CredentialFinding[] => [
  { level: 'wrong', code, finding, todo },
];
const warning = (code: string, [finding, todo]: Told): readonly CredentialFinding[] => [
  { level: 'warning', code, finding, todo },
];

/** The links that were asked and gave nothing, although something configures them. */
function failedLinks({ attempts, standings }: Diagnosis): readonly LinkName[] {
  return LINKS.filter(
    (link) =>
      link !== 'metadata' &&
      ['passed', 'ends', 'waits'].includes(standings[link]) &&
      ['failed', 'unanswered'].includes(attempts[link].kind),
  );
}

const failures: Rule = (diagnosis) =>
  failedLinks(diagnosis).flatMap((link) => {
    const attempt = diagnosis.attempts[link];
    const { taken } = diagnosis;
    if (attempt.kind === 'unanswered') return wrong('no-answer', unanswered(link));
    if (attempt.kind !== 'failed') return [];
    const [finding, todo] = told(attempt.cause, link, diagnosis);
    if (taken === undefined) return wrong(attempt.cause.code, [finding, todo]);
    return warning(attempt.cause.code, [
      `${finding}; the SDK says nothing and goes on to ${LINK_IN_WORDS[taken]}`,
      todo,
    ]);
  });

const unanswered = (link: LinkName): Told => [
  `${LINK_IN_WORDS[link]} has not answered in time, and the SDK goes on waiting for it`,
  'look at what it asks: a process, a proxy or an endpoint that does not answer',
];

const halfAPairUnused: Rule = (diagnosis) => {
  const { attempts, standings } = diagnosis;
  const { environment } = attempts;
  if (standings.environment !== 'skipped' || environment.kind !== 'failed') return [];
  return warning(environment.cause.code, told(environment.cause, 'environment', diagnosis));
};

const unreadableFiles: Rule = (diagnosis) => {
  const { profile, taken } = diagnosis;
  if (profile.unreadable.length === 0) return [];
  const what = told({ code: 'unreadable-profile' }, 'profile', diagnosis);
  return taken === undefined ? wrong('unreadable-profile', what) : warning('unreadable-profile', what);
};

/** An instance that keeps its role away says so besides what has failed before. */
const instance: Rule = (diagnosis) => {
  const { metadata, attempts, standings } = diagnosis;
  const { metadata: attempt } = attempts;
  if (standings.metadata !== 'passed' || attempt.kind !== 'failed' || !isOfEc2(metadata.state)) return [];
  return isExplained(diagnosis) ? wrong(attempt.cause.code, told(attempt.cause, 'metadata', diagnosis)) : [];
};

const isExplained = (diagnosis: Diagnosis): boolean =>
  failedLinks(diagnosis).length > 0 || diagnosis.profile.unreadable.length > 0;

/** Where nothing that is configured has failed, the last link says why there are no credentials. */
const nothing: Rule = (diagnosis) => {
  const { place, settings, metadata, taken, attempts } = diagnosis;
  if (taken !== undefined || isExplained(diagnosis)) return [];
  if (place.kind === 'ecs' && !settings.hasContainerAddress)
    return wrong('no-task-role', [
      'the task has no task role: ECS has set no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
      'name a role in taskRoleArn of the task definition, and start the task anew',
    ]);
  if (place.kind === 'kubernetes')
    return wrong('no-pod-role', ['the service account of the pod has no role', ownRole(place)]);
  const { metadata: attempt } = attempts;
  if (attempt.kind === 'unanswered') return wrong('no-answer', unanswered('metadata'));
  if (attempt.kind !== 'failed') return [];
  const [finding, todo] = told(attempt.cause, 'metadata', diagnosis);
  if (metadata.state === 'off-here')
    return wrong('off-here', [
      `${NOTHING}, and AWS_EC2_METADATA_DISABLED keeps the SDK from asking an instance for its role`,
      todo,
    ]);
  const isElsewhere = ['silent', 'refused', 'no-route', 'not-a-metadata-service'];
  const isExpected = isContainer(place) || place.isOnEc2 || settings.hasMetadataAddress;
  if (!isExpected && isElsewhere.includes(metadata.state))
    return wrong('nothing-configured', [
      `${NOTHING}, and there is no role of a container or an instance`,
      withoutAny(place),
    ]);
  return wrong(attempt.cause.code, [finding, todo]);
};

const NOTHING = 'nothing is configured here: no keys in the environment and no profile with any';

const profileAndKeys: Rule = ({ settings: { profile, hasKeyId, hasSecretKey } }) =>
  profile !== undefined && hasKeyId && hasSecretKey
    ? warning('profile-and-keys', [
        `AWS_PROFILE (${profile}) and keys are both set: the SDK takes the profile, other programs take the keys`,
        'unset AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      ])
    : [];

const keyOf = ({ taken, attempts }: Diagnosis): string => {
  const attempt = taken === undefined ? undefined : attempts[taken];
  return attempt?.kind === 'worked' ? attempt.key : '';
};

const temporaryWithoutToken: Rule = (diagnosis) =>
  diagnosis.taken === 'environment' &&
  keyOf(diagnosis).startsWith('ASIA') &&
  !diagnosis.settings.hasSessionToken
    ? wrong('no-session-token', [
        'AWS_ACCESS_KEY_ID is a temporary key, and AWS_SESSION_TOKEN is not set',
        'set AWS_SESSION_TOKEN, which was given together with the key',
      ])
    : [];

const longLivedInContainer: Rule = (diagnosis) =>
  isContainer(diagnosis.place) && keyOf(diagnosis).startsWith('AKIA')
    ? warning('long-lived-keys', [
        'a long-lived key is used in a container: what reads its environment or image can use it until it is deleted',
        ownRole(diagnosis.place),
      ])
    : [];

const answersAsInstance: Rule = ({ place, taken }) =>
  taken === 'metadata' && (place.kind === 'ecs' || place.kind === 'kubernetes')
    ? warning('answers-as-instance', [
        `the ${place.kind === 'ecs' ? 'task has no task role and' : 'pod has no role of its own and'} answers as the instance, with the permissions of its role`,
        ownRole(place),
      ])
    : [];

const slowMetadata: Rule = (diagnosis) =>
  diagnosis.taken === 'metadata' && diagnosis.metadata.state === 'slow'
    ? warning('slow-metadata', [
        'the token of the metadata service does not get here (hop limit), so the SDK waits a second and asks without one; it finds no Region in this way',
        told({ code: 'hop-limit' }, 'metadata', diagnosis)[1],
      ])
    : [];

const expired: Rule = (diagnosis) => {
  const { taken, attempts, now } = diagnosis;
  const attempt = taken === undefined ? undefined : attempts[taken];
  if (taken === undefined || attempt?.kind !== 'worked' || (attempt.expiresAt ?? now) >= now) return [];
  return wrong('expired', [
    `the credentials of ${LINK_IN_WORDS[taken]} have expired`,
    'log in again, or renew what sets them',
  ]);
};

const identity: Rule = ({ identity: found, taken, region }) => {
  if (found === undefined || taken === undefined || found.kind === 'known') return [];
  if (found.kind === 'unreachable')
    return wrong('aws-unreachable', [
      `STS cannot be reached (${found.code})`,
      'check the Region, the network, its proxy and AWS_ENDPOINT_URL',
    ]);
  if (found.code.startsWith('ExpiredToken'))
    return wrong('expired', [
      `AWS says that the credentials of ${LINK_IN_WORDS[taken]} have expired`,
      'log in again, or renew what sets them',
    ]);
  if (found.code.startsWith('AccessDenied'))
    return wrong('sts-denied', [
      `AWS does not say whose credentials these are (${found.code}), which no policy of a caller can forbid`,
      'look at the policy of the VPC endpoint of STS',
    ]);
  const where = region.name === undefined ? ', asked in us-east-1' : '';
  return wrong('refused-by-aws', [
    `AWS does not accept the credentials of ${LINK_IN_WORDS[taken]} (${found.code}${where})`,
    'compare the keys with those that were given, without quotes and spaces around them, and look whether they were deleted',
  ]);
};

const noRegion: Rule = ({ region: { name, from } }) => {
  if (name === undefined)
    return wrong('no-region', [
      'there is no Region',
      'set AWS_REGION, or region in the profile, or pass --region',
    ]);
  if (!isRegion(name))
    return wrong('not-a-region', [
      name === '' ? 'AWS_REGION is set to nothing' : `${name} is no name of a Region`,
      'set AWS_REGION to a name such as eu-west-1, or unset it',
    ]);
  if (from !== 'default-variable') return [];
  return warning('default-region-only', [
    `only AWS_DEFAULT_REGION names the Region (${name}): this command takes it, the SDK for JavaScript does not`,
    'set AWS_REGION',
  ]);
};

/** In the order in which they are told. */
const RULES: readonly Rule[] = [
  unreadableFiles,
  failures,
  instance,
  nothing,
  temporaryWithoutToken,
  expired,
  identity,
  noRegion,
  halfAPairUnused,
  profileAndKeys,
  answersAsInstance,
  longLivedInContainer,
  slowMetadata,
];
