import { describe, expect, test } from 'vitest';
import { callsByGroup, dimensionsIn, entriesIn } from './counting.ts';
import { monthly, type Stack, totalOf, type Usage } from './monthly.ts';
import { PRICES } from './prices.ts';
import { stackOf } from './stack.ts';

const NOTHING: Usage = {
  invocations: 0,
  billedMs: 0,
  calls: {},
  delivered: 0,
  pollerRequests: 0,
  ownEvents: 0,
  logBytes: 0,
};
const NO_STACK: Stack = {
  memoryGb: 0,
  queuesPolled: 0,
  metrics: 0,
  alarmMetrics: 0,
  dashboards: 0,
  logWidgets: 0,
  logRetentionDays: 0,
};

/** 240 changes a day are 7,300 a month. */
const CHANGES_A_DAY = 240;

/** The items that are not free. */
function bill(usage: Partial<Usage>, stack: Partial<Stack>): Readonly<Record<string, number>> {
  const items = monthly({ ...NOTHING, ...usage }, { ...NO_STACK, ...stack }, CHANGES_A_DAY);
  return Object.fromEntries(
    items.filter(({ usd }) => usd !== 0).map(({ what, usd }) => [what, Number(usd.toFixed(4))]),
  );
}

describe('a month', () => {
  test.each<readonly [string, Partial<Usage>, Partial<Stack>, Readonly<Record<string, number>>]>([
    ['7,300 times 2 s in 1 GB', { billedMs: 2000 }, { memoryGb: 1 }, { 'Lambda, compute': 0.1947 }],
    ['twice the memory', { billedMs: 2000 }, { memoryGb: 2 }, { 'Lambda, compute': 0.3893 }],
    ['7,300 times 10 invocations', { invocations: 10 }, {}, { 'Lambda, requests': 0.0146 }],
    [
      'messages of rules, of the poller and of our own',
      { delivered: 4, pollerRequests: 4, calls: { SQS: 2 } },
      {},
      { 'SQS, messages': 0.0292 },
    ],
    ['7,300 times 5 events', { ownEvents: 5 }, {}, { 'EventBridge, own events': 0.0365 }],
    [
      '7,300 times 3 DescribeSecret',
      { calls: { 'Secrets Manager': 3 } },
      {},
      { 'Secrets Manager, calls': 0.1095 },
    ],
    ['calls to ECS', { calls: { 'ECS, services': 1_000_000 } }, {}, {}],
    [
      '24 MB of log a day, kept for 90 days, read by 8 widgets a day',
      { logBytes: 100_000 },
      { logRetentionDays: 90, logWidgets: 8 },
      { 'Logs, written': 0.365, 'Logs, kept': 0.0648, 'Logs, read by the dashboard once a day': 0.0292 },
    ],
    [
      '657,000 polls of each of two queues',
      {},
      { queuesPolled: 2 },
      { 'SQS, polls of quiet queues': 0.5256 },
    ],
    [
      'what costs without any change',
      {},
      { metrics: 13, alarmMetrics: 14, dashboards: 1 },
      { 'CloudWatch, metrics': 3.9, 'CloudWatch, alarms': 1.4, 'CloudWatch, dashboard': 3 },
    ],
  ])('%s', (_, usage, stack, expected) => {
    expect(bill(usage, stack)).toEqual(expected);
  });

  test('is the sum of its items', () => {
    expect(
      totalOf([
        { what: 'a', usd: 1 },
        { what: 'b', usd: 2.5 },
      ]),
    ).toBe(3.5);
  });
});

test('each price names its unit, the page where AWS publishes it and where it was read', () => {
  for (const { usd, per, page, read } of Object.values(PRICES)) {
    expect(usd).toBeGreaterThan(0);
    expect(per).not.toBe('');
    expect(page).toMatch(/^https:\/\/aws\.amazon\.com\/.+\/pricing\/$/);
    expect(read).not.toBe('');
  }
});

test('the template shows what is deployed: an alarm over an expression counts its metrics', () => {
  const widgets = JSON.stringify({ widgets: [{ type: 'log' }, { type: 'metric' }, { type: 'log' }] });
  const stack = stackOf(
    {
      resources: {
        A: { Type: 'AWS::Lambda::Function', Properties: { MemorySize: 512 } },
        B: { Type: 'AWS::Lambda::Function', Properties: { MemorySize: 1024 } },
        Source: { Type: 'AWS::Lambda::EventSourceMapping' },
        Log: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 90 } },
        One: { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'Failed' } },
        Two: {
          Type: 'AWS::CloudWatch::Alarm',
          Properties: { Metrics: [{ MetricStat: {} }, { MetricStat: {} }, { Expression: 'a+b' }] },
        },
        Board: { Type: 'AWS::CloudWatch::Dashboard', Properties: { DashboardBody: { 'Fn::Sub': widgets } } },
      },
    },
    2,
  );
  expect(stack).toMatchObject({
    memoryGb: 1,
    queuesPolled: 1,
    alarmMetrics: 3,
    dashboards: 1,
    logWidgets: 2,
    logRetentionDays: 90,
  });
  expect(stack.metrics % 2).toBe(0);
  expect(stack.metrics).toBeGreaterThan(20);
});

describe('the work', () => {
  const call = (service: string, operation: string, input = {}) => ({
    at: 0,
    service,
    operation,
    input,
    outcome: 'ok',
    accessKeyId: 'ON-CHANGE',
  });

  test('is counted by quota group, and an unknown call by its own name', () => {
    expect(
      callsByGroup([
        call('ecs', 'ListServices'),
        call('ecs', 'DescribeServices'),
        call('secretsmanager', 'DescribeSecret'),
        call('sqs', 'SendMessage'),
        call('ecs', 'NewOperation'),
      ]),
    ).toEqual({ 'ECS, services': 2, 'Secrets Manager': 1, SQS: 1, 'ecs:NewOperation': 1 });
  });

  test('counts events, not the calls that carry them', () => {
    expect(entriesIn(call('events', 'PutEvents', { Entries: [{}, {}, {}] }))).toBe(3);
    expect(entriesIn(call('sqs', 'SendMessage'))).toBe(0);
  });

  test('counts metrics by the values of their dimensions', () => {
    const line = JSON.stringify({
      _aws: { CloudWatchMetrics: [{ Namespace: 'SecretRedeploy', Dimensions: [['service']], Metrics: [] }] },
      service: 'ecs-secret-redeploy',
    });
    expect(dimensionsIn(line)).toEqual(['SecretRedeploy service=ecs-secret-redeploy']);
    expect(dimensionsIn('{"event":"plan.made"}')).toEqual([]);
  });
});
