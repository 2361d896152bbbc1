import { readdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { LEFT_OUT, type Scope } from './scopes.ts';

/** Packages of which one copy serves every evaluation: vitest is replaced, fast-check is configured, the others are large. */
const SHARED = [
  '@aws-lambda-powertools/*',
  '@aws-sdk/*',
  '@smithy/*',
  'esbuild',
  'fast-check',
  'vitest',
  'zod/mini',
];

/** The tests of a scope as one script, and the files of `functions` that each file of tests uses, itself or by others. */
export type Bundle = { readonly script: string; readonly uses: Readonly<Record<string, readonly string[]>> };

/** With these sources, by absolute path, in the place of the files. The script answers a function for each file of tests that loads it. */
export async function bundled({ tests }: Scope, sources: ReadonlyMap<string, string>): Promise<Bundle> {
  const files = await testFiles(tests);
  const entries = files.map((file) => `${JSON.stringify(file)}: () => import('./${file}')`);
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export const files = { ${entries.join(', ')} }`, resolveDir: '.' },
    bundle: true,
    external: SHARED,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    write: false,
    metafile: true,
    plugins: [
      {
        name: 'sources',
        setup: (building) =>
          building.onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
            contents: inPlace(sources.get(path) ?? (await readFile(path, 'utf8')), path),
            loader: 'ts',
          })),
      },
    ],
  });
  return {
    script: outputFiles[0]?.text ?? '',
    uses: Object.fromEntries(files.map((file) => [file, [...usedBy(file, metafile)]])),
  };
}

function usedBy(file: string, { inputs }: Metafile): ReadonlySet<string> {
  const found = new Set([file]);
  for (const one of found) for (const { path } of inputs[one]?.imports ?? []) found.add(path);
  return new Set([...found].filter((one) => one.startsWith('functions/')));
}

/** A module of a bundle still reads the files that stand beside it. */
function inPlace(source: string, path: string): string {
  return source
    .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
    .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
}

async function testFiles(names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    names.map(async (name) =>
      name.endsWith('.ts')
        ? [`test/${name}`]
        : (await readdir(resolve('test', name), { recursive: true })).map((file) => `test/${name}/${file}`),
    ),
  );
  return found
    .flat()
    .filter((file) => file.endsWith('.test.ts') && !LEFT_OUT.includes(file))
    .toSorted();
}
