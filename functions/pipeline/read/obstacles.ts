import type { Fleet } from '../../core/model/fleet.ts';
import { needsOf } from '../../core/plan/needs.ts';
import { type Missing, type ObstaclesByService, obstaclesTo } from '../../core/plan/obstacles.ts';
import type { Planned } from '../../core/plan/planned.ts';
import type { Run } from '../run.ts';
import { forPartOfTheTime } from './part-of-the-time.ts';

/** How much of the remaining time may be spent on asking; what AWS has not answered by then stops no redeploy. */
const SHARE = 0.2;

/**
 * What stands against these redeploys. `before`: what an earlier look saw to be gone. Whatever AWS does not answer stands
 * against none of them.
 */
export async function readObstacles(
  redeploys: readonly Planned[],
  fleet: Pick<Fleet, 'revisions'>,
  before: readonly Missing[],
  run: Run,
): Promise<ObstaclesByService> {
  const needed = redeploys.map((planned) => ({ planned, needs: needsOf(planned, fleet) }));
  const conditions = await run.needs.ask(
    needed.flatMap(({ needs }) => needs),
    { ...run, reading: forPartOfTheTime(run, SHARE) },
  );
  const now = run.ports.clock.now();
  return new Map(
    needed.flatMap(({ planned: { service }, needs }) => {
      const obstacles = obstaclesTo(service, needs, conditions, before, now);
      return obstacles.found.length === 0 ? [] : [[service.key, obstacles] as const];
    }),
  );
}
