import pMap from 'p-map';
import { type ClusterArn, keyOf } from './core/arn.ts';
import type { Decision } from './core/decision.ts';
import type { Outcome } from './core/outcome.ts';
import { decideAgain, type Planned, youngestChange } from './core/plan.ts';
import type { Look } from './ports.ts';
import type { Run } from './run.ts';

/** What was done about the planned redeploys; a decision may have changed at the last look. */
export type Applied = { readonly decision: Decision; readonly outcome?: Outcome };

/** What one DescribeServices shows (AWS-FACTS §6). */
const A_LOOK = 10;
/** Groups of services that are looked at and redeployed at the same time. */
const CONCURRENCY = 4;
/** No write before a change is this old: our deployment is to be younger than every record of the change (DESIGN §4). */
const SETTLE_MS = 2_000;
/** As for reading: whoever comes next needs a living process that has said what it did. */
const RESERVE_MS = 30_000;
/** How often an UpdateService that AWS answers with ThrottlingException is tried, and the first pause; it doubles. */
const THROTTLED_TRIES = 6;
const THROTTLED_PAUSE_MS = 500;

/**
 * Calls UpdateService once for each planned redeploy, paced below the quota. Just before, each service is looked at once
 * more, for somebody else may have been faster. One failure stops no other; what time does not allow is `not-executed`.
 */
export async function apply(redeploys: readonly Planned[], run: Run): Promise<readonly Applied[]> {
  const applied = await pMap(groups(redeploys), (group) => applyGroup(group, run), {
    concurrency: CONCURRENCY,
  });
  return applied.flat();
}

/** Leaves every planned redeploy undone, and says why. */
export function stopShort(
  redeploys: readonly Planned[],
  why: 'plan' | 'observe',
  run: Run,
): readonly Applied[] {
  return redeploys.map(({ decision }) => {
    run.journal.stopped(decision, why);
    return { decision, outcome: { service: decision.service, result: 'not-executed', why } };
  });
}

async function applyGroup(group: readonly Planned[], run: Run): Promise<readonly Applied[]> {
  const done: Applied[] = [];
  let open = group;
  for (let pauses = 0; open.length > 0; ) {
    const taken = open.slice(0, await permitted(open, run));
    if (taken.length === 0)
      return [...done, ...open.map(({ decision }) => recorded(outOfTime(decision), run))];
    const tried = await redeployNow(taken, run);
    const again = pauses < THROTTLED_TRIES ? tried.filter(isThrottled) : [];
    done.push(...tried.filter((one) => !again.includes(one)).map((one) => recorded(one, run)));
    if (again.length > 0) await run.world.clock.sleep(THROTTLED_PAUSE_MS * 2 ** pauses++);
    const repeated = new Set(again.map(({ decision }) => keyOf(decision.cluster, decision.service)));
    open = [...taken.filter(({ service }) => repeated.has(service.key)), ...open.slice(taken.length)];
  }
  return done;
}

/** How many of these, from the first on, may be redeployed now: the changes have settled and the quota has room. */
async function permitted(planned: readonly Planned[], { world, remainingMs, reading }: Run): Promise<number> {
  const early = Math.max(...planned.map(youngestChange)) + SETTLE_MS - world.clock.now();
  if (early > remainingMs() - RESERVE_MS) return 0;
  if (early >= 0) await world.clock.sleep(early + 1);
  const permits = await world.ecs.takeUpdates(planned.length, reading);
  return remainingMs() < RESERVE_MS ? 0 : permits;
}

async function redeployNow(planned: readonly Planned[], run: Run): Promise<readonly Applied[]> {
  const services = planned.map(({ service }) => service);
  try {
    const seen = await run.world.ecs.lookOnceMore(services, run.reading);
    return await Promise.all(planned.map((one) => redeployOne(one, seen.get(one.service.key), run)));
  } catch (error) {
    // Whether a redeploy is still needed is not known, so none was made.
    const notSeen = failed('ReadFailed', error instanceof Error ? error.message : String(error));
    return planned.map(({ decision }) =>
      run.reading.aborted ? outOfTime(decision) : { decision, outcome: notSeen(decision) },
    );
  }
}

async function redeployOne(planned: Planned, look: Look | undefined, run: Run): Promise<Applied> {
  const { decision } = planned;
  if (look === undefined) return { decision, outcome: { service: decision.service, result: 'gone' } };
  if ('refused' in look) return { decision, outcome: failed('Unreadable', look.refused)(decision) };
  const now = decideAgain(planned, look.service, run.policy, run.world.clock.now());
  if (now?.action !== 'redeploy') return { decision: now ?? decision };
  return { decision: now, outcome: await run.world.ecs.forceNewDeployment(look.service) };
}

/** Services of one cluster, as many as one look shows. */
function groups(redeploys: readonly Planned[]): readonly (readonly Planned[])[] {
  const byCluster = new Map<ClusterArn, Planned[][]>();
  for (const planned of redeploys) {
    const ofCluster = byCluster.get(planned.service.cluster.arn) ?? [];
    const last = ofCluster.at(-1);
    if (last === undefined || last.length === A_LOOK) ofCluster.push([planned]);
    else last.push(planned);
    byCluster.set(planned.service.cluster.arn, ofCluster);
  }
  return [...byCluster.values()].flat();
}

function isThrottled({ outcome }: Applied): boolean {
  return outcome?.result === 'failed' && outcome.error.throttled;
}

function outOfTime(decision: Decision): Applied {
  return { decision, outcome: { service: decision.service, result: 'not-executed', why: 'out-of-time' } };
}

const failed =
  (code: string, message: string) =>
  ({ service }: Decision): Outcome => ({
    service,
    result: 'failed',
    error: { code, message, retryable: true, throttled: false },
  });

function recorded(applied: Applied, { journal }: Run): Applied {
  if (applied.outcome === undefined) journal.decided(applied.decision);
  else journal.carriedOut(applied.decision, applied.outcome);
  return applied;
}
