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
export type Widget = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
} & WidgetContent;

export type WidgetContent =
  | { readonly type: 'text'; readonly markdown: string }
  | { readonly type: 'alarm'; readonly title: string; readonly alarms: readonly string[] }
  | { readonly type: 'log'; readonly title: string; readonly view: 'table' | 'bar'; readonly query: string }
  | {
      readonly type: 'metric';
      readonly title: string;
      readonly view: 'timeSeries' | 'singleValue';
      readonly stacked: boolean;
      readonly lines: readonly Line[];
    };

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
  yAxis: z.optional(z.enum(['left', 'right'])),
});
const place = { x: z.number(), y: z.number(), width: z.number(), height: z.number() };
const Body = z.object({
  widgets: z.array(
    z.discriminatedUnion('type', [
      z.object({ ...place, type: z.literal('text'), properties: z.object({ markdown: z.string() }) }),
      z.object({
        ...place,
        type: z.literal('alarm'),
        properties: z.object({ title: z.string(), alarms: z.array(z.string()) }),
      }),
      z.object({
        ...place,
        type: z.literal('log'),
        properties: z.object({
          title: z.string(),
          region: z.literal(`\${AWS::Region}`),
          view: z.enum(['table', 'bar']),
          query: z.string(),
        }),
      }),
      z.object({
        ...place,
        type: z.literal('metric'),
        properties: z.object({
          title: z.string(),
          region: z.literal(`\${AWS::Region}`),
          view: z.enum(['timeSeries', 'singleValue']),
          stacked: z._default(z.boolean(), false),
          period: z.number(),
          stat: z.optional(z.string()),
          metrics: z.array(
            z.union([
              z.tuple([z.string(), z.string(), z.string(), z.string(), Options]),
              z.tuple([z.string(), z.string(), z.string(), z.string(), z.string(), z.string(), Options]),
            ]),
          ),
        }),
      }),
    ]),
  ),
});

function widgetsOf(raw: unknown): readonly Widget[] {
  const { DashboardBody } = DashboardProperties.parse(raw);
  return Body.parse(JSON.parse(DashboardBody['Fn::Sub'])).widgets.map((widget): Widget => {
    const { x, y, width, height } = widget;
    const rectangle = { x, y, width, height };
    if (widget.type === 'text') return { ...rectangle, type: 'text', ...widget.properties };
    if (widget.type === 'alarm') return { ...rectangle, type: 'alarm', ...widget.properties };
    if (widget.type === 'log') return { ...rectangle, type: 'log', ...widget.properties };
    const { title, view, stacked, metrics, stat: common } = widget.properties;
    const lines = metrics.map((metric): Line => {
      const { namespace, name, dimensions, options } = partsOf(metric);
      const stat = options.stat ?? common;
      if (stat === undefined) throw new TypeError(`${title}: ${name} has no statistic`);
      const { label, color, yAxis: axis = 'left' } = options;
      return { namespace, name, dimensions, stat, label, color, axis };
    });
    return { ...rectangle, type: 'metric', title, view, stacked, lines };
  });
}

type Metric = Extract<
  z.infer<typeof Body>['widgets'][number],
  { type: 'metric' }
>['properties']['metrics'][number];

/** One dimension of AWS's metrics, and two of ours, which differ by stage. */
function partsOf(metric: Metric) {
  const [namespace, name, dimension, value] = metric;
  const first = { [dimension]: withoutBraces(value) };
  if (metric.length === 5) return { namespace, name, dimensions: first, options: metric[4] };
  return {
    namespace,
    name,
    dimensions: { ...first, [metric[4]]: withoutBraces(metric[5]) },
    options: metric[6],
  };
}
