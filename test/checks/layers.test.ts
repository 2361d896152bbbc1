import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LAYERS, readImports, wrongWay } from './layers.ts';

/** A file in the folder, or the file itself if the layer is one file. */
const inside = (folder: string) => (folder.endsWith('.ts') ? folder : `${folder}/planted.ts`);

const core = readdirSync('functions/core', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `functions/core/${file}`);

describe('the check of layers', () => {
  test('finds that the imports in functions/ point one way', () => {
    const imports = readImports();
    expect(imports.size).toBeGreaterThan(30);
    expect(wrongWay(imports)).toEqual([]);
  });

  // One test for each rule: a planted file of a folder imports from a folder that it must not import from.
  test.each(
    LAYERS.flatMap(({ folder, mayImport }) =>
      LAYERS.filter((other) => other.folder !== folder && !mayImport.includes(other.folder)).map(
        (other) => [inside(folder), inside(other.folder)] as const,
      ),
    ),
  )('finds an import in %s of %s', (file, imported) => {
    expect(wrongWay(new Map([[file, [imported]]]))).toEqual([`${file} → ${imported}`]);
  });

  test.each(
    LAYERS.flatMap(({ folder, packages }) =>
      ['@aws-sdk/client-ecs', '@aws-lambda-powertools/logger', 'zod/mini', 'node:fs', '@middy/core', 'p-map']
        .filter((name) => !packages.some((allowed) => allowed.test(name)))
        .map((name) => [inside(folder), name] as const),
    ),
  )('finds an import in %s of the package %s', (file, imported) => {
    expect(wrongWay(new Map([[file, [imported]]]))).toEqual([`${file} → ${imported}`]);
  });

  test('finds an import of a folder that is no layer', () => {
    expect(wrongWay(new Map([['functions/on-change.ts', ['functions/core/helpers/text.ts']]]))).toHaveLength(
      1,
    );
  });

  test('finds a file in no layer', () => {
    expect(wrongWay(new Map([['functions/helpers/text.ts', []]]))).toHaveLength(1);
  });
});

/** Core uses no clock, no environment, no log and no waiting: its results depend only on its arguments. */
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bprocess\b[.[]|= process\b|\bconsole\b|\bawait\b|\basync\b|\bPromise\b|Math\.random|\bsetTimeout\b|\bfetch\(/;
const withoutComments = (source: string) => source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');

describe('the check of core', () => {
  test.each(core)('finds that %s is pure', (file) => {
    expect(withoutComments(readFileSync(file, 'utf8'))).not.toMatch(IMPURE);
  });

  test.each([
    'const now = Date.now();',
    'await later();',
    'console.log(1)',
    'process.env.MODE',
    "process['env']",
    'const { env } = process;',
  ])('finds that %s is not pure', (line) => {
    expect(line).toMatch(IMPURE);
  });
});

test('only config.ts reads the environment; the terminal prepares it for the SDK, and tells what the SDK finds in it', () => {
  const files = readdirSync('functions', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const readers = files.filter((file) =>
    /process\.env|\benv \} = process/.test(withoutComments(readFileSync(`functions/${file}`, 'utf8'))),
  );
  expect(readers.sort()).toEqual([
    'runtime/config.ts',
    'runtime/connect-terminal.ts',
    'runtime/credentials.ts',
  ]);
});

test('no file is too long', () => {
  const files = readdirSync('functions', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const long = files.filter((file) => readFileSync(`functions/${file}`, 'utf8').split('\n').length > 260);
  expect(long).toEqual([]);
  expect(readFileSync('functions/commands/redeploy.ts', 'utf8').split('\n').length).toBeLessThan(70);
});
