import type { ServiceState } from './state.ts';

/** How many tasks may be missing (`surplus`) or run in addition (`spare`) during a rolling deployment. */
export interface Room {
  readonly spare: number;
  readonly surplus: number;
}

/** Without any room (100 %/100 % and one task) ECS replaces no task (functions/README.md, Deployments). */
export function roomOf(service: ServiceState): Room {
  const { desired, minimumHealthyPercent, maximumPercent } = service;
  return {
    spare: Math.max(0, Math.floor((desired * maximumPercent) / 100) - desired),
    surplus: Math.max(0, desired - Math.ceil((desired * minimumHealthyPercent) / 100)),
  };
}
