import { accessOf, type ServiceAccess } from '../../core/model/access.ts';
import type { ServiceKey } from '../../core/model/arn.ts';
import type { Fleet, Service } from '../../core/model/fleet.ts';
import { roleNeedsOf } from '../../core/plan/access-questions.ts';
import { needsOf } from '../../core/plan/needs.ts';
import { type Missing, type ObstaclesByService, obstaclesTo } from '../../core/plan/obstacles.ts';
import type { Planned } from '../../core/plan/planned.ts';
import type { Run } from '../run.ts';
import { forPartOfTheTime } from './part-of-the-time.ts';

/** How much of the remaining time may be spent on asking; what AWS has not answered by then stops no redeploy. */
const SHARE = 0.2;

type Revisions = Pick<Fleet, 'revisions'>;

/**
 * What stands against these redeploys. `before`: what an earlier look saw to be gone. Whatever AWS does not answer stands
 * against none of them.
 */
export async function readObstacles(
  redeploys: readonly Planned[],
  fleet: Revisions,
  before: readonly Missing[],
  run: Run,
): Promise<ObstaclesByService> {
  if (redeploys.length === 0) return new Map();
  const asking = { ...run, reading: forPartOfTheTime(run, SHARE) };
  const needed = redeploys.map((planned) => ({ planned, needs: needsOf(planned, fleet) }));
  const conditions = await run.needs.ask(
    needed.flatMap(({ needs }) => needs),
    asking,
  );
  const mode = run.policy.preflight;
  const services = redeploys.map(({ service }) => service);
  const accesses = mode === 'off' ? undefined : await readAccess(services, fleet, asking);
  const now = run.ports.clock.now();
  return new Map(
    needed.flatMap(({ planned: { service }, needs }) => {
      const access = accesses?.get(service.key);
      const obstacles = obstaclesTo(service, needs, conditions, before, now, {
        mode,
        ...(access && { access }),
      });
      return obstacles.found.length === 0 && access === undefined ? [] : [[service.key, obstacles] as const];
    }),
  );
}

/**
 * Whether the execution roles of services can read what new tasks need. Services whose tasks ECS stops before new ones run
 * come first: there a new task that cannot start costs a running one.
 */
export async function readAccess(
  services: readonly Service[],
  fleet: Revisions,
  run: Run,
): Promise<ReadonlyMap<ServiceKey, ServiceAccess>> {
  const parts = [services.filter(isFragile), services.filter((service) => !isFragile(service))];
  const all = new Map<ServiceKey, ServiceAccess>();
  for (const part of parts) {
    const needs = part.map((service) => ({ service, needs: roleNeedsOf(service, fleet) }));
    const found = await run.access.ask(
      needs.flatMap((one) => one.needs),
      run,
    );
    for (const { service, needs: ofService } of needs)
      all.set(service.key, accessOf(ofService.flatMap((need) => found.get(need)?.findings ?? [])));
  }
  return all;
}

const isFragile = ({ minimumHealthyPercent }: Service): boolean => minimumHealthyPercent < 100;
