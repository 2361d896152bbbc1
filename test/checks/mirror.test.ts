import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const FOLDERS = ['core', 'pipeline', 'commands', 'formats', 'aws'];

/** What test/README.md says about files without a test of their own name: the file, and the test that covers it. */
type Line = { readonly file: string; readonly test: string; readonly why: string };

const files = FOLDERS.flatMap((folder) =>
  readdirSync(`functions/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`),
);
const lines = readFileSync('test/README.md', 'utf8')
  .split('\n')
  .flatMap((line): readonly Line[] => {
    const [, file, covering, why] =
      /^\| `([\w/-]+\.ts)` \| `(test\/[\w/-]+\.test\.ts)` \| (.+) \|$/.exec(line) ?? [];
    return file === undefined || covering === undefined || why === undefined
      ? []
      : [{ file, test: covering, why }];
  });

const mirrored = (file: string) => `test/${file.replace(/\.ts$/, '.test.ts')}`;

/** Every file that has neither a test nor a line, and every line that says nothing. */
function faultsOf(
  all: readonly string[],
  told: readonly Line[],
  exists: (path: string) => boolean,
): readonly string[] {
  const named = told.map(({ file }) => file);
  const untold = all.filter((file) => !exists(mirrored(file)) && !named.includes(file));
  return [
    ...untold.map(
      (file) => `${file} has no ${mirrored(file)}, and test/README.md does not say which test covers it`,
    ),
    ...named.filter((file) => !all.includes(file)).map((file) => `${file} has a line and does not exist`),
    ...named
      .filter((file) => exists(mirrored(file)))
      .map((file) => `${file} has a line and a test of its own`),
    ...named.filter((file, at) => named.indexOf(file) !== at).map((file) => `${file} has two lines`),
    ...told
      .filter((one) => !exists(one.test))
      .map((one) => `${one.file} is covered by ${one.test}, which does not exist`),
  ];
}

test('every file has its test at the mirrored path, or a line in test/README.md that names another one', () => {
  expect(files.length).toBeGreaterThan(80);
  expect(lines.length).toBeGreaterThan(30);
  expect(faultsOf(files, lines, existsSync)).toEqual([]);
});

describe('the check of the mirror notices', () => {
  const line = { file: 'core/a.ts', test: 'test/core/b.test.ts', why: 'together' };
  const has =
    (...paths: readonly string[]) =>
    (path: string) =>
      paths.includes(path);

  test.each<[string, readonly string[], readonly Line[], (path: string) => boolean, string]>([
    [
      'a file without a test and without a line',
      ['core/a.ts'],
      [],
      has(),
      'core/a.ts has no test/core/a.test.ts',
    ],
    [
      'a line for a file that is gone',
      [],
      [line],
      has('test/core/b.test.ts'),
      'core/a.ts has a line and does not exist',
    ],
    [
      'a line for a file that has a test',
      ['core/a.ts'],
      [line],
      has('test/core/a.test.ts', 'test/core/b.test.ts'),
      'core/a.ts has a line and a test of its own',
    ],
    [
      'a line that names a test that is gone',
      ['core/a.ts'],
      [line],
      has(),
      'test/core/b.test.ts, which does not exist',
    ],
    [
      'two lines for one file',
      ['core/a.ts'],
      [line, line],
      has('test/core/b.test.ts'),
      'core/a.ts has two lines',
    ],
  ])('%s', (_, all, told, exists, fault) => {
    expect(faultsOf(all, told, exists)).toEqual([expect.stringContaining(fault)]);
  });

  test('nothing where each file has its test or its line', () => {
    expect(faultsOf(['core/a.ts', 'core/b.ts'], [line], has('test/core/b.test.ts'))).toEqual([]);
  });
});
