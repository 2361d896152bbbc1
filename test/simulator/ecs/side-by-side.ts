import { failureOf, letFail, waitForEver } from './failure.ts';
import { pausedAt } from './hooks.ts';
import { cannotPlace, placeable, retryPlacement } from './placement.ts';
import { complete, oldTasks, plan, primaryOf, type Step } from './progress.ts';
import { retire } from './protection.ts';
import { roll } from './rolling.ts';
import { begin, startAll } from './start.ts';
import type { PauseStage } from './state.ts';
import { isWanted, tasksOf } from './tasks.ts';
import { enter } from './truth.ts';

/** Begins a blue/green, linear or canary deployment: a full second set of tasks beside the set that serves. */
export const scaleUp: Step = (aws, service, rollout, at) => {
  // The tasks of an overtaken deployment stop at once; the set that serves stays through the bake.
  for (const deployment of service.deployments.slice(1)) {
    if (deployment === rollout.lastCompleted) continue;
    for (const task of tasksOf(aws, service, deployment)) retire(aws, service, task, at, 0);
  }
  const there = tasksOf(aws, service, primaryOf(service)).filter(isWanted).length;
  const missing = service.desired - there;
  const placed = placeable(service, rollout, there, missing);
  rollout.record.stage = 'SCALE_UP';
  begin(aws, service, placed, at);
  if (placed < missing && cannotPlace(rollout)) {
    retryPlacement(aws, service, rollout, at, scaleUp);
    return;
  }
  rollout.stepMs = Math.max(1, rollout.behaviour.durationMs);
  plan(aws, service, rollout, at + rollout.stepMs, scaledUp);
};

const scaledUp: Step = (aws, service, rollout, at) => {
  const pending = tasksOf(aws, service, primaryOf(service)).filter(
    (task) => isWanted(task) && task.startedAt === undefined,
  );
  const failure = failureOf(aws, service, rollout, pending, 0, at);
  const paused = rollout.behaviour.outcome === 'stuck' && failure?.problem === undefined;
  if (failure !== undefined && !paused) {
    letFail(aws, service, rollout, pending, failure.problem, at, again);
    return;
  }
  startAll(aws, service, pending, at);
  postScaleUp(aws, service, rollout, at);
};

/** A stage at which the rollout may pause, and what follows it. */
function stage(name: PauseStage, next: Step): Step {
  const step: Step = (aws, service, rollout, at) => {
    if (!pausedAt(aws, service, rollout, name, at, { next, back: roll })) next(aws, service, rollout, at);
  };
  return step;
}

const cleanUp: Step = (aws, service, rollout, at) => {
  rollout.record.stage = 'CLEAN_UP';
  for (const task of oldTasks(aws, service)) retire(aws, service, task, at, rollout.behaviour.drainMs);
  complete(aws, service, rollout, at);
};

const bake: Step = (aws, service, rollout, at) => {
  const { outcome, bakeMs } = rollout.behaviour;
  Object.assign(rollout.record, { stage: 'BAKE_TIME', updatedAt: at });
  if (outcome === 'stuck') waitForEver(aws, service, rollout, cleanUp);
  else plan(aws, service, rollout, at + bakeMs, cleanUp);
  if (bakeMs > 0 || outcome === 'stuck') enter(service, 'baking', at);
};

const postShift = stage('POST_PRODUCTION_TRAFFIC_SHIFT', bake);

/** The traffic of a linear or canary deployment shifts in steps, between which the deployment bakes as well. */
const shift: Step = (aws, service, rollout, at) => {
  const { shiftMs } = rollout.behaviour;
  Object.assign(rollout.record, { stage: 'PRODUCTION_TRAFFIC_SHIFT', updatedAt: at });
  if (shiftMs === 0) {
    postShift(aws, service, rollout, at);
    return;
  }
  enter(service, 'baking', at);
  plan(aws, service, rollout, at + shiftMs, postShift);
};

const preShift = stage('PRE_PRODUCTION_TRAFFIC_SHIFT', shift);
const postTest = stage('POST_TEST_TRAFFIC_SHIFT', preShift);
const postScaleUp = stage('POST_SCALE_UP', postTest);

/** Continues after failed tasks: starts the whole set again or, in a rollback, the missing tasks of the old set. */
const again: Step = (aws, service, rollout, at) => {
  const step = rollout.rollingBack ? roll : scaleUp;
  step(aws, service, rollout, at);
};
