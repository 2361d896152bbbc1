import { type Attempt, earlierLooks } from '../../core/follow-up/follow-up.ts';
import type { Seen } from '../../core/follow-up/progress.ts';
import type { OpenScan } from '../../core/follow-up/trigger.ts';
import type { Match } from '../../core/match/match.ts';
import { type Change, type Notice, type Subject, subjectsOf } from '../../core/model/change.ts';
import type { Fleet, NamedFleet } from '../../core/model/fleet.ts';
import type { EarlyWork } from '../../core/plan/early.ts';
import type { EvidenceByService } from '../../core/plan/evidence.ts';
import type { PlanInput } from '../../core/plan/plan.ts';
import type { Policy } from '../../core/plan/policy.ts';

/** What ECS shows now of the services that the changes concern, beside those changes. */
export type Observed = {
  /** Every change that is decided about now: attempt 0 of those for which the fleet was scanned, a later one of the others. */
  readonly attempts: readonly Attempt[];
  readonly notices: readonly Notice[];
  readonly fleet: Fleet & Partial<Pick<NamedFleet, 'outOfScope'>>;
  readonly matches: readonly Match[];
  /** Which services the follow-ups are about. */
  readonly seen: Seen;
  /** What was redeployed before everything had been read. */
  readonly early: EarlyWork;
  /** Changes for which the fleet could be read in part only, or not yet: nothing more is decided about them now. */
  readonly postponed: readonly Postponed[];
};

/** A scan that a later invocation goes on with, from `notBefore` (milliseconds) on: 0 where it may do so at once. */
export type Postponed = OpenScan & { readonly notBefore: number };

/** The changes that are looked at for the first time. */
export function newChanges({ attempts }: Pick<Observed, 'attempts'>): readonly Change[] {
  return attempts.filter(({ hop }) => hop === 0).flatMap(({ changes }) => changes);
}

export function newSubjects(observed: Pick<Observed, 'attempts' | 'notices'>): readonly Subject[] {
  return subjectsOf({ changes: newChanges(observed), notices: observed.notices });
}

/** What a plan is made from. */
export function planInput(
  observed: Observed,
  evidence: EvidenceByService,
  policy: Policy,
  now: number,
): PlanInput {
  const { fleet, matches, attempts, seen } = observed;
  const earlier = earlierLooks(attempts, seen.refused);
  return { fleet, subjects: newSubjects(observed), matches, evidence, policy, earlier, now };
}
