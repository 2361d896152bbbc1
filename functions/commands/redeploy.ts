import type { Confirmed, Trigger } from '../core/follow-up/trigger.ts';
import { type PlanBesideEarly, stillUndecided, withEarly } from '../core/plan/early.ts';
import { makePlan } from '../core/plan/plan.ts';
import { questions } from '../core/plan/questions.ts';
import { apply, notExecuted } from '../pipeline/apply/apply.ts';
import { startEarly } from '../pipeline/apply/early.ts';
import { confirm } from '../pipeline/confirm/confirm.ts';
import { followUp } from '../pipeline/follow-up/follow-up.ts';
import { readEvidence } from '../pipeline/read/evidence.ts';
import type { Observed } from '../pipeline/read/observed.ts';
import { readFleet } from '../pipeline/read/read.ts';
import { type Early, NOTHING_EARLY } from '../pipeline/read/scan.ts';
import type { Run } from '../pipeline/run.ts';
import { type Applied, type RedeployResult, reported } from './handled.ts';

/**
 * The main path. What AWS told or a person asked becomes changes, and every service of which a task was started before a
 * change is redeployed once. The fleet is the state: whoever does this again, after a crash, for a duplicate or as a
 * follow-up, finds fresh what has been done and does only the rest.
 */
export async function redeploy(asked: readonly Trigger[], run: Run): Promise<RedeployResult> {
  run.fleets.prefetch(asked, run);
  const confirmed = await confirm(asked, run);
  return uponRead(confirmed, startEarly(confirmed, run), run, async (sight, { plan, early }) => {
    const results = [...early, ...(await apply(plan, run))];
    return { results, requeued: await followUp(sight, results, run) };
  });
}

/** The same, ending before the first write: because somebody only asked, or because of MODE=observe. */
export async function plan(
  asked: readonly Trigger[],
  why: 'plan' | 'observe',
  run: Run,
): Promise<RedeployResult> {
  return uponRead(await confirm(asked, run), NOTHING_EARLY, run, async (sight, { plan, early }) => {
    const results = [...early, ...notExecuted(plan, why, run)];
    const how = why === 'observe' ? 'first-look-only' : 'not-at-all';
    return { results, requeued: await followUp(sight, results, { ...run, follow: { ...run.follow, how } }) };
  });
}

/** What MODE says: in `observe` the records and reports are the same, and nothing is written to ECS. */
export function execute(
  asked: readonly Trigger[],
  mode: 'enforce' | 'observe',
  run: Run,
): Promise<RedeployResult> {
  return mode === 'observe' ? plan(asked, 'observe', run) : redeploy(asked, run);
}

type Finish = (sight: Observed, planned: PlanBesideEarly) => Promise<Applied>;

async function uponRead(
  confirmed: Confirmed,
  ahead: Early,
  run: Run,
  finish: Finish,
): Promise<RedeployResult> {
  try {
    const sight = await readFleet(confirmed, ahead, run);
    const open = stillUndecided(sight.matches, sight);
    const evidence = await readEvidence(questions(open, run.policy, run.ports.clock.now()), run);
    const basis = { ...sight, evidence, policy: run.policy, now: run.ports.clock.now() };
    const planned = withEarly(makePlan(basis), sight);
    run.journal.planned(sight, planned.plan, planned.early);
    const done = await finish(sight, planned);
    await run.fleets.snapshot.save(run);
    const postponed = sight.postponed.length > 0;
    return { confirmed, ...done, postponed, report: reported(sight, planned.plan, done.results) };
  } catch (failure) {
    await ahead.finish();
    return { confirmed, failure };
  }
}
