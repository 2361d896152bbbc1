import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { figureLines, importLines } from './figure-lines.ts';
import { measureImports } from './import-time.ts';
import { type Options, optionsIn } from './options.ts';
import type { Missing, Row } from './row.ts';
import { runAll } from './runs.ts';
import { nameOf, scenarios } from './scenarios.ts';

// `npm run bench`: measures by the real clock, each scenario in processes of its own. options.ts describes the flags.
// Exit code 1 if a scenario failed, or if our functions missed a service or redeployed an unaffected one.
await bench(optionsIn(process.argv.slice(2)));

async function bench(options: Options): Promise<void> {
  const startedAt = Date.now();
  const machine = { node: process.version, cores: availableParallelism(), loadBefore: loadavg()[0] ?? 0 };
  if (machine.loadBefore > machine.cores / 2) {
    console.log(
      `Other processes use this machine (load ${machine.loadBefore.toFixed(1)}): every time below is too long.`,
    );
  }
  console.log('Measuring the import, before anything else runs …');
  const imports = await measureImports(options.dist);
  const all = scenarios(options.sizes, options.methods);
  console.log(
    `${all.length} scenarios by the real clock; those with 5,000 services take about twelve minutes.`,
  );
  const rows = await runAll(all, options, (line) => console.log(`  ${line}`));
  console.log('\nSeconds after the event; calls by quota group.');
  for (const line of [...figureLines(rows), '', ...importLines(imports)]) console.log(line);
  await mkdir(options.out, { recursive: true });
  const figures = JSON.stringify({ machine, rows, imports }, rounded, 2);
  await writeFile(join(options.out, 'bench.json'), `${figures}\n`);
  console.log(
    `\nThe figures are in ${options.out}. The run took ${minutes(Date.now() - startedAt)} minutes.`,
  );
  const wrong = rows.filter(isWrong);
  for (const row of wrong) console.log(`WRONG: ${nameOf(row)}`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}

function isWrong(row: Row | Missing): boolean {
  return 'missing' in row || (row.missed + row.surplus > 0 && row.method !== 'baseline');
}

/** Rounds to three decimals, which are more than the clock resolves. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
}

function minutes(ms: number): string {
  return (ms / 60_000).toFixed(1);
}
