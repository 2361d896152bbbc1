import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
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

let records: Promise<readonly Written[]> | undefined;

/** The records of situations that bring every record and every metric; they are written once, within a test. */
function written(): Promise<readonly Written[]> {
  records ??= linesOfEverything('ecs-secret-redeploy').then((lines) =>
    lines.flatMap((line) => recordIn(line) ?? []),
  );
  return records;
}

/** A line that is a record; lines of Lambda and metrics are not. */
function recordIn(line: string): Written | undefined {
  if (!line.startsWith('{')) return undefined;
  const { event, reason, ...others } = JSON.parse(line);
  if (typeof event !== 'string') return undefined;
  const named =
    typeof reason === 'string' ? { fields: ['reason', ...Object.keys(others)], reason } : undefined;
  return { event, ...(named ?? { fields: Object.keys(others), reason: undefined }) };
}

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
