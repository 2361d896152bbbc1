import { describe, expect, test } from 'vitest';
import { LEFT_ALONE } from './fleet-left-alone.ts';
import { REDEPLOYED } from './fleet-redeployed.ts';
import { labelOf } from './member.ts';
import { type End, type EndState, judge } from './verdict.ts';

const state = (difference: Partial<EndState> = {}): EndState => ({
  service: 'shop/web',
  expect: 'redeployed',
  deployments: 1,
  staleTasks: 0,
  ...difference,
});

const end = (states: readonly EndState[], difference: Partial<End> = {}): End => ({
  states,
  valuesRead: 0,
  settled: true,
  changes: [{ change: 'secret prod/db', settled: true }],
  lostEvent: { service: 'back-office/taxes', isFound: true },
  waves: [
    { wave: 0, firstAcceptedAt: 1000, lastGoneAt: 2000 },
    { wave: 1, firstAcceptedAt: 3000, lastGoneAt: 4000 },
  ],
  ...difference,
});

describe('the demo succeeds', () => {
  test.each<[string, EndState]>([
    ['if a stale service was redeployed once and is fresh', state()],
    [
      'if a service became fresh without us',
      state({ expect: 'fresh-by-itself', deployments: 0, staleTasks: 0 }),
    ],
    [
      'if a service that is to be left alone keeps its old value',
      state({ expect: 'left-alone', deployments: 0, staleTasks: 2 }),
    ],
  ])('%s', (_, good) => {
    expect(judge(end([good]))).toEqual([]);
  });
});

describe('the demo fails', () => {
  test.each<[string, EndState, string]>([
    [
      'if a redeployed service ended stale',
      state({ staleTasks: 2 }),
      'shop/web: tasks that still hold an old value: 2',
    ],
    ['if a stale service was not redeployed', state({ deployments: 0 }), 'shop/web: was not redeployed'],
    [
      'if a service was redeployed twice',
      state({ deployments: 2 }),
      'shop/web: was redeployed 2 times instead of once',
    ],
    [
      'if a service was redeployed that must not be touched',
      state({ expect: 'left-alone' }),
      'shop/web: was redeployed and should have been left alone',
    ],
    [
      'if a service was redeployed that would have become fresh without us',
      state({ expect: 'fresh-by-itself' }),
      'shop/web: was redeployed and should have been left alone',
    ],
    [
      'if a service that should have become fresh without us did not',
      state({ expect: 'fresh-by-itself', deployments: 0, staleTasks: 1 }),
      'shop/web: tasks that still hold an old value: 1',
    ],
  ])('%s', (_, bad, problem) => {
    expect(judge(end([state({ service: 'shop/api' }), bad]))).toEqual([problem]);
  });

  test('if a value was read', () => {
    expect(judge(end([state()], { valuesRead: 1 }))).toEqual([
      'calls that asked for the value of a secret or a parameter: 1',
    ]);
  });

  test('if messages or rollouts were left at the end', () => {
    expect(judge(end([state()], { settled: false }))).toEqual([
      'messages or rollouts were left when the time was over',
    ]);
  });

  test('if the service did not follow a change to its end', () => {
    expect(judge(end([state()], { changes: [{ change: 'secret prod/db', settled: false }] }))).toEqual([
      'secret prod/db: was not settled',
    ]);
  });

  test('if the sweep did not find the service whose event was lost', () => {
    expect(judge(end([state()], { lostEvent: { service: 'back-office/taxes', isFound: false } }))).toEqual([
      'back-office/taxes: the sweep did not find it',
    ]);
  });

  test('if a wave did not wait for the earlier one', () => {
    const waves = [
      { wave: 0, firstAcceptedAt: 1000, lastGoneAt: 4000 },
      { wave: 1, firstAcceptedAt: 3000, lastGoneAt: 5000 },
    ];
    expect(judge(end([state()], { waves }))).toEqual([
      'wave 1 was redeployed before the earlier ones were fresh',
    ]);
  });

  test('with every problem, not only the first one', () => {
    expect(
      judge(end([state({ deployments: 0, staleTasks: 1 }), state({ deployments: 3 })], { valuesRead: 2 })),
    ).toHaveLength(4);
  });
});

test('the fleet is about thirty services in three clusters, each with a name of its own', () => {
  const fleet = [...REDEPLOYED, ...LEFT_ALONE];
  expect(fleet.length).toBeGreaterThanOrEqual(30);
  expect(new Set(fleet.map(({ cluster }) => cluster)).size).toBe(3);
  expect(new Set(fleet.map(({ name }) => name)).size).toBe(fleet.length);
  expect(REDEPLOYED.filter(({ expect: expected }) => expected !== 'redeployed').map(labelOf)).toEqual([]);
  expect(LEFT_ALONE.filter(({ expect: expected }) => expected === 'redeployed').map(labelOf)).toEqual([]);
});
