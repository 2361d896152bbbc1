import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../functions/cli/commands/all.ts';
import { EXIT } from '../../functions/cli/exit.ts';
import { TO_DO, WHY } from '../../functions/cli/render/reasons.ts';
import { FAULTS } from '../../functions/core/doctor/check.ts';
import { CAPTURED, captureOf } from '../cli/captured.ts';
import { read } from './documents.ts';
import { blocksOf, codesIn, rowsOf, sectionOf } from './markdown.ts';

const page = read('docs/cli.md');

/** A capture as the page shows it: the line that was typed, and what the terminal of 80 columns showed. */
const shown = (line: string): string => {
  const stored = read(`test/cli/${captureOf(line, '80')}`);
  return `$ esr ${line}\n${stored.replace(/exit code \d+\n$/, '')}`;
};

describe('docs/cli.md, and the front page with it,', () => {
  const blocks = [page, read('README.md')].flatMap(blocksOf).filter(({ text }) => text.startsWith('$ esr '));

  test.each(blocks)('shows what was captured: $text', ({ text }) => {
    const [, line = ''] = /^\$ esr (.*)/.exec(text) ?? [];
    expect(CAPTURED.map((one) => one.line)).toContain(line);
    expect(text).toBe(shown(line));
  });

  test('shows every command', () => {
    const shownOf = new Set(blocks.map(({ text }) => /^\$ esr ([\w-]+)/.exec(text)?.[1]));
    const captured = new Set(CAPTURED.map(({ line }) => line.split(' ')[0]));
    const all = new Set(COMMANDS.map(({ name }) => name));
    expect(shownOf).toEqual(all);
    expect(captured).toEqual(all);
  });

  test('has every command with its alias', () => {
    const rows = rowsOf(sectionOf(page, 'Commands'), 'command').flatMap(({ cells: [first = ''] }) =>
      codesIn(first),
    );
    const words = new Set(rows.map((code) => code.split(' ')[0] ?? ''));
    const names = COMMANDS.flatMap(({ name, alias }) => [name, ...(alias === undefined ? [] : [alias])]);
    expect(words).toEqual(new Set(names));
  });

  test('says of a failed rollout what docs/operate.md says', () => {
    const section = sectionOf(read('docs/operate.md'), 'Put a bad secret back');
    const why = rowsOf(section, 'class').map(({ cells: [name = '', reason = ''] }) => [
      codesIn(name)[0],
      reason,
    ]);
    const { other, ...others } = WHY;
    expect(Object.fromEntries(why.filter(([name]) => name !== 'other'))).toEqual(others);
    expect(other).toContain('docs/operate.md');
    const advice = rowsOf(section, 'advice').flatMap(({ cells: [name = ''] }) => codesIn(name));
    expect(Object.keys(TO_DO)).toEqual(advice);
  });

  test('names each code of doctor, with what it means, in docs/operate.md', () => {
    const section = sectionOf(read('docs/operate.md'), 'What doctor finds');
    const codes = rowsOf(section, 'code').flatMap(({ cells: [names = ''] }) => codesIn(names));
    expect(codes.toSorted()).toEqual([...FAULTS].toSorted());
    const schema: unknown = JSON.parse(read('functions/schema/doctor.schema.json'));
    const path = 'properties.checks.items.properties.code.enum';
    expect(schema).toHaveProperty(path, ['ok', ...FAULTS]);
  });

  test('has every exit code', () => {
    const codes = rowsOf(sectionOf(page, 'Exit codes'), 'code').map(({ cells: [first] }) => Number(first));
    expect(codes).toEqual(Object.values(EXIT));
  });
});
