import { byService, type Match, reportedReference } from '../match/match.ts';
import type { ServiceArn } from '../model/arn.ts';
import { about, type Subject } from '../model/change.ts';
import { type Decision, type ReportedReference, skip, type Verdict } from '../model/decision.ts';
import type { Fleet, NamedFleet, Service } from '../model/fleet.ts';
import { selects } from '../model/glob.ts';
import { grouped } from '../model/lists.ts';
import { shownRollout } from '../model/rollout.ts';
import { isOptedOut, waveOf } from '../model/tags.ts';
import { capped } from './cap.ts';
import type { Evidence, EvidenceByService } from './evidence.ts';
import { interrupts } from './interruption.ts';
import {
  accessFor,
  besideObstacles,
  type Obstacles,
  type ObstaclesByService,
  shownFor,
} from './obstacles.ts';
import type { Plan, Planned } from './planned.ts';
import type { Policy } from './policy.ts';
import { isToBeRedeployed, strongest } from './precedence.ts';
import { type MatchVerdict, verdictOn } from './verdict.ts';
import { type EarlierLooks, inWaves } from './waves.ts';

/** Everything that has been read, and the policy for the decisions. */
export type PlanInput = {
  readonly fleet: Fleet & Partial<Pick<NamedFleet, 'outOfScope'>>;
  readonly subjects: readonly Subject[];
  readonly matches: readonly Match[];
  readonly evidence: EvidenceByService;
  readonly policy: Policy;
  readonly earlier: EarlierLooks;
  /** For each change, how many services earlier looks have counted towards the cap. */
  readonly counted?: ReadonlyMap<string, number>;
  /** What stands against redeploys that an earlier plan of the same input contains. */
  readonly obstacles?: ObstaclesByService;
  /** Milliseconds. */
  readonly now: number;
};

const NOTHING_ASKED: Evidence = {};
const NO_OBSTACLES: ObstaclesByService = new Map();

/**
 * One decision for every service that refers to one of the subjects, and for every service that cannot be read. Their
 * order is fixed: earlier waves first, then by ARN, then by cluster.
 */
export function makePlan(basis: PlanInput): Plan {
  const inScope = judgeAll(basis).map((one) => scoped(one, basis.policy));
  const { obstacles: against = NO_OBSTACLES } = basis;
  const judged = inWaves(
    besideObstacles(capped(inScope, basis.policy, basis.counted), against),
    basis.earlier,
  );
  const verdicts = new Map(judged.map((one) => [one.match, one]));
  const planned = [...byService(basis.matches).values()].flatMap((ofService): readonly Planned[] => {
    const [{ service }] = ofService;
    const ofThis = ofService.flatMap((one) => verdicts.get(one) ?? []);
    const obstacles = against.get(service.key);
    const decision = decisionFor(ofThis, basis.policy, basis.now, obstacles);
    const evidence = basis.evidence.get(service.key) ?? NOTHING_ASKED;
    return decision === undefined
      ? []
      : [{ decision, service, verdicts: ofThis, evidence, ...(obstacles && { obstacles }) }];
  });
  const ordered = planned.toSorted((a, b) => byWaveAndArn(a.decision, b.decision));
  return {
    redeploys: ordered.filter(({ decision }) => decision.action === 'redeploy'),
    others: ordered.filter(({ decision }) => decision.action !== 'redeploy'),
    unmatched: [...unreadable(basis), ...outOfScope(basis)].toSorted(byWaveAndArn),
  };
}

/** Makes the same decision again for the service as it is now; undefined if nothing is left to decide. */
export function redecide(
  { verdicts, evidence, obstacles }: Planned,
  service: Service,
  policy: Policy,
  now: number,
): Decision | undefined {
  const renewed = verdicts.flatMap(({ match }) => judge({ ...match, service }, evidence, policy, now));
  return decisionFor(renewed, policy, now, obstacles);
}

/** The verdicts on the service for one of its changes. There may be thousands of changes, and each asks in turn. */
export function verdictsFor(planned: Planned, changeId: string): readonly Verdict[] {
  const byChange = VERDICTS.get(planned) ?? verdictsByChange(planned);
  VERDICTS.set(planned, byChange);
  return byChange.get(changeId)?.map(({ verdict }) => verdict) ?? [];
}

/**
 * Why a service is skipped for those changes of a first look of which the decision says nothing, because it is made for
 * a stronger one: one decision for each reason. That no task is stale for a change goes without saying.
 */
export function skipsBeside(planned: Planned): readonly Decision[] {
  const { service, cluster, wave, changeIds } = planned.decision;
  const told = new Set(changeIds);
  const untold = planned.verdicts.filter(
    ({ match }) => match.following === undefined && !told.has(about(match.subject).changeId),
  );
  const byChange = grouped(untold, ({ match }) => about(match.subject).changeId);
  const skips = [...byChange].flatMap(([changeId, ofChange]) => {
    const own = strongest(ofChange.map(({ verdict }) => verdict));
    return own?.action === 'skip' && own.reason !== 'already-fresh' ? [{ changeId, ofChange, own }] : [];
  });
  return [...grouped(skips, ({ own }) => own.reason).values()].map((alike) => {
    const [{ own }] = alike;
    const matches = alike.flatMap(({ ofChange }) => ofChange.map(({ match }) => match));
    const ids = alike.map(({ changeId }) => changeId);
    return { ...own, service, cluster, wave, changeIds: ids, references: reported(matches, own) };
  });
}

const VERDICTS = new WeakMap<Planned, ReturnType<typeof verdictsByChange>>();

function verdictsByChange({ verdicts }: Planned): ReadonlyMap<string, readonly MatchVerdict[]> {
  return grouped(verdicts, ({ match }) => about(match.subject).changeId);
}

function judgeAll({ matches, evidence, policy, now }: PlanInput): readonly MatchVerdict[] {
  return matches.flatMap((match) =>
    judge(match, evidence.get(match.service.key) ?? NOTHING_ASKED, policy, now),
  );
}

function judge(match: Match, evidence: Evidence, policy: Policy, now: number): readonly MatchVerdict[] {
  const verdict = verdictOn(match, evidence, policy, now);
  return verdict === undefined ? [] : [{ match, verdict }];
}

/** The configuration may have been narrowed since the change was looked at first. */
function scoped({ match, verdict }: MatchVerdict, { clusters }: Policy): MatchVerdict {
  const isOut = isToBeRedeployed(verdict) && !selects(clusters, match.service.cluster.name);
  return { match, verdict: isOut ? skip('out-of-scope') : verdict };
}

function decisionFor(
  judged: readonly MatchVerdict[],
  policy: Policy,
  now: number,
  against: Obstacles | undefined,
): Decision | undefined {
  const verdict = strongest(judged.map((one) => one.verdict));
  const [first] = judged;
  if (verdict === undefined || first === undefined) return undefined;
  const { service } = first.match;
  // A service that is skipped for one change is skipped for all: the decision also names the changes it overrules.
  const concerned = judged
    .filter((one) => one.verdict.reason === verdict.reason || isOverruled(one.verdict, verdict))
    .map((one) => one.match);
  const deployment = verdict.action === 'wait' ? shownRollout(verdict.rollout, now, now) : undefined;
  const obstacles = shownFor(verdict, against);
  const access = accessFor(verdict, against);
  const byHand = concerned.some(({ subject }) => about(subject).kind === 'service');
  return {
    ...withoutUntil(verdict),
    service: service.arn,
    cluster: service.cluster.name,
    changeIds: [...new Set(concerned.map(({ subject }) => about(subject).changeId))],
    wave: waveOf(service),
    references: reported(concerned, verdict),
    ...(deployment && { deployment }),
    ...(byHand && isOptedOut(service, policy.select) && { optedOut: true }),
    ...(obstacles.length > 0 && { obstacles }),
    ...(access !== undefined && { access }),
    ...(isToBeRedeployed(verdict) && interrupts(service) && { interrupts: true }),
  };
}

function isOverruled(own: Verdict, together: Verdict): boolean {
  return together.action === 'skip' && own.action !== 'skip';
}

function withoutUntil(verdict: Verdict) {
  return verdict.action === 'wait' ? ({ action: 'wait', reason: verdict.reason } as const) : verdict;
}

function reported(matches: readonly Match[], { action }: Verdict): readonly ReportedReference[] {
  const hits = matches.flatMap((match) => match.hits);
  const shown = action === 'redeploy' ? hits.filter(({ effect }) => effect === 'moves') : hits;
  return [...new Map(shown.map((hit) => [hit.reference, reportedReference(hit)])).values()];
}

/** A service that ECS does not describe may refer to any change: it gets a decision instead of being left out. */
function unreadable({ fleet, subjects }: PlanInput): readonly Decision[] {
  const refused = fleet.unreadable.map(
    ({ service, cluster }): Decision => ({
      action: 'wait',
      reason: 'unreadable',
      service,
      cluster,
      wave: 0,
      changeIds: concerning(service, subjects),
      references: [],
    }),
  );
  return refused.filter(({ changeIds }) => changeIds.length > 0);
}

/** Such a service is concerned by every change, except other services that were named by hand. */
function concerning(service: ServiceArn, subjects: readonly Subject[]): readonly string[] {
  const changes = subjects.flatMap((subject) => (subject.kind === 'change' ? [subject.change] : []));
  const concerned = changes.filter(({ kind, arn }) => (kind === 'service' ? arn === service : true));
  return [...new Set(concerned.map(({ changeId }) => changeId))];
}

/** Services that were named by hand in a cluster that is not selected: they are not read. */
function outOfScope({ fleet, subjects }: PlanInput): readonly Decision[] {
  return (fleet.outOfScope ?? []).map(({ service, cluster }) => {
    const named = subjects.map(about).filter(({ arn }) => arn === service);
    return {
      ...skip('out-of-scope'),
      service,
      cluster,
      wave: 0,
      changeIds: [...new Set(named.map(({ changeId }) => changeId))],
      references: [],
    };
  });
}

/** Services of the same name in two clusters may share an ARN in its old form, so the cluster decides last. */
function byWaveAndArn(a: Decision, b: Decision): number {
  return a.wave - b.wave || inOrder(a.service, b.service) || inOrder(a.cluster, b.cluster);
}

function inOrder(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
