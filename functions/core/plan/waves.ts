import { about } from '../model/change.ts';
import { skip, wait } from '../model/decision.ts';
import { waveOf } from '../model/tags.ts';
import { isToBeRedeployed } from './precedence.ts';
import type { MatchVerdict } from './verdict.ts';

/** What earlier looks know about waves, beyond the verdicts of this one. */
export type EarlierLooks = {
  /** For each change, the earliest wave in which a redeploy failed. */
  readonly failed: ReadonlyMap<string, number>;
  /** Changes that wait for a service that ECS does not describe at present: the wave of that service is unknown. */
  readonly unseen: ReadonlySet<string>;
};

export const NOTHING_EARLIER: EarlierLooks = { failed: new Map(), unseen: new Set() };

/**
 * Holds later waves back until every service of the earlier waves that needs a redeploy is fresh, and for good if one
 * of those failed. A skipped service does not hold up later waves.
 */
export function inWaves(
  judged: readonly MatchVerdict[],
  { failed: failedBefore, unseen }: EarlierLooks,
): readonly MatchVerdict[] {
  const waves = new Map<string, { open: number; failed: number }>();
  for (const { match, verdict } of judged) {
    const { changeId } = about(match.subject);
    const wave = waveOf(match.service);
    const known = waves.get(changeId) ?? {
      open: unseen.has(changeId) ? -1 : Infinity,
      failed: failedBefore.get(changeId) ?? Infinity,
    };
    if (verdict.action !== 'skip') known.open = Math.min(known.open, wave);
    if (verdict.reason === 'rollout-failed') known.failed = Math.min(known.failed, wave);
    waves.set(changeId, known);
  }
  return judged.map(({ match, verdict }) => {
    const { open = Infinity, failed = Infinity } = waves.get(about(match.subject).changeId) ?? {};
    const wave = waveOf(match.service);
    if (!isToBeRedeployed(verdict)) return { match, verdict };
    if (failed < wave) return { match, verdict: skip('earlier-wave-failed') };
    return { match, verdict: open < wave ? wait('earlier-wave') : verdict };
  });
}
