import type { SnapshotPlace, Snapshots } from '../ports.ts';
import { type CallCounts, counted, lazily } from './clients.ts';
import { hasCode } from './errors.ts';

/** The bucket belongs to one stack in one account and Region, so it holds one snapshot. */
export const SNAPSHOT_KEY = 'fleet.json.gz';
/** An object larger than this is no snapshot of ours. */
const MOST_BYTES = 16_000_000;
/** A hint that arrives late is of no use. */
const TIMEOUT_MS = 3_000;

/** The adapter that keeps the snapshot as an object in S3. */
export function makeSnapshots({ bucket, pathStyle }: SnapshotPlace, counts: CallCounts): Snapshots {
  const object = { Bucket: bucket, Key: SNAPSHOT_KEY };
  const s3 = lazily(() => connect(pathStyle, counts));
  return {
    async get(signal) {
      const { client, GetObjectCommand } = await s3();
      try {
        const answer = await client.send(new GetObjectCommand(object), within(signal));
        if (answer.Body === undefined || (answer.ContentLength ?? 0) > MOST_BYTES) return undefined;
        return { bytes: await answer.Body.transformToByteArray(), version: answer.ETag ?? '' };
      } catch (error) {
        // Without the permission to list the bucket, S3 answers AccessDenied for an object that does not exist.
        if (hasCode(error, 'NoSuchKey', 'NotFound', 'AccessDenied')) return undefined;
        throw error;
      }
    },
    async put(bytes, replaces) {
      const { client, PutObjectCommand } = await s3();
      const condition = replaces === undefined ? { IfNoneMatch: '*' } : { IfMatch: replaces };
      try {
        const command = new PutObjectCommand({ ...object, ...condition, Body: bytes });
        return (await client.send(command, within())).ETag;
      } catch (error) {
        if (hasCode(error, 'PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey')) return undefined;
        throw error;
      }
    },
  };
}

async function connect(forcePathStyle: boolean, counts: CallCounts) {
  const { S3Client, GetObjectCommand, PutObjectCommand } = await import('./sdk/s3.ts');
  const client = new S3Client({
    maxAttempts: 2,
    forcePathStyle,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true },
  });
  return { client: counted(client, counts), GetObjectCommand, PutObjectCommand };
}

function within(...signals: readonly AbortSignal[]) {
  return { abortSignal: AbortSignal.any([...signals, AbortSignal.timeout(2 * TIMEOUT_MS)]) };
}
