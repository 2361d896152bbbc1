/**
 * The part of the query language of Logs Insights that this project uses, with what the check of names asks about each
 * command. Everything outside of that part is refused: otherwise a query would seem to be tested that is not.
 */

/** One line of a log, or one row of a result: the fields that Logs Insights would find, by name. */
export type Row = ReadonlyMap<string, Value>;
type Value = string | number | boolean;
type Rows = readonly Row[];
type Names = readonly string[];

/** What a part of a query reads, and the values with which it compares what it reads. */
type Reads = {
  readonly fields: Names;
  readonly compared?: readonly { readonly field: string; readonly value: Value }[];
};
type Expression = Reads & { readonly read: (row: Row) => Value | undefined };
type Column = Expression & { readonly name: string; readonly made: Names };

export type Command = Reads & {
  /** The fields that it adds. */
  readonly made?: Names;
  /** The columns after it, if it changes them: `fields` adds columns, `display` and `stats` set all of them. */
  readonly shown?: (before: Names) => Names;
  readonly run: (rows: Rows) => Rows;
};

/** So many fields of a line Logs Insights finds at most (user guide, "Supported logs and discovered fields"). */
const MAX_FIELDS = 200;

/** The fields of one line: nested ones with dots, elements of lists by number. Without JSON it has only `@message`. */
export function rowOf(line: string): Row {
  const found = new Map<string, Value>();
  if (line.startsWith('{')) flatten('', JSON.parse(line), found);
  const timestamp = found.get('timestamp');
  const row = new Map<string, Value>([['@message', line], ...[...found].slice(0, MAX_FIELDS)]);
  return line.startsWith('{') ? row.set('@timestamp', timestamp ?? '') : row;
}

function flatten(path: string, value: unknown, into: Map<string, Value>): void {
  if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value))
      flatten(path === '' ? name : `${path}.${name}`, inner, into);
  } else if (value !== null) into.set(path, value as Value);
}

/** The log groups after SOURCE, where a query of a dashboard names them, and the commands. */
export function parseQuery(text: string): { readonly sources: Names; readonly commands: readonly Command[] } {
  const parts = text
    .replaceAll(/^\s*#.*$/gm, '')
    .trim()
    .split(/\s+\|\s+/);
  const isSource = (part: string) => part.startsWith('SOURCE ');
  return {
    sources: parts.filter(isSource).map((part) => String(literal(part.slice('SOURCE '.length)))),
    commands: parts.filter((part) => !isSource(part)).map(command),
  };
}

/** Runs the commands of a query one after the other. `onStep` receives each command with its input rows. */
export function runCommands(
  commands: readonly Command[],
  lines: Rows,
  onStep: (command: Command, rows: Rows) => void = () => {},
): Rows {
  let rows = lines;
  for (const one of commands) {
    onStep(one, rows);
    rows = one.run(rows);
  }
  const columns = columnsOf(commands);
  return columns.length === 0 ? rows : rows.map((row) => only(row, columns));
}

export function columnsOf(commands: readonly Command[]): Names {
  return commands.reduce<Names>((columns, { shown }) => shown?.(columns) ?? columns, []);
}

function command(text: string): Command {
  const [, word = '', rest = ''] = /^(\w+)\s+(.+)$/s.exec(text) ?? [];
  const make = COMMANDS[word];
  if (make === undefined) throw new SyntaxError(`the command "${text}" is not supported`);
  return make(rest);
}

const COMMANDS: Readonly<Record<string, (rest: string) => Command>> = {
  fields: (rest) => showing(listOf(rest).map(column), (before, names) => [...before, ...names]),
  display: (rest) => showing(listOf(rest).map(column), (_, names) => names),
  filter(rest) {
    const { read, ...reads } = condition(rest);
    return { ...reads, run: (rows) => rows.filter((row) => read(row) === true) };
  },
  parse(rest) {
    const [field, source] = parts(rest, /^(\S+) \/(.+)\/$/);
    const pattern = new RegExp(source);
    const groupsIn = (row: Row) => Object.entries(pattern.exec(textOf(row.get(field)))?.groups ?? {});
    return {
      fields: [field],
      made: [...source.matchAll(/\?<(\w+)>/g)].map(([, group = '']) => group),
      run: (rows) => rows.map((row) => new Map([...row, ...groupsIn(row)])),
    };
  },
  sort(rest) {
    const [by, order] = parts(rest, /^(\S+) (asc|desc)$/);
    const sign = order === 'desc' ? -1 : 1;
    return { fields: [by], run: (rows) => rows.toSorted((a, b) => sign * compare(a.get(by), b.get(by))) };
  },
  dedup(rest) {
    const by = listOf(rest);
    return { fields: by, run: (rows) => groupsOf(rows, by).flatMap(([first]) => first ?? []) };
  },
  limit: (rest) => ({ fields: [], run: (rows) => rows.slice(0, Number(literal(rest))) }),
  stats(rest) {
    const [call, of, name, groups] = parts(
      rest,
      /^(count|count_distinct)\((\*|\w+)\) as (\w+)(?: by (.+))?$/,
    );
    const by = listOf(groups);
    const count = (group: Rows) =>
      call === 'count' ? group.length : new Set(group.flatMap((row) => row.get(of) ?? [])).size;
    return {
      fields: of === '*' ? by : [...by, of],
      made: [name],
      shown: () => [...by, name],
      run: (rows) =>
        groupsOf(rows, by).map(
          (group) => new Map([...only(group[0] ?? new Map(), by), [name, count(group)]]),
        ),
    };
  },
};

function showing(columns: readonly Column[], shown: (before: Names, names: Names) => Names): Command {
  const valuesOf = (row: Row) =>
    columns.flatMap(({ name, read }) => {
      const value = read(row);
      return value === undefined ? [] : [[name, value] as const];
    });
  return {
    fields: columns.flatMap(({ fields }) => fields),
    made: columns.flatMap(({ made }) => made),
    shown: (before) =>
      shown(
        before,
        columns.map(({ name }) => name),
      ),
    run: (rows) => rows.map((row) => new Map([...row, ...valuesOf(row)])),
  };
}

/** A field, or the first of several fields that a line has, under a name of its own. */
function column(text: string): Column {
  if (/^[@\w.]+$/.test(text)) return { name: text, fields: [text], made: [], read: (row) => row.get(text) };
  const [given, name] = parts(text, /^coalesce\(([@\w., ]+)\) as (\w+)$/);
  const fields = listOf(given);
  const first = (row: Row) => fields.map((field) => row.get(field)).find((value) => value !== undefined);
  return { name, fields, made: [name], read: first };
}

function condition(text: string): Expression {
  for (const word of ['or', 'and']) {
    const [first = '', ...others] = text.split(` ${word} `);
    if (others.length === 0) continue;
    const all = [first, ...others].map(condition);
    const holds = (row: Row) => (one: Expression) => one.read(row) === true;
    return {
      fields: all.flatMap(({ fields }) => fields),
      compared: all.flatMap(({ compared = [] }) => compared),
      read: (row) => (word === 'or' ? all.some(holds(row)) : all.every(holds(row))),
    };
  }
  if (text.startsWith('not ')) return negated(condition(text.slice('not '.length)));
  const present = /^ispresent\(([@\w.]+)\)$/.exec(text)?.[1];
  if (present !== undefined) return { fields: [present], read: (row) => row.has(present) };
  const [field, operator, operand] = parts(text, /^([@\w.]+) (=|!=|in|like) (.+)$/);
  if (operator === 'like') {
    const pattern = operand.startsWith('/') ? new RegExp(operand.slice(1, -1)) : String(literal(operand));
    const isFound = (value: string) =>
      pattern instanceof RegExp ? pattern.test(value) : value.includes(pattern);
    return { fields: [field], read: (row) => isFound(textOf(row.get(field))) };
  }
  const values =
    operator === 'in' ? listOf(parts(operand, /^\[(.+)\]$/)[0]).map(literal) : [literal(operand)];
  const compared = values.map((value) => ({ field, value }));
  const among = {
    fields: [field],
    compared,
    read: (row: Row) => values.some((value) => value === row.get(field)),
  };
  return operator === '!=' ? negated(among) : among;
}

const negated = (of: Expression): Expression => ({ ...of, read: (row) => of.read(row) !== true });

/** The groups of a pattern that has to match the whole text. */
function parts(text: string, pattern: RegExp): [string, string, string, string] {
  const found = pattern.exec(text);
  if (found === null) throw new SyntaxError(`"${text}" is not supported`);
  const [a = '', b = '', c = '', d = ''] = found.slice(1);
  return [a, b, c, d];
}

/** The items between commas, but not those inside of parentheses. */
const listOf = (text: string): Names =>
  text === '' ? [] : text.split(/,\s*(?![^(]*\))/).map((item) => item.trim());

function literal(text: string): string | number {
  if (/^\d+$/.test(text)) return Number(text);
  return parts(text, /^["']([^"']*)["']$/)[0];
}

function groupsOf(rows: Rows, by: Names): readonly Rows[] {
  const keyOf = (row: Row) => JSON.stringify(by.map((field) => row.get(field)));
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return [...groups.values()];
}

const only = (row: Row, names: Names): Row => new Map([...row].filter(([field]) => names.includes(field)));
const textOf = (value: Value | undefined) => String(value ?? '');

function compare(one: Value | undefined, other: Value | undefined): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return textOf(one).localeCompare(textOf(other));
}
