import { type Applied, apply, stopShort } from './apply.ts';
import { type Asked, type Confirmed, confirm } from './confirm.ts';
import { match } from './core/match.ts';
import { makePlan, type Plan } from './core/plan.ts';
import { questions } from './core/questions.ts';
import { makeReport, type Report } from './core/report.ts';
import { readEvidence, readFleet, type Sight } from './read.ts';
import type { Run } from './run.ts';

/** `failure` is there if the fleet could not be read or decided upon: then nothing has been done. */
export type Handled =
  | { readonly confirmed: Confirmed; readonly report: Report; readonly applied: readonly Applied[] }
  | { readonly confirmed: Confirmed; readonly failure: unknown };

/**
 * The main path. What AWS told or a person asked becomes changes, and every service of which a task was started before a
 * change is redeployed once. The fleet is the state: whoever does this again, after a crash or for a duplicate, finds
 * fresh what has been done and does only the rest.
 */
export async function redeploy(asked: readonly Asked[], run: Run): Promise<Handled> {
  return uponConfirmed(asked, run, async (sight, plan) =>
    reported(sight, plan, await apply(plan.redeploys, run)),
  );
}

/** The same, ending before the first write: because somebody only asked, or because of MODE=observe. */
export async function planOnly(asked: readonly Asked[], why: 'plan' | 'observe', run: Run): Promise<Handled> {
  return uponConfirmed(asked, run, async (sight, plan) =>
    reported(sight, plan, stopShort(plan.redeploys, why, run)),
  );
}

/** What MODE says: in `observe` the records and reports are the same, and nothing is written to ECS. */
export function carryOut(asked: readonly Asked[], mode: 'enforce' | 'observe', run: Run): Promise<Handled> {
  return mode === 'observe' ? planOnly(asked, 'observe', run) : redeploy(asked, run);
}

type Finish = (
  sight: Sight,
  plan: Plan,
) => Promise<{ readonly report: Report; readonly applied: readonly Applied[] }>;

async function uponConfirmed(asked: readonly Asked[], run: Run, finish: Finish): Promise<Handled> {
  const confirmed = await confirm(asked, run);
  try {
    const sight = await readFleet(confirmed, run);
    const matches = match(sight.fleet, sight.subjects, run.policy.pull);
    const evidence = await readEvidence(questions(matches, run.policy, run.world.clock.now()), run);
    const plan = makePlan({ ...sight, matches, evidence, policy: run.policy, now: run.world.clock.now() });
    run.journal.planned(sight, matches, plan);
    return { confirmed, ...(await finish(sight, plan)) };
  } catch (failure) {
    return { confirmed, failure };
  }
}

function reported({ changes, notices }: Sight, plan: Plan, applied: readonly Applied[]) {
  const decisions = [...applied.map(({ decision }) => decision), ...plan.others];
  const outcomes = applied.flatMap(({ outcome }) => outcome ?? []);
  return { applied, report: makeReport(changes, notices, decisions, outcomes) };
}
