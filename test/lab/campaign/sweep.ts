import type { Scenario } from './scenario.ts';

/** Long enough after the last change that a sweep leaves no change to its event (functions/core/sweep/heal.ts). */
export const SWEEP_AFTER_MS = 960_000;
/** The second sweep must find nothing to heal. */
export const SWEEPS = 2;

/**
 * Whether sweeps follow after all faults. Only a sweep finds a change whose event was dropped. If no event was dropped,
 * there is no sweep then, because it would hide the losses of on-change.
 */
export function isSwept({ deliveries }: Scenario): boolean {
  return deliveries.some(({ dropped }) => dropped === true);
}
