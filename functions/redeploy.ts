import { apply, stopShort } from './apply.ts';
import { type Asked, confirm } from './confirm.ts';
import { makePlan, type Plan } from './core/plan.ts';
import { questions } from './core/questions.ts';
import { follow } from './follow.ts';
import { type Done, type Handled, reported } from './handled.ts';
import { readEvidence, readFleet, type Sight } from './read.ts';
import type { Run } from './run.ts';

/**
 * The main path. What AWS told or a person asked becomes changes, and every service of which a task was started before a
 * change is redeployed once. The fleet is the state: whoever does this again, after a crash, for a duplicate or as a
 * follow-up, finds fresh what has been done and does only the rest.
 */
export async function redeploy(asked: readonly Asked[], run: Run): Promise<Handled> {
  return uponConfirmed(asked, run, async (sight, plan) => {
    const results = await apply(plan, run);
    return { results, followed: await follow(sight, results, run) };
  });
}

/** The same, ending before the first write: because somebody only asked, or because of MODE=observe. */
export async function planOnly(asked: readonly Asked[], why: 'plan' | 'observe', run: Run): Promise<Handled> {
  return uponConfirmed(asked, run, async (sight, plan) => {
    const results = stopShort(plan, why, run);
    const how = why === 'observe' ? 'first-look-only' : 'not-at-all';
    return { results, followed: await follow(sight, results, { ...run, follow: { ...run.follow, how } }) };
  });
}

/** What MODE says: in `observe` the records and reports are the same, and nothing is written to ECS. */
export function carryOut(asked: readonly Asked[], mode: 'enforce' | 'observe', run: Run): Promise<Handled> {
  return mode === 'observe' ? planOnly(asked, 'observe', run) : redeploy(asked, run);
}

type Finish = (sight: Sight, plan: Plan) => Promise<Done>;

async function uponConfirmed(asked: readonly Asked[], run: Run, finish: Finish): Promise<Handled> {
  const confirmed = await confirm(asked, run);
  try {
    const sight = await readFleet(confirmed, run);
    const evidence = await readEvidence(questions(sight.matches, run.policy, run.world.clock.now()), run);
    const plan = makePlan({ ...sight, evidence, policy: run.policy, now: run.world.clock.now() });
    run.journal.planned(sight, plan);
    const done = await finish(sight, plan);
    const postponed = sight.postponed.length > 0;
    return { confirmed, ...done, postponed, report: reported(sight, plan, done.results) };
  } catch (failure) {
    return { confirmed, failure };
  }
}
