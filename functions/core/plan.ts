import { keyOf, type ServiceArn, type ServiceKey } from './arn.ts';
import { type Decision, type ReportedReference, type SKIP_REASONS, skip, type Verdict } from './decision.ts';
import type { Evidence, EvidenceByService } from './evidence.ts';
import { type Fleet, isUnreadable, type NamedFleet, type Service } from './fleet.ts';
import { byService, type Match } from './match.ts';
import type { Subject } from './subject-index.ts';
import { isOptedOut, waveOf } from './tags.ts';
import { type Policy, verdictOn } from './verdict.ts';

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

/**
 * One decision for every service that refers to one of the subjects and for every one that cannot be read, in a fixed
 * order: earlier waves first, then by ARN.
 */
export function makePlan(basis: Basis): Plan {
  const { matches, evidence, policy, now } = basis;
  const overCap = changesOverCap(basis);
  const planned = [...byService(matches).values()].flatMap((ofService) => {
    const [{ service }] = ofService;
    const known = evidence.get(service.key) ?? NOTHING_ASKED;
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

/** Counted over all services before any is redeployed; services named by hand are never too many. */
function changesOverCap({ matches, evidence, policy, now }: Basis): ReadonlySet<string> {
  if (policy.maxServices === 0) return new Set();
  const stale = new Map<string, Set<ServiceKey>>();
  for (const match of matches.filter(({ subject }) => subject.kind !== 'service')) {
    const { service, subject } = match;
    if (!isStale(verdictOn(match, evidence.get(service.key) ?? NOTHING_ASKED, policy, now))) continue;
    stale.set(subject.changeId, (stale.get(subject.changeId) ?? new Set()).add(service.key));
  }
  const over = [...stale].filter(([, services]) => services.size > policy.maxServices);
  return new Set(over.map(([changeId]) => changeId));
}

/** To be redeployed, now or later, or in need of it. */
function isStale(verdict: Verdict | undefined): boolean {
  return isToBeRedeployed(verdict) || verdict?.reason === 'cannot-replace';
}

function isToBeRedeployed(verdict: Verdict | undefined): boolean {
  return verdict?.action === 'redeploy' || verdict?.reason === 'deployment-in-progress';
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
    const { kind, changeId } = match.subject;
    const capped = isToBeRedeployed(verdict) && kind !== 'service' && overCap.has(changeId);
    return { match, verdict: capped ? skip('over-cap') : verdict };
  });
  const verdict = strongest(judged.map((one) => one.verdict));
  const [first] = judged;
  if (verdict === undefined || first === undefined) return undefined;
  const { service } = first.match;
  const concerned = judged.filter((one) => one.verdict.reason === verdict.reason).map((one) => one.match);
  const byHand = concerned.some(({ subject }) => subject.kind === 'service');
  return {
    ...verdict,
    service: service.arn,
    cluster: service.cluster.name,
    changeIds: [...new Set(concerned.map(({ subject }) => subject.changeId))],
    wave: waveOf(service),
    references: reported(concerned, verdict),
    ...(byHand && isOptedOut(service, policy.select) && { optedOut: true }),
  };
}

/**
 * Several changes, one decision. A task that refers to something gone cannot start, whatever else demands it; apart from
 * that, what one change demands no other one takes away. Of several reasons to leave a service alone, the one that
 * somebody should look at is told.
 */
function strongest(verdicts: readonly Verdict[]): Verdict | undefined {
  return (
    verdicts.find(({ reason }) => reason === 'secret-gone') ??
    verdicts.find(({ action }) => action === 'redeploy') ??
    verdicts.find(({ action }) => action === 'wait') ??
    verdicts.toSorted((a, b) => urgency(b) - urgency(a))[0]
  );
}

/** From what needs no attention to what needs it most. */
const BY_URGENCY: readonly (typeof SKIP_REASONS)[number][] = [
  'pinned',
  'label-not-moved',
  'pull-only',
  'opted-out',
  'out-of-scope',
  'not-active',
  'no-tasks',
  'already-fresh',
  'possibly-stale',
  'unsupported-controller',
  'unreadable',
  'cannot-replace',
  'over-cap',
  'rollout-failed',
  'secret-gone',
];

function urgency({ action, reason }: Verdict): number {
  return action === 'skip' ? BY_URGENCY.indexOf(reason) : -1;
}

function reported(matches: readonly Match[], { action }: Verdict): readonly ReportedReference[] {
  const hits = matches.flatMap((match) => match.hits);
  const shown = action === 'redeploy' ? hits.filter(({ effect }) => effect === 'moves') : hits;
  return [...new Map(shown.map((hit) => [hit.reference, reportedReference(hit)])).values()];
}

export function reportedReference(hit: Match['hits'][number]): ReportedReference {
  const { reference, form, label, versionId } = hit;
  const { taskDefinition, container, place, valueFrom } = reference;
  return { taskDefinition, container, place, valueFrom, form, label, versionId };
}

/** Whoever cannot be read may refer to any of the subjects: said, rather than passed over. */
function unreadable({ fleet, subjects, policy }: Basis, planned: readonly Planned[]): readonly Decision[] {
  const changeIds = (service: ServiceArn) => [
    ...new Set(
      subjects
        .filter(({ kind, arn }) => kind !== 'service' || arn === service)
        .map(({ changeId }) => changeId),
    ),
  ];
  const known = new Set(planned.map(({ service }) => service.key));
  const inFleet = fleet.services
    .filter((service) => isUnreadable(service, fleet))
    .map((service) => ({
      ...skip(isOptedOut(service, policy.select) ? 'opted-out' : 'unreadable'),
      service: service.arn,
      cluster: service.cluster.name,
      wave: waveOf(service),
    }));
  const refused = fleet.unreadable.map(({ service, cluster }) => ({
    ...skip('unreadable'),
    service,
    cluster,
    wave: 0,
  }));
  return [...inFleet, ...refused]
    .filter(({ service, cluster }) => !known.has(keyOf(cluster, service)) && changeIds(service).length > 0)
    .map((one) => ({ ...one, changeIds: changeIds(one.service), references: [] }));
}

/** Named by hand, in a cluster that is not selected: not even looked at. */
function outOfScope({ fleet, subjects }: Basis): readonly Decision[] {
  return (fleet.outOfScope ?? []).map(({ service, cluster }) => {
    const changeIds = subjects.filter(({ arn }) => arn === service).map(({ changeId }) => changeId);
    return {
      ...skip('out-of-scope'),
      service,
      cluster,
      wave: 0,
      changeIds: [...new Set(changeIds)],
      references: [],
    };
  });
}

function byWaveAndArn(a: Decision, b: Decision): number {
  return a.wave - b.wave || (a.service < b.service ? -1 : Number(a.service > b.service));
}
