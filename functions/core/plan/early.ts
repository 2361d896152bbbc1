import type { Match } from '../match/match.ts';
import { keyOf, nameOf, type ServiceKey } from '../model/arn.ts';
import { about } from '../model/change.ts';
import { type Decision, redeploy, type Verdict } from '../model/decision.ts';
import { primaryOf, type Service } from '../model/fleet.ts';
import type { StartedEarly } from '../read/scan.ts';
import type { Plan, Planned, Result } from './planned.ts';

/** What was redeployed before the plan was made: by this invocation, and by earlier ones that read other parts. */
export type EarlyWork = { readonly results: readonly Result[]; readonly started: readonly StartedEarly[] };

/** The matches of services for which no decision has been made yet. */
export function stillUndecided(matches: readonly Match[], { results, started }: EarlyWork): readonly Match[] {
  const done = new Set(results.map(({ planned }) => planned.service.key));
  const ours = byService(started);
  return matches.filter(({ service }) => !done.has(service.key) && !isPrimary(ours, service));
}

/** A plan for what is still to be done, and the results of what was done before the plan was made. */
export type PlanBesideEarly = { readonly plan: Plan; readonly early: readonly Result[] };

/** Removes the services that were redeployed early from a plan: their decisions stand, whatever ECS shows now. */
export function withEarly(plan: Plan, { results, started }: EarlyWork): PlanBesideEarly {
  const done = [...results, ...startedBefore(plan, started)];
  const keys = new Set(done.map(({ planned }) => planned.service.key));
  const isOpen = ({ service }: Planned) => !keys.has(service.key);
  const { redeploys, others } = plan;
  return {
    plan: { ...plan, redeploys: redeploys.filter(isOpen), others: others.filter(isOpen) },
    early: done,
  };
}

/** The services whose early deployment is still PRIMARY. For the other services the plan has newer facts. */
function startedBefore({ others }: Plan, started: readonly StartedEarly[]): readonly Result[] {
  const ours = byService(started);
  return others.flatMap((planned): readonly Result[] => {
    const { service } = planned;
    const primary = primaryOf(service);
    if (!isNew(planned.decision) || primary === undefined || !isPrimary(ours, service)) return [];
    const { id: deploymentId, createdAt: acceptedAt } = primary;
    const decision = { ...planned.decision, ...redeploy };
    const judged = planned.verdicts.map(({ match, verdict }) => ({
      match,
      verdict: isNew(verdict) ? redeploy : verdict,
    }));
    const outcome = { service: service.arn, result: 'accepted', deploymentId, acceptedAt } as const;
    return [{ planned: { ...planned, decision, verdicts: judged }, decision, outcome }];
  });
}

function isNew({ reason }: Verdict | Decision): boolean {
  return reason === 'rolling-out' || reason === 'already-fresh';
}

function byService(started: readonly StartedEarly[]): ReadonlyMap<ServiceKey, string> {
  return new Map(started.map((one) => [keyOf(nameOf(one.cluster), one.name), one.deploymentId]));
}

function isPrimary(deployments: ReadonlyMap<ServiceKey, string>, service: Service): boolean {
  return deployments.has(service.key) && deployments.get(service.key) === primaryOf(service)?.id;
}

/** The early redeploys for these changes, which a scan that continues has to know. */
export function startedEarlyFor(
  changeIds: ReadonlySet<string>,
  ahead: readonly Result[],
): readonly StartedEarly[] {
  return ahead
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
