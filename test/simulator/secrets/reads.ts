import { type Aws, type Operations, principalOf, seconds } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { Context } from '../iam/conditions.ts';
import { evaluateResourcePolicy } from '../iam/evaluate.ts';
import { flag, type Input, number, requiredText, text } from '../input.ts';
import type { Caller } from '../ledger.ts';
import { page } from '../paging.ts';
import { resourceIn } from '../place.ts';
import { owner } from './elsewhere.ts';
import { passes, secretFilters } from './filters.ts';
import { isGone, needSecret, type SecretState, type SecretView, viewAt } from './state.ts';

/** DescribeSecret, GetResourcePolicy, ListSecretVersionIds and ListSecrets, which show changes with the delay `lagMs`. */
export const SECRET_READS: Operations = {
  DescribeSecret: (here, input, { at, caller }) => {
    const id = requiredText(input, 'SecretId');
    const aws = owner(here, id, 'DescribeSecret', caller);
    const secret = needSecret(aws.secrets, aws.place, id, at);
    refuseIfDenied(aws, secret, 'DescribeSecret', caller);
    const view = visible(aws, secret, at);
    return { ...described(aws, secret, view), VersionIdsToStages: labelled(view) };
  },

  GetResourcePolicy: (aws, input, { at }) => {
    const { arn, name } = needSecret(aws.secrets, aws.place, requiredText(input, 'SecretId'), at);
    const policy = aws.iam.resourcePolicies.get(arn);
    return { ARN: arn, Name: name, ...(policy && { ResourcePolicy: JSON.stringify(policy) }) };
  },

  ListSecretVersionIds: (here, input, { at, caller }) => {
    const id = requiredText(input, 'SecretId');
    const aws = owner(here, id, 'ListSecretVersionIds', caller);
    const secret = needSecret(aws.secrets, aws.place, id, at);
    refuseIfDenied(aws, secret, 'ListSecretVersionIds', caller);
    const deprecated = flag(input, 'IncludeDeprecated') ?? false;
    const versions = visible(aws, secret, at).versions.filter(
      (version) => deprecated || version.labels.length > 0,
    );
    const { items, nextToken } = cut(versions, input, `versions ${secret.arn} ${deprecated}`);
    return {
      ARN: secret.arn,
      Name: secret.name,
      NextToken: nextToken,
      Versions: items.map((version) => ({
        VersionId: version.id,
        ...(version.labels.length === 0 ? {} : { VersionStages: version.labels }),
        CreatedDate: seconds(version.createdAt),
      })),
    };
  },

  ListSecrets: (aws, input, { at }) => {
    const planned = flag(input, 'IncludePlannedDeletion') ?? false;
    const filters = secretFilters(input);
    const secrets = [...aws.secrets.byArn.values()].filter(
      (secret) =>
        resourceIn(aws.place, 'secretsmanager', secret.arn) !== undefined &&
        !isGone(secret, at) &&
        (planned || visible(aws, secret, at).goneAt === undefined) &&
        filters.every((filter) => passes(filter, secret, visible(aws, secret, at))),
    );
    const { items, nextToken } = cut(secrets, input, `secrets ${planned} ${JSON.stringify(filters)}`);
    return {
      NextToken: nextToken,
      SecretList: items.map((secret) => {
        const view = visible(aws, secret, at);
        return { ...described(aws, secret, view), SecretVersionsToStages: labelled(view) };
      }),
    };
  },
};

/** A resource policy that denies a read of metadata; one that only does not allow it leaves it to IAM. */
function refuseIfDenied(aws: Aws, { arn }: SecretState, operation: string, caller: Caller): void {
  const policy = aws.iam.resourcePolicies.get(arn);
  const principal = principalOf(aws.place, caller);
  const action = `secretsmanager:${operation}`;
  const request = { principal, action, resource: arn, context: new Context([]) };
  if (evaluateResourcePolicy(policy, request).decision !== 'explicitDeny') return;
  const what = `User: ${principal} is not authorized to perform: ${action} on resource: ${arn}`;
  throw new AwsError('AccessDeniedException', `${what} with an explicit deny in a resource-based policy`);
}

function visible(aws: Aws, secret: SecretState, at: number): SecretView {
  return viewAt(secret, at - aws.settings.lagMs);
}

function cut<T>(all: readonly T[], input: Input, scope: string) {
  return page(all, {
    scope,
    token: text(input, 'NextToken'),
    size: number(input, 'MaxResults'),
    defaultSize: 100,
    maxSize: 100,
    sizeName: 'MaxResults',
    invalidToken: 'InvalidNextTokenException',
  });
}

function described(aws: Aws, secret: SecretState, view: SecretView) {
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: view.description,
    KmsKeyId: view.kmsKeyId,
    RotationEnabled: view.rotationEnabled,
    ...(view.rotationEnabled === true && secret.owningService === undefined
      ? {
          RotationLambdaARN: `arn:${aws.place.partition}:lambda:${aws.place.region}:${aws.place.account}:function:rotate`,
        }
      : {}),
    LastRotatedDate: when(view.lastRotatedAt),
    LastChangedDate: seconds(view.lastChangedAt),
    DeletedDate: when(view.goneAt),
    OwningService: secret.owningService,
    CreatedDate: seconds(secret.createdAt),
    Tags: Object.entries(view.tags).map(([Key, Value]) => ({ Key, Value })),
  };
}

function when(at: number | undefined): number | undefined {
  return at === undefined ? undefined : seconds(at);
}

function labelled(view: SecretView): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    view.versions
      .filter((version) => version.labels.length > 0)
      .map((version) => [version.id, version.labels] as const),
  );
}
