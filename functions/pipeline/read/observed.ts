import type { FollowUp } from '../../core/follow-up/follow-up.ts';
import type { Seen } from '../../core/follow-up/progress.ts';
import type { Match } from '../../core/match/match.ts';
import type { Change, Notice, Subject } from '../../core/model/change.ts';
import type { Fleet, NamedFleet } from '../../core/model/fleet.ts';
import type { Result } from '../../core/plan/planned.ts';
import type { EarlierLooks } from '../../core/plan/waves.ts';
import type { Postponed, StartedEarly } from '../../core/read/scan.ts';

/** What a plan is made from: the fleet, and all that it is to be held against. */
export type Observed = {
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  /** Changes and notices that are looked at for the first time. */
  readonly subjects: readonly Subject[];
  readonly fleet: Fleet & Partial<Pick<NamedFleet, 'outOfScope'>>;
  readonly matches: readonly Match[];
  readonly followUps: readonly FollowUp[];
  readonly earlier: EarlierLooks;
  readonly seen: Seen;
  /** What has been redeployed already, for these changes. */
  readonly early: readonly Result[];
  readonly started: readonly StartedEarly[];
  /** Changes for which the fleet could be read in part only, or not yet: nothing more is decided about them now. */
  readonly postponed: readonly Postponed[];
  /** Changes whose message has come back before. */
  readonly again: ReadonlySet<string>;
  /** By change, if that was not now. */
  readonly firstHandledAt: ReadonlyMap<string, number>;
};
