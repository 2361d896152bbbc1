import { unconfirmed } from '../confirm/unconfirmed.ts';
import { SubjectIndex } from '../match/subject-index.ts';
import { about, type Change, SWEEP, subjectsOf } from '../model/change.ts';
import type { Fleet } from '../model/fleet.ts';
import type { Heard } from '../read/heard.ts';
import type { Referenced } from './referenced.ts';
import type { SweptService } from './sweep.ts';

/** The last change of each secret that an event told of, as a change of this sweep. */
export function changesHeard(heard: readonly Heard[], sweepId: string): readonly Change[] {
  return heard.map(({ arn, at, ...moved }) =>
    unconfirmed(arn, at, { changeId: `${sweepId}:${arn}`, source: SWEEP }, moved),
  );
}

/** Which of these changes are of secrets that these references name. */
export function changesNamed(
  changes: readonly Change[],
  referenced: readonly Referenced[],
  fleet: Fleet,
): ReadonlyMap<Referenced, readonly Change[]> {
  const index = new SubjectIndex(subjectsOf({ changes, notices: [] }), fleet);
  const named = referenced.map((one) => {
    const subjects = index.namedBy(one.target, one.reference).map(({ subject }) => about(subject));
    return [one, changes.filter((change) => subjects.includes(change))] as const;
  });
  return new Map(named.filter(([, found]) => found.length > 0));
}

/**
 * Whether a service is fresh for nothing but changes that an event alone told of: another event may have been lost, so
 * nothing says that it is fresh.
 */
export function isFreshByHearsay({ decision, planned }: SweptService): boolean {
  const isHearsay = ({ match: { subject } }: (typeof planned.verdicts)[number]) =>
    subject.kind === 'change' && subject.change.confirmed === false;
  return decision.reason === 'already-fresh' && planned.verdicts.every(isHearsay);
}
