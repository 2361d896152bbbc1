import { describe, expect, test } from 'vitest';
import { begin } from '../../../functions/core/follow-up/follow-up.ts';
import { missingBefore, withMissing } from '../../../functions/core/follow-up/missing.ts';
import type { Match } from '../../../functions/core/match/match.ts';
import { type Decision, skip, wait } from '../../../functions/core/model/decision.ts';
import type { Obstacles } from '../../../functions/core/plan/obstacles.ts';
import type { Plan, Planned } from '../../../functions/core/plan/planned.ts';
import { asSubject, change, NOW, service } from '../../support/build.ts';

const UNREADABLE = wait('unreadable', NOW);
const missing = [{ id: 'a', at: 1 }];
const first = begin('change-1', [change()], NOW);

type Given = {
  readonly decision?: Partial<Decision>;
  readonly changeId?: string;
  readonly obstacles?: Obstacles;
};

function waiting({
  decision = { action: 'wait', reason: 'unreadable' },
  changeId = 'change-1',
  obstacles = { found: [], missing, verdict: UNREADABLE },
}: Given = {}): Planned {
  const match: Match = {
    service: service(),
    subject: asSubject(change({ changeId })),
    hits: [],
    partlyUnreadable: false,
  };
  return {
    decision: decision as Decision,
    service: service(),
    evidence: {},
    verdicts: [{ match, verdict: UNREADABLE }],
    obstacles,
  };
}

const { obstacles: _, ...withoutObstacles } = waiting();

const planOf = (...others: readonly Planned[]): Plan => ({ redeploys: [], others, unmatched: [] });

describe('what a look saw to be gone', () => {
  test('travels with a change as long as a service of it waits for that, each once', () => {
    const later = {
      found: [],
      missing: [
        { id: 'b', at: 2 },
        { id: 'a', at: 1 },
      ],
      verdict: UNREADABLE,
    };
    expect(withMissing(first, planOf(waiting(), waiting({ obstacles: later }))).missing).toEqual([
      { id: 'a', at: 1 },
      { id: 'b', at: 2 },
    ]);
  });

  test.each<[string, Planned]>([
    ['waits for something else', waiting({ decision: { action: 'wait', reason: 'cooldown' } })],
    [
      'is skipped',
      waiting({
        decision: { action: 'skip', reason: 'reference-gone' },
        obstacles: { found: [], missing, verdict: skip('reference-gone') },
      }),
    ],
    ['waits, and nothing stands against it', waiting({ obstacles: { found: [], missing } })],
    ['waits for a change of its own', waiting({ changeId: 'change-2' })],
    ['waits, and nothing was asked about what it needs', withoutObstacles],
  ])('is forgotten if the service %s', (_, planned) => {
    expect(withMissing({ ...first, missing }, planOf(planned)).missing).toEqual([]);
  });

  test('travels with each change for which the service waits', () => {
    const [one, other] = [waiting(), waiting({ changeId: 'change-2' })];
    const both = { ...one, verdicts: [...one.verdicts, ...other.verdicts] };
    for (const changeId of ['change-1', 'change-2'])
      expect(withMissing({ ...first, changeId }, planOf(both)).missing).toEqual(missing);
  });

  test('is known to the next look', () => {
    expect(missingBefore([{ missing }, {}, { missing: [{ id: 'b', at: 2 }] }])).toEqual([
      { id: 'a', at: 1 },
      { id: 'b', at: 2 },
    ]);
  });
});
