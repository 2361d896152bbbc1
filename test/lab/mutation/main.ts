import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Assessment, assess, type Equivalent, keyOf, nameOf, SURVIVED } from './assess.ts';
import { bundled } from './bundle.ts';
import { linesOf } from './figure-lines.ts';
import { instrument } from './instrument.ts';
import { folderOf, SCOPES, WANTED } from './scopes.ts';
import { runShares } from './shares.ts';

const LIST = 'test/lab/mutation/equivalent.json';
const PROCESSES = 2;

// `npm run mutants` for all files, or `FILES=core/model/glob,formats/event npm run mutants` for some of them.
const names = (process.env['FILES'] ?? '').split(',').filter((name) => name !== '');
const { sources, mutants } = await instrument(names);
const listed: readonly Equivalent[] = JSON.parse(await readFile(LIST, 'utf8'));
const folder = await mkdtemp(join(resolve('node_modules'), '.mutants-'));
try {
  const mutated = new Set([...mutants.values()].map(({ file }) => folderOf(file)));
  for (const scope of SCOPES.filter(({ folders }) => folders.some((one) => mutated.has(one))))
    await writeFile(`${folder}/${scope.name}.json`, JSON.stringify(await bundled(scope, sources)));
  const wanted = [...mutants].map(([id, { file }]) => ({ id, file }));
  const tell = survivorTeller();
  const statuses = await runShares(wanted, folder, PROCESSES, (soFar) => {
    for (const [id, status] of soFar) if (SURVIVED.includes(status)) tell(id);
    console.log(`${new Date().toISOString()} ${soFar.size} of ${mutants.size} mutants`);
  });
  const tested = [...mutants].map(([id, mutant]) => ({ ...mutant, status: statuses.get(id) ?? 'Timeout' }));
  const files = new Set(tested.map(({ file }) => file));
  report(
    assess(
      tested,
      listed.filter(({ file }) => names.length === 0 || files.has(file)),
    ),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Names each survivor without a reason once, in the words in which the list wants it. */
function survivorTeller(): (id: string) => void {
  const told = new Set<string>();
  const reasons = new Set(listed.map(keyOf));
  return (id) => {
    const mutant = mutants.get(id);
    if (mutant === undefined || told.has(id) || reasons.has(keyOf(mutant))) return;
    told.add(id);
    const { file, line, within, original, replacement } = mutant;
    console.log(
      `line ${line} survived: ${JSON.stringify({ file, within, original, replacement, reason: '' })}`,
    );
  };
}

function report({ files, folders, survivors, explained, wrong }: Assessment): void {
  console.log(`\nSurvivors that are equivalent: ${explained.length}`);
  for (const { mutant, reason } of explained) console.log(`  ${nameOf(mutant)}\n    ${reason}`);
  console.log(`\nSurvivors without a reason: ${survivors.length}`);
  for (const one of survivors)
    console.log(`  ${nameOf(one)}${one.status === 'NoCoverage' ? '  (no test)' : ''}`);
  console.log(['', ...linesOf(files, folders)].join('\n'));
  for (const one of wrong) console.log(`WRONG in ${LIST}: ${one}`);
  const low = [...folders].filter(([name, { score }]) => score < (WANTED.get(name) ?? 100));
  for (const [name, { score }] of low)
    console.log(`${name}/: ${score.toFixed(1)} %, wanted ${WANTED.get(name)} %`);
  if (wrong.length > 0 || low.length > 0) process.exitCode = 1;
}
