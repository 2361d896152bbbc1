import CliTable from 'cli-table3';

/** Without rules between the cells, because logs show it, too. */
const NO_LINES = Object.fromEntries(
  [
    'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right'.split(' '),
    'left-mid mid mid-mid right right-mid'.split(' '),
  ]
    .flat()
    .map((name) => [name, '']),
);

export type TableOptions = {
  readonly head?: readonly string[];
  /** `null`: as wide as the content needs. */
  readonly widths?: readonly (number | null)[];
  readonly align?: readonly ('left' | 'right')[];
};

/** The rows as aligned lines, indented by two characters. */
export function tableLines(
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): readonly string[] {
  const { head = [], widths = [], align = [] } = options;
  const table = new CliTable({
    head: [...head],
    colWidths: [...widths],
    colAligns: [...align],
    wordWrap: true,
    chars: { ...NO_LINES, left: '  ', middle: '' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}
