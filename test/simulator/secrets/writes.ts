import { createHash } from 'node:crypto';
import type { Aws, Occasion } from '../aws.ts';
import { AwsError, invalidParameter } from '../errors.ts';
import { flag, type Input, number, records, requiredText, text, texts } from '../input.ts';
import { checkedTags } from '../tags.ts';
import { attachLabels, type LabelMove, moveLabel } from './labels.ts';
import {
  addSecret,
  change,
  findSecret,
  latest,
  needSecret,
  type SecretState,
  type SecretVersion,
} from './state.ts';

/** The answer of a write, and the labels that it moved. */
interface Written {
  readonly secret: SecretState;
  readonly answer: Readonly<Record<string, unknown>>;
  readonly moves: readonly LabelMove[];
}

export type SecretWrite = (aws: Aws, input: Input, occasion: Occasion) => Written;

const DAY = 86_400_000;

/** CreateSecret: with a value it also makes the first version. */
const createSecret: SecretWrite = (aws, input, { at }) => {
  const name = requiredText(input, 'Name');
  refuseIfTaken(aws, name, at);
  const digest = digestOf(input);
  const id = text(input, 'ClientRequestToken') ?? aws.ids.uuid();
  const versions: SecretVersion[] =
    digest === undefined ? [] : [{ id, createdAt: at, labels: ['AWSCURRENT'], digest }];
  const secret = addSecret(aws.secrets, aws.place, aws.place, {
    name,
    suffix: aws.ids.suffix(6),
    createdAt: at,
    owningService: undefined,
    first: {
      at,
      versions,
      description: text(input, 'Description'),
      kmsKeyId: text(input, 'KmsKeyId'),
      tags: tagsIn(input),
      rotationEnabled: undefined,
      lastChangedAt: at,
      lastRotatedAt: undefined,
      goneAt: undefined,
    },
  });
  const moves =
    aws.settings.nativeEventOnCreate && digest !== undefined ? [{ label: 'AWSCURRENT', versionId: id }] : [];
  return written(secret, digest === undefined ? {} : { VersionId: id }, moves);
};

const putSecretValue: SecretWrite = (aws, input, { at }) => {
  const secret = usable(aws, input, at);
  const digest = digestOf(input);
  if (digest === undefined) throw invalidParameter('You must provide either SecretString or SecretBinary.');
  const asked = texts(input, 'VersionStages');
  const labels = asked.length === 0 ? ['AWSCURRENT'] : asked;
  const { id, moves } = addVersion(aws, secret, at, digest, labels, text(input, 'ClientRequestToken'));
  const stages = latest(secret).versions.find((version) => version.id === id)?.labels;
  return written(secret, { VersionId: id, VersionStages: stages }, moves);
};

const updateSecret: SecretWrite = (aws, input, { at }) => {
  const secret = usable(aws, input, at);
  const description = text(input, 'Description');
  const kmsKeyId = text(input, 'KmsKeyId');
  change(secret, at, {
    ...(description === undefined ? {} : { description }),
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
  });
  const digest = digestOf(input);
  if (digest === undefined) return written(secret);
  const token = text(input, 'ClientRequestToken');
  const { id, moves } = addVersion(aws, secret, at, digest, ['AWSCURRENT'], token);
  return written(secret, { VersionId: id }, moves);
};

const updateSecretVersionStage: SecretWrite = (aws, input, { at }) => {
  const secret = usable(aws, input, at);
  const { versions, moves } = moveLabel(
    latest(secret).versions,
    requiredText(input, 'VersionStage'),
    text(input, 'RemoveFromVersionId'),
    text(input, 'MoveToVersionId'),
  );
  change(secret, at, { versions });
  return written(secret, {}, moves);
};

const deleteSecret: SecretWrite = (aws, input, { at }) => {
  const secret = needSecret(aws.secrets, aws.place, requiredText(input, 'SecretId'), at);
  const days = number(input, 'RecoveryWindowInDays') ?? 30;
  if (days < 7 || days > 30) {
    throw invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
  }
  const goneAt = flag(input, 'ForceDeleteWithoutRecovery') === true ? at : at + days * DAY;
  change(secret, at, { goneAt });
  return written(secret, { DeletionDate: goneAt / 1000 });
};

const restoreSecret: SecretWrite = (aws, input, { at }) => {
  const secret = needSecret(aws.secrets, aws.place, requiredText(input, 'SecretId'), at);
  change(secret, at, { goneAt: undefined });
  return written(secret);
};

const tagResource: SecretWrite = (aws, input, { at }) => {
  const secret = usable(aws, input, at);
  change(secret, at, { tags: { ...latest(secret).tags, ...tagsIn(input) } });
  return written(secret);
};

const untagResource: SecretWrite = (aws, input, { at }) => {
  const secret = usable(aws, input, at);
  const gone = texts(input, 'TagKeys');
  const tags = Object.entries(latest(secret).tags).filter(([key]) => !gone.includes(key));
  change(secret, at, { tags: Object.fromEntries(tags) });
  return written(secret);
};

/** Every write by its API name. */
export const SECRET_WRITES: Readonly<Record<string, SecretWrite>> = {
  CreateSecret: createSecret,
  PutSecretValue: putSecretValue,
  UpdateSecret: updateSecret,
  UpdateSecretVersionStage: updateSecretVersionStage,
  DeleteSecret: deleteSecret,
  RestoreSecret: restoreSecret,
  TagResource: tagResource,
  UntagResource: untagResource,
};

/** Adds a version (or finds the version that the same request created before) and moves labels to it. */
export function addVersion(
  aws: Aws,
  secret: SecretState,
  at: number,
  digest: string,
  labels: readonly string[],
  token: string | undefined,
): { readonly id: string; readonly moves: readonly LabelMove[] } {
  const { versions } = latest(secret);
  const same = versions.find((version) => version.id === token);
  if (same !== undefined && same.digest !== digest) {
    throw new AwsError(
      'ResourceExistsException',
      'You tried to use the same ClientRequestToken for a different value; secret versions never change.',
    );
  }
  const id = token ?? aws.ids.uuid();
  if (same !== undefined) return { id, moves: [] };
  const first = versions.length === 0 && !labels.includes('AWSCURRENT') ? ['AWSCURRENT'] : [];
  const fresh: SecretVersion = { id, createdAt: at, labels: [], digest };
  const after = attachLabels([...versions, fresh], [...labels, ...first], id);
  change(secret, at, { versions: after.versions });
  return { id, moves: after.moves };
}

function usable(aws: Aws, input: Input, at: number): SecretState {
  const secret = needSecret(aws.secrets, aws.place, requiredText(input, 'SecretId'), at);
  if (latest(secret).goneAt !== undefined) {
    throw new AwsError(
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  }
  return secret;
}

function refuseIfTaken(aws: Aws, name: string, at: number): void {
  const taken = findSecret(aws.secrets, aws.place, name, at);
  if (taken === undefined) return;
  if (latest(taken).goneAt === undefined) {
    throw new AwsError(
      'ResourceExistsException',
      `The operation failed because the secret ${name} already exists.`,
    );
  }
  throw new AwsError(
    'InvalidRequestException',
    "You can't create this secret because a secret with this name is already scheduled for deletion.",
  );
}

function written(
  secret: SecretState,
  more: Readonly<Record<string, unknown>> = {},
  moves: readonly LabelMove[] = [],
): Written {
  return { secret, answer: { ARN: secret.arn, Name: secret.name, ...more }, moves };
}

function digestOf(input: Input): string | undefined {
  const value = input['SecretString'] ?? input['SecretBinary'];
  return typeof value === 'string' ? createHash('sha256').update(value).digest('hex') : undefined;
}

function tagsIn(input: Input): Readonly<Record<string, string>> {
  const tags = records(input, 'Tags').map((tag) => [requiredText(tag, 'Key'), text(tag, 'Value') ?? '']);
  return checkedTags(Object.fromEntries(tags), false);
}
