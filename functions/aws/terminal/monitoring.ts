import { CloudWatchClient, DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Metric } from '../../core/doctor/facts.ts';
import type { Clock, Monitoring } from '../../ports.ts';
import { type CallCounts, counted, reads } from '../clients.ts';
import { readFailed } from '../errors.ts';

/**
 * Alarms and metrics of the service. One call answers 100 alarms and 500 metrics, which are more than it has
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html, …/API_GetMetricData.html).
 */
export function makeMonitoring(counts: CallCounts, clock: Clock): Monitoring {
  const client = counted(new CloudWatchClient(reads), counts);
  return {
    async alarms(names, abortSignal) {
      if (names.length === 0) return [];
      try {
        const command = new DescribeAlarmsCommand({ AlarmNames: [...names], MaxRecords: 100 });
        const { MetricAlarms = [] } = await client.send(command, { abortSignal });
        return MetricAlarms.map(({ AlarmName, StateValue, StateUpdatedTimestamp, AlarmDescription }) => ({
          name: AlarmName ?? '',
          state: StateValue ?? '',
          since: StateUpdatedTimestamp?.getTime() ?? 0,
          description: AlarmDescription ?? '',
        }));
      } catch (error) {
        throw readFailed('read the alarms of the service', error);
      }
    },
    async sums(metrics, { since, intervalSeconds }, abortSignal) {
      try {
        const command = new GetMetricDataCommand({
          MetricDataQueries: metrics.map((metric, i) => queryOf(metric, i, intervalSeconds)),
          StartTime: new Date(since),
          EndTime: new Date(clock.now()),
          ScanBy: 'TimestampDescending',
        });
        const { MetricDataResults = [] } = await client.send(command, { abortSignal });
        return metrics.map((_, i) => {
          const { Timestamps = [], Values = [] } = MetricDataResults.find(({ Id }) => Id === idOf(i)) ?? {};
          const sums = Timestamps.map((at, j) => ({ at: at.getTime(), value: Values[j] ?? 0 }));
          return sums.filter(({ value }) => value > 0);
        });
      } catch (error) {
        throw readFailed('read the metrics of the service', error);
      }
    },
  };
}

const idOf = (i: number): string => `m${i}`;

function queryOf({ namespace, name, dimensions }: Metric, i: number, Period: number) {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const Metric = { Namespace: namespace, MetricName: name, Dimensions };
  return { Id: idOf(i), MetricStat: { Metric, Period, Stat: 'Sum' } };
}
