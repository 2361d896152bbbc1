import { appendFileSync, readFileSync } from 'node:fs';
import { configureGlobal } from 'fast-check';
import { expect, test } from 'vitest';
import { newBoard } from './board.ts';
import type { Bundle } from './bundle.ts';
import { type MutantInFile, runMutants } from './run-mutants.ts';
import { folderOf, SCOPES } from './scopes.ts';
import { suiteOf } from './suite.ts';

// One share of the mutants, in a process of its own, started by main.ts.
test('the mutants of a share', async () => {
  const { MUTANTS_FOLDER: folder = '', MUTANTS_SHARE: share = '' } = process.env;
  const mutants: readonly MutantInFile[] = JSON.parse(readFileSync(`${folder}/${share}.json`, 'utf8'));
  // The drawing is always the same. A failure is enough: its smallest example is not needed.
  configureGlobal({ seed: 1, numRuns: 30, endOnFailure: true });
  for (const { name, folders } of SCOPES) {
    const some = mutants.filter(({ file }) => folders.includes(folderOf(file)));
    if (some.length === 0) continue;
    const { script, uses }: Bundle = JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8'));
    await runMutants(some, suiteOf(script, expect), uses, newBoard(), (id, status) =>
      appendFileSync(`${folder}/${share}.done`, `${JSON.stringify({ id, status })}\n`),
    );
  }
});
