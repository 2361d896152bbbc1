import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SITUATIONS, type Situation } from '../cli/credentials/situations.ts';
import { read } from './documents.ts';
import { blocksOf, rowsOf, sectionOf } from './markdown.ts';

const PAGE = 'docs/run-in-a-container.md';
const CAPTURES = 'test/cli/credentials/captures';
const section = sectionOf(read(PAGE), 'What doctor prints');

/** What was printed in a situation; `npx vitest … test/cli/doctor-credentials.test.ts -u` stores it. */
const captureOf = ({ id }: Pick<Situation, 'id'>): string => read(`${CAPTURES}/${id}.txt`);

/** A line of the table: the environment, the source of the credentials, and every finding, as they were printed. */
function rowOf(situation: Situation): string {
  const printed = captureOf(situation);
  const source = /^credentials of ([^:;\n]+)/.exec(printed)?.[1] ?? 'nowhere';
  const findings = [...printed.matchAll(/^(?:wrong|warning): .*?(?=\. What to do: )/gm)].map(
    ([finding]) => finding,
  );
  return `| ${situation.environment} | ${source} | ${findings.join('; ') || 'no finding'} |`;
}

/** What the table says too little, too much or in another order. */
function faultsIn(text: string): readonly string[] {
  const said = rowsOf(text, 'environment').map(({ line }) => line);
  const wanted = SITUATIONS.map(rowOf);
  return [
    ...wanted.filter((row) => !said.includes(row)).map((row) => `missing: ${row}`),
    ...said.filter((row) => !wanted.includes(row)).map((row) => `wrong: ${row}`),
    ...(said.join() === wanted.join() ? [] : ['another order']),
  ];
}

describe(`the table of ${PAGE}`, () => {
  const rows = rowsOf(section, 'environment');

  test('says of each environment what was printed in it', () => {
    expect(faultsIn(section)).toEqual([]);
    expect(rows.length).toBeGreaterThan(20);
  });

  test('is found wrong without any one of its rows, and with any other word', () => {
    for (const { line } of rows) {
      expect(faultsIn(section.replace(`${line}\n`, ''))).not.toEqual([]);
      expect(faultsIn(section.replace(line, line.replace(/ \|$/, 'x |')))).not.toEqual([]);
    }
  });

  test('rests on captures of every environment, and on no others', () => {
    const names = SITUATIONS.map(({ id }) => `${id}.txt`);
    expect(readdirSync(CAPTURES).sort()).toEqual(names.sort());
  });
});

test(`the examples of ${PAGE} are what was printed`, () => {
  const shown = blocksOf(read(PAGE)).filter(({ text }) => text.startsWith('$ esr doctor'));
  expect(shown.length).toBeGreaterThan(0);
  const captures = SITUATIONS.map((one) => `$ esr doctor credentials\n${captureOf(one)}`);
  for (const { text } of shown) expect(captures).toContain(text);
});
