import type { Aws } from '../aws.ts';
import { writeParameter } from '../parameters/state.ts';
import { addBucket } from '../s3/state.ts';
import { holderOf } from '../secrets/labels.ts';
import { addSecret } from '../secrets/state.ts';
import { urlOf } from '../sqs/operations.ts';
import { addQueue } from '../sqs/state.ts';
import { checkedTags } from '../tags.ts';
import { instant } from './deployments.ts';
import type {
  BucketRef,
  BucketSpec,
  ParameterRef,
  ParameterSpec,
  QueueRef,
  QueueSpec,
  SecretRef,
  SecretSpec,
  SecretVersionSpec,
} from './specs.ts';

/** Resources that are built without an instant are ninety days old, and so older than every action of a test. */
const LONG_AGO = 90 * 86_400_000;

/** Builds a secret; no event is emitted for it. */
export function buildSecret(aws: Aws, spec: SecretSpec): SecretRef {
  const createdAt = instant(spec.createdAt, aws.now() - LONG_AGO);
  const name = spec.name ?? `secret-${aws.secrets.byArn.size + 1}`;
  const versions = (spec.versions ?? [{}]).map((version: SecretVersionSpec, index) => ({
    id: version.id ?? aws.ids.uuid(),
    createdAt: instant(version.createdAt, createdAt),
    labels: version.labels ?? (index === 0 ? ['AWSCURRENT'] : []),
    digest: `built-${index}`,
  }));
  const { arn } = addSecret(aws.secrets, { ...aws.place, ...spec.place }, aws.place, {
    name,
    suffix: spec.suffix ?? aws.ids.suffix(6),
    createdAt,
    owningService: name.includes('!') ? name.slice(0, name.indexOf('!')) : undefined,
    first: {
      at: createdAt,
      versions,
      description: spec.description,
      kmsKeyId: spec.kmsKeyId,
      tags: checkedTags(spec.tags ?? {}, false),
      rotationEnabled: spec.rotationEnabled,
      lastChangedAt: instant(spec.lastChangedAt, createdAt),
      lastRotatedAt: spec.lastRotatedAt === undefined ? undefined : Number(spec.lastRotatedAt),
      goneAt: undefined,
    },
  });
  if (spec.resourcePolicy !== undefined) aws.iam.resourcePolicies.set(arn, spec.resourcePolicy);
  return { arn, partialArn: arn.slice(0, -7), name, versionId: holderOf(versions, 'AWSCURRENT')?.id ?? '' };
}

/** Builds a parameter; no event is emitted for it. */
export function buildParameter(aws: Aws, spec: ParameterSpec): ParameterRef {
  const modifiedAt = instant(spec.modifiedAt, aws.now() - LONG_AGO);
  const name = spec.name ?? `/parameter-${aws.parameters.byKey.size + 1}`;
  const { arn } = writeParameter(aws.parameters, aws.place, name, {
    at: modifiedAt,
    version: spec.version ?? 1,
    type: spec.type ?? 'SecureString',
    description: spec.description,
    tags: checkedTags(spec.tags ?? {}),
    labels: {},
    modifiedAt,
    deleted: false,
    ...(spec.keyId !== undefined && { keyId: spec.keyId }),
    ...(spec.tier !== undefined && { tier: spec.tier }),
  });
  return { arn, name };
}

/** Builds a queue, with a dead-letter queue if `maxReceiveCount` is given. */
export function buildQueue(aws: Aws, spec: QueueSpec): QueueRef {
  const name = spec.name ?? `queue-${aws.sqs.queues.size + 1}`;
  const { maxReceiveCount, deadLetters } = spec;
  const redrive =
    maxReceiveCount === undefined
      ? undefined
      : {
          maxReceiveCount,
          deadLetterArn: deadLetters?.arn ?? addQueue(aws.sqs, aws.place, `${name}-dead`, aws.now(), {}).arn,
        };
  const queue = addQueue(aws.sqs, aws.place, name, aws.now(), {
    delaySeconds: spec.delaySeconds ?? 0,
    visibilitySeconds: spec.visibilitySeconds ?? 30,
    redrive,
    policy: spec.policy,
  });
  return { name, arn: queue.arn, url: urlOf(aws, queue) };
}

/** Builds an empty bucket. */
export function buildBucket(aws: Aws, { name, listable = true }: BucketSpec): BucketRef {
  const bucket = addBucket(aws.s3, name ?? `bucket-${aws.s3.buckets.size + 1}`, listable, aws.now());
  return { name: bucket.name, arn: `arn:${aws.place.partition}:s3:::${bucket.name}` };
}
