import type { Result } from '../follow-up/progress.ts';
import { byService, type Match } from '../match/match.ts';
import type { Subject } from '../match/subject-index.ts';
import { keyOf, type ServiceArn, type ServiceKey } from '../model/arn.ts';
import { type Decision, type ReportedReference, skip, type Verdict } from '../model/decision.ts';
import { type Fleet, isUnreadable, type NamedFleet, type Service } from '../model/fleet.ts';
import { isOptedOut, waveOf } from '../model/tags.ts';
import type { Evidence, EvidenceByService } from './evidence.ts';
import { type Policy, verdictOn } from './verdict.ts';
import { type EarlierLooks, inWaves, isToBeRedeployed, type Judged } from './waves.ts';

/** A decision with what it was made from, so that it can be made again when the service has been looked at again. */
export type Planned = {
  readonly decision: Decision;
  readonly service: Service;
  /** Each subject with its own verdict; the decision is the strongest of them. */
  readonly judged: readonly Judged[];
  readonly evidence: Evidence;
};

export type Plan = {
  /** Redeploys that were carried out before everything had been read. */
  readonly done: readonly Result[];
  /** Redeploys, in the order in which they are to be done. */
  readonly redeploys: readonly Planned[];
  /** Matched services that are left alone, for now or altogether. */
  readonly others: readonly Planned[];
  /** Services of which nothing is known but that they may be concerned. */
  readonly unmatched: readonly Decision[];
};

/** Everything that has been read, and the rules to decide by. */
export type Basis = {
  readonly fleet: Fleet & Partial<Pick<NamedFleet, 'outOfScope'>>;
  readonly subjects: readonly Subject[];
  readonly matches: readonly Match[];
  readonly evidence: EvidenceByService;
  readonly policy: Policy;
  readonly earlier: EarlierLooks;
  /** Milliseconds. */
  readonly now: number;
};

const NOTHING_ASKED: Evidence = {};

/**
 * One decision for every service that refers to one of the subjects and for every one that cannot be read, in a fixed
 * order: earlier waves first, then by ARN, then by cluster.
 */
export function makePlan(basis: Basis): Plan {
  const judged = inWaves(capped(judgedAll(basis), basis.policy), basis.earlier);
  const verdicts = new Map(judged.map((one) => [one.match, one]));
  const planned = [...byService(basis.matches).values()].flatMap((ofService): readonly Planned[] => {
    const [{ service }] = ofService;
    const ofThis = ofService.flatMap((one) => verdicts.get(one) ?? []);
    const decision = decide(ofThis, basis.policy);
    const evidence = basis.evidence.get(service.key) ?? NOTHING_ASKED;
    return decision === undefined ? [] : [{ decision, service, judged: ofThis, evidence }];
  });
  const ordered = planned.toSorted((a, b) => byWaveAndArn(a.decision, b.decision));
  return {
    done: [],
    redeploys: ordered.filter(({ decision }) => decision.action === 'redeploy'),
    others: ordered.filter(({ decision }) => decision.action !== 'redeploy'),
    unmatched: [...unreadable(basis, planned), ...outOfScope(basis)].toSorted(byWaveAndArn),
  };
}

/** The same decision again, about the service as it is now; undefined if nothing is left to decide. */
export function decideAgain({ judged, evidence }: Planned, service: Service, policy: Policy, now: number) {
  const renewed = judged.flatMap(({ match }) => judge({ ...match, service }, evidence, policy, now));
  return decide(renewed, policy);
}

/** Whether all that was decided upon here had been looked at before. */
export function isLaterLook({ judged }: Planned): boolean {
  return judged.every(({ match }) => match.following !== undefined);
}

/** The instant that every change of a planned redeploy is older than. */
export function youngestChange({ judged }: Planned): number {
  return Math.max(...judged.map(({ match: { subject } }) => ('notice' in subject ? 0 : subject.changedAt)));
}

/** What is to be done about the service for this one of its changes; there may be thousands, each asking in its turn. */
export function verdictsFor(planned: Planned, changeId: string): readonly Verdict[] {
  const byChange = VERDICTS.get(planned) ?? verdictsByChange(planned);
  VERDICTS.set(planned, byChange);
  return byChange.get(changeId) ?? [];
}

const VERDICTS = new WeakMap<Planned, ReadonlyMap<string, readonly Verdict[]>>();

function verdictsByChange({ judged }: Planned): ReadonlyMap<string, readonly Verdict[]> {
  const byChange = new Map<string, Verdict[]>();
  for (const { match, verdict } of judged) {
    const { changeId } = match.subject;
    byChange.set(changeId, [...(byChange.get(changeId) ?? []), verdict]);
  }
  return byChange;
}

function judgedAll({ matches, evidence, policy, now }: Basis): readonly Judged[] {
  return matches.flatMap((match) =>
    judge(match, evidence.get(match.service.key) ?? NOTHING_ASKED, policy, now),
  );
}

function judge(match: Match, evidence: Evidence, policy: Policy, now: number): readonly Judged[] {
  const verdict = verdictOn(match, evidence, policy, now);
  return verdict === undefined ? [] : [{ match, verdict }];
}

/** Counted over all services and waves before any is redeployed; services named by hand are never too many. */
function capped(judged: readonly Judged[], { maxServices }: Policy): readonly Judged[] {
  if (maxServices === 0) return judged;
  const stale = new Map<string, Set<ServiceKey>>();
  for (const { match, verdict } of judged) {
    const isStale = isToBeRedeployed(verdict) || verdict.reason === 'cannot-replace';
    if (!isStale || match.subject.kind === 'service' || match.following !== undefined) continue;
    const { changeId } = match.subject;
    stale.set(changeId, (stale.get(changeId) ?? new Set()).add(match.service.key));
  }
  return judged.map(({ match, verdict }) => {
    const tooMany = (stale.get(match.subject.changeId)?.size ?? 0) > maxServices;
    return { match, verdict: tooMany && isToBeRedeployed(verdict) ? skip('over-cap') : verdict };
  });
}

function decide(judged: readonly Judged[], policy: Policy): Decision | undefined {
  const verdict = strongest(judged.map((one) => one.verdict));
  const [first] = judged;
  if (verdict === undefined || first === undefined) return undefined;
  const { service } = first.match;
  // What is skipped for one change is skipped for all: whoever wanted more is told so, too.
  const concerned = judged
    .filter((one) => one.verdict.reason === verdict.reason || isOverruled(one.verdict, verdict))
    .map((one) => one.match);
  const byHand = concerned.some(({ subject }) => subject.kind === 'service');
  return {
    ...withoutUntil(verdict),
    service: service.arn,
    cluster: service.cluster.name,
    changeIds: [...new Set(concerned.map(({ subject }) => subject.changeId))],
    wave: waveOf(service),
    references: reported(concerned, verdict),
    ...(byHand && isOptedOut(service, policy.select) && { optedOut: true }),
  };
}

function isOverruled(own: Verdict, together: Verdict): boolean {
  return together.action === 'skip' && own.action !== 'skip';
}

function withoutUntil(verdict: Verdict) {
  return verdict.action === 'wait' ? ({ action: 'wait', reason: verdict.reason } as const) : verdict;
}

/**
 * Several changes, one decision. A task that refers to something gone cannot start, and a service whose turn has not come
 * would start with what an earlier wave has not proved yet, whatever else demands it; apart from that, what one change
 * demands no other one takes away. Of several reasons to wait the one that a redeploy is held up by is told, and of several
 * reasons to leave a service alone the one that somebody should look at.
 */
export function strongest(verdicts: readonly Verdict[]): Verdict | undefined {
  return verdicts.toSorted((a, b) => BY_STRENGTH.indexOf(b.reason) - BY_STRENGTH.indexOf(a.reason))[0];
}

/** From what needs no attention to what nothing prevails against; null is a redeploy. */
const BY_STRENGTH: readonly Verdict['reason'][] = [
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
  'rolling-out',
  'cooldown',
  'too-often',
  'deployment-in-progress',
  null,
  'earlier-wave',
  'earlier-wave-failed',
  'secret-gone',
];

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

/** Services of the same name in two clusters may share an ARN, in its old form. */
function byWaveAndArn(a: Decision, b: Decision): number {
  return a.wave - b.wave || inOrder(a.service, b.service) || inOrder(a.cluster, b.cluster);
}

function inOrder(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
