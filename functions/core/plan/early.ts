import type { Match } from '../match/match.ts';
import { keyOf, nameOf, type ServiceKey } from '../model/arn.ts';
import { about } from '../model/change.ts';
import { type Decision, redeploy, type Verdict } from '../model/decision.ts';
import { primaryOf, type Service } from '../model/fleet.ts';
import type { StartedEarly } from '../read/scan.ts';
import type { Plan, Planned, Result } from './planned.ts';
import type { MatchVerdict } from './verdict.ts';

/** What was redeployed before the plan was made: by this invocation, and by earlier ones that read other parts. */
export type EarlyWork = { readonly results: readonly Result[]; readonly started: readonly StartedEarly[] };

/**
 * The matches of services that were not redeployed early, for whichever change. A change that follows such a service is
 * asked about all the same: the redeploy may have been refused.
 */
export function stillUndecided(matches: readonly Match[], { results, started }: EarlyWork): readonly Match[] {
  const done = new Set(results.map(({ planned }) => planned.service.key));
  const ours = deploymentsStarted(started);
  return matches.filter(
    ({ service, following }) =>
      (!done.has(service.key) || following !== undefined) && !isPrimary(ours, service),
  );
}

/** A plan for what is still to be done, and the results of what was done before the plan was made. */
export type PlanBesideEarly = { readonly plan: Plan; readonly early: readonly Result[] };

/**
 * Removes from a plan the services that were redeployed early. What this invocation did stands as it was decided; what an
 * earlier invocation started stands as long as ECS shows it in place.
 */
export function withEarly(plan: Plan, { results, started }: EarlyWork): PlanBesideEarly {
  const together = new Map([...plan.redeploys, ...plan.others].map((one) => [one.service.key, one]));
  const served = results.map((one) => withFollowed(one, together.get(one.planned.service.key)));
  const done = [...served, ...startedBefore(plan, started)];
  const keys = new Set(done.map(({ planned }) => planned.service.key));
  const isOpen = ({ service }: Planned) => !keys.has(service.key);
  const { redeploys, others } = plan;
  return {
    plan: { ...plan, redeploys: redeploys.filter(isOpen), others: others.filter(isOpen) },
    early: done,
  };
}

/** The early redeploys for these changes, which a scan that continues has to know. */
export function startedEarlyFor(
  changeIds: ReadonlySet<string>,
  results: readonly Result[],
): readonly StartedEarly[] {
  return results
    .filter((one) => concerns(one, changeIds))
    .flatMap(({ planned: { service }, outcome }) =>
      outcome?.result === 'accepted'
        ? [{ cluster: service.cluster.arn, name: service.name, deploymentId: outcome.deploymentId }]
        : [],
    );
}

export function concerns({ planned }: Result, changeIds: ReadonlySet<string>): boolean {
  return planned.verdicts.some(({ match }) => changeIds.has(about(match.subject).changeId));
}

/** A service that was redeployed early for one change may be followed for others, which the redeploy serves as well. */
function withFollowed(result: Result, together: Planned | undefined): Result {
  const { planned, outcome } = result;
  if (together === undefined) return result;
  const known = new Set(planned.verdicts.map(({ match }) => about(match.subject).changeId));
  const followed = together.verdicts.filter(({ match }) => !known.has(about(match.subject).changeId));
  if (followed.length === 0) return result;
  const served = outcome?.result === 'accepted' ? followed.map(asOurs) : followed;
  const evidence = { ...together.evidence, ...planned.evidence };
  return { ...result, planned: { ...planned, verdicts: [...planned.verdicts, ...served], evidence } };
}

function asOurs({ match, verdict }: MatchVerdict): MatchVerdict {
  return { match, verdict: mayBeOurs(verdict) ? redeploy : verdict };
}

/**
 * The services whose early deployment is still PRIMARY and rolls out or is complete. For the other services the plan has
 * newer facts.
 */
function startedBefore({ others }: Plan, started: readonly StartedEarly[]): readonly Result[] {
  const ours = deploymentsStarted(started);
  return others.flatMap((planned): readonly Result[] => {
    const { service } = planned;
    const primary = primaryOf(service);
    if (!mayBeOurs(planned.decision) || primary === undefined || !isPrimary(ours, service)) return [];
    const { id: deploymentId, createdAt: acceptedAt } = primary;
    const decision = { ...planned.decision, ...redeploy };
    const judged = planned.verdicts.map(asOurs);
    const outcome = { service: service.arn, result: 'accepted', deploymentId, acceptedAt } as const;
    return [{ planned: { ...planned, decision, verdicts: judged }, decision, outcome }];
  });
}

function mayBeOurs({ reason }: Verdict | Decision): boolean {
  return reason === 'rolling-out' || reason === 'already-fresh';
}

function deploymentsStarted(started: readonly StartedEarly[]): ReadonlyMap<ServiceKey, string> {
  return new Map(started.map((one) => [keyOf(nameOf(one.cluster), one.name), one.deploymentId]));
}

function isPrimary(deployments: ReadonlyMap<ServiceKey, string>, service: Service): boolean {
  return deployments.has(service.key) && deployments.get(service.key) === primaryOf(service)?.id;
}
