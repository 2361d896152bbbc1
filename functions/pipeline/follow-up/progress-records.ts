import pMap from 'p-map';
import type { Closed } from '../../core/follow-up/advance.ts';
import { isOverdue } from '../../core/follow-up/backoff.ts';
import type { FollowUp } from '../../core/follow-up/follow-up.ts';
import type { Progress } from '../../core/follow-up/progress.ts';
import type { Change } from '../../core/model/change.ts';
import { type Failure, mainFailure } from '../../core/model/failure.ts';
import type { Service } from '../../core/model/fleet.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import { restoreCommand } from '../../core/report/restore.ts';
import type { StepContext } from '../context.ts';

/** The most services of one change for which ECS is asked why their tasks stopped. */
const MAX_EXPLAINED = 20;

/** Records what a later look found, which is only what has changed since the look before it. */
export async function recordTransitions(
  { followUp, transitions, closed }: Progress,
  run: StepContext,
): Promise<void> {
  const { changeId } = followUp;
  for (const decision of transitions) run.journal.decided({ ...decision, changeIds: [changeId] });
  for (const one of closed.filter(({ wasOpen }) => wasOpen)) {
    if (one.how === 'fresh') run.journal.fresh(changeId, one);
    else if (one.now === undefined) run.journal.gone(changeId, one);
    else if (one.how === 'skipped' && one.decision !== undefined)
      run.journal.decided({ ...one.decision, changeIds: [changeId] });
  }
  const failed = closed.filter(
    ({ how, wasOpen, decision }) => how === 'failed' && wasOpen && decision?.reason === 'rollout-failed',
  );
  await recordFailures(failed, followUp, 'rollout-failed', run);
}

/** Records the end of a change: settled, or unsettled if services still wait. */
export async function recordEnd(
  { followUp, waiting, moved, stuck }: Progress,
  now: number,
  run: StepContext,
): Promise<void> {
  const { changeId, tally, changes } = followUp;
  if (waiting.length > 0) {
    if (isOverdue(followUp, now, run.follow.limitMs)) await recordFailures(stuck, followUp, 'stuck', run);
    run.journal.unsettled(changeId, tally, waiting);
    return;
  }
  const changedAt = Math.min(...changes.map((change) => change.changedAt));
  const exposureMs = moved && tally.failed + tally.left === 0 ? Math.max(0, now - changedAt) : undefined;
  run.journal.settled(changeId, tally, exposureMs);
}

/**
 * Records failures with what an operator needs: why tasks stopped, and the command that puts the previous version back.
 */
async function recordFailures(
  failed: readonly Pick<Closed, 'service' | 'cluster' | 'now'>[],
  { changeId, changes }: FollowUp,
  reason: 'rollout-failed' | 'stuck',
  run: StepContext,
): Promise<void> {
  const [change] = changes;
  if (failed.length === 0 || change === undefined) return;
  const restore = await restoreOf(change, run);
  const explained = new Set(failed.slice(0, MAX_EXPLAINED));
  await pMap(
    failed,
    async (one) => {
      const asks = explained.has(one) && one.now !== undefined;
      const failure = asks ? await failureSince(change.changedAt, one.now, run) : undefined;
      run.journal.rolloutFailed(changeId, one, reason, { failure, restore });
    },
    { concurrency: CONCURRENCY.stoppedTasks },
  );
}

/** The failure is recorded without a reason, too, where ECS does not show it. */
async function failureSince(
  changedAt: number,
  service: Service,
  { ports, reading }: StepContext,
): Promise<Failure | undefined> {
  try {
    const stopped = await ports.ecs.stoppedTasks(service, reading);
    return 'why' in stopped ? undefined : mainFailure(stopped, changedAt);
  } catch {
    return undefined;
  }
}

async function restoreOf(change: Change, { ports, reading }: StepContext): Promise<string | undefined> {
  if (change.kind === 'service') return undefined;
  if (change.kind === 'parameter') return restoreCommand(change, undefined);
  try {
    return restoreCommand(change, (await ports.secrets.describe(change.arn, reading))?.labelsOf);
  } catch {
    // Without the version the command is still useful.
    return restoreCommand(change, undefined);
  }
}
