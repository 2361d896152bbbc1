import { type Command, parseQuery, type Row, runCommands } from './insights.ts';
import { isArnOf, type MetricUse, type SavedQuery, type Stack } from './stack.ts';
import { valuesOf, type Written } from './written.ts';

/**
 * Every fault in dashboard, alarms and saved queries: a metric, dimension or field that no function writes, a log group
 * or resource that the stack does not have, a value that a field never has, a query that finds nothing.
 */
export function faultsOf(stack: Stack, written: Written): readonly string[] {
  return [
    ...metricUses(stack).flatMap(({ where, use }) => metricFaults(use, stack, written).map(at(where))),
    ...queriesOf(stack).flatMap((query) => queryFaults(query, stack, written).map(at(query.where))),
    ...stack.widgets.flatMap((widget) =>
      widget.type === 'alarm' ? widget.alarms.flatMap((arn) => alarmFault(arn, stack)) : [],
    ),
  ];
}

const at = (where: string) => (fault: string) => `${where}: ${fault}`;

/** The account of the scenarios. */
const ACCOUNT = '111122223333';

/** Saved queries and those of the dashboard, which name their log groups in their text. */
export function queriesOf({ queries, widgets }: Stack): readonly SavedQuery[] {
  const ofWidgets = widgets.flatMap((widget) => {
    if (widget.type !== 'log') return [];
    const groups = parseQuery(widget.query).sources.map((source) => source.replace(/^\$\{(.+)\}$/, '$1'));
    const text = widget.query.replaceAll(`\${AWS::AccountId}`, ACCOUNT);
    return [{ where: widget.title, text, groups }];
  });
  return [...queries, ...ofWidgets];
}

/** What a person writes in the place of REPLACE-WITH-…: values that occur in the scenarios of this test. */
const ASKED: Readonly<Record<string, string>> = {
  'REPLACE-WITH-SECRET-OR-PARAMETER': 'prod/db',
  'REPLACE-WITH-SERVICE': 'api',
  'REPLACE-WITH-CHANGE-ID': 'change-of-the-test',
};

/** The query as a person would run it. Throws if a placeholder has no value. */
export function filledIn(text: string, asked: Readonly<Record<string, string>> = ASKED): string {
  return text.replaceAll(/REPLACE-WITH-[A-Z-]*[A-Z]/g, (gap) => {
    const value = asked[gap];
    if (value === undefined) throw new Error(`expected a value for the placeholder ${gap}, found none`);
    return value;
  });
}

function metricUses({ alarms, widgets }: Stack): readonly { where: string; use: MetricUse }[] {
  return [
    ...alarms.map((use) => ({ where: use.alarmName, use })),
    ...widgets.flatMap((widget) =>
      widget.type === 'metric' ? widget.lines.map((use) => ({ where: widget.title, use })) : [],
    ),
  ];
}

/** AWS's own metrics that are used here: each has one dimension, the name of a resource. */
const AWS_METRICS: Readonly<
  Record<
    string,
    {
      readonly names: readonly string[];
      readonly dimension: string;
      readonly type: string;
      readonly attribute: string;
    }
  >
> = {
  'AWS/Lambda': {
    names: ['Invocations', 'Errors', 'Throttles', 'Duration'],
    dimension: 'FunctionName',
    type: 'AWS::Lambda::Function',
    attribute: '',
  },
  'AWS/SQS': {
    names: [
      'ApproximateAgeOfOldestMessage',
      'ApproximateNumberOfMessagesVisible',
      'ApproximateNumberOfMessagesDelayed',
    ],
    dimension: 'QueueName',
    type: 'AWS::SQS::Queue',
    attribute: '.QueueName',
  },
};

function metricFaults(use: MetricUse, { types }: Stack, { points }: Written): readonly string[] {
  const [dimension] = Object.keys(use.dimensions);
  const [value = ''] = Object.values(use.dimensions);
  const aws = AWS_METRICS[use.namespace];
  if (aws === undefined) {
    return valuesOf(points, use).length > 0
      ? []
      : [`no function writes ${use.namespace} ${use.name} ${JSON.stringify(use.dimensions)}`];
  }
  const isThere =
    value.endsWith(aws.attribute) &&
    types.get(value.slice(0, value.length - aws.attribute.length)) === aws.type;
  return aws.names.includes(use.name) && aws.dimension === dimension && isThere
    ? []
    : [`AWS has no ${use.namespace} ${use.name} ${JSON.stringify(use.dimensions)}`];
}

function queryFaults({ text, groups }: SavedQuery, { types }: Stack, { rows }: Written): readonly string[] {
  const faults = groups
    .filter((group) => types.get(group) !== 'AWS::Logs::LogGroup')
    .map((group) => `there is no log group ${group}`);
  const { commands } = parseQuery(filledIn(text));
  const found = runCommands(commands, rows, (command, before) => {
    faults.push(...stepFaults(command, before));
  });
  return found.length === 0 ? [...faults, 'it finds nothing'] : faults;
}

/** A field must be in a line that reaches the command, for a filter before it may keep only lines without the field. */
function stepFaults({ fields, compared = [] }: Command, rows: readonly Row[]): readonly string[] {
  const missing = fields.filter((field) => !rows.some((row) => row.has(field)));
  const never = compared.filter(({ field, value }) => !rows.some((row) => row.get(field) === value));
  return [
    ...missing.map((field) => `no function writes the field ${field}`),
    ...never.map(({ field, value }) => `${field} is never ${value}`),
  ];
}

function alarmFault(arn: string, { alarms }: Stack): readonly string[] {
  return alarms.some((alarm) => isArnOf(alarm, arn)) ? [] : [`the dashboard shows ${arn}, which is no alarm`];
}
