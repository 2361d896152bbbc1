import type { DescribeKeyCommandOutput } from '@aws-sdk/client-kms';
import type { KeyFact } from '../core/model/access.ts';
import type { Access } from '../ports.ts';
import { type CallCounts, counted, lazily, reads } from './clients.ts';
import { hasCode } from './errors.ts';
import { unanswered } from './unanswered.ts';

/** The states in which KMS does not decrypt with a key (https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html). */
const UNUSABLE = ['Disabled', 'PendingDeletion', 'PendingReplicaDeletion', 'PendingImport', 'Unavailable'];

/** The adapter of KMS, which reads metadata only. */
export function makeKeys(counts: CallCounts): Access['key'] {
  const connected = lazily(async () => {
    const { KMSClient, DescribeKeyCommand } = await import('./sdk/kms.ts');
    return { client: counted(new KMSClient(reads), counts), DescribeKeyCommand };
  });
  return async (id, signal) => {
    try {
      const { client, DescribeKeyCommand } = await connected();
      return keyOf(await client.send(new DescribeKeyCommand({ KeyId: id }), { abortSignal: signal }));
    } catch (error) {
      if (hasCode(error, 'NotFoundException')) return { kind: 'gone' };
      return unanswered(`describe KMS key ${id}`, error, 'kms:DescribeKey');
    }
  };
}

function keyOf({ KeyMetadata }: DescribeKeyCommandOutput): KeyFact {
  const { Arn, KeyManager, KeyState = '' } = KeyMetadata ?? {};
  if (Arn === undefined) return { kind: 'unanswered', why: 'KMS described a key without its ARN' };
  return { kind: 'key', arn: Arn, ofAws: KeyManager === 'AWS', usable: !UNUSABLE.includes(KeyState) };
}
