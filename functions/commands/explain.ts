import type { Trigger } from '../core/follow-up/trigger.ts';
import { referencesOf } from '../core/match/match.ts';
import { homeOf } from '../core/model/arn.ts';
import { REQUEST } from '../core/model/change.ts';
import type { NamedFleet, NamedService, Service } from '../core/model/fleet.ts';
import { isForeign, nameToAsk, type Reference, type Target } from '../core/model/reference.ts';
import type { Origin } from '../core/model/secret.ts';
import { type Explanation, explanationOf } from '../core/report/explanation.ts';
import { describing } from '../pipeline/living.ts';
import { NOTHING_EARLY } from '../pipeline/read/scan.ts';
import type { Run } from '../pipeline/run.ts';
import { decide } from './decide.ts';
import { readNamed } from './references.ts';

/** What the service is asked about: these resources, or everything that it refers to if there is none. */
export type AskedAbout = { readonly secrets: readonly string[]; readonly parameters: readonly string[] };

const NO_REFERENCE = 'it refers to no secret and no parameter of this account and Region';

/**
 * Why a service would be redeployed now, kept waiting or left alone. The plan for everything that these resources concern
 * is made, and not for this service alone: other services may hold it back. Throws NoSuchService and ReadFailed.
 */
export async function explainService(
  named: NamedService,
  asked: AskedAbout,
  requestId: string,
  run: Run,
): Promise<Explanation> {
  const fleet = await readNamed([named], run);
  const [service] = fleet.services;
  if (service === undefined) return notRead(fleet);
  const origin = { changeId: requestId, at: run.ports.clock.now(), source: REQUEST };
  const isOpen = asked.secrets.length + asked.parameters.length === 0;
  const triggers = isOpen ? await everything(service, fleet, origin, run) : triggersOf(asked, origin);
  const seen = { service: service.arn, cluster: service.cluster.name };
  if (triggers.length === 0) return undecided(seen, NO_REFERENCE);
  const decided = await decide(triggers, NOTHING_EARLY, run);
  if ('failure' in decided) throw decided.failure;
  const { plan } = decided;
  const planned = [...plan.redeploys, ...plan.others].find((one) => one.service.key === service.key);
  if (planned === undefined) return undecided(seen, 'none of its references names what was asked about');
  return explanationOf(planned, { plan, policy: run.policy, now: run.ports.clock.now() });
}

function triggersOf({ secrets, parameters }: AskedAbout, origin: Origin): readonly Trigger[] {
  return [
    ...secrets.map((name): Trigger => ({ kind: 'secret', origin, name, force: false })),
    ...parameters.map((name): Trigger => ({ kind: 'parameter', origin, name, force: false })),
  ];
}

/** Everything of this account and Region that the service refers to. */
async function everything(
  service: Service,
  fleet: NamedFleet,
  origin: Origin,
  run: Run,
): Promise<readonly Trigger[]> {
  const home = homeOf(service.arn);
  const names = new Map<string, Trigger>();
  for (const { reference } of referencesOf(service, fleet)) {
    for (const target of reference.targets.filter((one) => !isForeign(one, home))) {
      if (!(await isMeant(reference, target, run))) continue;
      const { kind } = target;
      const name = kind === 'secret' ? nameToAsk(target) : target.id;
      names.set(`${kind} ${name}`, { kind, origin, name, force: false });
    }
  }
  return [...names.values()];
}

/** A bare name in an `also` tag means a secret or a parameter, whichever exists. */
async function isMeant({ targets }: Reference, target: Target, run: Run): Promise<boolean> {
  if (targets.length < 2) return true;
  const found =
    target.kind === 'secret'
      ? await describing(run)(nameToAsk(target))
      : await run.ports.parameters.describe(target.id, run.reading);
  return found !== undefined;
}

/** A service that exists and is not shown: its cluster is not selected, or ECS refuses to describe it. */
function notRead({ outOfScope, unreadable }: NamedFleet): Explanation {
  const [out] = outOfScope;
  if (out !== undefined) return undecided(out, 'its cluster is not among the clusters of the settings');
  const [refused] = unreadable;
  if (refused === undefined) throw new TypeError('a named service is read, refused, out of scope or missing');
  return undecided(refused, `ECS does not show it: ${refused.why}`);
}

type Seen = Pick<Explanation, 'service' | 'cluster'>;

function undecided({ service, cluster }: Seen, because: string): Explanation {
  return { service, cluster, decision: null, because, subjects: [] };
}
