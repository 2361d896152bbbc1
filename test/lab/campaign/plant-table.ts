import { readFileSync, writeFileSync } from 'node:fs';
import type { Plant } from './plants.ts';

/** The seeds from each of which every planted defect must be caught. */
export const SEEDS = [1, 90_001, 424_242] as const;

/** In how many runs from a seed a defect was caught; undefined if it was not. */
export type Caught = { readonly from: number; readonly runsNeeded: number | undefined };

const PAGE = 'docs/reliability.md';
const HEAD = [`| defect | theme | runs needed from seed ${SEEDS.join(', ')} |`, '|---|---|---|'] as const;

/** Puts the table of the planted defects into docs/reliability.md in place of the one that stands there. */
export function writeTable(caught: ReadonlyMap<Plant, readonly Caught[]>): void {
  const rows = [...caught].map(([{ what, theme }, all]) => {
    const runs = all.map(({ runsNeeded }) => runsNeeded ?? 'not caught').join(', ');
    return `| ${what} | ${theme ?? 'none'} | ${runs} |`;
  });
  const lines = readFileSync(PAGE, 'utf8').split('\n');
  const from = lines.findIndex((line) => line.startsWith('| defect |'));
  if (from === -1) throw new Error(`looked for the table of defects in ${PAGE}, which has none`);
  const length = lines.slice(from).findIndex((line) => !line.startsWith('|'));
  lines.splice(from, length, ...HEAD, ...rows);
  writeFileSync(PAGE, lines.join('\n'));
}
