import type { SecretRef, Simulator } from '../simulator/index.ts';

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
