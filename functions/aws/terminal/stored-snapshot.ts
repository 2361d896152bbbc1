import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { SnapshotPlace } from '../../ports.ts';
import type { Installation } from '../../ports-doctor.ts';
import { type CallCounts, counted, reads } from '../clients.ts';
import { hasCode } from '../errors.ts';
import { SNAPSHOT_KEY } from '../snapshot.ts';
import { unanswered } from '../unanswered.ts';

/** Whether the snapshot is stored and can be read. It is a hint for the functions, and what it says is not looked at here. */
export function makeSnapshotFacts(
  counts: CallCounts,
  { pathStyle }: Pick<SnapshotPlace, 'pathStyle'>,
): Pick<Installation, 'snapshot'> {
  const client = counted(new S3Client({ ...reads, forcePathStyle: pathStyle }), counts);
  return {
    async snapshot(Bucket, abortSignal) {
      try {
        const command = new GetObjectCommand({ Bucket, Key: SNAPSHOT_KEY });
        const { Body, LastModified, ContentLength = 0 } = await client.send(command, { abortSignal });
        await Body?.transformToByteArray();
        return { kind: 'stored', modifiedAt: LastModified?.getTime() ?? 0, bytes: ContentLength };
      } catch (error) {
        if (hasCode(error, 'NoSuchKey', 'NotFound')) return { kind: 'none' };
        if (hasCode(error, 'NoSuchBucket')) return { kind: 'bucket-gone' };
        // S3 says that a key does not exist to those alone who may list the bucket.
        return unanswered(`read the snapshot in bucket ${Bucket}`, error, 's3:GetObject or s3:ListBucket');
      }
    },
  };
}
