import type { ServiceArn } from './arn.ts';
import { type Decision, type ReportedReference, skip, type Verdict } from './decision.ts';
import type { Evidence, EvidenceByService, Question } from './evidence.ts';
import { looksLikeRollback } from './evidence.ts';
import { type Fleet, type NamedFleet, primaryOf, revisionsInUse, type Service } from './fleet.ts';
import { isComplete } from './freshness.ts';
import { byService, type Match } from './match.ts';
import type { Subject } from './subject-index.ts';
import { waveOf } from './tags.ts';
import { type Policy, TASKS_TELL_AFTER_MS, verdictOn } from './verdict.ts';

/** A decision with what it was made from, so that it can be made again when the service has been looked at again. */
export type Planned = {
  readonly decision: Decision;
  readonly service: Service;
  readonly matches: readonly Match[];
  readonly evidence: Evidence;
};

export type Plan = {
  /** Redeploys, in the order in which they are to be done. */
  readonly redeploys: readonly Planned[];
  readonly others: readonly Decision[];
};

/** Everything that has been read, and the rules to decide by. */
export type Basis = {
  readonly fleet: Fleet & Partial<Pick<NamedFleet, 'outOfScope'>>;
  readonly subjects: readonly Subject[];
  readonly matches: readonly Match[];
  readonly evidence: EvidenceByService;
  readonly policy: Policy;
  /** Milliseconds. */
  readonly now: number;
};

const NOTHING_ASKED: Evidence = {};
/** From this age of a change on, an earlier deployment for it may have been rolled back. */
const ROLLED_BACK_AFTER_MS = 60_000;
/** A service deployment is created at about the same time as its PRIMARY deployment. */
const SAME_TIME_MS = 60_000;

/** What DescribeServices cannot tell about those services that would be redeployed otherwise (DESIGN §4). */
export function questions(matches: readonly Match[], policy: Policy, now: number): readonly Question[] {
  return [...byService(matches).values()].flatMap((ofService) => {
    const asked = ofService.flatMap((match) => question(match, policy, now) ?? []);
    const [first] = asked;
    if (first === undefined) return [];
    const instants = asked.flatMap(({ deploymentsSince }) => deploymentsSince ?? []);
    return {
      service: first.service,
      ...(instants.length === 0 ? {} : { deploymentsSince: Math.min(...instants) }),
      askTasks: asked.some(({ askTasks }) => askTasks),
    };
  });
}

/**
 * One decision for every service that refers to one of the subjects and for every one that cannot be read, in a fixed
 * order: earlier waves first, then by ARN.
 */
export function makePlan(basis: Basis): Plan {
  const { matches, evidence, policy, now } = basis;
  const overCap = changesOverCap(basis);
  const planned = [...byService(matches).values()].flatMap((ofService) => {
    const [{ service }] = ofService;
    const known = evidence.get(service.arn) ?? NOTHING_ASKED;
    const decision = decide(ofService, known, policy, now, overCap);
    return decision === undefined ? [] : [{ decision, service, matches: ofService, evidence: known }];
  });
  const ordered = planned.toSorted((a, b) => byWaveAndArn(a.decision, b.decision));
  return {
    redeploys: ordered.filter(({ decision }) => decision.action === 'redeploy'),
    others: [
      ...ordered.map(({ decision }) => decision).filter(({ action }) => action !== 'redeploy'),
      ...unreadable(basis, planned),
      ...outOfScope(basis),
    ].toSorted(byWaveAndArn),
  };
}

/** The same decision again, about the service as it is now; undefined if nothing is left to decide. */
export function decideAgain({ matches, evidence }: Planned, service: Service, policy: Policy, now: number) {
  const renewed = matches.map((match) => ({ ...match, service }));
  return decide(renewed, evidence, policy, now, new Set());
}

/** The instant that every change of a planned redeploy is older than. */
export function youngestChange({ matches }: Planned): number {
  return Math.max(...matches.map(({ subject }) => ('notice' in subject ? 0 : subject.changedAt)));
}

function question(match: Match, policy: Policy, now: number): Question | undefined {
  const { service, subject } = match;
  const verdict = verdictOn(match, NOTHING_ASKED, policy, now);
  if (verdict === undefined || 'notice' in subject) return undefined;
  const { changedAt } = subject;
  const askTasks = now - changedAt > TASKS_TELL_AFTER_MS;
  if (verdict.reason === 'possibly-stale') return { service, askTasks };
  if (verdict.reason === 'already-fresh' || verdict.reason === 'rolling-out') {
    return looksLikeRollback(service) ? { service, deploymentsSince: changedAt, askTasks: false } : undefined;
  }
  if (verdict.action !== 'redeploy') return undefined;
  const primary = primaryOf(service);
  if (primary !== undefined && (service.strategy !== 'ROLLING' || !isComplete(service, primary))) {
    return { service, deploymentsSince: Math.min(changedAt, primary.createdAt - SAME_TIME_MS), askTasks };
  }
  const old = now - changedAt > ROLLED_BACK_AFTER_MS;
  return { service, ...(old ? { deploymentsSince: changedAt } : {}), askTasks };
}

/** Counted over all services before any is redeployed; services named by hand are never too many. */
function changesOverCap({ matches, evidence, policy, now }: Basis): ReadonlySet<string> {
  if (policy.maxServices === 0) return new Set();
  const stale = new Map<string, Set<ServiceArn>>();
  for (const match of matches.filter(({ subject }) => subject.kind !== 'service')) {
    const { service, subject } = match;
    if (!isStale(verdictOn(match, evidence.get(service.arn) ?? NOTHING_ASKED, policy, now))) continue;
    stale.set(subject.changeId, (stale.get(subject.changeId) ?? new Set()).add(service.arn));
  }
  return new Set(
    [...stale].filter(([, services]) => services.size > policy.maxServices).map(([changeId]) => changeId),
  );
}

function isStale(verdict: Verdict | undefined): boolean {
  return (
    verdict?.action === 'redeploy' ||
    verdict?.reason === 'deployment-in-progress' ||
    verdict?.reason === 'cannot-replace'
  );
}

function decide(
  matches: readonly Match[],
  evidence: Evidence,
  policy: Policy,
  now: number,
  overCap: ReadonlySet<string>,
): Decision | undefined {
  const judged = matches.flatMap((match) => {
    const verdict = verdictOn(match, evidence, policy, now);
    if (verdict === undefined) return [];
    const capped =
      isStale(verdict) && match.subject.kind !== 'service' && overCap.has(match.subject.changeId);
    return { match, verdict: capped ? skip('over-cap') : verdict };
  });
  const verdict = strongest(judged.map((one) => one.verdict));
  const [first] = judged;
  if (verdict === undefined || first === undefined) return undefined;
  const concerned = judged.filter((one) => one.verdict.reason === verdict.reason).map((one) => one.match);
  return {
    ...verdict,
    service: first.match.service.arn,
    cluster: first.match.service.cluster.name,
    changeIds: [...new Set(concerned.map(({ subject }) => subject.changeId))],
    wave: waveOf(first.match.service),
    references: reported(concerned, verdict),
  };
}

/**
 * Several changes, one decision. What one change demands another one's being settled does not take away; but a task
 * that refers to something gone cannot start, and a service that is to be left alone is left alone for all.
 */
function strongest(verdicts: readonly Verdict[]): Verdict | undefined {
  return (
    verdicts.find(({ reason }) => reason === 'secret-gone') ??
    verdicts.find(({ action }) => action === 'redeploy') ??
    verdicts.find(({ action }) => action === 'wait') ??
    verdicts[0]
  );
}

function reported(matches: readonly Match[], { action }: Verdict): readonly ReportedReference[] {
  const hits = matches.flatMap((match) => match.hits);
  const shown = action === 'redeploy' ? hits.filter(({ effect }) => effect === 'moves') : hits;
  const unique = new Map(shown.map((hit) => [hit.reference, reportedReference(hit)]));
  return [...unique.values()];
}

export function reportedReference({
  reference,
  form,
  label,
  versionId,
}: Match['hits'][number]): ReportedReference {
  const { taskDefinition, container, place, valueFrom } = reference;
  return { taskDefinition, container, place, valueFrom, form, label, versionId };
}

/** Whoever cannot be read may refer to any of the subjects: said, rather than passed over. */
function unreadable({ fleet, subjects }: Basis, planned: readonly Planned[]): readonly Decision[] {
  const changeIds = [
    ...new Set(subjects.filter(({ kind }) => kind !== 'service').map(({ changeId }) => changeId)),
  ];
  if (changeIds.length === 0) return [];
  const known = new Set(planned.map(({ decision }) => decision.service));
  const inFleet = fleet.services
    .filter((service) =>
      revisionsInUse(service).some((arn) => fleet.revisions.get(arn)?.kind === 'unreadable'),
    )
    .map((service) => ({ service: service.arn, cluster: service.cluster.name, wave: waveOf(service) }));
  return [...inFleet, ...fleet.unreadable.map(({ service, cluster }) => ({ service, cluster, wave: 0 }))]
    .filter(({ service }) => !known.has(service))
    .map((one) => ({ ...skip('unreadable'), ...one, changeIds, references: [] }));
}

/** Named by hand, in a cluster that is not selected: not even looked at. */
function outOfScope({ fleet, subjects }: Basis): readonly Decision[] {
  return (fleet.outOfScope ?? []).map(({ service, cluster }) => {
    const changeIds = subjects.filter(({ arn }) => arn === service).map(({ changeId }) => changeId);
    return { ...skip('out-of-scope'), service, cluster, wave: 0, changeIds, references: [] };
  });
}

function byWaveAndArn(a: Decision, b: Decision): number {
  return a.wave - b.wave || (a.service < b.service ? -1 : Number(a.service > b.service));
}
