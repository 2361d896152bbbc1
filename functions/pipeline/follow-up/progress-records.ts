import pMap from 'p-map';
import type { FollowUp } from '../../core/follow-up/follow-up.ts';
import type { Closed } from '../../core/follow-up/look.ts';
import type { Progress } from '../../core/follow-up/progress.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { StepContext } from '../context.ts';
import { explainer, MAX_EXPLAINED } from './explain.ts';

/** Records what a later look found, which is only what has changed since the look before it. */
export async function recordTransitions(
  { followUp, transitions, closed, alarms }: Progress,
  run: StepContext,
): Promise<void> {
  const { changeId } = followUp;
  for (const one of transitions.filter(({ failing }) => failing === undefined))
    run.journal.decided({ ...one, changeIds: [changeId] });
  await recordFailing(transitions, followUp, run);
  run.journal.followed.tasksFailing(alarms);
  for (const one of closed.filter(({ wasOpen }) => wasOpen)) {
    if (one.how === 'fresh') run.journal.followed.fresh(changeId, one);
    else if (one.now === undefined) run.journal.followed.gone(changeId, one);
    else if (one.how === 'skipped' && one.decision !== undefined)
      run.journal.decided({ ...one.decision, changeIds: [changeId] });
  }
  const failed = closed.filter(({ wasOpen, decision }) => wasOpen && decision?.reason === 'rollout-failed');
  await recordFailures(failed, followUp, run);
}

/** Records which services have new tasks that fail, why, and what helps. */
async function recordFailing(
  transitions: Progress['transitions'],
  { changeId, changes }: FollowUp,
  run: StepContext,
): Promise<void> {
  const failing = transitions.filter((one) => one.failing !== undefined);
  const explain = explainer(changes, run);
  for (const [i, { failing: service, deployment, ...decision }] of failing.entries()) {
    const why = await explain(i < MAX_EXPLAINED ? service : undefined);
    if (deployment !== undefined)
      run.journal.followed.inState({ ...decision, changeIds: [changeId] }, deployment, why);
  }
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
 * Records failures with what an operator needs: why tasks stopped, and what helps.
 */
async function recordFailures(
  failed: readonly Closed[],
  { changeId, changes }: FollowUp,
  run: StepContext,
): Promise<void> {
  const explain = explainer(changes, run);
  const explained = new Set(failed.slice(0, MAX_EXPLAINED));
  await pMap(
    failed,
    async (one) => {
      const why = await explain(explained.has(one) ? one.now : undefined);
      run.journal.followed.rolloutFailed(changeId, one, why);
    },
    { concurrency: CONCURRENCY.stoppedTasks },
  );
}
