import { isByTagAlone, isInDoubt, type Match } from '../match/match.ts';
import { about } from '../model/change.ts';
import { skip, type Verdict, wait } from '../model/decision.ts';
import { waveOf } from '../model/tags.ts';
import { isToBeRedeployed } from './precedence.ts';
import type { MatchVerdict } from './verdict.ts';

/** What earlier looks know about waves, beyond the verdicts of this one. */
export type EarlierLooks = {
  /** For each change, the earliest wave in which a redeploy failed. */
  readonly failed: ReadonlyMap<string, number>;
  /** Changes for which something could not be read: its wave is unknown, and it counts as wave 0. */
  readonly unseen: ReadonlySet<string>;
  /** Changes whose time limit is over: what may refer to them but cannot be read holds no wave back any more. */
  readonly overdue: ReadonlySet<string>;
};

export const NOTHING_EARLIER: EarlierLooks = { failed: new Map(), unseen: new Set(), overdue: new Set() };

/** The earliest of these waves; null if there is none. */
export function earliestWave(...waves: readonly (number | null)[]): number | null {
  const earliest = Math.min(...waves.map((wave) => wave ?? Infinity));
  return Number.isFinite(earliest) ? earliest : null;
}

/**
 * Holds later waves back until every service of the earlier waves that needs a redeploy is fresh, and for good if one
 * of those failed. A skipped service does not hold up later waves.
 */
export function inWaves(
  judged: readonly MatchVerdict[],
  { failed: failedBefore, unseen, overdue }: EarlierLooks,
): readonly MatchVerdict[] {
  const waves = new Map<string, { open: number; failed: number }>();
  for (const { match, verdict } of judged) {
    const { changeId } = about(match.subject);
    const known = waves.get(changeId) ?? {
      open: unseen.has(changeId) ? 0 : Infinity,
      failed: failedBefore.get(changeId) ?? Infinity,
    };
    waves.set(changeId, known);
    if (isByTagAlone(match)) continue;
    const { open = Infinity, failed = Infinity } = holds(match, verdict, overdue.has(changeId));
    known.open = Math.min(known.open, open);
    known.failed = Math.min(known.failed, failed);
  }
  return judged.map(({ match, verdict }) => {
    const { open = Infinity, failed = Infinity } = waves.get(about(match.subject).changeId) ?? {};
    const wave = waveOf(match.service);
    if (!isToBeRedeployed(verdict)) return { match, verdict };
    if (failed < wave) return { match, verdict: skip('earlier-wave-failed') };
    return { match, verdict: open < wave ? wait('earlier-wave') : verdict };
  });
}

/** The wave after which a service holds the others back, as long as it is `open` or for good because it `failed`. */
function holds(
  match: Match,
  verdict: Verdict,
  overdue: boolean,
): { readonly open?: number; readonly failed?: number } {
  const wave = waveOf(match.service);
  // A service that is looked at again at a known instant has been read, and its wave is known.
  if (verdict.reason === 'unreadable' && verdict.until === undefined) {
    if (!overdue) return { open: 0 };
    return isInDoubt(match) ? {} : { failed: 0 };
  }
  if (verdict.reason === 'rollout-failed') return { failed: wave };
  // A deployment in progress that is older than the change proves nothing about the new value.
  const isProved = verdict.reason === 'rolling-out' && verdict.rollout?.opensWaves === true;
  return verdict.action === 'skip' || isProved ? {} : { open: wave };
}
