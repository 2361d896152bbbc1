import type { Service } from '../model/fleet.ts';

/**
 * Whether a redeploy stops every running task before a new one runs: the healthy percentages let ECS stop all of them, and
 * start none beside them (functions/README.md, Deployments).
 */
export function interrupts({
  strategy,
  desired,
  running,
  minimumHealthyPercent,
  maximumPercent,
}: Service): boolean {
  if (strategy !== 'ROLLING' || desired === 0 || running === 0) return false;
  const allows = Math.floor((desired * maximumPercent) / 100);
  return minimumHealthyPercent === 0 && allows <= desired;
}
