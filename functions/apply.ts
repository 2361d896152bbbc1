import pMap from 'p-map';
import type { ClusterArn, ServiceArn } from './core/arn.ts';
import type { Decision } from './core/decision.ts';
import type { Service } from './core/fleet.ts';
import type { Outcome } from './core/outcome.ts';
import { decideAgain, type Planned, youngestChange } from './core/plan.ts';
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
    return { decision, outcome: { service: decision.service, result: 'not-executed' } };
  });
}

async function applyGroup(group: readonly Planned[], run: Run): Promise<readonly Applied[]> {
  const done: Applied[] = [];
  let open = group;
  for (let pauses = 0; open.length > 0; ) {
    if (run.remainingMs() < RESERVE_MS)
      return [...done, ...open.map(({ decision }) => leftUndone(decision, run))];
    const taken = open.slice(0, await run.world.ecs.takeUpdates(open.length));
    const tried = await redeployNow(taken, run);
    const again = pauses < THROTTLED_TRIES ? tried.filter(isThrottled) : [];
    done.push(...tried.filter((one) => !again.includes(one)).map((one) => recorded(one, run)));
    if (again.length > 0) await run.world.clock.sleep(THROTTLED_PAUSE_MS * 2 ** pauses++);
    const services = new Set(again.map(({ decision }) => decision.service));
    open = [...taken.filter(({ decision }) => services.has(decision.service)), ...open.slice(taken.length)];
  }
  return done;
}

async function redeployNow(planned: readonly Planned[], run: Run): Promise<readonly Applied[]> {
  await settle(planned, run);
  let seen: ReadonlyMap<ServiceArn, Service>;
  try {
    const services = await run.world.ecs.lookOnceMore(
      planned.map(({ service }) => service),
      run.reading,
    );
    seen = new Map(services.map((service) => [service.arn, service]));
  } catch (error) {
    return planned.map(({ decision }) => ({ decision, outcome: notSeen(decision.service, error) }));
  }
  return Promise.all(planned.map((one) => redeployOne(one, seen.get(one.decision.service), run)));
}

async function redeployOne(planned: Planned, service: Service | undefined, run: Run): Promise<Applied> {
  if (service === undefined)
    return { decision: planned.decision, outcome: { service: planned.decision.service, result: 'gone' } };
  const decision = decideAgain(planned, service, run.policy, run.world.clock.now());
  if (decision?.action !== 'redeploy') return { decision: decision ?? planned.decision };
  return { decision, outcome: await run.world.ecs.forceNewDeployment(service) };
}

async function settle(planned: readonly Planned[], { world: { clock } }: Run): Promise<void> {
  const notBefore = Math.max(...planned.map(youngestChange)) + SETTLE_MS;
  const early = notBefore - clock.now();
  if (early >= 0) await clock.sleep(early + 1);
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

function leftUndone(decision: Decision, run: Run): Applied {
  return recorded({ decision, outcome: { service: decision.service, result: 'not-executed' } }, run);
}

/** The look itself failed: whether a redeploy is still needed is not known, so none was made. */
function notSeen(service: ServiceArn, error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return {
    service,
    result: 'failed',
    error: { code: 'ReadFailed', message, retryable: true, throttled: false },
  };
}

function recorded(applied: Applied, { journal }: Run): Applied {
  if (applied.outcome === undefined) journal.decided(applied.decision);
  else journal.carriedOut(applied.decision, applied.outcome);
  return applied;
}
