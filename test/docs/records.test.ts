import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod/mini';
import { linesOfEverything } from '../infra/observability/scenarios.ts';
import { read } from './documents.ts';
import { codesIn } from './markdown.ts';
import { tableOn } from './tables.ts';

/** Fields that Powertools adds, and those that every record of a change has, whatever happened. */
const COMMON = new Set(
  'level timestamp message functionName requestId coldStart event changeId changeIds arn arns account'.split(
    ' ',
  ),
);
/** Records whose further fields the table names as a group: those of the request, and the lists of a sweep. */
const AS_A_GROUP = ['request.received', 'sweep.done'];

type Written = {
  readonly event: string;
  readonly fields: readonly string[];
  readonly reason: string | undefined;
};

let lines: Promise<readonly string[]> | undefined;

/** The lines of situations that bring every record and every metric; they are written once, within a test. */
function allLines(): Promise<readonly string[]> {
  lines ??= linesOfEverything('ecs-secret-redeploy');
  return lines;
}

const written = async (): Promise<readonly Written[]> =>
  (await allLines()).flatMap((line) => recordIn(line) ?? []);

/** A line that is a record; lines of Lambda and metrics are not. */
function recordIn(line: string): Written | undefined {
  if (!line.startsWith('{')) return undefined;
  const { event, reason, ...others } = JSON.parse(line);
  if (typeof event !== 'string') return undefined;
  const named =
    typeof reason === 'string' ? { fields: ['reason', ...Object.keys(others)], reason } : undefined;
  return { event, ...(named ?? { fields: Object.keys(others), reason: undefined }) };
}

const Emf = z.object({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string(), Unit: z.string() })),
      }),
    ),
  }),
});

test('docs/operate.md names the dimensions of the metrics, and the unit of each', async () => {
  const lined = (await allLines()).filter((line) => line.startsWith('{"_aws"'));
  const sets = lined.flatMap((line) => Emf.parse(JSON.parse(line))._aws.CloudWatchMetrics);
  const page = read('docs/operate.md');
  const [sentence = ''] = /Namespace `SecretRedeploy`.*?embedded metric format/s.exec(page) ?? [];
  const dimensions = new Set(sets.flatMap(({ Dimensions }) => Dimensions).map((names) => names.join()));
  expect(dimensions).toEqual(new Set(['service,stage']));
  for (const name of ['service', 'stage']) expect(sentence).toContain(`\`${name}\``);
  const rows = tableOn(page, { section: 'Metrics', header: 'metric' }).map(({ cells }) => cells);
  const units = new Map(rows.map(([name = '', unit = '']) => [codesIn(name).join(), unit]));
  const used = sets.flatMap(({ Metrics }) => Metrics);
  expect(new Set(used.map(({ Name }) => Name))).toEqual(new Set(units.keys()));
  for (const { Name, Unit } of used) expect([Name, units.get(Name)]).toEqual([Name, Unit.toLowerCase()]);
});

const Record = z.looseObject({
  event: z.optional(z.string()),
  reason: z.optional(z.unknown()),
  error: z.optional(z.unknown()),
  source: z.optional(z.string()),
});
type Record = z.infer<typeof Record>;

/** What one count stands for. The records of a sweep, which says the same every hour, count nothing. */
const COUNTED: Readonly<{ [metric: string]: (record: Record) => boolean }> = {
  Changes: ({ event }) => event === 'change.received',
  Notices: ({ event, source }) => event === 'change.notice' && source !== 'sweep',
  Untrusted: ({ event, reason }) => event === 'change.ignored' && reason === 'untrusted-account',
  Redeployed: ({ event }) => event === 'service.redeployed',
  Failed: ({ event, error }) => event === 'service.failed' && error !== undefined,
  RolloutFailed: ({ event, error, reason }) =>
    (event === 'service.failed' && error === undefined) ||
    (event === 'service.skipped' && reason === 'rollout-failed'),
  Unsettled: ({ event }) => event === 'change.unsettled',
};

test.each(Object.entries(COUNTED))(
  'the metric %s counts each of its records once, and docs/operate.md names the record',
  async (metric, isCounted) => {
    const objects = (await allLines())
      .filter((line) => line.startsWith('{'))
      .map((line) => Record.parse(JSON.parse(line)));
    const counted = objects.filter(isCounted);
    const values = objects.flatMap((one) => ('_aws' in one && metric in one ? one[metric] : []));
    const sum = z
      .array(z.number())
      .parse(values.flat())
      .reduce((total, value) => total + value, 0);
    expect(sum).toBe(counted.length);
    const rows = tableOn(read('docs/operate.md'), { section: 'Metrics', header: 'metric' });
    const [row] = rows.filter(({ cells }) => cells[0] === `\`${metric}\``);
    for (const event of new Set(counted.map((one) => one.event)))
      expect(codesIn(row?.cells[2] ?? '')).toContain(event);
  },
);

describe('the table of records in docs/operate.md', () => {
  const rows = tableOn(read('docs/operate.md'), { section: 'Records', header: 'record' });
  const fieldsOf = (record: string): readonly string[] =>
    codesIn(rows.find(({ cells }) => cells[0] === `\`${record}\``)?.cells[2] ?? '');

  test('names every field that a record has', async () => {
    const seen = (await written()).filter(({ event }) => !AS_A_GROUP.includes(event));
    expect(seen.length).toBeGreaterThan(50);
    const missing = seen.flatMap(({ event, fields }) =>
      fields
        .filter((field) => !COMMON.has(field) && !fieldsOf(event).includes(field.replace(/Total$/, '')))
        .filter((field) => !fieldsOf(event).includes(field))
        .map((field) => `${event} ${field}`),
    );
    expect([...new Set(missing)]).toEqual([]);
  });

  test('names no field that records do not have', async () => {
    const all = await written();
    // The situations do not bring every list of warnings.
    const lists = read('functions/telemetry/journal.ts');
    const gone = rows.flatMap(({ cells: [record = ''] }) => {
      const [event = ''] = codesIn(record);
      const seen = new Set(all.filter((one) => one.event === event).flatMap(({ fields }) => fields));
      return fieldsOf(event)
        .filter((field) => !seen.has(field) && !lists.includes(`someOf('${field}'`))
        .map((field) => `${event} ${field}`);
    });
    expect(gone).toEqual([]);
  });
});

describe('docs/decisions.md', () => {
  const page = read('docs/decisions.md');
  const decided = tableOn(page, { section: 'What is decided', header: 'decision' });
  const recorded = tableOn(page, { section: 'Reasons that only records have', header: 'record' });
  const known = new Set([
    ...decided.flatMap(({ cells: [action, reason = ''] }) =>
      codesIn(reason).map((one) => `service.${action === 'wait' ? 'waiting' : 'skipped'} ${one}`),
    ),
    ...recorded.flatMap(({ cells: [record = '', reason = ''] }) =>
      codesIn(reason).map((one) => `${codesIn(record)[0]} ${one}`),
    ),
  ]);

  test('explains every reason that a record of a service gives', async () => {
    const given = (await written()).flatMap(({ event, reason }) =>
      event.startsWith('service.') && reason !== undefined ? `${event} ${reason}` : [],
    );
    expect(new Set(given).size).toBeGreaterThan(10);
    expect([...new Set(given)].filter((one) => !known.has(one))).toEqual([]);
  });

  test('explains every reason that the code gives to a record by name', () => {
    const reporting = ['core/report/sweep-report.ts', 'telemetry/journal.ts', 'telemetry/sweep-records.ts'];
    const named = reporting.flatMap((file) =>
      [...read(`functions/${file}`).matchAll(/\breason(?:: | === )([^,}\n]+)/g)].flatMap(([, given = '']) =>
        [...given.matchAll(/'([a-z][\w-]+)'/g)].map(([, reason = '']) => reason),
      ),
    );
    const explained = new Set([...known].map((one) => one.split(' ')[1]));
    expect(named).toContain('young-change');
    expect(named.filter((reason) => !explained.has(reason))).toEqual([]);
  });

  test('explains no reason of records that the code does not know', () => {
    const sources = readdirSync('functions', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => read(`functions/${file}`))
      .join('\n');
    const reasons = recorded.flatMap(({ cells: [, reason = ''] }) => codesIn(reason));
    expect(reasons.filter((reason) => !sources.includes(`'${reason}'`))).toEqual([]);
  });
});
