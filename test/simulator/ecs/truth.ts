import type { ServiceState, TrueState } from './state.ts';

/** The truth about a service's latest deployment at one instant. */
export interface StateAt {
  readonly state: TrueState;
  /** Since when it has been in this state without a break. */
  readonly since: number;
  readonly deploymentId: string;
}

/** Records that the latest deployment of a service is in a state from now on. */
export function enter(service: ServiceState, state: TrueState, at: number): void {
  const deploymentId = service.deployments[0]?.id ?? '';
  const last = service.transitions.at(-1);
  // A rollback goes on and ends as what it is: the deployment that was to come has been given up.
  if (last?.state === 'rolled-back' && isUnderWay(service)) return;
  if (last?.state === state && last.deploymentId === deploymentId) return;
  service.transitions.push({ at, state, deploymentId });
}

function isUnderWay({ rollout }: ServiceState): boolean {
  return rollout?.rollingBack === true;
}

/** The state of a service's latest deployment at an instant; undefined before its first deployment. */
export function stateAt({ transitions }: ServiceState, at: number): StateAt | undefined {
  const last = transitions.findLast((transition) => transition.at <= at);
  return last === undefined
    ? undefined
    : { state: last.state, since: last.at, deploymentId: last.deploymentId };
}
