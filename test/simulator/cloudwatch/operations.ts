import { type Aws, type Operation, type Operations, seconds } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { type Input, number, record, records, requiredText, text, texts } from '../input.ts';
import type { AlarmState, Datum } from './state.ts';

const MOST_ALARMS = 100;
const MOST_QUERIES = 500;

const describeAlarms: Operation = (aws, input) => {
  onlyFields(input, ['AlarmNames', 'AlarmNamePrefix', 'StateValue', 'MaxRecords', 'NextToken']);
  const names = texts(input, 'AlarmNames');
  const prefix = text(input, 'AlarmNamePrefix');
  const state = text(input, 'StateValue');
  if (names.length > MOST_ALARMS)
    throw invalid('InvalidParameterValueException', 'At most 100 alarm names are allowed.');
  if (names.length > 0 && prefix !== undefined)
    throw invalid(
      'InvalidParameterCombinationException',
      'AlarmNames and AlarmNamePrefix exclude each other.',
    );
  const found = [...aws.cloudwatch.alarms.values()]
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .filter(({ name }) => name.startsWith(prefix ?? ''))
    .filter((alarm) => state === undefined || alarm.state === state)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const most = number(input, 'MaxRecords') ?? 50;
  if (most < 1 || most > MOST_ALARMS)
    throw invalid('InvalidParameterValueException', 'MaxRecords must be from 1 to 100.');
  const from = Number(text(input, 'NextToken') ?? 0);
  const next = from + most;
  return {
    MetricAlarms: found.slice(from, next).map((alarm) => rendered(aws, alarm)),
    CompositeAlarms: [],
    ...(next < found.length && { NextToken: String(next) }),
  };
};

function rendered({ place }: Aws, { name, state, reason, description, changedAt }: AlarmState): object {
  return {
    AlarmName: name,
    AlarmArn: `arn:${place.partition}:cloudwatch:${place.region}:${place.account}:alarm:${name}`,
    AlarmDescription: description,
    ActionsEnabled: true,
    StateValue: state,
    StateReason: reason,
    StateUpdatedTimestamp: seconds(changedAt),
  };
}

const getMetricData: Operation = ({ cloudwatch }, input) => {
  onlyFields(input, ['MetricDataQueries', 'StartTime', 'EndTime', 'ScanBy']);
  const queries = records(input, 'MetricDataQueries');
  const [from, to] = [number(input, 'StartTime'), number(input, 'EndTime')];
  if (queries.length === 0 || queries.length > MOST_QUERIES)
    throw invalid('ValidationException', 'MetricDataQueries must have 1 to 500 members.');
  if (from === undefined || to === undefined || from >= to)
    throw invalid('ValidationException', 'The parameter StartTime must be less than the parameter EndTime.');
  const isAscending = (text(input, 'ScanBy') ?? 'TimestampDescending') === 'TimestampAscending';
  return {
    MetricDataResults: queries.map((query) => answer(query, cloudwatch.data, [from, to], isAscending)),
    Messages: [],
  };
};

function answer(
  query: Input,
  data: readonly Datum[],
  [from, to]: readonly [number, number],
  isAscending: boolean,
): object {
  onlyFields(query, ['Id', 'Label', 'MetricStat', 'ReturnData']);
  const id = requiredText(query, 'Id');
  if (!/^[a-z][a-zA-Z0-9_]*$/.test(id))
    throw invalid('ValidationException', `The value ${id} for Id is not valid.`);
  const stat = record(query, 'MetricStat') ?? {};
  onlyFields(stat, ['Metric', 'Period', 'Stat']);
  const period = number(stat, 'Period') ?? 0;
  if (period < 60 || period % 60 !== 0)
    throw invalid('ValidationException', 'Period must be a multiple of 60.');
  const values = new Map<number, number[]>();
  for (const { at, value } of data.filter(isOf(record(stat, 'Metric') ?? {}))) {
    const begin = Math.floor(at / 1000 / period) * period;
    if (begin >= from && begin < to) values.set(begin, [...(values.get(begin) ?? []), value]);
  }
  const points = [...values].toSorted(([a], [b]) => (isAscending ? a - b : b - a));
  const combine = STATISTICS[requiredText(stat, 'Stat')];
  if (combine === undefined)
    throw invalid('ValidationException', 'The simulator does not model this statistic.');
  return {
    Id: id,
    Label: text(query, 'Label') ?? id,
    Timestamps: points.map(([at]) => at),
    Values: points.map(([, all]) => combine(all)),
    StatusCode: 'Complete',
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);

const STATISTICS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  Sum: sum,
  Maximum: (values) => Math.max(...values),
  Minimum: (values) => Math.min(...values),
  Average: (values) => sum(values) / values.length,
  SampleCount: (values) => values.length,
};

/** A metric has exactly the dimensions that it was published with. */
function isOf(metric: Input): (datum: Datum) => boolean {
  onlyFields(metric, ['Namespace', 'MetricName', 'Dimensions']);
  const namespace = requiredText(metric, 'Namespace');
  const name = requiredText(metric, 'MetricName');
  const wanted = records(metric, 'Dimensions').map((one) => [
    requiredText(one, 'Name'),
    requiredText(one, 'Value'),
  ]);
  return (datum) =>
    datum.namespace === namespace &&
    datum.metric === name &&
    wanted.length === Object.keys(datum.dimensions).length &&
    wanted.every(([key = '', value]) => datum.dimensions[key] === value);
}

/** Fields that are not modelled are refused, so that no test relies on what the simulator leaves out. */
function onlyFields(input: Input, known: readonly string[]): void {
  const unknown = Object.keys(input).filter((field) => !known.includes(field));
  if (unknown.length > 0)
    throw invalid('ValidationException', `the simulator does not model ${unknown.join(', ')} here`);
}

const invalid = (code: string, message: string): AwsError => new AwsError(code, message);

export const CLOUDWATCH: Operations = { DescribeAlarms: describeAlarms, GetMetricData: getMetricData };
