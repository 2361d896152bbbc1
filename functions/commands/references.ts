import type { NamedFleet, NamedService } from '../core/model/fleet.ts';
import { CONCURRENCY } from '../core/model/limits.ts';
import { chunks } from '../core/model/lists.ts';
import { doubtfulArns, everythingUsedIn, type KnownArns, type Uses } from '../core/report/uses.ts';
import { describing } from '../pipeline/living.ts';
import { NoSuchService } from '../pipeline/read/scan.ts';
import type { Run } from '../pipeline/run.ts';

/** Everything that these services refer to. Throws NoSuchService and ReadFailed. */
export async function references(named: readonly NamedService[], run: Run): Promise<Uses> {
  const fleet = await readNamed(named, run);
  return everythingUsedIn(fleet, run.policy, await knownArns([...doubtfulArns(fleet)], run));
}

/** A question that is refused is not answered: what is left then is how the ARN looks. */
async function knownArns(arns: readonly string[], run: Run): Promise<KnownArns> {
  const describe = describing(run);
  const known = new Map<string, boolean>();
  const ask = async (arn: string) => {
    const secret = await describe(arn).catch(() => undefined);
    if (secret !== undefined) known.set(arn, secret.arn === arn);
  };
  for (const some of chunks(arns, CONCURRENCY.resources)) await Promise.all(some.map(ask));
  return known;
}

/** The named services with their revisions. Throws NoSuchService and ReadFailed. */
export async function readNamed(named: readonly NamedService[], run: Run): Promise<NamedFleet> {
  const { configured, narrowed } = run.scope;
  const fleet = await run.ports.ecs.readNamed(named, [configured, narrowed], run.reading);
  if (fleet.missing.length > 0) throw new NoSuchService(fleet.missing);
  return fleet;
}
