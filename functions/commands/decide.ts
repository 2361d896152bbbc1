import { missingBefore, withMissing } from '../core/follow-up/missing.ts';
import type { Confirmed, Trigger } from '../core/follow-up/trigger.ts';
import { suspects } from '../core/match/match.ts';
import type { ServiceKey } from '../core/model/arn.ts';
import { type PlanBesideEarly, stillUndecided, withEarly } from '../core/plan/early.ts';
import type { EvidenceByService } from '../core/plan/evidence.ts';
import type { Obstacles } from '../core/plan/obstacles.ts';
import { makePlan } from '../core/plan/plan.ts';
import type { Result } from '../core/plan/planned.ts';
import { questions } from '../core/plan/questions.ts';
import { asTheyStand, recalledIn, type Standing, standingKey } from '../core/plan/standing.ts';
import { makeReport, type Report } from '../core/report/report.ts';
import { confirm } from '../pipeline/confirm/confirm.ts';
import { standingOf } from '../pipeline/confirm/standing.ts';
import { notGone } from '../pipeline/living.ts';
import { readEvidence } from '../pipeline/read/evidence.ts';
import { newChanges, type Observed, planInput } from '../pipeline/read/observed.ts';
import { readObstacles } from '../pipeline/read/obstacles.ts';
import { readFleet } from '../pipeline/read/read.ts';
import type { Early } from '../pipeline/read/scan.ts';
import type { Run } from '../pipeline/run.ts';

/** Confirm, read, ask, plan: what every command begins with. Nothing of it writes but `early`. */
export async function decide(
  triggers: readonly Trigger[],
  early: Early,
  run: Run,
): Promise<Decided | Failed> {
  // What keeps a request from being confirmed reaches the person who asked; events report it message by message.
  const confirmed = await confirm(triggers, run);
  let observed: Observed | undefined;
  try {
    observed = await readFleet(confirmed, early, run);
    const evidence = await ask(observed, run);
    const planned = await planAsItStands(observed, evidence, run);
    return { confirmed, observed: { ...observed, sights: sightsAfter(observed, planned) }, ...planned };
  } catch (failure) {
    return { confirmed, failure, observed, results: await early.finish() };
  }
}

/** What DescribeServices does not tell, where it may change a decision. */
function ask({ matches, early }: Observed, run: Run): Promise<EvidenceByService> {
  const undecided = stillUndecided(matches, early);
  return readEvidence(questions(undecided, run.policy, run.ports.clock.now()), run);
}

/**
 * The plan. Where it would redeploy for a change that was confirmed at an earlier look, AWS is asked whether the change
 * still stands, and then whether what else the service needs is there. The plan is made again with each answer, which may
 * open a later wave.
 */
async function planAsItStands(
  observed: Observed,
  evidence: EvidenceByService,
  run: Run,
): Promise<PlanBesideEarly> {
  const standings = new Map<string, Standing>();
  const asked: AskedOfServices = { services: new Set(), obstacles: new Map() };
  for (;;) {
    const matches = asTheyStand(observed.matches, standings);
    const now = run.ports.clock.now();
    const { obstacles } = asked;
    const input = { ...planInput({ ...observed, matches }, evidence, run.policy, now), obstacles };
    const planned = withEarly(makePlan(input), observed.early);
    if (await askStandings(planned, standings, run)) continue;
    if (await askNeeds(planned, asked, observed, run)) continue;
    const spared = await notGone(suspects(input.fleet, input.subjects), run);
    run.journal.planned({ ...input, notices: observed.notices, spared }, planned);
    return planned;
  }
}

/** Answers whether there was anything to ask. */
async function askStandings(
  { plan }: PlanBesideEarly,
  standings: Map<string, Standing>,
  run: Run,
): Promise<boolean> {
  const unasked = recalledIn(plan).filter((change) => !standings.has(standingKey(change)));
  const asked = await standingOf(unasked, run);
  for (const change of unasked) {
    const key = standingKey(change);
    standings.set(key, asked.get(key) ?? { optedOut: change.optedOut });
  }
  return unasked.length > 0;
}

/** The services for which it was asked what they need, and what stands against their redeploys. */
type AskedOfServices = {
  readonly services: Set<ServiceKey>;
  readonly obstacles: Map<ServiceKey, Obstacles>;
};

/** Answers whether something stands against a redeploy of the plan. */
async function askNeeds(
  { plan }: PlanBesideEarly,
  { services, obstacles }: AskedOfServices,
  observed: Observed,
  run: Run,
): Promise<boolean> {
  const unasked = plan.redeploys.filter(({ service }) => !services.has(service.key));
  const found = await readObstacles(unasked, observed, missingBefore(observed.attempts), run);
  for (const { service } of unasked) services.add(service.key);
  for (const [key, one] of found) obstacles.set(key, one);
  return found.size > 0;
}

function sightsAfter({ sights }: Observed, { plan }: PlanBesideEarly): Observed['sights'] {
  return sights.map((sight) => ({ ...sight, attempt: withMissing(sight.attempt, plan) }));
}

type Decided = PlanBesideEarly & { readonly confirmed: Confirmed; readonly observed: Observed };

/** The fleet could not be read, or not everything could be decided or sent on. */
export type Failed = {
  readonly confirmed: Confirmed;
  readonly failure: unknown;
  /** Undefined if the read failed. */
  readonly observed: Observed | undefined;
  /** What was redeployed before the failure; before the plan, that is what was redeployed early. */
  readonly results: readonly Result[];
};

export type RedeployResult =
  | {
      readonly confirmed: Confirmed;
      readonly report: Report;
      /** The fleet could be read in part only: what was asked for goes on as a follow-up. */
      readonly postponed: boolean;
      /** The messages that SQS must deliver again. */
      readonly redeliver: readonly string[];
    }
  | Failed;

/** What was found, decided and done, for the part of the fleet that a later invocation reads on as well. */
export function reported(
  { confirmed, observed, plan: { unmatched } }: Decided,
  results: readonly Result[],
  redeliver: readonly string[],
): RedeployResult {
  const decisions = [...results.map(({ decision }) => decision), ...unmatched];
  const later = observed.postponed.map(({ scan }) => scan);
  const changes = [...newChanges(observed), ...later.flatMap((scan) => scan.changes)];
  const notices = [...observed.notices, ...later.flatMap((scan) => scan.notices)];
  const report = makeReport(changes, notices, decisions, outcomesOf(results));
  return { confirmed, report, postponed: later.length > 0, redeliver };
}

/** What was done before a failure. */
export function reportedBefore({ confirmed, observed, results }: Failed): Report {
  const scans = confirmed.scans.map(({ scan }) => scan);
  const named = observed === undefined || scans.length > 0 ? [] : newChanges(observed);
  return makeReport(
    [...scans.flatMap(({ changes }) => changes), ...named],
    scans.flatMap(({ notices }) => notices),
    results.map(({ decision }) => decision),
    outcomesOf(results),
  );
}

const outcomesOf = (results: readonly Result[]) => results.flatMap(({ outcome }) => outcome ?? []);
