import stringWidth from 'string-width';

export type Column<Row> = {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Columns to which this one may shrink; absent: it does not unless the terminal is very narrow. */
  readonly least?: number;
  /** What does not fit goes on in the next line, instead of being cut. */
  readonly wraps?: true;
  /** A name of several parts is cut in its middle: its end tells it from others. */
  readonly name?: true;
};

const GAP = '  ';

/** Where even the least widths do not fit, every column may shrink to this. */
const NARROWEST = 4;

/**
 * The lines of a table without borders, its head first. Where a terminal is too narrow, the widest columns that may shrink
 * do, and what does not fit is cut: no line is wider than the terminal. In a pipe (`width` undefined) nothing is cut.
 */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | undefined,
): readonly string[] {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => onOneLine(cell(row)))),
  ];
  const natural = columns.map((_, i) =>
    lines.reduce((most, cells) => Math.max(most, stringWidth(cells[i] ?? '')), 0),
  );
  const widths =
    width === undefined ? natural : fitted(natural, columns, width - GAP.length * (columns.length - 1));
  return lines
    .flatMap((cells) => wrapped(cells, columns, widths))
    .map((cells) =>
      cells
        .map((cell, i) => padded(cell, widths[i] ?? 0, columns[i]))
        .join(GAP)
        .trimEnd(),
    )
    .map((line) => (width === undefined ? line : shortened(line, width)));
}

/** Tags, descriptions and texts of AWS may hold anything; a row stays a row, and no text controls the terminal. */
function onOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

/** One row of cells, or several where a column may wrap. */
function wrapped<Row>(
  cells: readonly string[],
  columns: readonly Column<Row>[],
  widths: readonly number[],
): readonly (readonly string[])[] {
  const parts = cells.map((cell, i) => (columns[i]?.wraps ? broken(cell, widths[i] ?? 0) : [cell]));
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

/** The same where a longer word is broken. */
function broken(text: string, width: number): readonly string[] {
  return folded(text, width).flatMap((line) => {
    const pieces: string[] = [];
    let rest = line;
    while (stringWidth(rest) > width) {
      const piece = startOf(rest, width) || (rest.match(/./u)?.[0] ?? rest);
      pieces.push(piece);
      rest = rest.slice(piece.length);
    }
    return [...pieces, rest];
  });
}

function fitted<Row>(
  natural: readonly number[],
  columns: readonly Column<Row>[],
  room: number,
): readonly number[] {
  const least = natural.map((width, i) => Math.min(columns[i]?.least ?? width, width));
  const widths = shrunk(natural, least, room);
  return shrunk(
    widths,
    widths.map((width) => Math.min(width, NARROWEST)),
    room,
  );
}

/** The widest column shrinks first, until all of them have room or are at their least widths. */
function shrunk(from: readonly number[], least: readonly number[], room: number): readonly number[] {
  const widths = [...from];
  for (let over = sum(widths) - room; over > 0; over--) {
    const shrinkable = widths.flatMap((width, i) => (width > (least[i] ?? 0) ? [i] : []));
    const widest = shrinkable.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function padded<Row>(text: string, width: number, column: Column<Row> | undefined): string {
  const cut = column?.name === true ? shortenedName(text, width) : shortened(text, width);
  return cut + ' '.repeat(Math.max(0, width - stringWidth(cut)));
}

/** The text without its end, if it is too wide. */
export function shortened(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  return `${startOf(text, width - 1)}…`;
}

/** A name without its middle, if it is too wide: `prod-eu…api-2`. */
function shortenedName(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  const end = startOf(reversed(text), Math.floor((width - 1) / 2));
  const start = startOf(text, width - 1 - stringWidth(end));
  return `${start}…${reversed(end)}`;
}

const reversed = (text: string): string => Array.from(text).toReversed().join('');

/** As much of the text as fits; wide characters count twice. */
function startOf(text: string, width: number): string {
  let start = '';
  for (const character of text) {
    if (stringWidth(start + character) > width) break;
    start += character;
  }
  return start;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
