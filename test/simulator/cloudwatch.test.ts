import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  type DescribeAlarmsCommandInput,
  GetMetricDataCommand,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import { describe, expect, it, onTestFinished } from 'vitest';
import { simulate } from './testing.ts';

const NAMESPACE = 'SecretRedeploy';

async function watched() {
  const stage = await simulate();
  const cloudwatch = new CloudWatchClient({
    endpoint: stage.sim.endpoint,
    region: stage.sim.region,
    maxAttempts: 1,
    credentials: { accessKeyId: 'TESTING', secretAccessKey: 'testing' },
  });
  onTestFinished(() => cloudwatch.destroy());
  return { ...stage, cloudwatch };
}

describe('alarms', () => {
  it('are found by name, prefix and state, page by page', async () => {
    const { sim, clock, cloudwatch } = await watched();
    sim.world.alarm({ name: 'prod-failed', state: 'ALARM', reason: 'Threshold Crossed' });
    sim.world.alarm({ name: 'prod-dead-letters' });
    sim.world.alarm({ name: 'test-failed', state: 'ALARM' });
    const found = async (input: DescribeAlarmsCommandInput) =>
      (await cloudwatch.send(new DescribeAlarmsCommand(input))).MetricAlarms?.map(
        ({ AlarmName }) => AlarmName,
      );
    expect(await found({ AlarmNamePrefix: 'prod-' })).toEqual(['prod-dead-letters', 'prod-failed']);
    expect(await found({ StateValue: 'ALARM' })).toEqual(['prod-failed', 'test-failed']);
    expect(await found({ AlarmNames: ['prod-failed', 'none'] })).toEqual(['prod-failed']);
    const first = await cloudwatch.send(new DescribeAlarmsCommand({ MaxRecords: 2 }));
    expect(await found({ MaxRecords: 2, NextToken: first.NextToken })).toEqual(['test-failed']);
    expect(first.MetricAlarms?.[1]).toMatchObject({
      StateValue: 'ALARM',
      StateReason: 'Threshold Crossed',
      StateUpdatedTimestamp: new Date(clock.now()),
    });
  });

  it('are refused by name and prefix at once, and with fields that are not modelled', async () => {
    const { cloudwatch } = await watched();
    const both = new DescribeAlarmsCommand({ AlarmNames: ['a'], AlarmNamePrefix: 'a' });
    await expect(cloudwatch.send(both)).rejects.toMatchObject({
      name: 'InvalidParameterCombinationException',
    });
    const other = new DescribeAlarmsCommand({ ActionPrefix: 'arn' });
    await expect(cloudwatch.send(other)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('metrics', () => {
  const query = (Stat: string, dimensions: Readonly<Record<string, string>>): MetricDataQuery => ({
    Id: 'one',
    MetricStat: {
      Metric: {
        Namespace: NAMESPACE,
        MetricName: 'Redeployed',
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      },
      Period: 3600,
      Stat,
    },
  });

  it('are combined by period, the youngest first, and only with exactly their dimensions', async () => {
    const { sim, clock, cloudwatch } = await watched();
    const hour = Math.floor(clock.now() / 3_600_000) * 3_600_000;
    const dimensions = { stage: 'prod' };
    for (const [at, value] of [
      [hour - 3_600_000, 1],
      [hour, 2],
      [hour + 1000, 3],
    ] as const)
      sim.world.datum({ namespace: NAMESPACE, metric: 'Redeployed', dimensions, at, value });
    const span = { StartTime: new Date(hour - 7_200_000), EndTime: new Date(hour + 3_600_000) };
    const valuesOf = async (one: MetricDataQuery) =>
      (await cloudwatch.send(new GetMetricDataCommand({ MetricDataQueries: [one], ...span })))
        .MetricDataResults?.[0];
    expect(await valuesOf(query('Sum', dimensions))).toMatchObject({
      Id: 'one',
      Values: [5, 1],
      Timestamps: [new Date(hour), new Date(hour - 3_600_000)],
      StatusCode: 'Complete',
    });
    expect((await valuesOf(query('Maximum', dimensions)))?.Values).toEqual([3, 1]);
    expect((await valuesOf(query('Sum', {})))?.Values).toEqual([]);
    await expect(valuesOf({ ...query('Sum', {}), Id: 'One' })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});
