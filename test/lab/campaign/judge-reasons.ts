import type { Call } from './carry.ts';
import { OTHER_TRUTHS } from './judge-other-reasons.ts';
import { isUndated } from './judge-sweep.ts';
import type { Run, Told } from './run.ts';
import type { ServicePlan } from './scenario.ts';
import {
  beganAt,
  deploymentsOf,
  idsIn,
  isMovedBy,
  isStaleAt,
  type Moved,
  mayLag,
  movesOf,
  resourceOf,
  usesUntil,
  wasGoneBetween,
  wasUseGoneBetween,
} from './truth.ts';
import { secondsIn, type Violation, violation } from './violation.ts';

/** The violations by records whose reason was not true of their service while the invocation ran that wrote them. */
export function reasonProblems(run: Run): readonly Violation[] {
  const plans = new Map(run.scenario.services.map((plan) => [run.built.services.get(plan.name), plan]));
  return run.records.flatMap((told) => {
    const plan = plans.get(told.record.service);
    const isTrue = TRUTHS[reasonIn(told)];
    return plan === undefined || isTrue === undefined || isTrue(run, plan, told)
      ? []
      : [
          violation(
            'tells-the-true-reason',
            `${told.record.event} ${reasonIn(told)} of ${plan.name} ${secondsIn(run, told.at)}`,
          ),
        ];
  });
}

function reasonIn({ record: { event, reason = '' } }: Told): string {
  return event === 'service.fresh' ? 'already-fresh' : reason;
}

const TRUTHS: Readonly<Record<string, (run: Run, plan: ServicePlan, told: Told) => boolean>> = {
  ...OTHER_TRUTHS,
  'secret-gone': isGone,
  unreadable: wasRefused,
  'reference-gone': lacksReference,
  'already-fresh': isFresh,
  'rollout-failed': hasFailed,
};

/** What a look may have seen: reads lag, and a look lasts for as long as its invocation. */
function seenFrom(run: Run, told: Told): number {
  return beganAt(run, told) - run.scenario.settings.lagMs - 1_000;
}

/** What was confirmed for a look that has been put off since is asked again only after so long. */
const STANDS_MS = 60_000;

/**
 * One of the resources that the record is about was gone, and the service names it; or another one was that it names: then no
 * new task could start for any change.
 */
function isGone(run: Run, plan: ServicePlan, told: Told): boolean {
  const uses = usesUntil(run, plan, told.at);
  const named = uses.flatMap(({ of }) => run.built.arnsOf(of));
  const from = seenFrom(run, told) - STANDS_MS;
  const wasGone = (arn: string) => wasGoneBetween(run, arn, from, told.at);
  if (uses.some((use) => wasUseGoneBetween(run, use, from, told.at))) return true;
  return idsIn(told).some((id) => {
    const arn = resourceOf(run, id);
    if (arn === undefined) return true;
    if (named.includes(arn)) return false;
    const isNamed = named.some(
      (one) => one === arn || one.slice(0, -7) === arn || arn.startsWith(one.slice(0, -6)),
    );
    return isNamed && wasGone(arn);
  });
}

/**
 * AWS refused a call about the service, its cluster, its revision or its resources, did not find one of these, or there was
 * no time to ask.
 */
function wasRefused(run: Run, plan: ServicePlan, told: Told): boolean {
  return (
    isOutOfTime(run, told) ||
    run.calls.some((call) => call.at <= told.at && call.fault !== undefined && concerns(run, plan, call)) ||
    usesUntil(run, plan, told.at).some(
      ({ of, as }) =>
        as === 'older' ||
        run.built.arnsOf(of).some((arn) => wasGoneBetween(run, arn, seenFrom(run, told), told.at)),
    )
  );
}

/** How long an invocation reads. */
const READING_MS = 240_000;

/** What is paced so slowly that the time for reading ends before it is read was not shown either. */
function isOutOfTime(run: Run, told: Told): boolean {
  return told.at - beganAt(run, told) >= READING_MS;
}

/** Whether a call is about the service or its cluster; a read of anything else concerns every service. */
export function concerns(
  run: Run,
  { name, cluster }: ServicePlan,
  { service, operation, input }: Call,
): boolean {
  if (service !== 'ecs' || operation === 'ListClusters') return true;
  const text = JSON.stringify(input);
  if (operation === 'DescribeTaskDefinition') return true;
  const arn = run.built.services.get(name) ?? '';
  return text.includes(arn) || (text.includes(`cluster/${cluster}"`) && !text.includes(':service/'));
}

/** What is gone is believed to be gone when it still is after so long. */
const BELIEVED_MS = 60_000;

/** Each resource that the record names as missing was gone, and had been for a minute: it is seen twice. */
function lacksReference(run: Run, _plan: ServicePlan, told: Told): boolean {
  const obstacles = (told.record['obstacles'] ?? []) as readonly { arn?: string; problem?: string }[];
  return obstacles.every(
    ({ arn, problem }) =>
      arn === undefined ||
      problem === 'rotation-unfinished' ||
      (wasGoneBetween(run, arn, seenFrom(run, told), told.at) &&
        wasGoneBetween(run, arn, -Infinity, told.at - BELIEVED_MS + EXACT_MS)),
  );
}

/** How late reads begin after the instant at which they count, and events carry whole seconds. */
const EXACT_MS = 2_000;

/** No task with the value from before one of the changes runs any more. */
function isFresh(run: Run, plan: ServicePlan, told: Told): boolean {
  return movesToldIn(run, plan, told).every((moved) => !isStaleAt(run, plan, moved, told.at));
}

/** A deployment that is younger than one of the changes failed or was rolled back. */
function hasFailed(run: Run, plan: ServicePlan, told: Told): boolean {
  const moves = movesToldIn(run, plan, told);
  const bad = deploymentsOf(run, plan).filter(
    ({ outcome, finishedAt = Infinity }) =>
      (outcome === 'failed' || outcome === 'rolled-back') && finishedAt <= told.at,
  );
  return moves.length === 0 || moves.some(({ from }) => bad.some(({ createdAt }) => createdAt >= from));
}

/** The changes that a record is about, as far as they can be judged: AWS has to date them, and tasks to read them. */
function movesToldIn(run: Run, plan: ServicePlan, told: Told): readonly Moved[] {
  const uses = usesUntil(run, plan, told.at);
  return idsIn(told)
    .flatMap((id) => movesOf(run, id))
    .filter(
      (moved) =>
        uses.some((use) => isMovedBy(use, moved, run)) && !isUndated(run, moved) && !mayLag(run, plan, moved),
    );
}
