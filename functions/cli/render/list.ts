import { type Column, folded, table } from './table.ts';

/** The most lines on a terminal, the lines above and below the table included. */
const MOST_LINES = 30;
/** The most of them below the table. */
const MOST_BELOW = 15;

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
  const isWhole = width === undefined || all;
  const above = folded(verdict, width);
  const lines = after.flatMap((line) => (typeof line === 'string' ? folded(line, width) : [line.whole]));
  const below = isWhole ? lines : cut(lines, MOST_BELOW);
  const room = Math.max(1, MOST_LINES - above.length - below.length - 1);
  const shown = isWhole || rows.length <= room ? rows : rows.slice(0, room - 1);
  return [
    ...above,
    ...(rows.length === 0 ? [] : table(columns, shown, width)),
    ...(shown.length < rows.length ? [`… ${rows.length - shown.length} more: --all`] : []),
    ...below,
  ];
}

function cut(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), `… ${lines.length - most + 1} more lines: --all`];
}
