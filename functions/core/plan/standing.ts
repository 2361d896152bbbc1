import type { Match } from '../match/match.ts';
import type { Change } from '../model/change.ts';
import type { Plan } from './planned.ts';
import { isToBeRedeployed } from './precedence.ts';

/** What became of a change since an earlier look: the fields in which it is different now. */
export type Standing = Pick<Change, 'optedOut' | 'gone' | 'unsure'>;

/** By the resource of a change and its instant (`standingKey`). */
export type Standings = ReadonlyMap<string, Standing>;

export function standingKey({ arn, changedAt }: Change): string {
  return `${arn} ${changedAt}`;
}

/** The changes of an earlier look for which a service would be redeployed now. */
export function recalledIn({ redeploys }: Plan): readonly Change[] {
  const recalled = redeploys.flatMap(({ verdicts }) =>
    verdicts.flatMap(({ match: { subject, following }, verdict }) =>
      following !== undefined && subject.kind === 'change' && isToBeRedeployed(verdict)
        ? [subject.change]
        : [],
    ),
  );
  return [...new Map(recalled.map((change) => [standingKey(change), change])).values()];
}

/** The matches, with what is different about their changes now. */
export function asTheyStand(matches: readonly Match[], standings: Standings): readonly Match[] {
  if (standings.size === 0) return matches;
  return matches.map((match): Match => {
    const { subject } = match;
    if (subject.kind === 'notice') return match;
    const standing = standings.get(standingKey(subject.change));
    const change = { ...subject.change, ...standing };
    return standing === undefined ? match : { ...match, subject: { kind: 'change', change } };
  });
}
