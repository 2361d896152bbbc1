import type { Aws } from '../aws.ts';
import { behaviourOf } from './build.ts';
import { unprotect } from './protection.ts';
import type { RolloutBehaviour, ServiceState } from './state.ts';

/** Ends the cause that keeps the rollouts of a service from succeeding; the rollout under way goes on. */
export function mend(aws: Aws, service: ServiceState, wish: Partial<RolloutBehaviour>, at: number): void {
  const healthy = { outcome: 'success', failsFirst: 0, protectMs: 0 } as const;
  service.behaviour = behaviourOf(aws, { ...service.behaviour, ...healthy, ...wish });
  unprotect(aws, service, at);
  const { rollout } = service;
  if (rollout === undefined) return;
  rollout.behaviour = service.behaviour;
  if (rollout.goBack !== undefined) return;
  const { resume } = rollout;
  rollout.resume = undefined;
  resume?.(at);
}
