import type { Match } from '../match/match.ts';
import { type Change, isGone, type Notice } from '../model/change.ts';
import { redeploy, skip, type Verdict } from '../model/decision.ts';
import { isOptedOut } from '../model/tags.ts';
import type { Evidence } from './evidence.ts';
import type { Policy } from './policy.ts';
import { candidateOf, RULES, type Rule } from './rules.ts';

/**
 * What is done about one service for one subject: the verdict of the first rule that applies. A notice leads to
 * `secret-gone` or, for an opted-out service, `opted-out`. If it endangers no task, there is no verdict.
 */
export function verdictOn(
  match: Match,
  evidence: Evidence,
  policy: Policy,
  now: number,
): Verdict | undefined {
  const { subject } = match;
  return subject.kind === 'notice'
    ? verdictOnNotice(subject.notice, match, policy)
    : verdictOnChange(match, subject.change, evidence, policy, now);
}

/** There is always one on a change. */
export function verdictOnChange(
  match: Match,
  change: Change,
  evidence: Evidence,
  policy: Policy,
  now: number,
): Verdict {
  const candidate = candidateOf(match, change, evidence, policy, now);
  for (const rule of RULES) {
    const verdict = rule.verdict(candidate);
    if (verdict !== undefined) return verdict;
  }
  return redeploy;
}

/** What each rule says about a service, in the order of the rules: the first verdict counts. */
export function explain(
  match: Match,
  evidence: Evidence,
  policy: Policy,
  now: number,
): readonly { readonly rule: Rule; readonly verdict: Verdict | undefined }[] {
  const { subject } = match;
  if (subject.kind === 'notice') return [];
  const candidate = candidateOf(match, subject.change, evidence, policy, now);
  return RULES.map((rule) => ({ rule, verdict: rule.verdict(candidate) }));
}

/**
 * If only older deployments refer to the resource that is gone, new tasks can start, and there is no verdict. Nor is there
 * one from a guess.
 */
function verdictOnNotice(notice: Notice, { service, hits }: Match, policy: Policy): Verdict | undefined {
  if (!isGone(notice) || !hits.some(({ inPrimary, guess }) => inPrimary && guess === undefined))
    return undefined;
  return skip(isOptedOut(service, policy.select) ? 'opted-out' : 'secret-gone');
}

/** What is done about one service for one subject. */
export type MatchVerdict = { readonly match: Match; readonly verdict: Verdict };
