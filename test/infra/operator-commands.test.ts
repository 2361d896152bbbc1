import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COMMANDS } from './moto/commands.ts';

const readme = readFileSync('README.md', 'utf8');

test.each(Object.entries(COMMANDS))(
  'README shows the command that the end-to-end test runs: %s',
  (_, line) => {
    expect(readme).toContain(line);
  },
);
