import type { Aws } from '../aws.ts';
import { crc32Base64 } from './body.ts';
import { type Bucket, putObject } from './state.ts';

/** The objects in a bucket, for tests: without HTTP, permissions or conditions. */
export interface Objects {
  readonly keys: readonly string[];
  /** The bytes under a key; undefined if there is no object. */
  read(key: string): Buffer | undefined;
  etagOf(key: string): string | undefined;
  /** Puts any bytes under a key and replaces an object that is there. */
  plant(key: string, bytes: Uint8Array | string): void;
  remove(key: string): void;
}

/** The objects of a bucket of this world. */
export function objectsIn(aws: Aws, name: string): Objects {
  const found = aws.s3.buckets.get(name);
  if (found === undefined) throw new Error(`no bucket ${name} in this world`);
  const bucket: Bucket = found;
  return {
    get keys() {
      return [...bucket.objects.keys()].sort();
    },
    read: (key) => bucket.objects.get(key)?.body,
    etagOf: (key) => bucket.objects.get(key)?.etag,
    plant(key, bytes) {
      const body = Buffer.from(bytes);
      putObject(bucket, key, {
        body,
        modifiedAt: aws.now(),
        contentType: 'binary/octet-stream',
        contentEncoding: undefined,
        metadata: {},
        checksum: ['x-amz-checksum-crc32', crc32Base64(body)],
      });
    },
    remove: (key) => void bucket.objects.delete(key),
  };
}
