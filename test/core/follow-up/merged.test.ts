import { describe, expect, test } from 'vitest';
import { type Attempt, begin, NOTHING_YET } from '../../../functions/core/follow-up/follow-up.ts';
import { merged, mergedFirst } from '../../../functions/core/follow-up/merged.ts';
import { change, NOW, openService as open } from '../../support/build.ts';

describe('messages of the same change are merged into one attempt', () => {
  const attempt = (different: Partial<Attempt> = {}): Attempt => ({
    ...begin('change-1', [change()], NOW),
    hop: 1,
    open: [open()],
    messageIds: ['message-1'],
    ...different,
  });
  const denied = attempt({ denied: true });

  test('that knows of as many redeploys that were not made as the message that knows of most', () => {
    const [one, other] = [attempt({ notMade: 2 }), attempt({ notMade: 3 })];
    for (const both of [
      [one, other, attempt()],
      [attempt(), other, one],
    ])
      expect(merged(both)).toMatchObject([{ notMade: 3 }]);
    expect(merged([attempt({ notMade: 2 }), attempt({ notMade: 2 })])).toMatchObject([{ notMade: 2 }]);
    expect(merged([attempt(), attempt()])).toEqual([attempt()]);
  });

  test('unless one is about services that we may not redeploy, or about another change', () => {
    const all = [attempt(), denied, attempt({ changeId: 'change-2' })];
    expect(merged(all)).toEqual(all);
    expect(merged([])).toEqual([]);
  });

  test('that has the hop of the most advanced message, the age of the oldest and the earliest failed wave', () => {
    const one = attempt({
      hop: 4,
      firstHandledAt: NOW,
      failedWave: null,
      tally: { ...NOTHING_YET, fresh: 4 },
    });
    const other = attempt({
      hop: 2,
      firstHandledAt: NOW - 1,
      failedWave: 2,
      tally: { ...NOTHING_YET, fresh: 2 },
    });
    for (const both of [
      [one, other],
      [other, one],
    ]) {
      expect(merged(both)).toEqual([{ ...one, firstHandledAt: NOW - 1, failedWave: 2 }]);
    }
    expect(merged([one, one])).toEqual([one]);
    const last = { ...one, tally: { ...NOTHING_YET, fresh: 5 } };
    expect(merged([one, last])).toEqual([{ ...last, firstHandledAt: NOW }]);
  });

  test('that is given up if each one is, has recorded its limit if one has, and ends with the later known end', () => {
    const flags = (...both: readonly Partial<Attempt>[]) =>
      [both, both.toReversed()].map((some) => merged(some.map((one) => attempt(one)))[0]);
    const given = { givenUp: true, limitRecorded: true, knownEnd: NOW };
    for (const one of flags(given, {})) expect(one).toMatchObject({ ...given, givenUp: false });
    for (const one of flags(given, { ...given, knownEnd: NOW + 1 }))
      expect(one).toMatchObject({ ...given, knownEnd: NOW + 1 });
    for (const one of flags({}, {}))
      expect(one).toMatchObject({ givenUp: false, limitRecorded: false, knownEnd: null });
  });

  test('that keeps all message ids', () => {
    const one = attempt({ messageIds: ['message-1'] });
    const other = attempt({ messageIds: ['message-2'] });
    expect(merged([one, other])).toEqual([{ ...one, messageIds: ['message-1', 'message-2'] }]);
  });

  test('that waits for every service that one of them waits for, in the state that the last message holds', () => {
    const one = attempt({ open: [open(), open({ name: 'web' })] });
    const other = attempt({ open: [open({ name: 'web', lastLogged: 'wait cooldown' })] });
    expect(merged([one, other])[0]?.open).toEqual([
      open(),
      open({ name: 'web', lastLogged: 'wait cooldown' }),
    ]);
  });

  test('in which what was denied counts as failed only until another message has tried it again', () => {
    const before = attempt({ deniedWave: 0 });
    const after = attempt({ firstHandledAt: NOW + 1, triedAt: NOW + 1 });
    const copy = before;
    for (const all of [
      [before, after, copy],
      [after, before, copy],
      [before, copy, after],
    ])
      expect(merged(all)[0]).toMatchObject({ deniedWave: null, firstHandledAt: NOW, triedAt: NOW + 1 });
    for (const both of [
      [
        { ...before, deniedWave: null },
        { ...after, deniedWave: 2 },
      ],
      [attempt({ deniedWave: 3 }), attempt({ deniedWave: 2 })],
      [attempt({ deniedWave: 2 }), attempt()],
    ])
      expect(merged(both)[0]?.deniedWave).toBe(2);
  });
});

test('a change that came in two scans at its first look is one attempt with the messages of both', () => {
  const first = { ...begin('change-1', [change()], NOW), messageIds: ['event'] };
  const again = { ...begin('change-1', [change()], NOW - 1), messageIds: ['scan'] };
  const other = {
    ...begin('change-2', [change({ changeId: 'change-2' })], NOW),
    messageIds: [],
  };
  expect(mergedFirst([first, other, again])).toEqual([
    { ...again, triedAt: NOW, messageIds: ['event', 'scan'] },
    other,
  ]);
  const labels = { ...again, changes: [change({ label: 'BLUE' })] };
  expect(mergedFirst([first, labels])[0]?.changes).toEqual([change(), change({ label: 'BLUE' })]);
});
