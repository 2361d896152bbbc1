import type { Aws, Operation, Operations } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { RawAnswer } from '../http/raw-answer.ts';
import { type Input, record, requiredText, text } from '../input.ts';
import { crc32Base64, unpack } from './body.ts';
import { type Bucket, putObject, type StoredObject } from './state.ts';

const KEY_BYTES = 1024;

const getObject: Operation = (aws, input) => {
  const object = needObject(aws, input);
  refuseUnlessWanted(input, object);
  return new RawAnswer(200, headersOf(input, object), object.body);
};

const headObject: Operation = (aws, input) => {
  const object = needObject(aws, input);
  refuseUnlessWanted(input, object);
  return new RawAnswer(200, { ...headersOf(input, object), 'content-length': String(object.body.length) });
};

const headBucket: Operation = (aws, input) => {
  needBucket(aws, input);
  return new RawAnswer(200, { 'x-amz-bucket-region': aws.place.region });
};

const write: Operation = (aws, input, { at }) => {
  const bucket = needBucket(aws, input);
  const key = keyIn(input);
  const headers = record(input, 'Headers') ?? {};
  const body = input['Body'];
  const { bytes, checksum } = unpack(Buffer.isBuffer(body) ? body : Buffer.alloc(0), headers);
  refuseIfChanged(input, bucket.objects.get(key));
  const stored = putObject(bucket, key, {
    body: bytes,
    modifiedAt: at,
    contentType: text(headers, 'content-type') ?? 'binary/octet-stream',
    contentEncoding: encodingOf(text(headers, 'content-encoding')),
    metadata: metadataIn(headers),
    checksum: checksum ?? ['x-amz-checksum-crc32', crc32Base64(bytes)],
  });
  return new RawAnswer(200, {
    etag: stored.etag,
    'x-amz-server-side-encryption': 'AES256',
    ...(stored.checksum === undefined ? {} : Object.fromEntries([stored.checksum])),
  });
};

/** The deletion of a missing object is no error. */
const deleteObject: Operation = (aws, input) => {
  needBucket(aws, input).objects.delete(keyIn(input));
  return new RawAnswer(204, {});
};

/** S3's operations: one object at a time, conditional writes, no versions. */
export const S3: Operations = {
  GetObject: getObject,
  HeadObject: headObject,
  PutObject: write,
  DeleteObject: deleteObject,
  HeadBucket: headBucket,
};

function needBucket(aws: Aws, input: Input): Bucket {
  const bucket = aws.s3.buckets.get(requiredText(input, 'Bucket'));
  if (bucket === undefined) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
  return bucket;
}

function keyIn(input: Input): string {
  const key = requiredText(input, 'Key');
  if (Buffer.byteLength(key) > KEY_BYTES) throw new AwsError('KeyTooLongError', 'Your key is too long');
  return key;
}

/** The object of the request. Without `s3:ListBucket`, a missing key is denied, so that the caller cannot tell. */
function needObject(aws: Aws, input: Input): StoredObject {
  const bucket = needBucket(aws, input);
  const object = bucket.objects.get(keyIn(input));
  if (object !== undefined) return object;
  if (!bucket.listable) throw new AwsError('AccessDenied', 'Access Denied', 403);
  throw noSuchKey();
}

/** Checks the conditions of a read. */
function refuseUnlessWanted(input: Input, object: StoredObject): void {
  if (text(input, 'Range') !== undefined) {
    throw new AwsError('NotImplemented', 'The simulator does not model ranges of objects.', 501);
  }
  const [match, noneMatch] = [text(input, 'IfMatch'), text(input, 'IfNoneMatch')];
  if (match !== undefined && !names(match, object)) throw preconditionFailed('If-Match');
  if (noneMatch !== undefined && names(noneMatch, object))
    throw new AwsError('NotModified', 'Not Modified', 304);
}

/** Checks the conditions of a write: `If-Match` demands an unchanged object, `If-None-Match: *` demands none. */
function refuseIfChanged(input: Input, object: StoredObject | undefined): void {
  const [match, noneMatch] = [text(input, 'IfMatch'), text(input, 'IfNoneMatch')];
  if (match !== undefined && noneMatch !== undefined) {
    throw new AwsError('NotImplemented', 'If-Match and If-None-Match exclude each other.', 501);
  }
  if (noneMatch !== undefined && noneMatch !== '*') {
    throw new AwsError(
      'NotImplemented',
      'A header you provided implies functionality that is not implemented',
      501,
    );
  }
  if (noneMatch !== undefined && object !== undefined) throw preconditionFailed('If-None-Match');
  if (match === undefined) return;
  if (object === undefined) throw noSuchKey();
  if (!names(match, object)) throw preconditionFailed('If-Match');
}

/** Whether a condition names the object: S3 accepts an ETag with and without its quotation marks. */
function names(condition: string, object: StoredObject): boolean {
  return condition === '*' || condition.replaceAll('"', '') === object.etag.replaceAll('"', '');
}

function headersOf(input: Input, object: StoredObject): Readonly<Record<string, string>> {
  const wantsChecksum = text(record(input, 'Headers') ?? {}, 'x-amz-checksum-mode') === 'ENABLED';
  const metadata = Object.entries(object.metadata).map(
    ([name, value]) => [`x-amz-meta-${name}`, value] as const,
  );
  return {
    etag: object.etag,
    'last-modified': new Date(object.modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
    'content-type': object.contentType,
    'x-amz-server-side-encryption': 'AES256',
    ...(object.contentEncoding === undefined ? {} : { 'content-encoding': object.contentEncoding }),
    ...Object.fromEntries(metadata),
    ...(wantsChecksum && object.checksum !== undefined
      ? { ...Object.fromEntries([object.checksum]), 'x-amz-checksum-type': 'FULL_OBJECT' }
      : {}),
  };
}

/** `aws-chunked` is the form of the upload and no property of the object. */
function encodingOf(header: string | undefined): string | undefined {
  const rest = (header ?? '').split(',').filter((encoding) => encoding.trim() !== 'aws-chunked');
  return rest.join(',').trim() || undefined;
}

function metadataIn(headers: Input): Readonly<Record<string, string>> {
  const prefix = 'x-amz-meta-';
  return Object.fromEntries(
    Object.keys(headers)
      .filter((name) => name.startsWith(prefix))
      .map((name) => [name.slice(prefix.length), text(headers, name) ?? '']),
  );
}

function noSuchKey(): AwsError {
  return new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
}

function preconditionFailed(condition: string): AwsError {
  return new AwsError(
    'PreconditionFailed',
    `At least one of the pre-conditions you specified did not hold (${condition})`,
    412,
  );
}
