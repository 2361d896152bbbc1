import pMap from 'p-map';
import { asReplicated, mayBeReplicaOf, replicaArn } from '../../core/confirm/replica.ts';
import type { Attempt } from '../../core/follow-up/follow-up.ts';
import type { Change } from '../../core/model/change.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { SecretDescription } from '../../core/model/secret.ts';
import type { StepContext } from '../context.ts';
import type { DescribeSecret } from '../living.ts';
import { isDenial, isElsewhere } from './foreign.ts';

/**
 * The changes of the replicas here of secrets of other Regions that changed. Whether AWS sends events for a replica is not
 * documented, so the event of its primary counts for it, too, as soon as it has the version.
 */
export async function changesOfReplicas(
  changes: readonly Change[],
  describe: DescribeSecret,
  run: StepContext,
): Promise<readonly Change[]> {
  const replicated = await pMap(
    changes.filter(({ versionId }) => versionId !== undefined),
    async (change) => {
      const arn = run.region === undefined ? undefined : replicaArn(change.arn, run.region);
      if (arn === undefined) return [];
      const isOther = (secret: SecretDescription) => !mayBeReplicaOf(change.arn, secret);
      return await lookedUp({ ...change, arn }, describe, run, isOther);
    },
    { concurrency: CONCURRENCY.resources },
  );
  return replicated.flat();
}

/** Attempts and scans as the replicas show now that were behind at the last look. */
export async function replicasNow<One extends Pick<Attempt, 'changes'>>(
  all: readonly One[],
  describe: DescribeSecret,
  run: StepContext,
): Promise<readonly One[]> {
  const behind = all.flatMap(({ changes }) => changes).filter((change) => change.behind);
  const now = new Map(
    await pMap(
      behind,
      async (change) => {
        const [seen = change] = await lookedUp(change, describe, run);
        return [change, seen] as const;
      },
      { concurrency: CONCURRENCY.resources },
    ),
  );
  return all.map((one) => ({ ...one, changes: one.changes.map((change) => now.get(change) ?? change) }));
}

/** None if there is no such replica, if it is another secret, or if it may not be described: then the sweep is what finds it. */
async function lookedUp(
  change: Change,
  describe: DescribeSecret,
  run: StepContext,
  isOther: (secret: SecretDescription) => boolean = () => false,
): Promise<readonly Change[]> {
  const { ports, journal } = run;
  try {
    const replica = await describe(change.arn);
    if (replica === undefined || replica.deletedAt !== undefined || isOther(replica)) return [];
    return [asReplicated(change, replica, ports.clock.now())];
  } catch (error) {
    if (!isDenial(error) && !change.behind) throw error;
    // Secrets Manager denies what another account does not have in the same words as what it hides.
    if (!change.behind && isElsewhere(change.arn, run)) return [];
    journal.error('cannot look up the replica of a secret that changed in another Region', error, {
      arn: change.arn,
    });
    return [];
  }
}
