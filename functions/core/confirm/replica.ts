import { parseArn } from '../model/arn.ts';
import { type Change, endOfSecond, optedOutBy, PENDING } from '../model/change.ts';
import type { SecretDescription } from '../model/secret.ts';

/** The ARN of the replica of a secret in this Region: it has the name and the suffix of its primary. */
export function replicaArn(primary: string, region: string): string | undefined {
  const arn = parseArn(primary);
  if (arn?.service !== 'secretsmanager' || arn.region === region) return undefined;
  return `arn:${arn.partition}:secretsmanager:${region}:${arn.account}:${arn.resource}`;
}

/**
 * Whether this may be the replica of that primary. A replica that was promoted to a secret of its own keeps its ARN, and receives
 * nothing any more.
 */
export function mayBeReplicaOf(primary: string, { primaryRegion }: SecretDescription): boolean {
  return primaryRegion === undefined || primaryRegion === parseArn(primary)?.region;
}

/**
 * The change as its replica shows it at `now`. Until the replica has the version, every task here starts with the old value,
 * so the change is younger than this look; afterwards it is as old as the last change of the replica.
 */
export function asReplicated(change: Change, replica: SecretDescription, now: number): Change {
  const { behind: _, confirmed: _unconfirmed, ...known } = change;
  const { versionId = '' } = change;
  const labels = replica.labelsOf.get(versionId) ?? [];
  const optedOut = optedOutBy(replica.enabledTag);
  if (!labels.some((label) => label !== PENDING))
    return { ...known, optedOut, changedAt: Math.max(change.changedAt, now), behind: true };
  const receivedAt = endOfSecond(replica.lastChangedAt ?? 0);
  return { ...known, optedOut, changedAt: Math.max(change.changedAt, receivedAt) };
}
