import { type Given, isSet } from './command.ts';
import { type List, listed } from './render/list.ts';
import type { Column } from './render/table.ts';
import type { Screen } from './screen.ts';

/** A result in each of the formats. */
export type Result<Row> = List<Row> & {
  /** The report of the service, for other programs. */
  readonly json: object;
  /** What a next command would take, one a line. */
  readonly names: readonly string[];
  /** The columns that `-o wide` has besides. */
  readonly wide: readonly Column<Row>[];
};

/** Prints a result as the person wants it. */
export function printResult<Row>(result: Result<Row>, given: Given, screen: Screen): void {
  screen.print(...linesOf(result, given, screen));
}

function linesOf<Row>(result: Result<Row>, given: Given, { columns: width }: Screen): readonly string[] {
  const all = isSet(given, 'all');
  switch (given.output) {
    case 'json':
      return [jsonOf(result.json)];
    case 'name':
      return result.names;
    case 'wide':
      return listed({ ...result, columns: [...result.columns, ...result.wide] }, { width: undefined, all });
    case 'table':
      return listed(result, { width, all });
    default:
      return given.output satisfies never;
  }
}

/** What a command has done, in each of the formats. */
export type Done = {
  readonly json: object;
  readonly names: readonly string[];
  readonly said: readonly string[];
};

export function printDone({ json, names, said }: Done, { output }: Given, { print }: Screen): void {
  if (output === 'json') print(jsonOf(json));
  else print(...(output === 'name' ? names : said));
}

export function jsonOf(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
