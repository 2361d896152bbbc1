import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LAYERS, readImports, wrongWay } from './layers.ts';

/** A file of the folder, or the one file that is a layer by itself. */
const inside = (folder: string) => (folder.endsWith('.ts') ? folder : `${folder}/planted.ts`);

const core = readdirSync('functions/core', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `functions/core/${file}`);

describe('layers', () => {
  test('imports point one way', () => {
    const imports = readImports();
    expect(imports.size).toBeGreaterThan(30);
    expect(wrongWay(imports)).toEqual([]);
  });

  // A file of each folder, planted with an import from each folder that it must not know: one test for each rule.
  test.each(
    LAYERS.flatMap(({ folder, mayImport }) =>
      LAYERS.filter((other) => other.folder !== folder && !mayImport.includes(other.folder)).map(
        (other) => [inside(folder), inside(other.folder)] as const,
      ),
    ),
  )('an import in %s of %s is found', (file, imported) => {
    expect(wrongWay(new Map([[file, [imported]]]))).toEqual([`${file} → ${imported}`]);
  });

  test.each(
    LAYERS.flatMap(({ folder, packages }) =>
      ['@aws-sdk/client-ecs', '@aws-lambda-powertools/logger', 'zod/mini', 'node:fs', '@middy/core', 'p-map']
        .filter((name) => !packages.some((allowed) => allowed.test(name)))
        .map((name) => [inside(folder), name] as const),
    ),
  )('an import in %s of the package %s is found', (file, imported) => {
    expect(wrongWay(new Map([[file, [imported]]]))).toEqual([`${file} → ${imported}`]);
  });

  test('an import of a folder that is no layer is found', () => {
    expect(wrongWay(new Map([['functions/on-change.ts', ['functions/core/helpers/text.ts']]]))).toHaveLength(
      1,
    );
  });

  test('a file in no layer is found', () => {
    expect(wrongWay(new Map([['functions/helpers/text.ts', []]]))).toHaveLength(1);
  });
});

/** No clock, no environment, no log, no waiting: what core says depends on what it is given and on nothing else. */
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bprocess\b|\bconsole\b|\bawait\b|\basync\b|\bPromise\b|Math\.random|\bsetTimeout\b|\bfetch\(/;
const withoutComments = (source: string) => source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');

describe('core is pure', () => {
  test.each(core)('%s', (file) => {
    expect(withoutComments(readFileSync(file, 'utf8'))).not.toMatch(IMPURE);
  });

  test.each(['const now = Date.now();', 'await later();', 'console.log(1)', 'process.env.MODE'])(
    '%s would be found',
    (line) => {
      expect(line).toMatch(IMPURE);
    },
  );
});

test('config.ts alone reads the environment', () => {
  const files = readdirSync('functions', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const readers = files.filter((file) =>
    /process\.env/.test(withoutComments(readFileSync(`functions/${file}`, 'utf8'))),
  );
  expect(readers).toEqual(['runtime/config.ts']);
});

test('no file is a monster', () => {
  const files = readdirSync('functions', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const long = files.filter((file) => readFileSync(`functions/${file}`, 'utf8').split('\n').length > 260);
  expect(long).toEqual([]);
  expect(readFileSync('functions/commands/redeploy.ts', 'utf8').split('\n').length).toBeLessThan(70);
});
