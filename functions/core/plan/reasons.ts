import type { SkipReason, Verdict, WaitReason } from '../model/decision.ts';

/** What follows from a reason, wherever it occurs. */
type Reason = {
  readonly action: 'skip' | 'wait';
  /** Among several reasons for one service, the strongest is reported. A redeploy has a strength, too. */
  readonly strength: number;
  /** The service may continue to run on the old value. */
  readonly leavesStale?: true;
  /** A person should look: its record is a warning. */
  readonly alarms?: true;
  /** Its record counts in the metric StaleServices. */
  readonly countsAsStale?: true;
  /** The reason follows from the nature of the service or its reference, and not from the time of the change. */
  readonly timeless?: true;
};

/**
 * Every reason, in the order of the rules. What follows from a reason is defined here and derived everywhere else. If a
 * reason is missing here, the code does not compile.
 */
export const REASONS = {
  'opted-out': { action: 'skip', strength: 4, leavesStale: true, timeless: true },
  'secret-gone': { action: 'skip', strength: 24, leavesStale: true, alarms: true },
  unreadable: { action: 'wait', strength: 15, alarms: true },
  'label-not-moved': { action: 'skip', strength: 2, timeless: true },
  pinned: { action: 'skip', strength: 1, timeless: true },
  'pull-only': { action: 'skip', strength: 3, timeless: true },
  'not-active': { action: 'skip', strength: 6, timeless: true },
  'no-tasks': { action: 'skip', strength: 7, timeless: true },
  'unsupported-controller': { action: 'skip', strength: 10, leavesStale: true, alarms: true },
  'rollout-failed': { action: 'skip', strength: 14, alarms: true },
  'already-fresh': { action: 'skip', strength: 8 },
  'rolling-out': { action: 'wait', strength: 16 },
  'deployment-in-progress': { action: 'wait', strength: 19 },
  'cannot-replace': { action: 'skip', strength: 12, leavesStale: true, alarms: true, countsAsStale: true },
  'possibly-stale': { action: 'skip', strength: 9, leavesStale: true },
  cooldown: { action: 'wait', strength: 17 },
  'too-often': { action: 'wait', strength: 18 },
  // Decided together with the other services of the change.
  'over-cap': { action: 'skip', strength: 13, leavesStale: true, alarms: true, countsAsStale: true },
  'earlier-wave-failed': { action: 'skip', strength: 23, leavesStale: true },
  'earlier-wave': { action: 'wait', strength: 22 },
  // Decided by the settings of today, and by what was found in place of the service.
  'out-of-scope': { action: 'skip', strength: 5, leavesStale: true },
  // Decided for what would be redeployed now, by what else the service needs.
  'reference-gone': { action: 'skip', strength: 25, leavesStale: true, alarms: true, countsAsStale: true },
  'cannot-read': { action: 'skip', strength: 26, leavesStale: true, alarms: true, countsAsStale: true },
  'rotation-unfinished': { action: 'wait', strength: 20 },
} satisfies Record<SkipReason, Reason & { action: 'skip' }> & Record<WaitReason, Reason & { action: 'wait' }>;

/**
 * A redeploy that one change requires is overruled only by the reasons that are stronger than this: a task that
 * refers to a resource that is gone cannot start, and a service of a later wave would start with a value that an
 * earlier wave has not proved yet.
 */
const REDEPLOY_STRENGTH = 21;

export function strengthOf({ reason }: Verdict): number {
  return reason === null ? REDEPLOY_STRENGTH : REASONS[reason].strength;
}

/** Whether a reason has this property. A record may have a reason that no verdict has; that one has no property. */
export function reasonHas(
  property: 'leavesStale' | 'alarms' | 'countsAsStale' | 'timeless',
  reason: string | null | undefined,
): boolean {
  const known: Readonly<Record<string, Reason>> = REASONS;
  return known[reason ?? '']?.[property] === true;
}
