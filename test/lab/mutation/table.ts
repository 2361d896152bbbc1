import Table from 'cli-table3';
import type { Figures } from './assess.ts';

/** A table with the figures of each file and of all files. */
export function tableOf(files: ReadonlyMap<string, Figures>, total: Figures): string {
  const table = new Table({
    head: ['file', 'killed', 'survived', 'of these equivalent', 'score'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const [file, figures] of [...files, ['all', total] as const]) {
    const { killed, survived, equivalent, score } = figures;
    table.push([file.replace('functions/core/', ''), killed, survived, equivalent, `${score.toFixed(1)} %`]);
  }
  return table.toString();
}
