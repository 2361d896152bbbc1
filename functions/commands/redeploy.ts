import type { Trigger } from '../core/follow-up/trigger.ts';
import type { Result } from '../core/plan/planned.ts';
import { apply, notExecuted } from '../pipeline/apply/apply.ts';
import { startEarly } from '../pipeline/apply/early.ts';
import { followUp } from '../pipeline/follow-up/follow-up.ts';
import { NOTHING_EARLY } from '../pipeline/read/scan.ts';
import type { Run } from '../pipeline/run.ts';
import { decide, type RedeployResult, reported } from './decide.ts';

/**
 * The main path. What AWS told or a person asked for becomes changes, and every service of which a task was started
 * before a change is redeployed once. The fleet is the state: after a crash, for a duplicate or as a follow-up the same
 * path finds fresh what has been done and does only the rest.
 */
export async function redeploy(triggers: readonly Trigger[], run: Run): Promise<RedeployResult> {
  const early = startEarly(triggers, run);
  const decided = await decide(triggers, early, run);
  if ('failure' in decided) return decided;
  const { confirmed, observed } = decided;
  let results = decided.early;
  try {
    results = [...results, ...(await apply(decided.plan, run))];
    const redeliver = await followUp(observed, results, 'to-the-end', run);
    await run.fleets.snapshot.save(run);
    return reported(decided, withOthers(results, await early.finish()), redeliver);
  } catch (failure) {
    return { confirmed, failure, observed, results: withOthers(results, await early.finish()) };
  }
}

/** Besides the results of the plan those for changes whose read goes on in a later invocation. */
function withOthers(results: readonly Result[], early: readonly Result[]): readonly Result[] {
  const known = new Set(results.map(({ planned }) => planned.service.key));
  return [...results, ...early.filter(({ planned }) => !known.has(planned.service.key))];
}

/** The same path as far as the first write to ECS: what would be done. */
export async function plan(triggers: readonly Trigger[], run: Run): Promise<RedeployResult> {
  const decided = await decide(triggers, NOTHING_EARLY, run);
  if ('failure' in decided) return decided;
  const results = notExecuted(decided.plan, 'plan', run);
  await run.fleets.snapshot.save(run);
  return reported(decided, results, []);
}

/** MODE=observe: the records and reports of a first look, and nothing is written to ECS. */
export async function observe(triggers: readonly Trigger[], run: Run): Promise<RedeployResult> {
  const decided = await decide(triggers, NOTHING_EARLY, run);
  if ('failure' in decided) return decided;
  try {
    const results = notExecuted(decided.plan, 'observe', run);
    const redeliver = await followUp(decided.observed, results, 'first-look-only', run);
    await run.fleets.snapshot.save(run);
    return reported(decided, results, redeliver);
  } catch (failure) {
    return { confirmed: decided.confirmed, failure, observed: decided.observed, results: [] };
  }
}

/** What both queue and requests call: the mode says which path is taken. */
export function execute(
  triggers: readonly Trigger[],
  mode: 'enforce' | 'observe',
  run: Run,
): Promise<RedeployResult> {
  return mode === 'observe' ? observe(triggers, run) : redeploy(triggers, run);
}
