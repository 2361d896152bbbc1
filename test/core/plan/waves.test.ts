import { describe, expect, test } from 'vitest';
import type { Match } from '../../../functions/core/match/match.ts';
import { redeploy, skip, type Verdict, wait } from '../../../functions/core/model/decision.ts';
import type { Rollout } from '../../../functions/core/model/rollout.ts';
import { inWaves, NOTHING_EARLIER } from '../../../functions/core/plan/waves.ts';
import { asSubject, change, NOW, reference, service } from '../../support/build.ts';

const subject = asSubject(change());

function inWave(wave: number, verdict: Verdict, different: Partial<Match> = {}) {
  const tags = new Map([['wave', String(wave)]]);
  const match: Match = {
    service: service({ name: `wave-${wave}`, tags }),
    subject,
    hits: [],
    partlyUnreadable: false,
    ...different,
  };
  return { match, verdict };
}

const hit = (place: 'also' | 'secrets') => ({ reference: reference({ place }) }) as Match['hits'][number];
const draining = (opensWaves?: true): Rollout => ({ state: 'draining', ...(opensWaves && { opensWaves }) });
const onlyTagged = { hits: [hit('also'), hit('also')] };
const OVERDUE = new Set(['change-1']);

/** What becomes of a redeploy in wave 2. */
const second = (first: ReturnType<typeof inWave>, overdue: ReadonlySet<string> = new Set()) => {
  const judged = inWaves([inWave(2, redeploy), first], { ...NOTHING_EARLIER, overdue });
  return judged[0]?.verdict.reason;
};

describe('a service of wave 2 that is to be redeployed', () => {
  test.each<[string, ReturnType<typeof inWave>, string | null]>([
    ['waits for one of wave 1 that is to be redeployed', inWave(1, redeploy), 'earlier-wave'],
    ['waits for none of its own wave', inWave(2, redeploy), null],
    ['waits for one that rolls out', inWave(1, wait('rolling-out')), 'earlier-wave'],
    [
      'waits for one that drains and keeps old tasks',
      inWave(1, wait('rolling-out', undefined, draining())),
      'earlier-wave',
    ],
    [
      'does not wait for one whose new tasks have proved themselves',
      inWave(1, wait('rolling-out', undefined, draining(true))),
      null,
    ],
    [
      'waits for one whose new tasks have proved themselves but are older than the change',
      inWave(1, wait('deployment-in-progress', undefined, draining(true))),
      'earlier-wave',
    ],
    ['waits for no skipped one', inWave(1, skip('already-fresh')), null],
    ['is skipped if one of wave 1 failed', inWave(1, skip('rollout-failed')), 'earlier-wave-failed'],
    ['is not skipped if one of its own wave failed', inWave(2, skip('rollout-failed')), null],
    [
      'waits for one that cannot be read, whatever wave it is said to be in',
      inWave(3, wait('unreadable')),
      'earlier-wave',
    ],
    [
      'does not wait for one of wave 3 that will be read at a known instant',
      inWave(3, wait('unreadable', NOW)),
      null,
    ],
    ['waits for none that only a tag connects with the change', inWave(1, redeploy, onlyTagged), null],
    [
      'waits for none that is said to be connected by its tag',
      inWave(1, redeploy, { byTagAlone: true }),
      null,
    ],
    [
      'waits for one that is tagged and refers to the change',
      inWave(1, redeploy, { hits: [hit('also'), hit('secrets')] }),
      'earlier-wave',
    ],
    [
      'waits for one that is tagged and cannot be read in part',
      inWave(1, redeploy, { ...onlyTagged, partlyUnreadable: true }),
      'earlier-wave',
    ],
  ])('%s', (_, first, reason) => {
    expect(second(first)).toBe(reason);
  });

  test('is skipped after the time limit of its change if one that refers to it could not be read', () => {
    expect(second(inWave(1, wait('unreadable'), { hits: [hit('secrets')] }), OVERDUE)).toBe(
      'earlier-wave-failed',
    );
  });

  test('goes on after the time limit if it is not even known whether the other one refers to the change', () => {
    expect(second(inWave(1, wait('unreadable'), { partlyUnreadable: true }), OVERDUE)).toBeNull();
  });
});
