import pMap from 'p-map';
import type { FollowUp } from '../../core/follow-up/follow-up.ts';
import type { Closed } from '../../core/follow-up/look.ts';
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
  { followUp, transitions, closed, alarms }: Progress,
  run: StepContext,
): Promise<void> {
  const { changeId } = followUp;
  for (const decision of transitions) run.journal.decided({ ...decision, changeIds: [changeId] });
  run.journal.followed.tasksFailing(alarms);
  for (const one of closed.filter(({ wasOpen }) => wasOpen)) {
    if (one.how === 'fresh') run.journal.followed.fresh(changeId, one);
    else if (one.now === undefined) run.journal.followed.gone(changeId, one);
    else if (one.how === 'skipped' && one.decision !== undefined)
      run.journal.decided({ ...one.decision, changeIds: [changeId] });
  }
  const failed = closed.filter(
    ({ how, wasOpen, decision }) => how === 'failed' && wasOpen && decision?.reason === 'rollout-failed',
  );
  await recordFailures(failed, followUp, run);
}

/** Records that the time limit of a change is over, which is followed on. */
export function recordLimit({ followUp: { changeId, tally }, waiting }: Progress, run: StepContext): void {
  run.journal.followed.unsettled(changeId, tally, waiting, 'followed');
}

/** Records the end of a change: settled, or unsettled if services still wait. */
export function recordEnd({ followUp, waiting, moved }: Progress, now: number, run: StepContext): void {
  const { changeId, tally, changes, exposureEnd } = followUp;
  if (waiting.length > 0) {
    run.journal.followed.unsettled(changeId, tally, waiting, 'final');
    return;
  }
  const changedAt = Math.min(...changes.map((change) => change.changedAt));
  const isOver = moved && tally.failed + tally.left === 0;
  const { at, by } = exposureEnd ?? ({ at: now, by: 'look' } as const);
  run.journal.followed.settled(changeId, tally, isOver ? { ms: Math.max(0, at - changedAt), by } : undefined);
}

/**
 * Records failures with what an operator needs: why tasks stopped, and the command that puts the previous version back.
 */
async function recordFailures(
  failed: readonly Closed[],
  { changeId, changes }: FollowUp,
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
      run.journal.followed.rolloutFailed(changeId, one, { failure, restore });
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
