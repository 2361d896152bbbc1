import { match } from '../core/match/match.ts';
import type { ServiceKey } from '../core/model/arn.ts';
import { REQUEST } from '../core/model/change.ts';
import { type Fleet, type NamedService, type Service, unreadIn } from '../core/model/fleet.ts';
import { grouped } from '../core/model/lists.ts';
import type { Reference } from '../core/model/reference.ts';
import { roleNeedsOf } from '../core/plan/access-questions.ts';
import { type AccessReport, type Asked, makeAccessReport } from '../core/report/access-report.ts';
import { confirm } from '../pipeline/confirm/confirm.ts';
import { withoutWrongGuesses } from '../pipeline/living.ts';
import { newSubjects } from '../pipeline/read/observed.ts';
import { readFleet } from '../pipeline/read/read.ts';
import { NOTHING_EARLY } from '../pipeline/read/scan.ts';
import type { Run } from '../pipeline/run.ts';
import type { NamedResource } from '../pipeline/sweep/timestamps.ts';
import { readNamed } from './references.ts';

/** Which secrets and parameters, by name or ARN. */
export type AskedAbout = { readonly secrets: readonly string[]; readonly parameters: readonly string[] };

/** Whether every service that refers to these resources can read them. Throws ReadFailed. */
export async function accessTo(
  { secrets, parameters }: AskedAbout,
  requestId: string,
  run: Run,
): Promise<AccessReport> {
  const origin = { changeId: requestId, at: run.ports.clock.now(), source: REQUEST };
  const triggers = [
    ...secrets.map((name): NamedResource => ({ kind: 'secret', origin, name, force: true })),
    ...parameters.map((name): NamedResource => ({ kind: 'parameter', origin, name, force: true })),
  ];
  const observed = await readFleet(await confirm(triggers, run), NOTHING_EARLY, run);
  const { fleet } = observed;
  const matches = await withoutWrongGuesses(match(fleet, newSubjects(observed), 'redeploy'), run);
  const named = new Map<ServiceKey, ReadonlySet<Reference>>(
    [...grouped(matches, ({ service }) => service.key)].map(([key, ofService]) => [
      key,
      new Set(ofService.flatMap(({ hits }) => hits.map(({ reference }) => reference))),
    ]),
  );
  const services = fleet.services.filter(({ key }) => named.has(key));
  return ask(services, fleet, (service, reference) => named.get(service.key)?.has(reference) === true, run);
}

/** Whether these services can read everything that they refer to. Throws NoSuchService and ReadFailed. */
export async function accessOfServices(services: readonly NamedService[], run: Run): Promise<AccessReport> {
  const fleet = await readNamed(services, run);
  return ask(fleet.services, fleet, () => true, run);
}

async function ask(
  services: readonly Service[],
  fleet: Fleet,
  isWanted: (service: Service, reference: Reference) => boolean,
  run: Run,
): Promise<AccessReport> {
  const asked: readonly Asked[] = services.map((service) => ({
    service,
    needs: roleNeedsOf(service, fleet).filter(({ reference }) => isWanted(service, reference)),
  }));
  const found = await run.access.ask(
    asked.flatMap(({ needs }) => needs),
    run,
  );
  return makeAccessReport(asked, found, unreadIn(fleet));
}
