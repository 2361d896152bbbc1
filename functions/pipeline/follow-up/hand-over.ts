import type { FollowUp } from '../../core/follow-up/follow-up.ts';
import type { Confirmed } from '../../core/follow-up/trigger.ts';
import { startedEarlyFor } from '../../core/plan/early.ts';
import type { Result } from '../../core/plan/planned.ts';
import { scanBody } from '../../formats/follow-up.ts';
import type { StepContext } from '../context.ts';
import { newChanges, type Observed } from '../read/observed.ts';
import { sendBody, sendFollowUps } from './send.ts';

/**
 * Gives what a request could not finish to the queue: no message of it would come back by itself. The changes are read
 * for and decided anew, and what was redeployed already is known by its deployment. Answers whether all of it was sent.
 */
export async function handOver(
  { scans, named }: Confirmed,
  observed: Observed | undefined,
  results: readonly Result[],
  run: StepContext,
): Promise<boolean> {
  if (run.ports.queue === undefined) return false;
  const bodies = scans.map(({ scan }) => {
    const ids = new Set([...scan.changes, ...scan.notices].map(({ changeId }) => changeId));
    const started = [...scan.started, ...startedEarlyFor(ids, results)];
    return { ...scan, matched: [], started, remaining: 'all', unread: [] } as const;
  });
  const sent = await Promise.all(bodies.map((scan) => sendBody(() => scanBody(scan), 1, run)));
  if (named.length === 0) return sent.every(Boolean);
  // Services that a request names have no scan: without their ARNs there is nothing to look at again.
  if (observed === undefined || newChanges(observed).length === 0) return false;
  const followUps = observed.attempts.map((attempt) => lookedAtAgain(attempt, observed));
  return (await sendFollowUps([{ followUps, delaySeconds: 1 }], run)).length === 0;
}

/** As after a first look that decided nothing. */
function lookedAtAgain(attempt: FollowUp, { fleet }: Observed): FollowUp {
  const open = fleet.services.map(({ cluster, name }) => ({
    cluster: cluster.arn,
    name,
    deploymentId: null,
    ours: false,
    lastLogged: 'wait out-of-time',
  }));
  return { ...attempt, hop: 1, open };
}
