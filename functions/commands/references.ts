import type { NamedFleet, NamedService } from '../core/model/fleet.ts';
import { everythingUsedIn, type Uses } from '../core/report/uses.ts';
import { NoSuchService } from '../pipeline/read/scan.ts';
import type { Run } from '../pipeline/run.ts';

/** Everything that these services refer to. Throws NoSuchService and ReadFailed. */
export async function references(named: readonly NamedService[], run: Run): Promise<Uses> {
  return everythingUsedIn(await readNamed(named, run), run.policy);
}

/** The named services with their revisions. Throws NoSuchService and ReadFailed. */
export async function readNamed(named: readonly NamedService[], run: Run): Promise<NamedFleet> {
  const { configured, narrowed } = run.scope;
  const fleet = await run.ports.ecs.readNamed(named, [configured, narrowed], run.reading);
  if (fleet.missing.length > 0) throw new NoSuchService(fleet.missing);
  return fleet;
}
