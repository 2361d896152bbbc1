import { z } from 'zod/mini';
import type { Packaged } from '../packaged.ts';

/** Whether two sets of dimensions are the same, whatever their order. */
export function isSame(a: MetricUse['dimensions'], b: MetricUse['dimensions']): boolean {
  const sorted = (one: MetricUse['dimensions']) =>
    JSON.stringify(Object.entries(one).toSorted(([x], [y]) => (x < y ? -1 : 1)));
  return sorted(a) === sorted(b);
}

/** The parts of the stack that use logs and metrics. Resources have logical ids, as in `ChangeQueue.QueueName`. */
export type Stack = {
  readonly types: ReadonlyMap<string, string>;
  readonly alarms: readonly Alarm[];
  readonly widgets: readonly Widget[];
  readonly queries: readonly SavedQuery[];
};

export type MetricUse = {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
};

export type Alarm = MetricUse & {
  readonly id: string;
  readonly alarmName: string;
  readonly description: string;
  readonly treatMissingData: string;
  readonly statistic: string;
  readonly threshold: number;
  readonly comparison: keyof typeof COMPARISONS;
  readonly okActions: unknown;
  readonly actions: unknown;
};

export type SavedQuery = {
  readonly where: string;
  readonly text: string;
  readonly groups: readonly string[];
};

/** A rectangle of the grid and its content. */
export type Widget = ReturnType<typeof widgetsOf>[number];

export type Line = MetricUse & {
  readonly stat: string;
  readonly label: string;
  readonly color: string;
  readonly axis: 'left' | 'right';
};

/** Throws if a part of the stack does not have the form that this project uses. */
export function readStack({ resources }: Packaged): Stack {
  const ofType = (type: string) => Object.entries(resources).filter(([, resource]) => resource.Type === type);
  return {
    types: new Map(Object.entries(resources).map(([id, { Type }]) => [id, Type])),
    alarms: ofType('AWS::CloudWatch::Alarm').map(([id, { Properties }]) => alarmOf(id, Properties)),
    widgets: ofType('AWS::CloudWatch::Dashboard').flatMap(([, { Properties }]) => widgetsOf(Properties)),
    queries: ofType('AWS::Logs::QueryDefinition').map(([, { Properties }]) => queryOf(Properties)),
  };
}

/** Whether the dashboard names the alarm by this ARN. Alarms have fixed names, so their ARNs need no reference. */
export function isArnOf({ alarmName }: Alarm, arn: string): boolean {
  return arn === `arn:\${AWS::Partition}:cloudwatch:\${AWS::Region}:\${AWS::AccountId}:alarm:${alarmName}`;
}

const COMPARISONS = {
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
};

/** Whether the alarm goes off for this value of its statistic. */
export function rings({ comparison, threshold }: Alarm, value: number): boolean {
  return COMPARISONS[comparison](value, threshold);
}

const Reference = z.union([
  z.string(),
  z.object({ Ref: z.string() }),
  z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }),
]);

const AlarmProperties = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: Reference })),
  TreatMissingData: z.string(),
  Statistic: z.string(),
  Threshold: z.number(),
  ComparisonOperator: z.enum(['GreaterThanThreshold', 'LessThanThreshold']),
  OKActions: z.optional(z.unknown()),
  AlarmActions: z.unknown(),
});

function alarmOf(id: string, raw: unknown): Alarm {
  const properties = AlarmProperties.parse(raw);
  return {
    id,
    alarmName: properties.AlarmName,
    description: properties.AlarmDescription,
    namespace: properties.Namespace,
    name: properties.MetricName,
    dimensions: Object.fromEntries(properties.Dimensions.map(({ Name, Value }) => [Name, idOf(Value)])),
    treatMissingData: properties.TreatMissingData,
    statistic: properties.Statistic,
    threshold: properties.Threshold,
    comparison: properties.ComparisonOperator,
    okActions: properties.OKActions,
    actions: properties.AlarmActions,
  };
}

function idOf(reference: z.infer<typeof Reference>): string {
  if (typeof reference === 'string') return withoutBraces(reference);
  return 'Ref' in reference ? reference.Ref : reference['Fn::GetAtt'].join('.');
}

/** `${ChangeQueue.QueueName}` in an Fn::Sub. */
const withoutBraces = (text: string) => text.replace(/^\$\{(.+)\}$/, '$1');

const QueryProperties = z.object({
  Name: z.string(),
  QueryString: z.string(),
  LogGroupNames: z.array(z.object({ Ref: z.string() })),
});

function queryOf(raw: unknown): SavedQuery {
  const { Name, QueryString, LogGroupNames } = QueryProperties.parse(raw);
  return { where: Name, text: QueryString, groups: LogGroupNames.map(({ Ref }) => Ref) };
}

const DashboardProperties = z.object({ DashboardBody: z.object({ 'Fn::Sub': z.string() }) });
const Options = z.object({
  stat: z.optional(z.string()),
  label: z.string(),
  color: z.string(),
  yAxis: z._default(z.enum(['left', 'right']), 'left'),
});
/** Namespace and name; one dimension of AWS's metrics, and two of ours, which differ by stage. */
const Metric = z.union([
  z.tuple([z.string(), z.string(), z.string(), z.string(), Options]),
  z.tuple([z.string(), z.string(), z.string(), z.string(), z.string(), z.string(), Options]),
]);
const titled = { title: z.string(), region: z.literal(`\${AWS::Region}`) };
const place = { x: z.number(), y: z.number(), width: z.number(), height: z.number() };
const of = <Type extends string, Properties extends z.core.$ZodShape>(type: Type, properties: Properties) =>
  z.object({ ...place, type: z.literal(type), properties: z.object(properties) });
const Body = z.object({
  widgets: z.array(
    z.discriminatedUnion('type', [
      of('text', { markdown: z.string() }),
      of('alarm', { title: z.string(), alarms: z.array(z.string()) }),
      of('log', { ...titled, view: z.enum(['table', 'bar']), query: z.string() }),
      of('metric', {
        ...titled,
        view: z.enum(['timeSeries', 'singleValue']),
        stacked: z._default(z.boolean(), false),
        period: z.number(),
        stat: z.optional(z.string()),
        metrics: z.array(Metric),
      }),
    ]),
  ),
});

function widgetsOf(raw: unknown) {
  const { DashboardBody } = DashboardProperties.parse(raw);
  return Body.parse(JSON.parse(DashboardBody['Fn::Sub'])).widgets.map(({ properties, ...widget }) => {
    // The type of `properties` does not follow the one of the widget, from which it was taken.
    if ('markdown' in properties) return { ...widget, ...properties, type: 'text' as const };
    if ('alarms' in properties) return { ...widget, ...properties, type: 'alarm' as const };
    if ('query' in properties) return { ...widget, ...properties, type: 'log' as const };
    const { metrics, stat: common, ...shown } = properties;
    const lines = metrics.map((metric) => lineOf(metric, common));
    return { ...widget, ...shown, type: 'metric' as const, lines };
  });
}

function lineOf(metric: z.infer<typeof Metric>, common: string | undefined): Line {
  const [namespace, name, ...rest] = metric;
  const texts = rest.filter((one) => typeof one === 'string');
  const { stat = common, label, color, yAxis: axis } = metric.length === 5 ? metric[4] : metric[6];
  if (stat === undefined) throw new TypeError(`${label}: ${name} has no statistic`);
  const pairs = texts.flatMap((key, at) => (at % 2 === 0 ? [[key, withoutBraces(texts[at + 1] ?? '')]] : []));
  return { namespace, name, dimensions: Object.fromEntries(pairs), stat, label, color, axis };
}
