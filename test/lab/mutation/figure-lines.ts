import { tableLines } from '../../support/table.ts';
import type { Figures } from './assess.ts';

/** The figures of each file and of each folder. */
export function linesOf(
  files: ReadonlyMap<string, Figures>,
  folders: ReadonlyMap<string, Figures>,
): readonly string[] {
  const rows = [...files, ...folders].map(([file, { killed, survived, equivalent, score }]) => [
    file.replace('functions/', ''),
    ...[killed, survived, equivalent].map(String),
    `${score.toFixed(1)} %`,
  ]);
  const head = ['file', 'killed', 'survived', 'of these equivalent', 'score'];
  return tableLines(rows, { head, align: ['left', 'right', 'right', 'right', 'right'] });
}
