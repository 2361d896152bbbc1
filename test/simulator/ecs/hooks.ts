import type { Aws } from '../aws.ts';
import { emitHook } from '../events/native.ts';
import { rollBack } from './failure.ts';
import { serviceDeploymentArn } from './names.ts';
import { plan, type Step } from './progress.ts';
import type { HookAction, HookState, PauseHook, PauseStage, Rollout, ServiceState } from './state.ts';
import { enter } from './truth.ts';

/**
 * Whether the rollout pauses at this stage now: `next` then runs when every PAUSE hook of the stage has been continued,
 * by ContinueServiceDeployment or by its time-out. If one of them demands a rollback, the deployment is rolled back, and
 * `back` begins the rollback.
 * ({@link https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html}).
 */
export function pausedAt(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  stage: PauseStage,
  at: number,
  { next, back }: { readonly next: Step; readonly back: Step },
): boolean {
  const { record } = rollout;
  const isPast = record.hooks.some((hook) => hook.stage === stage);
  const hooks = service.pauseHooks.filter(({ stages }) => stages.includes(stage));
  if (hooks.length === 0 || isPast || rollout.rollingBack) return false;
  const waiting = hooks.map((hook) => begun(aws, hook, stage, at));
  Object.assign(record, { stage, updatedAt: at, hooks: [...record.hooks, ...waiting] });
  const { rollbackKind } = rollout.behaviour;
  rollout.resume = (then) => plan(aws, service, rollout, then, next);
  rollout.goBack = (then) => rollBack(aws, service, rollout, rollbackKind, BY_HOOK, then, back);
  enter(service, 'awaiting-approval', at);
  for (const hook of waiting) {
    tell(aws, service, rollout, hook, 'HOOK_AWAITING_ACTION', at);
    plan(aws, service, rollout, hook.expiresAt, (_aws, _service, _rollout, then) => {
      if (hook.status === 'AWAITING_ACTION')
        settle(aws, service, rollout, hook, { status: 'TIMED_OUT', action: hook.timeoutAction }, then);
    });
  }
  return true;
}

function begun(aws: Aws, hook: PauseHook, stage: PauseStage, at: number): HookState {
  const { timeoutMinutes, timeoutAction } = hook;
  const expiresAt = at + timeoutMinutes * 60_000;
  return {
    id: `ecs-pause-${aws.ids.suffix(43)}`,
    stage,
    status: 'AWAITING_ACTION',
    expiresAt,
    timeoutAction,
  };
}

/** Ends one pause, by its time-out or by ContinueServiceDeployment. */
function settle(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  hook: HookState,
  { status, action }: { readonly status: HookState['status']; readonly action: HookAction },
  at: number,
): void {
  hook.status = status;
  rollout.record.updatedAt = at;
  tell(aws, service, rollout, hook, `HOOK_${status}`, at);
  const { resume, goBack } = rollout;
  const isPaused = rollout.record.hooks.some((other) => other.status === 'AWAITING_ACTION');
  if (action === 'CONTINUE' && isPaused) return;
  Object.assign(rollout, { resume: undefined, goBack: undefined });
  if (action === 'ROLLBACK') {
    goBack?.(at);
    return;
  }
  enter(service, 'progressing', at);
  resume?.(at);
}

/** ECS's words are not documented; only that the deployment is rolled back. */
const BY_HOOK = {
  failed: 'Service deployment rolled back because of a lifecycle hook.',
  back: 'Service deployment rolled back because of a lifecycle hook: rolling back to deploymentId',
  event: 'deployment failed: a lifecycle hook demanded a rollback.',
};

function tell(
  aws: Aws,
  service: ServiceState,
  { record }: Rollout,
  hook: HookState,
  eventName: string,
  at: number,
): void {
  emitHook(
    aws,
    {
      eventName,
      hookId: hook.id,
      expiresAt: new Date(hook.expiresAt).toISOString(),
      lifecycleStage: hook.stage,
      clusterArn: service.cluster.arn,
      serviceArn: service.arn,
      serviceDeploymentArn: serviceDeploymentArn(aws.place, service, record),
    },
    at,
  );
}

/** Continues or rolls back at every hook that the service's deployment waits for. */
export function continueAll(aws: Aws, service: ServiceState, action: HookAction, at: number): void {
  const { rollout } = service;
  const waiting = rollout?.record.hooks.filter(({ status }) => status === 'AWAITING_ACTION') ?? [];
  if (rollout === undefined || waiting.length === 0) throw new Error(`${service.arn} waits for no hook`);
  for (const hook of waiting) continueAt(aws, service, rollout, hook, action, at);
}

/** ContinueServiceDeployment at one hook that waits. */
export function continueAt(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  hook: HookState,
  action: HookAction,
  at: number,
): void {
  if (hook.status !== 'AWAITING_ACTION') return;
  settle(aws, service, rollout, hook, { status: action === 'CONTINUE' ? 'SUCCEEDED' : 'FAILED', action }, at);
}
