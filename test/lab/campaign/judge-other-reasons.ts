import type { Run, Told } from './run.ts';
import type { ServicePlan } from './scenario.ts';
import {
  beganAt,
  deploymentsOf,
  everySettings,
  idsIn,
  isMovedBy,
  isSelected,
  type Moved,
  mayBeOptedOutBetween,
  maySecretBeOptedOut,
  movesOf,
  resourceOf,
  settingsOf,
  skewOf,
  usesUntil,
  wavesOf,
} from './truth.ts';

type Truth = (run: Run, plan: ServicePlan, told: Told) => boolean;

/** Whether the other reasons of records can have been true; where that cannot be judged they count as true. */
export const OTHER_TRUTHS: Readonly<Record<string, Truth>> = {
  'opted-out': mayBeOptedOut,
  'out-of-scope': (run, { cluster }) => everySettings(run).some((env) => !isSelected(env, cluster)),
  'unsupported-controller': (_run, { kind }) => kind === 'code-deploy' || kind === 'external',
  'cannot-replace': (_run, { percents, kind }) => percents !== undefined || kind === 'daemon',
  'no-tasks': (run, plan, told) => plan.desired === 0 || hasHad(run, plan, told, isScaledToZero),
  'not-active': (run, plan, told) => hasHad(run, plan, told, (action) => action.do === 'delete-service'),
  pinned: movesNothing,
  'label-not-moved': movesNothing,
  'pull-only': movesNothing,
  cooldown: isYoung,
  'too-often': hasHadEnough,
  'over-cap': isAboveCap,
  'earlier-wave': hasAnEarlierWave,
  'earlier-wave-failed': hasAnEarlierWave,
  'rotation-unfinished': isRotating,
};

type Action = Run['scenario']['actions'][number];

const isScaledToZero = (action: Action) =>
  action.do === 'delete-service' || (action.do === 'scale' && action.count === 0);

function hasHad(
  { scenario, startedAt }: Run,
  { name }: ServicePlan,
  told: Told,
  is: (action: Action) => boolean,
): boolean {
  return scenario.actions.some(
    (action) =>
      'service' in action && action.service === name && startedAt + action.at <= told.at && is(action),
  );
}

function mayBeOptedOut(run: Run, plan: ServicePlan, told: Told): boolean {
  const env = settingsOf(run, told.invocation);
  return (
    mayBeOptedOutBetween(
      run,
      plan,
      beganAt(run, told) - (run.scenario.settings.ecsLagMs ?? 0),
      told.at,
      env,
    ) ||
    usesUntil(run, plan, told.at).some(({ of }) =>
      run.built.arnsOf(of).some((arn) => maySecretBeOptedOut(run, arn)),
    ) ||
    // A service that cannot be read may refer to what is opted out.
    idsIn(told).some((id) => maySecretBeOptedOut(run, resourceOf(run, id) ?? ''))
  );
}

/** The changes that a record is about, where the event tells which label moved. */
function labelledMoves(run: Run, told: Told): readonly Moved[] {
  const isCall = (id: string) =>
    run.sim.events.some((event) => event.id === id && event['detail-type'].includes('CloudTrail'));
  return idsIn(told).flatMap((id) => (isCall(id) ? [] : movesOf(run, id)));
}

/** No reference that the service has all the time delivers what one of the changes brought. */
function movesNothing(run: Run, plan: ServicePlan, told: Told): boolean {
  const env = settingsOf(run, told.invocation);
  const isFixed = !hasHad(run, plan, told, ({ do: what }) => what === 'deploy' || what === 'retag');
  const moves = labelledMoves(run, told);
  return !isFixed || !moves.some((moved) => plan.uses.some((use) => isMovedBy(use, moved, run, env)));
}

/** What the last look may not have seen, and whole seconds. */
const TOLERANCE_MS = 2_000;

/** A deployment of the service is younger than the cooldown. */
function isYoung(run: Run, plan: ServicePlan, told: Told): boolean {
  const cooldown = Number(settingsOf(run, told.invocation)['COOLDOWN_SECONDS'] || 60) * 1_000;
  const from = beganAt(run, told) - cooldown - toleranceOf(run);
  return deploymentsOf(run, plan).some(({ createdAt }) => createdAt >= from && createdAt <= told.at);
}

function toleranceOf(run: Run): number {
  return TOLERANCE_MS + 2 * skewOf(run) + (run.scenario.settings.ecsLagMs ?? 0);
}

const HOUR_MS = 3_600_000;

function hasHadEnough(run: Run, plan: ServicePlan, told: Told): boolean {
  const most = Number(settingsOf(run, told.invocation)['MAX_REDEPLOYS_PER_HOUR'] || 6);
  const from = beganAt(run, told) - HOUR_MS - toleranceOf(run);
  const recent = deploymentsOf(run, plan).filter(
    ({ createdAt }) => createdAt >= from && createdAt <= told.at,
  );
  return recent.length >= most;
}

/** More services than the cap refer to something that changes. */
function isAboveCap(run: Run, _plan: ServicePlan, told: Told): boolean {
  const cap = Number(settingsOf(run, told.invocation)['MAX_SERVICES'] || 0);
  const moves = labelledMoves(run, told);
  const concerned = run.scenario.services.filter((one) =>
    usesUntil(run, one, told.at).some((use) =>
      moves.length === 0
        ? true
        : moves.some((moved) => isMovedBy(use, moved, run, settingsOf(run, told.invocation))),
    ),
  );
  return cap > 0 && concerned.length > cap;
}

/** Another service is in an earlier wave, or AWS refused to show something, which counts as wave 0. */
function hasAnEarlierWave(run: Run, plan: ServicePlan, told: Told): boolean {
  const latest = Math.max(...wavesOf(run, plan, beganAt(run, told), told.at));
  return (
    run.calls.some(({ fault, at }) => fault !== undefined && at <= told.at) ||
    run.scenario.services.some(
      (other) => other !== plan && Math.min(...wavesOf(run, other, -Infinity, told.at)) < latest,
    )
  );
}

/** The steps of a rotation before the label moves. */
const STEPS = 6;

/** A secret that the service refers to is being rotated, or a rotation of it did not come to its end. */
function isRotating(run: Run, plan: ServicePlan, told: Told): boolean {
  const { actions, settings } = run.scenario;
  const begun = beganAt(run, told) - settings.lagMs - TOLERANCE_MS;
  return usesUntil(run, plan, told.at).some(({ of }) =>
    actions.some((action) => {
      if (!('secret' in action) || action.secret !== of || run.startedAt + action.at > told.at) return false;
      if (action.do === 'delete-secret' || action.do === 'recreate-secret') return true;
      if (action.do !== 'rotate') return false;
      const isUnderWay = run.startedAt + action.at + STEPS * action.stepMs >= begun;
      return action.fails === 'before' || isUnderWay || wasReplacedTwice(run, of, action.at, told);
    }),
  );
}

/**
 * AWSPENDING may stay at the version of a rotation that has ended. Once two versions have taken its place, nothing tells that
 * rotation from one that did not end.
 */
function wasReplacedTwice({ scenario, startedAt }: Run, secret: string, since: number, told: Told): boolean {
  const later = scenario.actions.filter(
    (action) =>
      'secret' in action &&
      action.secret === secret &&
      MOVES_CURRENT.includes(action.do) &&
      action.at >= since &&
      startedAt + action.at <= told.at,
  );
  return later.length >= 2;
}

const MOVES_CURRENT: readonly Action['do'][] = ['put', 'update', 'rollback'];
