import { describe, expect, test } from 'vitest';
import { readConfig, WrongConfiguration } from '../../functions/runtime/config.ts';

const QUEUE = { CHANGE_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/changes' };

test('a variable that is not set has its default', () => {
  expect(readConfig(['CHANGE_QUEUE_URL'], QUEUE)).toEqual({
    stage: 'prod',
    mode: 'enforce',
    sweep: 'report',
    policy: {
      select: 'all',
      clusters: ['*'],
      pull: 'ignore',
      preflight: 'off',
      maxServices: 0,
      cooldownMs: 60_000,
      maxPerHour: 6,
    },
    followUp: { queueUrl: QUEUE.CHANGE_QUEUE_URL, firstSeconds: 30, limitMs: 3_600_000, maxMs: 259_200_000 },
    rates: { readRate: 16, readBurst: 40, updateRate: 4, updateBurst: 40 },
    tagPrefix: 'secret-redeploy',
  });
});

test('a variable that is empty counts as not set', () => {
  expect(readConfig([], { MODE: '', CLUSTERS: ' ', MAX_SERVICES: '' })).toEqual(readConfig([], {}));
});

test('every variable can be set', () => {
  const set = {
    STAGE: 'team2',
    MODE: 'observe',
    SELECT: 'tagged',
    TAG_PREFIX: 'acme/redeploy',
    CLUSTERS: 'prod-*, !prod-legacy',
    MAX_SERVICES: '20',
    PULL_CREDENTIALS: 'redeploy',
    PREFLIGHT: 'block',
    UPDATE_RATE: '0.5',
    UPDATE_BURST: '1',
    READ_RATE: '100',
    READ_BURST: '7',
    COOLDOWN_SECONDS: '0',
    MAX_REDEPLOYS_PER_HOUR: '2',
    FOLLOW_UP_SECONDS: '5',
    FOLLOW_UP_LIMIT_MINUTES: '120',
    FOLLOW_UP_MAX_HOURS: '24',
    SWEEP: 'heal',
  };
  expect(readConfig([], set)).toEqual({
    stage: 'team2',
    mode: 'observe',
    sweep: 'heal',
    policy: {
      select: 'tagged',
      clusters: ['prod-*', '!prod-legacy'],
      pull: 'redeploy',
      preflight: 'block',
      maxServices: 20,
      cooldownMs: 0,
      maxPerHour: 2,
    },
    followUp: { queueUrl: undefined, firstSeconds: 5, limitMs: 7_200_000, maxMs: 86_400_000 },
    rates: { readRate: 100, readBurst: 7, updateRate: 0.5, updateBurst: 1 },
    tagPrefix: 'acme/redeploy',
  });
});

describe('a wrong value', () => {
  const wrong = {
    STAGE: 'team 2',
    MODE: 'on',
    SELECT: 'some',
    TAG_PREFIX: 'with space',
    CLUSTERS: 'prod;dev',
    MAX_SERVICES: '-1',
    PULL_CREDENTIALS: 'yes',
    PREFLIGHT: 'on',
    COOLDOWN_SECONDS: 'a minute',
    MAX_REDEPLOYS_PER_HOUR: '0',
    FOLLOW_UP_SECONDS: '0',
    FOLLOW_UP_LIMIT_MINUTES: '1.5',
    FOLLOW_UP_MAX_HOURS: '0',
    UPDATE_RATE: '0',
    UPDATE_BURST: '0',
    READ_RATE: 'NaN',
    READ_BURST: '1e3',
    SWEEP: 'maybe',
  };

  test('is reported together with all other wrong values', () => {
    const variables = [...Object.keys(wrong), 'CHANGE_QUEUE_URL'];
    expect(() => readConfig(['CHANGE_QUEUE_URL'], wrong)).toThrow(WrongConfiguration);
    for (const variable of variables)
      expect(() => readConfig(['CHANGE_QUEUE_URL'], wrong)).toThrow(`${variable}: `);
  });

  test('is reported, and no other variable is', () => {
    expect(() => readConfig([], { ...QUEUE, UPDATE_RATE: '4/s' })).toThrow(
      /^wrong configuration: UPDATE_RATE: [^;]*$/,
    );
  });
});

describe('the message about a wrong value says what was expected, and never what was found, which may be a secret:', () => {
  const COUNT = 'expected a whole number from 0 to 999999999, in digits alone';
  test.each([
    ['MODE', 'Observe', 'expected enforce or observe'],
    ['COOLDOWN_SECONDS', '60s', COUNT],
    ['MAX_SERVICES', '9999999999', COUNT],
    ['FOLLOW_UP_SECONDS', 'hunter2', 'expected a whole number from 1 to 999999999, in digits alone'],
    ['UPDATE_RATE', '0.0001', 'expected a number of calls a second from 0.001, such as 4 or 0.5'],
    ['CLUSTERS', 'prod;dev', 'expected globs of cluster names, separated by commas'],
    ['CLUSTERS', ',', 'expected globs of cluster names, separated by commas'],
    ['CLUSTERS', ' , ,', 'expected globs of cluster names, separated by commas'],
    ['TRUSTED_ACCOUNTS', ',', 'expected the numbers of accounts, twelve digits each, separated by commas'],
    ['TAG_PREFIX', 'aws:x', 'expected a prefix other than aws:, which AWS keeps for its own tags'],
    ['TAG_PREFIX', 'AWS:x', 'expected a prefix other than aws:, which AWS keeps for its own tags'],
    ['TAG_PREFIX', 'aws', 'expected a prefix other than aws:, which AWS keeps for its own tags'],
  ])('%s=%s', (variable, value, expected) => {
    const message = `wrong configuration: ${variable}: ${expected}`;
    expect(() => readConfig([], { [variable]: value })).toThrow(expect.objectContaining({ message }));
  });
});

test('a list may have a comma too many, and a prefix may begin with the letters aws', () => {
  const { policy, tagPrefix } = readConfig([], { CLUSTERS: 'prod-*,,dev,', TAG_PREFIX: 'awsome:x' });
  expect(policy.clusters).toEqual(['prod-*', 'dev']);
  expect(tagPrefix).toBe('awsome:x');
});

describe('trust in other accounts', () => {
  const queue = 'arn:aws:sqs:eu-west-1:111122223333:forwarded';
  const trustOf = (set: Readonly<Record<string, string>>) => readConfig([], set).trust;

  test('is a list of accounts, or an organization, and the queue on which they count', () => {
    expect(trustOf({})).toBeUndefined();
    expect(
      trustOf({ TRUSTED_ACCOUNTS: '', TRUSTED_ORGANIZATION: ' ', TRUSTED_QUEUE_ARN: '' }),
    ).toBeUndefined();
    expect(trustOf({ TRUSTED_ACCOUNTS: '222233334444, 333344445555', TRUSTED_QUEUE_ARN: queue })).toEqual({
      accounts: ['222233334444', '333344445555'],
      organization: undefined,
      queueArn: queue,
    });
    expect(trustOf({ TRUSTED_ORGANIZATION: 'o-a1b2c3d4e5', TRUSTED_QUEUE_ARN: queue })).toEqual({
      accounts: [],
      organization: 'o-a1b2c3d4e5',
      queueArn: queue,
    });
  });

  test.each<readonly [Readonly<Record<string, string>>, string]>([
    [
      { TRUSTED_ACCOUNTS: '22223333444', TRUSTED_QUEUE_ARN: queue },
      'TRUSTED_ACCOUNTS: expected the numbers of accounts',
    ],
    [
      { TRUSTED_ACCOUNTS: '*', TRUSTED_QUEUE_ARN: queue },
      'TRUSTED_ACCOUNTS: expected the numbers of accounts',
    ],
    [
      { TRUSTED_ORGANIZATION: 'ou-a1b2-c3d4e5f6', TRUSTED_QUEUE_ARN: queue },
      'TRUSTED_ORGANIZATION: expected the id',
    ],
    [
      { TRUSTED_ACCOUNTS: '222233334444', TRUSTED_QUEUE_ARN: 'https://sqs' },
      'TRUSTED_QUEUE_ARN: expected the ARN',
    ],
    [{ TRUSTED_ACCOUNTS: '222233334444' }, 'TRUSTED_QUEUE_ARN: must be set where'],
    [{ TRUSTED_QUEUE_ARN: queue }, 'TRUSTED_QUEUE_ARN: no account is trusted on it'],
  ])('is refused where it says nothing that can be followed: %j', (set, problem) => {
    expect(() => trustOf(set)).toThrow(problem);
  });
});
