import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from './stage.ts';

const HOUR_MS = 3_600_000;
/** The output of a function arrives a little later than its answer. */
const PRINTED_MS = 1000;
const LOOK_MS = 50;

export const LOST = { secret: 'prod/taxes-db', cluster: 'back-office', service: 'taxes' } as const;

export type Swept = {
  /** The reason that the sweep logs for the service whose event was lost; undefined if it logs none. */
  readonly reason: string | undefined;
};

/**
 * Makes a secret that changed an hour ago and whose event was lost. The sweep has to find the service that still runs
 * on the old value.
 */
export async function findLostEvent({ sim, log, ask }: Stage): Promise<Swept> {
  const changedAt = Date.now() - HOUR_MS;
  const { arn } = sim.world.secret({
    name: LOST.secret,
    versions: [
      { labels: ['AWSCURRENT'], createdAt: changedAt },
      { labels: ['AWSPREVIOUS'], createdAt: changedAt - 24 * HOUR_MS },
    ],
    lastChangedAt: changedAt,
  });
  const service = sim.world.service({
    cluster: LOST.cluster,
    name: LOST.service,
    secrets: [arn],
    startedAt: changedAt - HOUR_MS,
  });
  await ask('on-schedule', {});
  for (let ms = 0; ms < PRINTED_MS && log.reasonFor(service.arn) === undefined; ms += LOOK_MS)
    await sleep(LOOK_MS);
  return { reason: log.reasonFor(service.arn)?.code };
}
