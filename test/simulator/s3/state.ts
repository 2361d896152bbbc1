import { createHash } from 'node:crypto';

/** An object as it was last written; a new write replaces it as a whole. */
export interface StoredObject {
  readonly body: Buffer;
  /** With its quotation marks, as S3 gives it: the MD5 of the body. */
  readonly etag: string;
  readonly modifiedAt: number;
  readonly contentType: string;
  readonly contentEncoding: string | undefined;
  /** `x-amz-meta-…` without the prefix. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The header that carries the checksum that came with the body, and its value. */
  readonly checksum: readonly [header: string, value: string] | undefined;
}

export interface Bucket {
  readonly name: string;
  readonly createdAt: number;
  /** Whether callers have `s3:ListBucket`; without it S3 answers AccessDenied for a missing key. */
  readonly listable: boolean;
  readonly objects: Map<string, StoredObject>;
}

export interface S3State {
  readonly buckets: Map<string, Bucket>;
}

/** No buckets. */
export function createS3State(): S3State {
  return { buckets: new Map() };
}

/** The bucket of that name, which is added without objects if it does not exist. */
export function addBucket(s3: S3State, name: string, listable: boolean, at: number): Bucket {
  const existing = s3.buckets.get(name);
  if (existing !== undefined) return existing;
  const bucket: Bucket = { name, createdAt: at, listable, objects: new Map() };
  s3.buckets.set(name, bucket);
  return bucket;
}

/** Writes an object and replaces one that is there. */
export function putObject(bucket: Bucket, key: string, object: Omit<StoredObject, 'etag'>): StoredObject {
  const etag = `"${createHash('md5').update(object.body).digest('hex')}"`;
  const stored = { ...object, etag };
  bucket.objects.set(key, stored);
  return stored;
}
