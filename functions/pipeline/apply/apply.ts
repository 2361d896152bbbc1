import pMap from 'p-map';
import type { Decision } from '../../core/model/decision.ts';
import { primaryOf } from '../../core/model/fleet.ts';
import { CONCURRENCY, LOST_ANSWER_MS, RESERVE_MS, SERVICES_A_CALL } from '../../core/model/limits.ts';
import { chunks, grouped } from '../../core/model/lists.ts';
import { isDenied, type Outcome } from '../../core/model/outcome.ts';
import { redecide } from '../../core/plan/plan.ts';
import {
  isLaterLook,
  type Plan,
  type Planned,
  type Result,
  youngestChange,
} from '../../core/plan/planned.ts';
import { questionAboutDeployments } from '../../core/plan/questions.ts';
import type { Recheck } from '../../ports.ts';
import { readEvidence } from '../read/evidence.ts';
import type { Run } from '../run.ts';

/**
 * No write is made before a change is this old, so that our deployment is younger than every record of the change
 * (functions/README.md, Deployments).
 */
const SETTLE_MS = 2_000;

/** After this many throttled attempts at UpdateService, each at a lower rate, the rest of a group is given up. */
const THROTTLED_TRIES = 12;

/**
 * Two simultaneous invocations cannot see each other, and both would write as soon as a change is old enough. As
 * jitter, each invocation delays its writes by a random number of steps. A step is longer than the time from a recheck
 * until its deployment shows in another recheck.
 */
const JITTER_STEPS = 8;
const JITTER_STEP_MS = 125;

/**
 * Calls UpdateService for each planned redeploy, paced below the quota, and repeats it only where AWS throttled it. Each
 * service is rechecked right before the call, because another process may have been faster. A failure stops no other
 * redeploy; redeploys without time are `not-executed`.
 */
export async function apply({ redeploys, others }: Plan, run: Run): Promise<readonly Result[]> {
  const applied = await applyAll(redeploys, run, (result) => recorded(result, run));
  return [...applied, ...others.map(leftAlone)];
}

/**
 * The same before the whole fleet is planned. Only final results count; every other service is decided again with the
 * whole fleet.
 */
export async function applyEarly({ redeploys }: Plan, run: Run): Promise<readonly Result[]> {
  const results = await applyAll(redeploys, run, (result) =>
    isFinal(result) ? recorded(result, run) : result,
  );
  return results.filter(isFinal);
}

function isFinal({ outcome }: Result): boolean {
  if (outcome === undefined || outcome.result === 'not-executed') return false;
  return outcome.result !== 'failed' || isDenied(outcome) || !outcome.error.retryable;
}

/** Records that no planned redeploy is made, and why. */
export function notExecuted(
  { redeploys, others }: Plan,
  why: 'plan' | 'observe',
  run: Run,
): readonly Result[] {
  const stopped = redeploys.map((planned): Result => {
    run.journal.notExecuted(planned.decision, why);
    return { planned, decision: planned.decision, outcome: undone(planned, why) };
  });
  return [...stopped, ...others.map(leftAlone)];
}

function leftAlone(planned: Planned): Result {
  return { planned, decision: planned.decision };
}

type Recorder = (result: Result) => Result;

/** The first write is made `afterMs` after `from`, or after the change is old enough, whichever is later. */
type Jitter = { readonly from: number; readonly afterMs: number };

async function applyAll(
  redeploys: readonly Planned[],
  run: Run,
  record: Recorder,
): Promise<readonly Result[]> {
  const jitter = {
    from: run.ports.clock.now(),
    afterMs: Math.floor(Math.random() * JITTER_STEPS) * JITTER_STEP_MS,
  };
  const applied = await pMap(groups(redeploys), (group) => applyGroup(group, jitter, run, record), {
    concurrency: CONCURRENCY.updates,
  });
  return applied.flat();
}

/** A throttled call slows the quota down, and is made again when the quota has room. */
async function applyGroup(
  group: readonly Planned[],
  jitter: Jitter,
  run: Run,
  record: Recorder,
): Promise<readonly Result[]> {
  const done: Result[] = [];
  let open = group;
  for (let throttled = 0; open.length > 0; ) {
    const taken = throttled < THROTTLED_TRIES ? open.slice(0, await acquirePermits(open, jitter, run)) : [];
    if (taken.length === 0) return [...done, ...open.map((planned) => record(outOfTime(planned)))];
    const tried = await redeployNow(taken, run);
    const again = tried.filter(isThrottled);
    if (again.length > 0) throttled++;
    done.push(...tried.filter((one) => !again.includes(one)).map(record));
    open = [...again.map(({ planned }) => planned), ...open.slice(taken.length)];
  }
  return done;
}

/**
 * Waits until the changes are old enough, ECS shows what became of calls whose answer was lost, and the quota has room.
 * Answers how many of these services may be redeployed now.
 */
async function acquirePermits(planned: readonly Planned[], jitter: Jitter, run: Run): Promise<number> {
  const { ports, remainingMs, reading, lostAnswers } = run;
  const notBefore = planned.flatMap((one) => [
    youngestChange(one) + SETTLE_MS,
    (lostAnswers.get(one.service.key) ?? 0) + LOST_ANSWER_MS,
  ]);
  const waitMs = Math.max(jitter.from, ...notBefore) + jitter.afterMs - ports.clock.now();
  if (waitMs > remainingMs() - RESERVE_MS) return 0;
  if (waitMs >= 0) await ports.clock.sleep(waitMs + 1);
  const permits = await ports.ecs.acquireUpdates(planned.length, reading);
  return remainingMs() < RESERVE_MS ? 0 : permits;
}

async function redeployNow(planned: readonly Planned[], run: Run): Promise<readonly Result[]> {
  const services = planned.map(({ service }) => service);
  try {
    const [seen, asked] = await Promise.all([
      run.ports.ecs.recheck(services, run.reading),
      Promise.all(planned.map((one) => withDeployments(one, run))),
    ]);
    return await Promise.all(asked.map((one) => redeployOne(one, seen.get(one.service.key), run)));
  } catch (error) {
    // Only the recheck throws: it is unknown whether a redeploy is still needed, and none was made.
    const message = error instanceof Error ? error.message : String(error);
    return planned.map((one) => (run.reading.aborted ? outOfTime(one) : failed(one, 'ReadFailed', message)));
  }
}

/**
 * A deployment for the change may have been rolled back within its first minute. Where many services are to be redeployed,
 * ECS has not been asked about it yet.
 */
async function withDeployments(planned: Planned, run: Run): Promise<Planned> {
  const { service, evidence, verdicts } = planned;
  if (evidence.serviceDeployments !== undefined) return planned;
  const instants = verdicts.flatMap(({ match: { subject } }) =>
    subject.kind === 'change' ? [subject.change.changedAt] : [],
  );
  const asked = questionAboutDeployments(service, Math.min(...instants));
  const answers = await readEvidence([asked], run);
  return { ...planned, evidence: { ...evidence, ...answers.get(service.key) } };
}

async function redeployOne(before: Planned, look: Recheck | undefined, run: Run): Promise<Result> {
  const { decision, service } = before;
  if (look === undefined)
    return { planned: before, decision, outcome: { service: service.arn, result: 'gone' } };
  if ('refused' in look) return failed(before, 'Unreadable', look.refused);
  const planned = { ...before, service: look.service };
  const now = asProven(redecide(planned, look.service, run.policy, run.ports.clock.now()), planned);
  if (now?.action !== 'redeploy') return { planned, decision: now ?? decision };
  const outcome = await run.ports.ecs.forceNewDeployment(look.service);
  if (outcome === undefined)
    return { planned, decision: { ...now, action: 'wait', reason: 'deployment-in-progress' } };
  if (outcome.result === 'unknown') run.lostAnswers.set(service.key, run.ports.clock.now());
  return { planned, decision: now, outcome };
}

/**
 * A deployment that has become PRIMARY since ECS was asked may be that of a rollback, over old tasks: the next look asks
 * again before the service counts as fresh.
 */
function asProven(decision: Decision | undefined, { service, evidence }: Planned): Decision | undefined {
  const isNew = (primaryOf(service)?.createdAt ?? 0) > (evidence.asOf ?? 0);
  return decision?.reason === 'already-fresh' && isNew
    ? { ...decision, action: 'wait', reason: 'rolling-out' }
    : decision;
}

/** Groups of services of one cluster, as many as one call describes. */
function groups(redeploys: readonly Planned[]): readonly (readonly Planned[])[] {
  const byCluster = grouped(redeploys, ({ service }) => service.cluster.arn);
  return [...byCluster.values()].flatMap((ofCluster) => chunks(ofCluster, SERVICES_A_CALL));
}

function isThrottled({ outcome }: Result): boolean {
  return outcome?.result === 'failed' && outcome.error.throttled;
}

function outOfTime(planned: Planned): Result {
  return { planned, decision: planned.decision, outcome: undone(planned, 'out-of-time') };
}

function undone({ service }: Planned, why: 'plan' | 'observe' | 'out-of-time'): Outcome {
  return { service: service.arn, result: 'not-executed', why };
}

function failed(planned: Planned, code: string, message: string): Result {
  const error = { code, message, retryable: true, throttled: false };
  return {
    planned,
    decision: planned.decision,
    outcome: { service: planned.service.arn, result: 'failed', error },
  };
}

function recorded(result: Result, { journal }: Run): Result {
  if (result.outcome !== undefined) journal.executed(result.decision, result.outcome);
  else if (!isLaterLook(result.planned)) journal.decided(result.decision);
  return result;
}
