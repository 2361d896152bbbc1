import type { Column, Command, Expression } from './insights-syntax.ts';

/** One line of a log, or one row of a result: the fields that Logs Insights would find, by name. */
export type Row = ReadonlyMap<string, Value>;

type Value = string | number | boolean;

/** The fields of one line: nested ones with dots, elements of lists by number. Without JSON it has only `@message`. */
export function rowOf(line: string): Row {
  const row = new Map<string, Value>([['@message', line]]);
  if (!line.startsWith('{')) return row;
  flatten('', JSON.parse(line), row);
  row.set('@timestamp', row.get('timestamp') ?? '');
  return row;
}

/** Runs the commands of a query one after the other. `onStep` receives each command with its input rows. */
export function runCommands(
  commands: readonly Command[],
  lines: readonly Row[],
  onStep: (command: Command, rows: readonly Row[]) => void = () => {},
): readonly Row[] {
  let rows = lines;
  for (const command of commands) {
    onStep(command, rows);
    rows = runOne(command, rows);
  }
  const columns = columnsOf(commands);
  return columns.length === 0 ? rows : rows.map((row) => only(row, columns));
}

/** The columns that a query shows: `fields` adds columns, `display` and `stats` set all of them. */
export function columnsOf(commands: readonly Command[]): readonly string[] {
  let columns: readonly string[] = [];
  for (const command of commands) {
    if (command.command === 'stats') columns = [...command.by, ...command.columns.map(({ name }) => name)];
    if (command.command === 'display') columns = command.columns.map(({ name }) => name);
    if (command.command === 'fields') columns = [...columns, ...command.columns.map(({ name }) => name)];
  }
  return columns;
}

/** The names of the fields in an expression. */
export function fieldsIn(expression: Expression): readonly string[] {
  switch (expression.is) {
    case 'field':
      return [expression.name];
    case 'literal':
      return [];
    case 'call':
      return expression.given.flatMap(fieldsIn);
    case 'and':
    case 'or':
      return [...fieldsIn(expression.left), ...fieldsIn(expression.right)];
    case 'not':
      return fieldsIn(expression.of);
    case 'among':
    case 'like':
      return [expression.field];
    default:
      return expression satisfies never;
  }
}

function flatten(path: string, value: unknown, into: Map<string, Value>): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    into.set(path, value);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value))
    flatten(path === '' ? name : `${path}.${name}`, inner, into);
}

function runOne(command: Command, rows: readonly Row[]): readonly Row[] {
  switch (command.command) {
    case 'fields':
    case 'display':
      return rows.map((row) => new Map([...row, ...valuesOf(command.columns, row)]));
    case 'filter':
      return rows.filter((row) => evaluate(command.condition, row) === true);
    case 'parse':
      return rows.map((row) => {
        const groups = command.pattern.exec(textOf(row.get(command.field)))?.groups ?? {};
        return new Map([...row, ...Object.entries(groups)]);
      });
    case 'sort':
      return rows.toSorted((a, b) => compared(a, b, command.by) * (command.descending ? -1 : 1));
    case 'dedup':
      return grouped(rows, command.by).flatMap(([first]) => first ?? []);
    case 'limit':
      return rows.slice(0, command.count);
    case 'stats':
      return grouped(rows, command.by).map(
        (group) =>
          new Map([
            ...command.by.flatMap((name) => [...only(group[0] ?? new Map(), [name])]),
            ...command.columns.map(({ name, value }) => [name, aggregate(value, group)] as const),
          ]),
      );
    default:
      return command satisfies never;
  }
}

function valuesOf(columns: readonly Column[], row: Row): readonly (readonly [string, Value])[] {
  return columns.flatMap(({ name, value: expression }) => {
    const value = evaluate(expression, row);
    return value === undefined ? [] : [[name, value] as const];
  });
}

function evaluate(expression: Expression, row: Row): Value | undefined {
  switch (expression.is) {
    case 'field':
      return row.get(expression.name);
    case 'literal':
      return expression.value;
    case 'and':
      return evaluate(expression.left, row) === true && evaluate(expression.right, row) === true;
    case 'or':
      return evaluate(expression.left, row) === true || evaluate(expression.right, row) === true;
    case 'not':
      return evaluate(expression.of, row) !== true;
    case 'among':
      return expression.values.some((value) => value === row.get(expression.field));
    case 'like': {
      const text = textOf(row.get(expression.field));
      const { pattern } = expression;
      return typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text);
    }
    case 'call':
      return call(expression.name, expression.given, row);
    default:
      return expression satisfies never;
  }
}

function call(name: string, given: readonly Expression[], row: Row): Value | undefined {
  const values = given.map((one) => evaluate(one, row));
  if (name === 'ispresent') return values.every((value) => value !== undefined);
  if (name === 'coalesce') return values.find((value) => value !== undefined);
  throw new SyntaxError(`the function ${name}() is not supported`);
}

function aggregate(expression: Expression, group: readonly Row[]): number {
  const { name, given } = expression.is === 'call' ? expression : { name: '', given: [] };
  const [of] = given;
  if (name === 'count' && of === undefined) return group.length;
  if (name === 'count_distinct' && of !== undefined && given.length === 1)
    return new Set(group.flatMap((row) => evaluate(of, row) ?? [])).size;
  throw new SyntaxError('only count(*) and count_distinct(…) are supported');
}

function grouped(rows: readonly Row[], by: readonly string[]): readonly (readonly Row[])[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(keyOf(row, by), [...(groups.get(keyOf(row, by)) ?? []), row]);
  return [...groups.values()];
}

const keyOf = (row: Row, by: readonly string[]) => JSON.stringify(by.map((name) => row.get(name)));
const only = (row: Row, names: readonly string[]): Row =>
  new Map([...row].filter(([name]) => names.includes(name)));
const textOf = (value: Value | undefined) => String(value ?? '');

function compared(a: Row, b: Row, by: string): number {
  const [one, other] = [a.get(by), b.get(by)];
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return textOf(one).localeCompare(textOf(other));
}
