import { failTasks, failureOf } from './failure.ts';
import { complete, oldTasks, plan, primaryOf, type Step } from './progress.ts';
import { roll } from './rolling.ts';
import { addTask, isWanted, markStarted, stopTask, tasksOf } from './tasks.ts';

/** Begins a blue/green, linear or canary deployment: a full second set of tasks beside the set that serves. */
export const scaleUp: Step = (aws, service, rollout, at) => {
  // The tasks of an overtaken deployment stop at once; the set that serves stays through the bake.
  for (const deployment of service.deployments.slice(1)) {
    if (deployment === rollout.lastCompleted) continue;
    for (const task of tasksOf(aws, service, deployment)) stopTask(aws, task, at, 0);
  }
  const primary = primaryOf(service);
  for (let i = 0; i < service.desired; i++) addTask(aws, service, primary, at, undefined);
  rollout.record.stage = 'SCALE_UP';
  rollout.stepMs = Math.max(1, rollout.behaviour.durationMs);
  plan(aws, service, rollout, at + rollout.stepMs, bake);
};

const bake: Step = (aws, service, rollout, at) => {
  const pending = tasksOf(aws, service, primaryOf(service)).filter(
    (task) => isWanted(task) && task.startedAt === undefined,
  );
  const failure = failureOf(aws, service, rollout, pending, 0, at);
  const paused = rollout.behaviour.outcome === 'stuck' && failure?.problem === undefined;
  if (failure !== undefined && !paused) {
    failTasks(aws, service, rollout, pending, failure.problem, at, again);
    return;
  }
  for (const task of pending) markStarted(aws, task, at);
  rollout.record.stage = 'BAKE_TIME';
  rollout.record.updatedAt = at;
  if (!paused) plan(aws, service, rollout, at + rollout.behaviour.bakeMs, cleanUp);
};

/** Continues after failed tasks: starts the whole set again or, in a rollback, the missing tasks of the old set. */
const again: Step = (aws, service, rollout, at) => {
  const step = rollout.rollingBack ? roll : scaleUp;
  step(aws, service, rollout, at);
};

const cleanUp: Step = (aws, service, rollout, at) => {
  rollout.record.stage = 'CLEAN_UP';
  for (const task of oldTasks(aws, service)) stopTask(aws, task, at, rollout.behaviour.drainMs);
  complete(aws, service, rollout, at);
};
