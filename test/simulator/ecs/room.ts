import type { ServiceState } from './state.ts';

/** How many tasks may be missing (`surplus`) or too many (`spare`) while a rolling deployment goes on. */
export interface Room {
  readonly spare: number;
  readonly surplus: number;
}

/** AWS-FACTS 5: with no room at all (100 %/100 % and one task) nothing is ever replaced. */
export function roomOf(service: ServiceState): Room {
  const { desired, minimumHealthyPercent, maximumPercent } = service;
  return {
    spare: Math.max(0, Math.floor((desired * maximumPercent) / 100) - desired),
    surplus: Math.max(0, desired - Math.ceil((desired * minimumHealthyPercent) / 100)),
  };
}
