import { describe, expect, test } from 'vitest';
import { begin, type FollowUp } from '../../../functions/core/follow-up/follow-up.ts';
import { CONCURRENCY } from '../../../functions/core/model/limits.ts';
import { MESSAGE_ELEMENTS, OversizedFollowUp } from '../../../functions/formats/bounds.ts';
import { sendBody, sendFollowUps } from '../../../functions/pipeline/follow-up/send.ts';
import type { Queue } from '../../../functions/ports.ts';
import { change, NOW } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const followUp = (changeId: string): FollowUp => ({ ...begin(changeId, [change()], NOW), hop: 1 });
/** Takes about this part of the values that a message may hold: each comma counts as one. */
const ofShare = (share: number) => followUp(','.repeat(share * MESSAGE_ELEMENTS));
const idsIn = (body: string) =>
  (JSON.parse(body) as { followUps: readonly FollowUp[] }).followUps.map(({ changeId }) => changeId);

/** A run whose queue takes every message, unless the test says otherwise, and what was sent: change ids and delay. */
function scene(send: (body: string) => Promise<void> = () => Promise.resolve()) {
  const sent: (readonly [ids: readonly string[], delaySeconds: number])[] = [];
  const queue: Queue = {
    send: async (body, delaySeconds) => {
      await send(body);
      sent.push([idsIn(body), delaySeconds]);
    },
  };
  return { ...fakeRun({ queue }), sent };
}

const REFUSED = new Error('refused');
const NOT_SENT =
  'cannot put a follow-up on the queue; SQS will deliver the message of its change again, or the next sweep will find its services again';

describe('follow-ups', () => {
  test('of one batch travel together, those of two batches apart, each after its delay', async () => {
    const { run, sent } = scene();
    const batches = [
      { followUps: [followUp('a'), followUp('b')], delaySeconds: 30 },
      { followUps: [followUp('c')], delaySeconds: 45 },
    ];
    expect(await sendFollowUps(batches, run)).toEqual([]);
    expect(sent).toEqual([
      [['a', 'b'], 30],
      [['c'], 45],
    ]);
  });

  test('share a message as long as they fit into it', async () => {
    const { run, sent } = scene();
    await sendFollowUps([{ followUps: [ofShare(0.4), ofShare(0.4)], delaySeconds: 1 }], run);
    expect(sent.map(([ids]) => ids.length)).toEqual([2]);
    await sendFollowUps([{ followUps: [ofShare(0.6), ofShare(0.6)], delaySeconds: 1 }], run);
    expect(sent.map(([ids]) => ids.length)).toEqual([2, 1, 1]);
  });

  test('that could not be sent are answered, and the error is logged; the others are sent', async () => {
    const { run, sent, told } = scene((body) =>
      idsIn(body).includes('b') ? Promise.reject(REFUSED) : Promise.resolve(),
    );
    const [a, b, c] = [followUp('a'), followUp('b'), followUp('c')];
    const batches = [
      { followUps: [a], delaySeconds: 1 },
      { followUps: [b, c], delaySeconds: 2 },
      { followUps: [a, c], delaySeconds: 3 },
    ];
    expect(await sendFollowUps(batches, run)).toEqual([b, c]);
    expect(sent).toEqual([
      [['a'], 1],
      [['a', 'c'], 3],
    ]);
    expect(told).toEqual([['error', NOT_SENT, REFUSED]]);
  });

  test('that are too large for any message do not keep the others from being sent', async () => {
    const { run, sent, told } = scene();
    const large = ofShare(1.1);
    expect(await sendFollowUps([{ followUps: [large, followUp('a')], delaySeconds: 1 }], run)).toEqual([
      large,
    ]);
    expect(sent).toEqual([[['a'], 1]]);
    expect(told).toEqual([['error', NOT_SENT, expect.any(OversizedFollowUp)]]);
  });

  test('are not sent in more messages at once than the limit allows', async () => {
    let underWay = 0;
    let most = 0;
    const { run, sent } = scene(async () => {
      most = Math.max(most, ++underWay);
      await new Promise(setImmediate);
      underWay--;
    });
    const count = CONCURRENCY.messages + 2;
    const batches = Array.from({ length: count }, (_, i) => ({
      followUps: [followUp(`${i}`)],
      delaySeconds: i,
    }));
    expect(await sendFollowUps(batches, run)).toEqual([]);
    expect(sent).toHaveLength(count);
    expect(most).toBe(CONCURRENCY.messages);
  });
});

describe('a message', () => {
  test('is put on the queue with its delay', async () => {
    const { run, sent } = scene();
    expect(await sendBody(() => '{"followUps":[]}', 7, run)).toBe(true);
    expect(sent).toEqual([[[], 7]]);
  });

  test('is not sent without a queue, and the log says which setting is missing', async () => {
    const { run, told } = fakeRun({});
    expect(await sendBody(() => '', 1, run)).toBe(false);
    expect(told).toEqual([
      ['error', NOT_SENT, new Error('there is no queue, because CHANGE_QUEUE_URL is not set')],
    ]);
  });
});
