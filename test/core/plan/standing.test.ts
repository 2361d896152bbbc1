import { describe, expect, test } from 'vitest';
import { type Match, match } from '../../../functions/core/match/match.ts';
import type { Change, Notice } from '../../../functions/core/model/change.ts';
import { redeploy, type Verdict, wait } from '../../../functions/core/model/decision.ts';
import type { Plan, Planned } from '../../../functions/core/plan/planned.ts';
import { asTheyStand, recalledIn, standingKey } from '../../../functions/core/plan/standing.ts';
import { asSubject, CHANGED_AT, change, fleet, notice, service } from '../../support/build.ts';

function matchOf(one: Change | Notice, following?: Match['following']): Match {
  const [only] = match(fleet([service()]), [asSubject(one)], 'ignore');
  if (only === undefined) throw new Error('expected the service to match, found no match');
  return following === undefined ? only : { ...only, following };
}

/** A plan that redeploys one service because of these. */
function planOf(...verdicts: readonly (readonly [Match, Verdict])[]): Plan {
  const judged = verdicts.map(([one, verdict]) => ({ match: one, verdict }));
  return { redeploys: [{ verdicts: judged } as unknown as Planned], others: [], unmatched: [] };
}

describe('a change is asked about again before a redeploy', () => {
  const later = change({ changeId: 'change-2', changedAt: CHANGED_AT + 1 });

  test('once for each resource and instant, if an earlier look has opened the service', () => {
    const followed = matchOf(change(), 'followed');
    const again = matchOf(change({ changeId: 'other' }), 'waiting');
    const plan = planOf([followed, redeploy], [again, redeploy], [matchOf(later, 'followed'), redeploy]);
    expect(recalledIn(plan)).toEqual([change({ changeId: 'other' }), later]);
  });

  test.each<[string, Match, Verdict]>([
    ['it was confirmed in this look', matchOf(change()), redeploy],
    [
      'the service waits as far as the change is concerned',
      matchOf(change(), 'followed'),
      wait('rolling-out'),
    ],
    ['it is a notice', matchOf(notice({ at: CHANGED_AT }), 'followed'), redeploy],
  ])('unless %s', (_, one, verdict) => {
    expect(recalledIn(planOf([one, verdict]))).toEqual([]);
  });
});

describe('a match', () => {
  const matches = [matchOf(change(), 'followed'), matchOf(notice({ at: CHANGED_AT }))];

  test('is about the change as it stands now, and a notice stays as it is', () => {
    const standings = new Map([[standingKey(change()), { optedOut: true, gone: 'whole' as const }]]);
    expect(asTheyStand(matches, standings)).toEqual([
      { ...matches[0], subject: asSubject(change({ optedOut: true, gone: 'whole' })) },
      matches[1],
    ]);
  });

  test('stays as it is if nothing is known of its resource at that instant', () => {
    const other = new Map([[standingKey(change({ changedAt: CHANGED_AT + 1 })), { optedOut: true }]]);
    for (const [i, one] of asTheyStand(matches, other).entries()) expect(one).toBe(matches[i]);
    expect(asTheyStand(matches, new Map())).toBe(matches);
  });
});
