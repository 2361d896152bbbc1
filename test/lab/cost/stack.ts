import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod/mini';
import { METRICS } from '../../../functions/telemetry/record.ts';
import { type Packaged, packageInto, removeFolder } from '../../infra/packaged.ts';
import type { Stack } from './monthly.ts';

/**
 * What the packaged template creates that costs without any change. `dimensionSets` is the number of sets of dimensions
 * under which each metric is written.
 */
export async function packagedStack(dimensionSets: number): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'cost-'));
  try {
    return stackOf(await packageInto(folder), dimensionSets);
  } finally {
    await removeFolder(folder);
  }
}

export function stackOf({ resources }: Pick<Packaged, 'resources'>, dimensionSets: number): Stack {
  const ofType = (type: string) =>
    Object.values(resources)
      .filter(({ Type }) => Type === type)
      .map(({ Properties }) => Properties);
  const functions = ofType('AWS::Lambda::Function').map((one) => LambdaFunction.parse(one));
  const logGroups = ofType('AWS::Logs::LogGroup').map((one) => LogGroup.parse(one));
  const dashboards = ofType('AWS::CloudWatch::Dashboard').map((one) => Dashboard.parse(one));
  return {
    memoryGb: Math.max(...functions.map(({ MemorySize }) => MemorySize)) / 1024,
    queuesPolled: ofType('AWS::Lambda::EventSourceMapping').length,
    metrics: METRICS.length * dimensionSets,
    alarmMetrics: ofType('AWS::CloudWatch::Alarm').reduce((sum: number, one) => sum + metricsIn(one), 0),
    dashboards: dashboards.length,
    logWidgets: dashboards.reduce((sum, one) => sum + logWidgetsIn(one), 0),
    logRetentionDays: Math.max(...logGroups.map(({ RetentionInDays }) => RetentionInDays)),
  };
}

const LambdaFunction = z.object({ MemorySize: z.number() });
const LogGroup = z.object({ RetentionInDays: z.number() });
const Alarm = z.object({
  Metrics: z.optional(z.array(z.object({ MetricStat: z.optional(z.unknown()) }))),
});
const Dashboard = z.object({ DashboardBody: z.object({ 'Fn::Sub': z.string() }) });
const Body = z.object({ widgets: z.array(z.object({ type: z.string() })) });

/** An alarm over an expression is billed for each metric in it. */
function metricsIn(alarm: unknown): number {
  const { Metrics: metrics } = Alarm.parse(alarm);
  return metrics === undefined ? 1 : metrics.filter(({ MetricStat }) => MetricStat !== undefined).length;
}

function logWidgetsIn({ DashboardBody: body }: z.infer<typeof Dashboard>): number {
  return Body.parse(JSON.parse(body['Fn::Sub'])).widgets.filter(({ type }) => type === 'log').length;
}
