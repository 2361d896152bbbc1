import type { SecretRef, ServiceRef, Simulator } from '../simulator/index.ts';
import type { Loop } from '../support/loop.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A secret whose current version is as old as this. */
export function changed({ world }: Simulator, name: string, ago = 4 * HOUR): SecretRef {
  const at = Date.now() - ago;
  return world.secret({
    name,
    versions: [
      { labels: ['AWSCURRENT'], createdAt: at },
      { labels: ['AWSPREVIOUS'], createdAt: at - 24 * HOUR },
    ],
    lastChangedAt: at,
    lastRotatedAt: at,
  });
}

/** Services of a cluster, of which the first `stale` have run since before the change of four hours ago. */
export function services(
  { world }: Simulator,
  secret: SecretRef,
  cluster: string,
  { stale, fresh }: { readonly stale: number; readonly fresh: number },
): void {
  for (let i = 1; i <= stale + fresh; i++)
    world.service({
      cluster,
      name: `api-${i}`,
      secrets: [secret.arn],
      startedAt: Date.now() - (i <= stale ? 5 : 3) * HOUR,
    });
}

/** Services of three waves that have run for an hour; the rollout of one of them may fail. */
export function threeWaves(
  { sim: { world }, clock }: Loop,
  secret: SecretRef,
  count: number,
  failing: number | undefined,
): readonly ServiceRef[] {
  return Array.from({ length: count }, (_, i) =>
    world.service({
      cluster: 'prod',
      name: `api-${i}`,
      secrets: [secret.arn],
      desired: 2,
      startedAt: clock.now() - HOUR,
      tags: { 'secret-redeploy:wave': String(i % 3) },
      circuitBreaker: { enable: true, rollback: true },
      ...(i === failing && { rollout: { outcome: 'rollback-new-primary' } }),
    }),
  );
}
