import { type Column, folded, table } from './table.ts';

/** The most lines on a terminal, the lines above and below the table included. */
const MOST_LINES = 30;

export type List<Row> = {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** The line before the table: the answer in one sentence. */
  readonly verdict: string;
  /** Lines after the table. One that a person copies is `whole`: it is never folded. */
  readonly after?: readonly (string | { readonly whole: string })[];
};

/** A verdict, a table and what follows it; on a terminal no more than fits a screen unless `all` is wanted. */
export function listed<Row>(
  { columns, rows, verdict, after = [] }: List<Row>,
  { width, all }: { readonly width: number | undefined; readonly all: boolean },
): readonly string[] {
  const above = folded(verdict, width);
  const below = after.flatMap((line) => (typeof line === 'string' ? folded(line, width) : [line.whole]));
  const room = MOST_LINES - above.length - below.length - 1;
  const isCut = width !== undefined && !all && rows.length > room;
  const shown = isCut ? rows.slice(0, room - 1) : rows;
  return [
    ...above,
    ...(rows.length === 0 ? [] : table(columns, shown, width)),
    ...(isCut ? [`… ${rows.length - shown.length} more: --all`] : []),
    ...below,
  ];
}
