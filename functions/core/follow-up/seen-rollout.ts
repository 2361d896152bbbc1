import type { Decision } from '../model/decision.ts';
import type { Service } from '../model/fleet.ts';
import type { DeploymentState, Rollout, ShownRollout } from '../model/rollout.ts';
import type { OpenService, SeenRollout } from './follow-up.ts';

/** A state that was told and has ended. */
export type After = { readonly state: DeploymentState; readonly seconds: number };

/** A service that waits for something else than before: what its record says. */
export type Transition = Decision & {
  readonly after?: After;
  /** Set if its tasks fail: how many of it run, and how many ran before our redeploy. */
  readonly tasks?: ReturnType<typeof tasksIn>;
  /** The same: the service as it is now. */
  readonly failing?: Service;
};

/** After this many failed tasks one look is enough to ring the alarm. */
const MANY_FAILURES = 3;

/** The state that lasts, since when it does, and whether it has rung the alarm; undefined: the deployment just goes on. */
export function seenRollout(
  rollout: Rollout | undefined,
  service: Service,
  before: OpenService | undefined,
  now: number,
): SeenRollout | undefined {
  if (rollout === undefined || rollout.state === 'progressing') return undefined;
  const { state } = rollout;
  const last = before?.rollout?.state === state ? before.rollout : undefined;
  const alarmed =
    state === 'tasks-failing' &&
    (last !== undefined ||
      (rollout.failures ?? 0) >= MANY_FAILURES ||
      service.running < tasksBefore(service, before));
  return { state, since: last?.since ?? now, alarmed };
}

/** How many tasks ran before our redeploy: all that should, unless something else was noted. */
function tasksBefore({ desired }: Service, before: OpenService | undefined): number {
  return before?.ranBefore ?? desired;
}

/** What is to be noted about the tasks before our redeploy; nothing if all that should run did. */
export function ranBeforeOf({ running, desired }: Service): number | undefined {
  return running === desired ? undefined : running;
}

/** What the log says about a service and its deployment. Two looks with the same key are logged once. */
export function keyWithState(key: string, shown: ShownRollout | undefined): string {
  return shown === undefined ? key : `${key} ${shown.state}`;
}

/** The state that the log has told of the service, and that the service is no longer in. */
export function stateBefore(
  before: OpenService | undefined,
  now: number,
  shown?: ShownRollout,
): After | undefined {
  const last = before?.rollout;
  if (before === undefined || last === undefined || last.state === shown?.state) return undefined;
  const wasTold = before.lastLogged.endsWith(` ${last.state}`);
  return wasTold ? { state: last.state, seconds: Math.round((now - last.since) / 1000) } : undefined;
}

/** The tasks of a service whose new tasks fail, as its record tells them. */
export function tasksIn(
  service: Service,
  before: OpenService,
): { readonly running: number; readonly before: number } {
  return { running: service.running, before: tasksBefore(service, before) };
}
