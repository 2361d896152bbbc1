import { type Attempt, countedBefore, earlierLooks, type Sight } from '../../core/follow-up/follow-up.ts';
import type { Seen } from '../../core/follow-up/progress.ts';
import type { OpenScan } from '../../core/follow-up/trigger.ts';
import type { Match } from '../../core/match/match.ts';
import { type Change, type Notice, type Subject, subjectsOf } from '../../core/model/change.ts';
import type { Fleet, NamedFleet } from '../../core/model/fleet.ts';
import type { EarlyWork } from '../../core/plan/early.ts';
import type { EvidenceByService } from '../../core/plan/evidence.ts';
import type { PlanInput } from '../../core/plan/plan.ts';
import type { Policy } from '../../core/plan/policy.ts';

/** The changes to decide about, and what ECS shows now of the services that they concern. */
export type Observed = {
  /** Every change that is decided now: attempt 0 if the fleet was scanned for the change, a later attempt otherwise. */
  readonly attempts: readonly Attempt[];
  readonly notices: readonly Notice[];
  readonly fleet: Fleet & Partial<Pick<NamedFleet, 'outOfScope'>>;
  /** Of the fleet and of the services of the follow-ups. */
  readonly revisions: Fleet['revisions'];
  readonly matches: readonly Match[];
  /** Which services of the follow-ups ECS described, and which it refused to describe. */
  readonly seen: Seen;
  /** For each of the attempts, what could not be read of it. */
  readonly sights: readonly Sight<Attempt>[];
  /** What was redeployed before the whole fleet was read. */
  readonly early: EarlyWork;
  /** Changes for which the fleet could be read only in part, or not yet; nothing more is decided about them now. */
  readonly postponed: readonly Postponed[];
};

/** A scan that a later invocation continues, not before `notBefore` (milliseconds since the epoch; 0: at once). */
export type Postponed = OpenScan & { readonly notBefore: number };

/** The changes that are looked at for the first time. */
export function newChanges({ attempts }: Pick<Observed, 'attempts'>): readonly Change[] {
  return attempts.filter(({ hop }) => hop === 0).flatMap(({ changes }) => changes);
}

export function newSubjects(observed: Pick<Observed, 'attempts' | 'notices'>): readonly Subject[] {
  return subjectsOf({ changes: newChanges(observed), notices: observed.notices });
}

/** The input of the plan. */
export function planInput(
  observed: Observed,
  evidence: EvidenceByService,
  policy: Policy,
  now: number,
): PlanInput {
  const { fleet, matches, sights } = observed;
  const before = { earlier: earlierLooks(sights), counted: countedBefore(sights) };
  return { fleet, subjects: newSubjects(observed), matches, evidence, policy, ...before, now };
}
