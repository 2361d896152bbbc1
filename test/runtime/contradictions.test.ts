import { describe, expect, test } from 'vitest';
import { readConfig, WrongConfiguration } from '../../functions/runtime/config.ts';

type Settings = Readonly<Record<string, string>>;

const refusal = (settings: Settings): string => {
  try {
    readConfig([], settings);
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(WrongConfiguration);
    return error instanceof Error ? error.message : '';
  }
};

describe('two settings with which a service would never be redeployed', () => {
  test.each<[string, Settings, readonly string[]]>([
    [
      'a cooldown longer than a change is followed',
      { COOLDOWN_SECONDS: '259201' },
      ['COOLDOWN_SECONDS: 259201', 'FOLLOW_UP_MAX_HOURS', '259200 at most', '73 at least'],
    ],
    [
      'a shorter following than the default with a cooldown of its own',
      { COOLDOWN_SECONDS: '7201', FOLLOW_UP_MAX_HOURS: '2' },
      ['COOLDOWN_SECONDS: 7201', 'FOLLOW_UP_MAX_HOURS, 2 hours', '7200 at most', '3 at least'],
    ],
    [
      'a time limit longer than a change is followed',
      { FOLLOW_UP_LIMIT_MINUTES: '121', FOLLOW_UP_MAX_HOURS: '2' },
      ['FOLLOW_UP_LIMIT_MINUTES: 121', 'FOLLOW_UP_MAX_HOURS, 2 hours', '120 at most', '3 at least'],
    ],
    [
      'a rate and a burst with which a look never ends',
      { READ_RATE: '0.001', READ_BURST: '1' },
      ['READ_RATE: 0.001', 'READ_BURST 1', '0.02 at least', '3 at least'],
    ],
  ])('are refused by name, with what to change: %s', (_, settings, parts) => {
    for (const part of parts) expect(refusal(settings)).toContain(part);
  });

  test('are named together, and beside a value that is wrong by itself', () => {
    const problems = refusal({ COOLDOWN_SECONDS: '600000', READ_RATE: '0.001', READ_BURST: '1', MODE: 'on' });
    for (const variable of ['COOLDOWN_SECONDS: ', 'READ_RATE: ', 'MODE: '])
      expect(problems).toContain(variable);
  });

  test('are not looked for where one of the two is wrong by itself', () => {
    expect(refusal({ COOLDOWN_SECONDS: '600000', FOLLOW_UP_MAX_HOURS: 'long' })).toMatch(
      /^wrong configuration: FOLLOW_UP_MAX_HOURS: [^;]*$/,
    );
  });
});

test.each<[string, Settings]>([
  ['a cooldown exactly as long as a change is followed', { COOLDOWN_SECONDS: '259200' }],
  ['a long cooldown and a longer following', { COOLDOWN_SECONDS: '864000', FOLLOW_UP_MAX_HOURS: '240' }],
  ['a cooldown longer than the time limit', { COOLDOWN_SECONDS: '301', FOLLOW_UP_LIMIT_MINUTES: '5' }],
  [
    'a redeploy an hour, and a short time limit',
    { MAX_REDEPLOYS_PER_HOUR: '1', FOLLOW_UP_LIMIT_MINUTES: '5' },
  ],
  ['the default cooldown and the shortest following', { FOLLOW_UP_LIMIT_MINUTES: '1' }],
  ['one redeploy an hour by default', { MAX_REDEPLOYS_PER_HOUR: '1' }],
  ['six redeploys an hour and a short following', { FOLLOW_UP_LIMIT_MINUTES: '5' }],
  ['a slow rate with a burst', { READ_RATE: '0.001', READ_BURST: '3' }],
  ['the least that the message about rates advises', { READ_RATE: '0.02', READ_BURST: '1' }],
])('%s is accepted', (_, settings) => {
  expect(refusal(settings)).toBe('accepted');
});
