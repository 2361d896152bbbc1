import stringWidth from 'string-width';

export type Column<Row> = {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Columns to which this one may shrink; absent: it does not. */
  readonly least?: number;
  /** What does not fit goes on in the next line, instead of being cut. */
  readonly wraps?: true;
};

const GAP = '  ';

/**
 * The lines of a table without borders, its head first. Where a terminal is too narrow, the widest columns that may shrink
 * do, and the end of what does not fit is cut. In a pipe (`columns` undefined) nothing is.
 */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | undefined,
): readonly string[] {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  const natural = columns.map((_, i) => Math.max(...lines.map((cells) => stringWidth(cells[i] ?? ''))));
  const widths =
    width === undefined ? natural : fitted(natural, columns, width - GAP.length * (columns.length - 1));
  return lines
    .flatMap((cells) => wrapped(cells, columns, widths))
    .map((cells) => {
      const padding = cells.map((cell, i) => padded(cell, widths[i] ?? 0));
      return padding.join(GAP).trimEnd();
    });
}

/** One row of cells, or several where a column may wrap. */
function wrapped<Row>(
  cells: readonly string[],
  columns: readonly Column<Row>[],
  widths: readonly number[],
): readonly (readonly string[])[] {
  const parts = cells.map((cell, i) => (columns[i]?.wraps ? folded(cell, widths[i] ?? 0) : [cell]));
  const height = Math.max(...parts.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => parts.map((part) => part[line] ?? ''));
}

/** The text in lines of at most this width; a longer word has a line of its own. */
export function folded(text: string, width: number | undefined): readonly string[] {
  if (width === undefined) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && stringWidth(`${last} ${word}`) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function fitted<Row>(
  natural: readonly number[],
  columns: readonly Column<Row>[],
  room: number,
): readonly number[] {
  const widths = [...natural];
  const least = (i: number) => Math.min(columns[i]?.least ?? Infinity, natural[i] ?? 0);
  for (let over = sum(widths) - room; over > 0; over--) {
    const shrinkable = widths.flatMap((width, i) => (width > least(i) ? [i] : []));
    const widest = shrinkable.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function padded(text: string, width: number): string {
  const cut = stringWidth(text) > width ? shortened(text, width) : text;
  return cut + ' '.repeat(Math.max(0, width - stringWidth(cut)));
}

/** The text without its end, which a name shows last; wide characters count twice. */
function shortened(text: string, width: number): string {
  let cut = '';
  for (const character of text) {
    if (stringWidth(cut + character) > width - 1) break;
    cut += character;
  }
  return `${cut}…`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
