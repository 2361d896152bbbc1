/** Variables by their names, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the standard environment of AWS says about credentials and the Region; no key and no token. */
export type Settings = {
  /** The profile that is named. */
  readonly profile: string | undefined;
  readonly hasKeyId: boolean;
  readonly hasSecretKey: boolean;
  readonly hasSessionToken: boolean;
  /** The path of the token of a web identity. */
  readonly tokenFile: string | undefined;
  readonly hasRoleArn: boolean;
  readonly hasContainerAddress: boolean;
  /** The path of the token for the container endpoint. */
  readonly containerTokenFile: string | undefined;
  /** The address of the metadata service is given, so that it is meant to be there. */
  readonly hasMetadataAddress: boolean;
  readonly isMetadataOff: boolean;
  readonly isPlainMetadataOff: boolean;
  /** As it is set, which may be no Region. */
  readonly region: string | undefined;
  readonly defaultRegion: string | undefined;
};

/** The SDK takes a variable that is set to nothing as one that is not set. */
export function settingsOf(env: Environment): Settings {
  return {
    profile: env['AWS_PROFILE'] || undefined,
    hasKeyId: isSet(env['AWS_ACCESS_KEY_ID']),
    hasSecretKey: isSet(env['AWS_SECRET_ACCESS_KEY']),
    hasSessionToken: isSet(env['AWS_SESSION_TOKEN']),
    tokenFile: env['AWS_WEB_IDENTITY_TOKEN_FILE'] || undefined,
    hasRoleArn: isSet(env['AWS_ROLE_ARN']),
    hasContainerAddress:
      isSet(env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']) ||
      isSet(env['AWS_CONTAINER_CREDENTIALS_FULL_URI']),
    containerTokenFile: env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] || undefined,
    hasMetadataAddress: isSet(env['AWS_EC2_METADATA_SERVICE_ENDPOINT']),
    isMetadataOff: isOn(env['AWS_EC2_METADATA_DISABLED']),
    isPlainMetadataOff: isOn(env['AWS_EC2_METADATA_V1_DISABLED']),
    region: env['AWS_REGION'],
    defaultRegion: env['AWS_DEFAULT_REGION'] || undefined,
  };
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== '';
const isOn = (value: string | undefined): boolean => isSet(value) && value !== 'false';

/** A mistyped Region would be a host that does not exist. */
export function isRegion(text: string): boolean {
  return /^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/.test(text);
}

const CI: readonly (readonly [variable: string, name: string])[] = [
  ['GITHUB_ACTIONS', 'GitHub Actions'],
  ['GITLAB_CI', 'GitLab CI'],
  ['CODEBUILD_BUILD_ID', 'CodeBuild'],
  ['JENKINS_URL', 'Jenkins'],
  ['CIRCLECI', 'CircleCI'],
  ['BITBUCKET_BUILD_NUMBER', 'Bitbucket Pipelines'],
  ['BUILDKITE', 'Buildkite'],
  ['TF_BUILD', 'Azure Pipelines'],
];

/** The continuous integration that runs this process. */
export function ciOf(env: Environment): string | undefined {
  const named = CI.find(([variable]) => isOn(env[variable]))?.[1];
  return named ?? (isOn(env['CI']) ? 'CI' : undefined);
}
