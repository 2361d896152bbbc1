import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import { build } from 'esbuild';
import { type Case, collector, type Enter } from './suite.ts';

/** The folders of the tests that need no clock and no other process. */
const FOLDERS = ['test/core', 'test/formats', 'test/events'];

/** Collects the tests of the core and evaluates every module again. */
export type Load = (enter: Enter) => readonly Case[];

/** Bundles the tests with these sources in the place of the files. */
export async function bundled(sources: ReadonlyMap<string, string>, expect: unknown): Promise<Load> {
  const { outputFiles } = await build({
    stdin: { contents: (await testFiles()).map((file) => `import './${file}';`).join('\n'), resolveDir: '.' },
    bundle: true,
    // vitest is replaced by the collector, and fast-check holds the configuration of the drawing.
    external: ['vitest', 'fast-check'],
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    write: false,
    plugins: [
      {
        name: 'sources',
        setup: (building) =>
          building.onLoad({ filter: /\/functions\/core\// }, ({ path }) => {
            const contents = sources.get(path);
            return contents === undefined ? undefined : { contents, loader: 'ts' };
          }),
      },
    ],
  });
  const evaluate: unknown = compileFunction(outputFiles[0]?.text ?? '', ['require', 'module']);
  if (typeof evaluate !== 'function')
    throw new TypeError(
      'expected the bundle of the tests to be a function, so the tests cannot be evaluated',
    );
  const required = createRequire(import.meta.url);
  return (enter) => {
    const { api, cases } = collector(expect, enter);
    const require = (id: string): unknown => (id === 'vitest' ? api : required(id));
    Reflect.apply(evaluate, undefined, [require, {}]);
    return cases;
  };
}

async function testFiles(): Promise<readonly string[]> {
  const found = await Promise.all(
    FOLDERS.map(async (folder) => (await readdir(folder)).map((file) => `${folder}/${file}`)),
  );
  return found.flat().filter((file) => file.endsWith('.test.ts'));
}
