import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type Assessment, assess, type Equivalent, nameOf } from './assess.ts';
import { bundled } from './bundle.ts';
import { linesOf } from './figure-lines.ts';
import { instrument } from './instrument.ts';
import { runMutants } from './run-mutants.ts';

const WANTED = 90;
const LIST = 'test/lab/mutation/equivalent.json';

// `npm run mutants` for all files, or `FILES=model/glob,model/tags npm run mutants` for some of them.
test(`the tests of the core kill ${WANTED} % of its mutants, and those listed as equivalent survive`, async () => {
  const names = (process.env['FILES'] ?? '').split(',').filter((name) => name !== '');
  const instrumented = await instrument(names);
  const load = await bundled(instrumented.sources, expect);
  const mutants = await runMutants(instrumented, load, (done) => {
    if (done % 250 === 0) console.log(`${done} of ${instrumented.mutants.size} mutants`);
  });
  const listed: readonly Equivalent[] = JSON.parse(await readFile(LIST, 'utf8'));
  const files = new Set(mutants.map(({ file }) => file));
  const assessment = assess(
    mutants,
    listed.filter(({ file }) => names.length === 0 || files.has(file)),
  );
  report(assessment);
  expect(assessment.wrong).toEqual([]);
  expect(assessment.total.score).toBeGreaterThanOrEqual(WANTED);
});

function report({ files, total, survivors, explained, wrong }: Assessment): void {
  console.log(`\nSurvivors without a reason: ${survivors.length}`);
  for (const one of survivors)
    console.log(`  ${nameOf(one)}${one.status === 'NoCoverage' ? '  (no test)' : ''}`);
  console.log(`\nSurvivors that are equivalent: ${explained.length}`);
  for (const { mutant, reason } of explained) console.log(`  ${nameOf(mutant)}\n    ${reason}`);
  console.log(['', ...linesOf(files, total)].join('\n'));
  for (const one of wrong) console.log(`WRONG in ${LIST}: ${one}`);
  console.log(`Score ${total.score.toFixed(1)} %, wanted ${WANTED} %.`);
}
