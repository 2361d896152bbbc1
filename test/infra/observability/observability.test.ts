import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod/mini';
import { METRICS, METRICS_OF_TRUST, RECORDS } from '../../../functions/telemetry/record.ts';
import { escaped } from '../../support/svg.ts';
import { type Packaged, packageInto, removeFolder } from '../packaged.ts';
import { faultsOf, filledIn, queriesOf } from './faults.ts';
import { parseQuery, type Row, rowOf, runCommands } from './insights.ts';
import { linesOfEverything } from './scenarios.ts';
import { isArnOf, readStack, rings, type Stack } from './stack.ts';
import { readLines } from './written.ts';

let folder: string;
/** With everything that a stage parameter adds. */
let packaged: Packaged;
let stack: Stack;
let byDefault: Stack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'observability-test-'));
  packaged = await packageInto(join(folder, 'whole'), { trustedAccounts: '444455556666' });
  stack = readStack(packaged);
  byDefault = readStack(await packageInto(join(folder, 'by-default')));
});

afterAll(() => removeFolder(folder));

let lines: Promise<readonly string[]> | undefined;

/** The lines are written once for all tests. */
function written(): Promise<readonly string[]> {
  lines ??= linesOfEverything(serviceName());
  return lines;
}

describe('dashboard, alarms and saved queries', () => {
  test('are tested with situations that bring every record and every metric', async () => {
    const { rows, points } = readLines(await written());
    expect(new Set(rows.flatMap((row) => row.get('event') ?? []))).toEqual(new Set(RECORDS));
    expect(new Set(points.map(({ name }) => name))).toEqual(new Set([...METRICS, ...METRICS_OF_TRUST]));
    expect(new Set(points.map(({ namespace }) => namespace))).toEqual(new Set(['SecretRedeploy']));
  });

  test('use only what the functions write and the stack has, and each query finds something', async () => {
    expect(faultsOf(stack, readLines(await written()))).toEqual([]);
  });

  test('show every metric, and every record by its name or in a history', async () => {
    const shown = stack.widgets.flatMap((widget) => (widget.type === 'metric' ? widget.lines : []));
    expect(
      new Set(shown.flatMap(({ namespace, name }) => (namespace === 'SecretRedeploy' ? name : []))),
    ).toEqual(new Set([...METRICS, ...METRICS_OF_TRUST]));
    const named = queriesOf(stack).flatMap(({ text }) =>
      parseQuery(text).commands.flatMap(({ compared = [] }) => compared),
    );
    const events = named.flatMap(({ field, value }) => (field === 'event' ? value : []));
    // Plans and fresh services are covered by the widgets about redeploys and ends; a failure is found by its level.
    const inHistoriesOnly = ['plan.made', 'service.fresh', 'service.failed'];
    expect(new Set([...events, ...inHistoriesOnly])).toEqual(new Set(RECORDS));
  });

  test('read the log of every function', () => {
    const groups = idsOfType('AWS::Logs::LogGroup');
    for (const query of queriesOf(stack)) expect(query).toMatchObject({ groups });
  });
});

describe('the check of names notices a change in the code', () => {
  test('of each field', async () => {
    const all = await written();
    const fields = usedFields(stack);
    expect(fields.length).toBeGreaterThan(30);
    const unnoticed = fields.filter(
      (field) => faultsOf(stack, readLines(all.map((line) => renamed(line, field.split('.'))))).length === 0,
    );
    expect(unnoticed).toEqual([]);
  });

  test('of each record that a query names', async () => {
    const all = await written();
    for (const record of RECORDS.filter(
      (name) => !['plan.made', 'service.fresh', 'service.failed'].includes(name),
    )) {
      const without = all.map((line) => line.replaceAll(`"event":"${record}"`, '"event":"renamed"'));
      expect(faultsOf(stack, readLines(without)).join()).toContain(`event is never ${record}`);
    }
  });

  test('of each metric, of their namespace and of their dimension', async () => {
    const { rows, points } = readLines(await written());
    for (const metric of [...METRICS, ...METRICS_OF_TRUST]) {
      const others = points.filter(({ name }) => name !== metric);
      expect(faultsOf(stack, { rows, points: others }).join()).toContain(`SecretRedeploy ${metric}`);
    }
    const elsewhere = points.map((point) => ({ ...point, namespace: 'Other' }));
    expect(faultsOf(stack, { rows, points: elsewhere }).length).toBeGreaterThanOrEqual(METRICS.length);
    const otherwise = points.map((point) => ({ ...point, dimensions: { name: serviceName() } }));
    expect(faultsOf(stack, { rows, points: otherwise }).length).toBeGreaterThanOrEqual(METRICS.length);
  });

  test('of each function, queue, log group and alarm', async () => {
    const all = readLines(await written());
    const types = ['AWS::Lambda::Function', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup'];
    for (const id of types.flatMap(idsOfType)) {
      const without = { ...stack, types: new Map([...stack.types].filter(([other]) => other !== id)) };
      expect(faultsOf(without, all).join(), id).toContain(id);
    }
    for (const { alarmName } of stack.alarms) {
      const without = { ...stack, alarms: stack.alarms.filter((alarm) => alarm.alarmName !== alarmName) };
      expect(faultsOf(without, all).join()).toContain(`${alarmName}, which is no alarm`);
    }
  });
});

/** How an alarm on this metric treats missing data, if that does not mean that nothing happened. */
const SILENCE: Readonly<Record<string, string>> = {
  ApproximateNumberOfMessagesVisible: 'ignore',
  StaleServices: 'ignore',
  MissingResources: 'ignore',
  Invocations: 'breaching',
};

describe('the alarms', () => {
  test('are all on the dashboard and notify the one topic', () => {
    const shown = stack.widgets.flatMap((widget) => (widget.type === 'alarm' ? widget.alarms : []));
    expect(stack.alarms.filter((alarm) => !shown.some((arn) => isArnOf(alarm, arn)))).toEqual([]);
    expect(
      byDefault.widgets.flatMap((widget) => (widget.type === 'alarm' ? widget.alarms : [])),
    ).toHaveLength(byDefault.alarms.length);
    for (const { actions } of stack.alarms) expect(actions).toEqual([{ Ref: 'AlarmTopic' }]);
    expect(idsOfType('AWS::SNS::Topic')).toEqual(['AlarmTopic']);
  });

  test('say what happened and what to do first, and name only queries that exist', () => {
    const names = stack.queries.map(({ where }) => where.split('/').at(-1));
    for (const { description } of stack.alarms) {
      expect(description).toContain(' First: ');
      expect(description.length).toBeLessThanOrEqual(1024);
      for (const [, query] of description.matchAll(/query "([^"]+)"/g)) expect(names).toContain(query);
    }
  });

  test('watch every metric that is not routine', () => {
    const routine = [
      'Changes',
      'Matched',
      'Redeployed',
      'Skipped',
      'Draining',
      'ReactionMs',
      'ExposureSeconds',
      'ApiCalls',
    ];
    const watched = stack.alarms.flatMap(({ namespace, name }) =>
      namespace === 'SecretRedeploy' ? name : [],
    );
    expect(new Set([...watched, ...routine])).toEqual(new Set([...METRICS, ...METRICS_OF_TRUST]));
  });

  test('watch every function, every queue and every dead-letter queue', () => {
    const watching = stack.alarms.map(
      ({ name, dimensions }) => `${name} ${Object.values(dimensions).join()}`,
    );
    for (const id of idsOfType('AWS::Lambda::Function'))
      expect(watching).toEqual(expect.arrayContaining([`Errors ${id}`, `Throttles ${id}`]));
    for (const id of idsOfType('AWS::SQS::Queue')) {
      const isDeadLetters = !JSON.stringify(packaged.resources[id]?.Properties).includes('RedrivePolicy');
      const metric = isDeadLetters ? 'ApproximateNumberOfMessagesVisible' : 'ApproximateAgeOfOldestMessage';
      expect(watching).toContain(`${metric} ${id}.QueueName`);
    }
  });

  test('treat missing data as quiet, unless they are about a state that lasts or about silence itself', () => {
    for (const { name, treatMissingData } of stack.alarms)
      expect({ name, treatMissingData }).toEqual({ name, treatMissingData: SILENCE[name] ?? 'notBreaching' });
  });

  test('announce their own end only if they are about a state', () => {
    for (const { name, okActions } of stack.alarms) {
      const isState = name in SILENCE || name === 'ApproximateAgeOfOldestMessage';
      expect({ name, okActions }).toEqual({ name, okActions: isState ? [{ Ref: 'AlarmTopic' }] : undefined });
    }
  });

  test('miss a sweep after the configured number of hours, and name that number', () => {
    const period = { Period: 3600, EvaluationPeriods: 6, Statistic: 'Sum', Threshold: 1 };
    expect(packaged.resources['NoSweepAlarm']?.Properties).toMatchObject(period);
    const alarm = stack.alarms.find(({ id }) => id === 'NoSweepAlarm');
    expect(alarm?.description).toContain('No sweep has begun for 6 hours');
  });

  test('on the age of messages wait longer than the longest life of a message that is being tried', () => {
    const longest = 900 + 5 * 300;
    const ages = stack.alarms.filter(({ name }) => name === 'ApproximateAgeOfOldestMessage');
    for (const { threshold } of ages) expect(threshold).toBeGreaterThan(longest);
  });

  test('on errors look back for longer than the function may run, because an error is dated by its start', () => {
    const timeouts = new Map(
      idsOfType('AWS::Lambda::Function').map((id) => [id, Timeout.parse(packaged.resources[id]?.Properties)]),
    );
    const errors = stack.alarms.filter(({ name }) => name === 'Errors');
    expect(errors).toHaveLength(timeouts.size);
    for (const { id, dimensions } of errors) {
      const looksAt = LooksAt.parse(packaged.resources[id]?.Properties);
      const lasts = timeouts.get(dimensions['FunctionName'] ?? '')?.Timeout ?? Infinity;
      expect(looksAt.Period * looksAt.EvaluationPeriods, id).toBeGreaterThanOrEqual(lasts + looksAt.Period);
      expect(looksAt.DatapointsToAlarm).toBe(1);
    }
  });

  test('go off at the first case, except for old messages, throttling and untrusted accounts', () => {
    const late = stack.alarms.filter((alarm) => !rings(alarm, alarm.name === 'Invocations' ? 0 : 1));
    expect(new Set(late.map(({ name }) => name))).toEqual(
      new Set(['ApproximateAgeOfOldestMessage', 'Throttled', 'Untrusted']),
    );
  });
});

describe('the topic', () => {
  test('takes messages from the alarms of this account only, and none over plain HTTP', () => {
    expect(packaged.resources['AlarmTopicPolicy']?.Properties).toMatchObject({
      Topics: [{ Ref: 'AlarmTopic' }],
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: 'sns:Publish',
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          },
          { Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        ],
      },
    });
  });

  test('sends e-mails only to an address that was configured', () => {
    expect(packaged.resources['AlarmEmailSubscription']).toMatchObject({ Condition: 'HasAlarmEmail' });
  });
});

describe('a history', () => {
  test('of a secret shows all that happened, by its name alone', async () => {
    const events = (await answerTo('history-of-a-secret')).map((row) => row.get('event'));
    // The counts of a sweep belong to no single secret.
    expect(new Set([...events, 'sweep.done'])).toEqual(new Set(RECORDS));
  });

  test('of a service shows what was done to it and nothing about other services', async () => {
    const rows = await answerTo('history-of-a-service', { 'REPLACE-WITH-SERVICE': 'api-denied' });
    expect(new Set(rows.map((row) => row.get('event')))).toEqual(
      new Set(['service.failed', 'change.notice']),
    );
    const services = (await answerTo('history-of-a-service', { 'REPLACE-WITH-SERVICE': 'api-later' })).map(
      (row) => String(row.get('event')),
    );
    expect(services).toEqual(['service.waiting', 'service.redeployed', 'service.fresh']);
  });

  test('of a change begins with the failed attempt to confirm it and ends with its end', async () => {
    const messages = (await answerTo('history-of-a-change')).map((row) => row.get('message'));
    expect(messages[0]).toContain('cannot confirm the change');
    expect(messages.at(-1)).toBe('change.settled');
  });
});

test('the picture in docs/operate.md shows every widget and every alarm: `npm run picture` draws it again', async () => {
  const picture = await readFile('infra/dashboard.svg', 'utf8');
  for (const widget of byDefault.widgets)
    if ('title' in widget) expect(picture).toContain(`>${escaped(widget.title)}<`);
  for (const { alarmName } of byDefault.alarms)
    expect(picture).toContain(`>${alarmName.replace('ecs-secret-redeploy-prod-', '')}<`);
});

test('widgets neither overlap nor leave the grid', () => {
  const cells = stack.widgets.flatMap(({ x, y, width, height }) => {
    expect(x + width).toBeLessThanOrEqual(24);
    return Array.from(
      { length: width * height },
      (_, i) => `${x + (i % width)},${y + Math.floor(i / width)}`,
    );
  });
  expect(new Set(cells).size).toBe(cells.length);
});

describe('the evaluator of queries', () => {
  const rows = [
    '{"event":"a","n":1,"tags":[{"x":"one"}],"who":"arn:x:service/shop/api"}',
    '{"event":"b","n":3,"who":"arn:x:service/shop/web"}',
    '{"event":"b","n":2}',
    'no JSON at all',
  ].map(rowOf);
  const run = (text: string) =>
    runCommands(parseQuery(text).commands, rows).map((row) => Object.fromEntries(row));

  test.each<[string, readonly object[]]>([
    ['fields n | filter event = "b" | sort n asc', [{ n: 2 }, { n: 3 }]],
    ['fields n | filter event in ["a", "c"] or n = 3 | sort n desc', [{ n: 3 }, { n: 1 }]],
    ['fields event | filter not ispresent(n)', [{}]],
    ['fields tags.0.x | filter ispresent(tags.0.x) and event != "b"', [{ 'tags.0.x': 'one' }]],
    ['fields n | filter @message like "shop/" | limit 1', [{ n: 1 }]],
    ['parse who /service\\/shop\\/(?<name>.+)$/ | filter name like /^w/ | display name', [{ name: 'web' }]],
    [
      'filter ispresent(event) | stats count(*) as times by event | sort times desc',
      [
        { event: 'b', times: 2 },
        { event: 'a', times: 1 },
      ],
    ],
    ['stats count_distinct(n) as numbers by event | filter event = "b"', [{ event: 'b', numbers: 2 }]],
    ['fields coalesce(who, event) as what | filter n = 2', [{ what: 'b' }]],
    ['# in words\nfields n | sort n desc | dedup event | filter ispresent(n)', [{ n: 3 }, { n: 1 }]],
  ])('runs the query %s', (text, expected) => {
    expect(run(text)).toEqual(expected);
  });

  test.each(['top 5', 'fields a +', 'stats avg(n)', 'filter n', 'fields upper(n)'])(
    'refuses the query "%s"',
    (text) => {
      expect(() => run(text)).toThrow(SyntaxError);
    },
  );

  test('refuses a placeholder without a value', () => {
    expect(() => filledIn('filter a like "REPLACE-WITH-UNKNOWN"')).toThrow('REPLACE-WITH-UNKNOWN');
  });
});

const idsOfType = (type: string) => [...stack.types].flatMap(([id, ofId]) => (ofId === type ? id : []));

const Timeout = z.object({ Timeout: z.number() });
const LooksAt = z.object({
  Period: z.number(),
  EvaluationPeriods: z.number(),
  DatapointsToAlarm: z.optional(z.number()),
});

const Environment = z.object({
  Environment: z.object({ Variables: z.object({ POWERTOOLS_SERVICE_NAME: z.string() }) }),
});

/** The service name that the metrics of every function carry. */
function serviceName(): string {
  const names = idsOfType('AWS::Lambda::Function').map(
    (id) =>
      Environment.parse(packaged.resources[id]?.Properties).Environment.Variables.POWERTOOLS_SERVICE_NAME,
  );
  expect(new Set(names).size).toBe(1);
  return String(names[0]);
}

/** The result of a saved query on all lines that were written. */
async function answerTo(name: string, asked?: Readonly<Record<string, string>>): Promise<readonly Row[]> {
  const query = stack.queries.find(({ where }) => where.endsWith(`/${name}`));
  const { rows } = readLines(await written());
  return runCommands(parseQuery(filledIn(query?.text ?? '', asked)).commands, rows);
}

/** The fields of our records that queries use. */
function usedFields(of: Stack): readonly string[] {
  const used = queriesOf(of).flatMap(({ text }) => {
    const { commands } = parseQuery(filledIn(text));
    const made = commands.flatMap((command) => command.made ?? []);
    const fields = commands.flatMap((command) => command.fields);
    return fields.filter((field) => !field.startsWith('@') && !made.includes(field));
  });
  return [...new Set(used)].sort();
}

/** The line as it would be if the code gave the field another name. */
function renamed(line: string, [name = '', ...inner]: readonly string[]): string {
  if (!line.startsWith('{')) return line;
  const rename = (value: unknown, key: string, rest: readonly string[]): unknown => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return value;
    const entries = Object.entries(value).map(([own, of]) => {
      if (own !== key) return [own, of] as const;
      const [next, ...further] = rest;
      return next === undefined || Array.isArray(of)
        ? ([`${own}Renamed`, of] as const)
        : ([own, rename(of, next, further)] as const);
    });
    return Object.fromEntries(entries);
  };
  return JSON.stringify(rename(JSON.parse(line), name, inner));
}
