import type { Verdict } from '../model/decision.ts';

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
