import type { Row } from '../../infra/observability/insights.ts';
import { type Box, element, shortened, shortNumber, text } from './svg.ts';

const LETTER = 6.05;
const LINE = 15.5;
const MARGIN = 12;
const GAP = 2;
const MONO = { 'font-size': 10, 'font-family': "Menlo, Consolas, 'DejaVu Sans Mono', monospace" };

/** Draws as many rows as fit, each column cut to the width that is left for it. */
export function table(columns: readonly string[], rows: readonly Row[], { width, height }: Box): string {
  if (rows.length === 0) return text(MARGIN, 24, 'nothing in the demo', { 'font-size': 11, fill: '#8894a2' });
  const shown = rows
    .slice(0, Math.floor((height - 20) / LINE))
    .map((row) => columns.map((name) => cell(name, row)));
  const widths = fitted(columns, shown, Math.floor((width - 2 * MARGIN) / LETTER));
  const starts = widths.map((_, index) => widths.slice(0, index).reduce((sum, one) => sum + one + GAP, 0));
  const drawRow = (cells: readonly string[], line: number, attributes: Readonly<Record<string, string>>) =>
    cells.map((content, index) =>
      content === ''
        ? ''
        : text(
            MARGIN + (starts[index] ?? 0) * LETTER,
            12 + line * LINE,
            shortened(content, widths[index] ?? 0),
            attributes,
          ),
    );
  return element('g', MONO, [
    ...drawRow(columns, 0, { fill: '#5f6b7a', 'font-weight': 'bold' }),
    element('line', { x1: MARGIN, x2: width - MARGIN, y1: 17, y2: 17, stroke: '#d5dbe1' }),
    ...shown.flatMap((cells, line) => drawRow(cells, line + 1, { fill: '#1d2733' })),
  ]);
}

/** Draws one bar for each row: the first column is its name, the second one its length. */
export function bars(
  [name = '', count = '']: readonly string[],
  rows: readonly Row[],
  { width, height }: Box,
): string {
  const labels = Math.min(22, Math.max(...rows.map((row) => cell(name, row).length))) * LETTER + MARGIN;
  const most = Math.max(...rows.map((row) => Number(row.get(count))));
  const line = Math.min(22, (height - 8) / rows.length);
  return rows
    .map((row, index) => {
      const y = 4 + index * line;
      const value = Number(row.get(count));
      const length = (value / most) * (width - labels - 60);
      return [
        text(labels, y + line / 2 + 3, shortened(cell(name, row), 22), {
          ...MONO,
          'text-anchor': 'end',
          fill: '#1d2733',
        }),
        element('rect', { x: labels + 8, y: y + 2, width: length, height: line - 4, rx: 2, fill: '#5b8db8' }),
        text(labels + 14 + length, y + line / 2 + 3, shortNumber(value), {
          'font-size': 10,
          fill: '#5f6b7a',
        }),
      ].join('');
    })
    .join('');
}

function cell(name: string, row: Row): string {
  const value = row.get(name);
  if (value === undefined) return '';
  if (name === '@timestamp') return String(value).slice(11, 23);
  return typeof value === 'number' ? String(Number(value.toFixed(3))) : String(value);
}

/** Characters for each column: what it needs, the widest ones shortened until all have room. */
function fitted(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  room: number,
): readonly number[] {
  const widths = columns.map((name, index) =>
    Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const total = () => widths.reduce((sum, one) => sum + one + GAP, -GAP);
  while (total() > room) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 1) - 1;
  }
  return widths;
}
