import { describe, expect, test } from 'vitest';
import type { FollowUp } from '../../../functions/core/follow-up/follow-up.ts';
import type { Change } from '../../../functions/core/model/change.ts';
import { redeploy } from '../../../functions/core/model/decision.ts';
import { healingOf } from '../../../functions/core/sweep/heal.ts';
import type { Sweep } from '../../../functions/core/sweep/sweep.ts';
import { parseFollowUps } from '../../../functions/formats/follow-up.ts';
import { heal } from '../../../functions/pipeline/sweep/heal.ts';
import { change, NOW, POLICY, service } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const OLD = NOW - 3_600_000;
const [first, second] = [1, 2].map((i) => change({ changeId: `sweep-1:${i}`, changedAt: OLD })) as [
  Change,
  Change,
];

/** A sweep that found each of these services stale for the change beside it. */
function found(stale: Readonly<Record<string, Change>>): Sweep {
  const swept = Object.entries(stale).map(([name, because]) => ({
    planned: { service: service({ name }), verdicts: [] },
    decision: { ...redeploy, wave: 0, reason: null },
    certain: [{ change: because, verdict: redeploy }],
    possibly: [],
  }));
  return { swept, whole: true } as unknown as Sweep;
}

function scene({ maxServices = 0, refuses = 'nothing of it' } = {}) {
  const sent: { readonly followUps: readonly FollowUp[]; readonly delaySeconds: number }[] = [];
  const send = (body: string, delaySeconds: number) => {
    if (body.includes(refuses)) return Promise.reject(new Error('refused'));
    sent.push({ followUps: parseFollowUps(body).followUps, delaySeconds });
    return Promise.resolve();
  };
  return { ...fakeRun({ queue: { send } }, { policy: { ...POLICY, maxServices } }), sent };
}

const STALE = found({ api: first, web: first, worker: second });

describe('services that are stale for certain', () => {
  test('are put on the queue at once, those of all changes together, and each change is recorded', async () => {
    const { run, sent, told } = scene();
    const healing = healingOf(STALE, 0, NOW);
    expect(await heal(STALE, 'heal', run)).toEqual({ how: 'heal', healing, unsent: new Set() });
    expect(sent).toEqual([{ followUps: healing.followUps, delaySeconds: 0 }]);
    expect(sent).toMatchObject([
      {
        followUps: [
          { changeId: first.changeId, hop: 1, open: [{ name: 'api' }, { name: 'web' }] },
          { changeId: second.changeId, hop: 1, open: [{ name: 'worker' }] },
        ],
      },
    ]);
    expect(told).toEqual([
      ['received', first],
      ['received', second],
    ]);
  });

  test.each(['report', 'observe'] as const)('are only told with SWEEP=%s', async (how) => {
    const { run, sent, told } = scene();
    expect(await heal(STALE, how, run)).toEqual({
      how,
      healing: healingOf(STALE, 0, NOW),
      unsent: new Set(),
    });
    expect([sent, told]).toEqual([[], []]);
  });

  test('are answered by the changes whose message could not be sent', async () => {
    const { run, told } = scene({ refuses: first.changeId });
    const { unsent } = await heal(STALE, 'heal', run);
    expect(unsent).toEqual(new Set([first.changeId, second.changeId]));
    expect(told.map(([name]) => name)).toEqual(['received', 'received', 'error']);
  });

  test('are left alone if they are more than MAX_SERVICES', async () => {
    const { run, sent, told } = scene({ maxServices: 2 });
    expect((await heal(STALE, 'heal', run)).healing.overCap).toBe(true);
    expect([sent, told]).toEqual([[], []]);
  });
});
