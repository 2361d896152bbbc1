import { isEnd } from './judge-settling.ts';
import { cannotReplace } from './judge-staleness.ts';
import type { Run, Told } from './run.ts';
import type { ServicePlan } from './scenario.ts';
import {
  everySettings,
  isMovedBy,
  isSelected,
  isStaleAt,
  type Moved,
  mayBeOptedOutBetween,
  mayBeUnseen,
  mayLag,
  maySecretBeOptedOut,
  movesOf,
  skewOf,
  usesUntil,
} from './truth.ts';
import { secondsIn, type Violation, violation } from './violation.ts';

/** The violations by changes that are said to have settled: while a service was stale, or with a wrong exposure. */
export function endProblems(run: Run): readonly Violation[] {
  return run.records
    .filter(({ record }) => record.event === 'change.settled')
    .flatMap((told) => {
      const { changeId = '' } = told.record;
      return movesOf(run, changeId).flatMap((moved) => [
        ...staleIn(run, told, moved),
        ...wrongExposure(run, told, moved),
      ]);
    });
}

/** What leaves a service out of what a change waits for, as long as a record says so. */
const LEFT_OUT: readonly (string | undefined)[] = ['service.skipped', 'service.failed'];

function staleIn(run: Run, told: Told, moved: Moved): readonly Violation[] {
  if (maySecretBeOptedOut(run, moved.arn)) return [];
  return run.scenario.services
    .filter(
      (plan) =>
        isConcerned(run, plan, moved, told.at) &&
        !cameBack(run, plan, told) &&
        !isNamed(run, plan, told, moved) &&
        isStaleAt(run, plan, moved, told.at),
    )
    .map(({ name }) =>
      violation(
        'settles-truly',
        `${told.record.changeId} ${secondsIn(run, told.at)}, though ${name} is stale`,
      ),
    );
}

function isConcerned(run: Run, plan: ServicePlan, moved: Moved, at: number): boolean {
  return (
    usesUntil(run, plan, at).some((use) => isMovedBy(use, moved, run)) &&
    !mayLag(run, plan, moved) &&
    !mayBeUnseen(run, plan, moved) &&
    everySettings(run).every(
      (env) => isSelected(env, plan.cluster) && !mayBeOptedOutBetween(run, plan, moved.from, at, env),
    ) &&
    !cannotReplace(plan) &&
    !run.scenario.actions.some((action) => action.do === 'delete-service' && action.service === plan.name)
  );
}

/**
 * A service for which a permission lacked comes back in a message of its own, which ends apart from the rest of its change: then
 * the rest ends later.
 */
function cameBack(run: Run, plan: ServicePlan, { record: { changeId = '' }, at }: Told): boolean {
  const ofChange = run.records.filter(({ record }) =>
    (record.changeIds ?? [record.changeId]).includes(changeId),
  );
  const denied = ofChange.filter(
    ({ record, at: then }) =>
      then <= at &&
      record.event === 'service.failed' &&
      JSON.stringify(record['error'] ?? null).includes('missingAction'),
  );
  const isDenied = denied.some(({ record }) => record.service === run.built.services.get(plan.name));
  const endsLater = ofChange.some(({ record, at: then }) => then > at && isEnd(record));
  return isDenied || (denied.length > 0 && endsLater);
}

/** What is gone is told under the id of the event that says so, for every change of the resource in the batch. */
function isNamed(
  run: Run,
  plan: ServicePlan,
  { record: { changeId = '' }, at }: Told,
  moved: Moved,
): boolean {
  const service = run.built.services.get(plan.name);
  return run.records.some(
    ({ record, at: then }) =>
      then <= at &&
      record.service === service &&
      LEFT_OUT.includes(record.event) &&
      record.reason !== 'already-fresh' &&
      ((record.changeIds ?? [record.changeId]).includes(changeId) ||
        (record.reason === 'secret-gone' && record['arn'] === moved.arn)),
  );
}

/**
 * A change does not follow what is fresh at its first look, and does not ask when its last old task ended. Beside another change
 * for which the service waits no record says so.
 */
function wasFreshAtFirst(run: Run, plan: ServicePlan, { record: { changeId = '' } }: Told): boolean {
  const service = run.built.services.get(plan.name);
  const told = run.records.filter(
    ({ record }) => record.service === service && (record.changeIds ?? [record.changeId]).includes(changeId),
  );
  return told.length === 0 || told.some(({ record }) => record.reason === 'already-fresh');
}

/** A list of stopped tasks that is late does not show the last of them at the look that finds the service fresh. */
function shownUntil(run: Run, plan: ServicePlan, { record: { changeId }, at }: Told): number {
  const { ecsLagMs = 0 } = run.scenario.settings;
  if (ecsLagMs === 0) return at;
  const service = run.built.services.get(plan.name);
  const fresh = run.records.find(
    ({ record }) =>
      record.event === 'service.fresh' && record.service === service && record.changeId === changeId,
  );
  return (fresh?.at ?? at) - ecsLagMs - A_LOOK_MS;
}

const A_LOOK_MS = 5_000;
const EXACT_MS = 2_000;

/** A deployment that counts as successful early ends before its old tasks, and is all there is where those are not shown. */
function isEarlyEnd({ scenario, calls }: Run, { record: { exposureBy }, invocation }: Told): boolean {
  const isUnshown = calls.some(
    (call) => call.invocation === invocation && call.fault !== undefined && call.operation.endsWith('Tasks'),
  );
  return (
    isUnshown &&
    exposureBy === 'service-deployment' &&
    scenario.services.some(({ rollout }) => rollout?.earlySuccess)
  );
}

/**
 * An exposure ends with the last task that held the old value. The service cannot know what a task read that was created
 * before the change and ran only after it, and may count such a task as well. Where ECS does not show the stopped task, the
 * end of the deployment or a look stands for it, which may be late.
 */
function wrongExposure(run: Run, told: Told, moved: Moved): readonly Violation[] {
  const { exposureSeconds, exposureBy } = told.record;
  if (typeof exposureSeconds !== 'number' || isEarlyEnd(run, told)) return [];
  const arnOf = ({ name }: ServicePlan) => run.built.services.get(name) ?? '';
  const ends = run.scenario.services
    .filter((plan) => isConcerned(run, plan, moved, told.at) && !wasFreshAtFirst(run, plan, told))
    .flatMap((plan) => {
      const { stoppedAt } = run.sim.lastStaleStop(moved.arn, { arn: arnOf(plan) }, moved.to);
      return stoppedAt === undefined || stoppedAt > shownUntil(run, plan, told) ? [] : [stoppedAt];
    });
  if (ends.length === 0) return [];
  const older = run.scenario.services.flatMap((plan) =>
    run.sim
      .tasksOf({ arn: arnOf(plan) })
      .flatMap(({ createdAt, stoppedAt }) =>
        createdAt <= moved.to && stoppedAt !== undefined && stoppedAt <= told.at ? [stoppedAt] : [],
      ),
  );
  const [least, most] = [Math.max(...ends) - moved.to, Math.max(...older) - moved.to];
  const { lagMs, ecsLagMs = 0 } = run.scenario.settings;
  const tolerance = EXACT_MS + skewOf(run) + lagMs + ecsLagMs;
  const exposure = exposureSeconds * 1_000;
  const isRight =
    exposure >= least - tolerance && (exposureBy !== 'stopped-task' || exposure <= most + tolerance);
  const spoken = `${exposureSeconds} s by ${String(exposureBy)}, truly ${least / 1_000} s`;
  return isRight ? [] : [violation('tells-the-true-exposure', `${told.record.changeId}: ${spoken}`)];
}
