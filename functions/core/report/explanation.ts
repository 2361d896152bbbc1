import type { ServiceArn } from '../model/arn.ts';
import { about, type Change } from '../model/change.ts';
import type { Decision, SkipReason, Verdict, WaitReason } from '../model/decision.ts';
import { waveOf } from '../model/tags.ts';
import type { Plan, Planned } from '../plan/planned.ts';
import type { Policy } from '../plan/policy.ts';
import { isToBeRedeployed } from '../plan/precedence.ts';
import { candidateOf } from '../plan/rules.ts';
import { explain, type MatchVerdict } from '../plan/verdict.ts';
import { ages, factFor, instant } from './facts.ts';

/** Why a service is redeployed, kept waiting or left alone: every rule with the fact that it looked at. */
export type Explanation = {
  readonly service: ServiceArn;
  readonly cluster: string;
  /** Null if nothing is to be decided about the service. */
  readonly decision: Decision | null;
  /** The fact that decides. */
  readonly because: string;
  readonly subjects: readonly ExplainedSubject[];
};

/** One change or notice, and what each rule says about the service for it; the first rule that applies decides. */
export type ExplainedSubject = {
  readonly arn: string;
  readonly kind: Change['kind'];
  readonly at: string;
  readonly verdict: Pick<Verdict, 'action' | 'reason'>;
  readonly rules: readonly ExplainedRule[];
};

export type ExplainedRule = {
  /** What the rule may say. */
  readonly reasons: readonly (SkipReason | WaitReason)[];
  /** What it says about this service; null: it does not apply. */
  readonly says: SkipReason | WaitReason | null;
  readonly fact: string;
};

/** What an explanation depends on besides the service: the plan for all services. */
export type Around = { readonly plan: Plan; readonly policy: Policy; readonly now: number };

export function explanationOf(planned: Planned, around: Around): Explanation {
  const { decision, service } = planned;
  const subjects = planned.verdicts.map((judged) => explained(judged, planned, around));
  const [deciding] = subjects.filter(({ verdict }) => verdict.reason === decision.reason);
  return {
    service: service.arn,
    cluster: service.cluster.name,
    decision,
    because: becauseOf(decision, deciding, planned, around),
    subjects,
  };
}

function becauseOf(
  decision: Decision,
  deciding: ExplainedSubject | undefined,
  { verdicts, evidence }: Planned,
  { policy, now }: Around,
): string {
  const rule = deciding?.rules.find(({ says }) => says === decision.reason);
  if (decision.reason !== null) return rule?.fact ?? '';
  const demanding = verdicts.find(({ verdict }) => isToBeRedeployed(verdict));
  if (demanding?.match.subject.kind !== 'change') return '';
  return ages(candidateOf(demanding.match, demanding.match.subject.change, evidence, policy, now));
}

function explained({ match, verdict }: MatchVerdict, planned: Planned, around: Around): ExplainedSubject {
  const { subject } = match;
  const { arn, kind } = about(subject);
  const at = subject.kind === 'change' ? subject.change.changedAt : subject.notice.at;
  const { action, reason } = verdict;
  const rules = subject.kind === 'change' ? rulesFor(match, subject.change, planned, around) : [];
  const noticed =
    subject.kind === 'notice'
      ? [{ reasons: ['secret-gone'], says: 'secret-gone', fact: subject.notice.notice } as const]
      : [];
  const beyond = beyondOne(verdict, planned, around);
  return {
    arn,
    kind,
    at: new Date(at).toISOString(),
    verdict: { action, reason },
    rules: [...noticed, ...rules, ...beyond],
  };
}

function rulesFor(
  match: MatchVerdict['match'],
  change: Change,
  { evidence }: Planned,
  { policy, now }: Around,
): readonly ExplainedRule[] {
  const candidate = candidateOf(match, change, evidence, policy, now);
  return explain(match, evidence, policy, now).map(({ rule, verdict }) => ({
    reasons: rule.reasons,
    says: verdict?.reason ?? null,
    fact: factFor(rule, candidate) + untilOf(verdict),
  }));
}

function untilOf(verdict: Verdict | undefined): string {
  const until = verdict?.action === 'wait' ? verdict.until : undefined;
  return until === undefined ? '' : `, so not before ${instant(until)}`;
}

function accessFact({ access }: Decision, { preflight }: Policy): string {
  if (access === undefined) return `preflight is ${preflight}`;
  return access.findings.length === 0
    ? 'nothing speaks against its execution role reading what it refers to'
    : access.findings.map((finding) => `${finding.arn} ${finding.certainty} ${finding.cause}`).join(', ');
}

/** The rules that look at more than this service, in the order of `REASONS`. */
function beyondOne({ reason }: Verdict, planned: Planned, around: Around): readonly ExplainedRule[] {
  const { policy, plan } = around;
  const wave = waveOf(planned.service);
  const earlier = [...plan.redeploys, ...plan.others].filter(
    ({ decision }) => decision.wave < wave && decision.action !== 'skip',
  );
  const obstacles = (planned.decision.obstacles ?? []).map(({ problem, arn }) => `${arn} ${problem}`);
  const rules: readonly (readonly [ExplainedRule['reasons'], string])[] = [
    [
      ['over-cap'],
      policy.maxServices === 0 ? 'maxServices sets no cap' : `maxServices is ${policy.maxServices}`,
    ],
    [
      ['earlier-wave-failed', 'earlier-wave'],
      `wave ${wave}; services of earlier waves that are not fresh yet: ${earlier.length}`,
    ],
    [['out-of-scope'], `clusters ${policy.clusters.join()}`],
    [['cannot-read'], accessFact(planned.decision, policy)],
    [
      ['reference-gone', 'rotation-unfinished'],
      obstacles.length === 0 ? 'nothing else that the service needs stands against it' : obstacles.join(', '),
    ],
  ];
  return rules.map(([reasons, fact]) => ({
    reasons,
    says: reasons.find((one) => one === reason) ?? null,
    fact,
  }));
}
