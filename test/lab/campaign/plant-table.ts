import { readFileSync, writeFileSync } from 'node:fs';
import { PLANTS, type Plant } from './plants.ts';

/** The seeds from each of which every planted defect must be caught. */
export const SEEDS = [1, 90_001, 424_242] as const;

/** In how many runs from a seed a defect was caught; undefined if it was not. */
export type Caught = { readonly from: number; readonly runsNeeded: number | undefined };

const PAGE = 'docs/reliability.md';
const HEAD = [`| defect | theme | runs needed from seed ${SEEDS.join(', ')} |`, '|---|---|---|'] as const;

/**
 * Puts what was measured into the table of docs/reliability.md. The rows of other defects stay as they are; one that was never
 * measured says so.
 */
export function writeTable(caught: ReadonlyMap<Plant, readonly Caught[]>): void {
  const lines = readFileSync(PAGE, 'utf8').split('\n');
  const from = lines.findIndex((line) => line.startsWith('| defect |'));
  if (from === -1) throw new Error(`looked for the table of defects in ${PAGE}, which has none`);
  const length = lines.slice(from).findIndex((line) => !line.startsWith('|'));
  const before = lines.slice(from, from + length);
  const rows = PLANTS.map((plant) => {
    const start = `| ${plant.what} | ${plant.theme ?? 'none'} |`;
    const runs = caught.get(plant)?.map(({ runsNeeded }) => runsNeeded ?? 'not caught');
    if (runs !== undefined) return `${start} ${runs.join(', ')} |`;
    return before.find((line) => line.startsWith(start)) ?? `${start} not measured |`;
  });
  lines.splice(from, length, ...HEAD, ...rows);
  writeFileSync(PAGE, lines.join('\n'));
}
