import type { Failure } from './failure.ts';

/**
 * What a deployment that has not ended is doing. `progressing`: new tasks come, old ones go. `draining`: the new tasks are
 * up, and only older ones remain. `baking`: both sets of tasks run for a time that was set. `awaiting-approval`: a PAUSE
 * hook waits for a person. `tasks-failing`: new tasks stop. `cannot-place`: no task starts, and none has stopped.
 */
export const DEPLOYMENT_STATES = [
  'progressing',
  'draining',
  'baking',
  'awaiting-approval',
  'tasks-failing',
  'cannot-place',
] as const;
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];

/** How a deployment came to a bad end. */
export type BadEnd = 'rolled-back' | 'failed';

/**
 * When the last task from before a change ended, in milliseconds, and what shows it: that task, the end of the service
 * deployment, or only the look that found the task gone.
 */
export type ExposureEnd = {
  readonly at: number;
  readonly by: 'stopped-task' | 'service-deployment' | 'look';
};

/** The later of two ends. */
export function laterEnd(a: ExposureEnd | null, b: ExposureEnd | null): ExposureEnd | null {
  if (a === null || b === null) return a ?? b;
  return b.at > a.at ? b : a;
}

/** A deployment that a PAUSE hook holds up until a person continues it or the time is over. */
export type Approval = {
  readonly serviceDeployment: string;
  readonly hookId: string;
  /** Milliseconds. */
  readonly expiresAt?: number;
  /** What ECS does when the time is over. */
  readonly timeoutAction: 'CONTINUE' | 'ROLLBACK';
};

/** The state of a deployment with its evidence. Instants are in milliseconds. */
export type Rollout = {
  readonly state: DeploymentState;
  /** When a bake or a pause ends by itself, if ECS tells it. */
  readonly until?: number;
  /** Why the new tasks stop or do not start. */
  readonly failure?: Failure;
  /** How many of them have stopped, as far as ECS shows it. */
  readonly failures?: number;
  /** While it drains: how many old tasks there are. */
  readonly oldTasks?: number;
  /** What a person may continue or roll back. */
  readonly approval?: Approval;
  /** The new tasks have proved themselves: services of later waves need not wait for the old ones to go. */
  readonly opensWaves?: true;
};

/** A state as decisions and records show it: worth telling, and since when it has been seen. Instants are ISO 8601 text. */
export type ShownRollout = {
  readonly state: Exclude<DeploymentState, 'progressing'>;
  readonly since: string;
  readonly until?: string;
  readonly failure?: Failure;
  readonly failures?: number;
  readonly oldTasks?: number;
  readonly approval?: Pick<Approval, 'serviceDeployment' | 'hookId' | 'timeoutAction'>;
};

/** Load balancers drain for five minutes: only after this time it is worth telling that old tasks still run. */
export const LONG_DRAIN_MS = 15 * 60_000;

/** Undefined if the state is not worth telling (yet). `since`: when it was seen first, in milliseconds. */
export function shownRollout(
  rollout: Rollout | undefined,
  since: number,
  now: number,
): ShownRollout | undefined {
  if (rollout === undefined || rollout.state === 'progressing') return undefined;
  const { state, until, failure, failures, oldTasks, approval } = rollout;
  if (state === 'draining' && now - since < LONG_DRAIN_MS) return undefined;
  return {
    state,
    since: iso(since),
    ...(until !== undefined && { until: iso(until) }),
    ...(failure && { failure }),
    ...(failures !== undefined && { failures }),
    ...(oldTasks !== undefined && { oldTasks }),
    ...(approval && { approval: withoutEnd(approval) }),
  };
}

function withoutEnd({ serviceDeployment, hookId, timeoutAction }: Approval) {
  return { serviceDeployment, hookId, timeoutAction };
}

const iso = (instant: number): string => new Date(instant).toISOString();
