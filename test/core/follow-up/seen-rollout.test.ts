import { describe, expect, test } from 'vitest';
import type { OpenService, SeenRollout } from '../../../functions/core/follow-up/follow-up.ts';
import {
  keyWithState,
  ranBeforeOf,
  seenRollout,
  stateBefore,
  tasksIn,
} from '../../../functions/core/follow-up/seen-rollout.ts';
import type { Rollout, ShownRollout } from '../../../functions/core/model/rollout.ts';
import { NOW, openService as open, service } from '../../support/build.ts';

const EARLIER = NOW - 61_400;
const failing = (failures?: number): Rollout => ({
  state: 'tasks-failing',
  ...(failures !== undefined && { failures }),
});
const since = (state: SeenRollout['state'], alarmed = false) => ({ state, since: EARLIER, alarmed });

describe('the state of a rollout that lasts', () => {
  test.each<[string, Rollout | undefined, OpenService | undefined, SeenRollout | undefined]>([
    ['is none without a rollout', undefined, undefined, undefined],
    ['is none while the rollout just goes on', { state: 'progressing' }, undefined, undefined],
    ['begins now', { state: 'baking' }, undefined, { state: 'baking', since: NOW, alarmed: false }],
    [
      'began when it was seen first',
      { state: 'baking' },
      open({ rollout: since('baking') }),
      since('baking'),
    ],
    [
      'begins anew after another state',
      { state: 'baking' },
      open({ rollout: since('draining') }),
      { state: 'baking', since: NOW, alarmed: false },
    ],
  ])('%s', (_, rollout, before, expected) => {
    expect(seenRollout(rollout, service(), before, NOW)).toEqual(expected);
  });

  test.each<[string, Rollout, number, OpenService | undefined, boolean]>([
    ['at the third failure', failing(3), 2, undefined, true],
    ['not at the second', failing(2), 2, undefined, false],
    ['not without a number of failures', failing(), 2, undefined, false],
    ['if fewer tasks run than should', failing(1), 1, undefined, true],
    ['if fewer tasks run than ran before', failing(1), 1, open({ ranBefore: 2 }), true],
    ['not if as many run as ran before', failing(1), 1, open({ ranBefore: 1 }), false],
    [
      'at the second look at which tasks fail',
      failing(1),
      2,
      open({ rollout: since('tasks-failing') }),
      true,
    ],
    ['not if they fail after another state', failing(1), 2, open({ rollout: since('baking') }), false],
    [
      'not because of another state that lasts',
      { state: 'baking' },
      1,
      open({ rollout: since('baking') }),
      false,
    ],
  ])('rings the alarm %s', (_, rollout, running, before, expected) => {
    expect(seenRollout(rollout, service({ running }), before, NOW)?.alarmed).toBe(expected);
  });
});

describe('a state that was told and has ended', () => {
  const told = open({ lastLogged: 'wait rolling-out baking', rollout: since('baking') });
  const shown = (state: ShownRollout['state']): ShownRollout => ({ state, since: '' });

  test('is told with its seconds', () => {
    expect(stateBefore(told, NOW)).toEqual({ state: 'baking', seconds: 61 });
    expect(stateBefore(told, NOW, shown('draining'))).toEqual({ state: 'baking', seconds: 61 });
  });

  test.each<[string, OpenService | undefined, ShownRollout | undefined]>([
    ['if it lasts', told, shown('baking')],
    ['if nothing was told of it', open({ rollout: since('baking') }), undefined],
    ['if something else was told', open({ lastLogged: 'baking wait', rollout: since('baking') }), undefined],
    ['if there was none', open({ lastLogged: 'wait rolling-out baking' }), undefined],
    ['without a look before', undefined, undefined],
  ])('is none %s', (_, before, now) => {
    expect(stateBefore(before, NOW, now)).toBeUndefined();
  });
});

test('the tasks before a redeploy are noted only if not all ran, and are told beside those that run now', () => {
  expect(ranBeforeOf(service({ desired: 2, running: 2 }))).toBeUndefined();
  expect(ranBeforeOf(service({ desired: 2, running: 1 }))).toBe(1);
  expect(tasksIn(service({ running: 1 }), open())).toEqual({ running: 1, before: 2 });
  expect(tasksIn(service({ running: 1 }), open({ ranBefore: 0 }))).toEqual({ running: 1, before: 0 });
});

test('the log names the state of the deployment, if there is one to tell', () => {
  expect(keyWithState('wait rolling-out', undefined)).toBe('wait rolling-out');
  expect(keyWithState('wait rolling-out', { state: 'baking', since: '' })).toBe('wait rolling-out baking');
});
