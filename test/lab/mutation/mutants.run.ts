import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { configureGlobal } from 'fast-check';
import { expect, test } from 'vitest';
import { newBoard } from './board.ts';
import type { Bundle } from './bundle.ts';
import { type FirstRun, firstRun, joined } from './first-run.ts';
import { type MutantInFile, runMutants } from './run-mutants.ts';
import { folderOf, SCOPES } from './scopes.ts';
import { suiteOf } from './suite.ts';

const { MUTANTS_FOLDER: folder = '', MUTANTS_SHARE: share = '', MUTANTS_SHARES: shares = '' } = process.env;

// The drawing is always the same. A failure is enough: its smallest example is not needed.
configureGlobal({ seed: 1, numRuns: 30, endOnFailure: true });

/** The scopes with mutants, each with its tests. */
function bundles() {
  return SCOPES.filter(({ name }) => existsSync(`${folder}/${name}.json`)).map(({ name, folders }) => {
    const { script, uses }: Bundle = JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8'));
    return { name, folders, uses, suite: suiteOf(script, expect) };
  });
}
const firstOf = (name: string, one: number | string): string => `${folder}/${name}.first.${one}.json`;

function recorded(name: string): FirstRun {
  const parts = Array.from({ length: Number(shares) }, (_, i) => {
    const part: FirstRun = JSON.parse(readFileSync(firstOf(name, i), 'utf8'));
    return part;
  });
  return joined(parts);
}

// main.ts starts a process for each share of the tests, and then one for each share of the mutants.
test.runIf(process.env['MUTANTS_FIRST'])('the tests of a share without a mutant', async () => {
  for (const { name, uses, suite } of bundles()) {
    const files = Object.keys(uses).filter((_, i) => i % Number(shares) === Number(share));
    writeFileSync(firstOf(name, share), JSON.stringify(await firstRun(suite, files, newBoard())));
  }
});

test.skipIf(process.env['MUTANTS_FIRST'])('the mutants of a share', async () => {
  const mutants: readonly MutantInFile[] = JSON.parse(readFileSync(`${folder}/${share}.json`, 'utf8'));
  for (const { name, folders, uses, suite } of bundles()) {
    const some = mutants.filter(({ file }) => folders.includes(folderOf(file)));
    if (some.length === 0) continue;
    await runMutants(some, suite, uses, recorded(name), newBoard(), (id, status) =>
      appendFileSync(`${folder}/${share}.done`, `${JSON.stringify({ id, status })}\n`),
    );
  }
});
