// Runs a TypeScript program on every Node that the project supports (Node 20 cannot strip types by itself):
// `node test/support/run.mjs test/lab/demo/main.ts [arguments]`.
import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [entry, ...rest] = process.argv.slice(2);
if (entry === undefined) throw new Error('usage: node test/support/run.mjs <file.ts> [arguments]');

// Inside node_modules, so that the program finds the project's packages and git does not see it.
const folder = await mkdtemp(join(resolve('node_modules'), '.run-'));
try {
  const outfile = join(folder, 'program.mjs');
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  process.argv = [process.argv[0], entry, ...rest];
  await import(pathToFileURL(outfile).href);
} finally {
  await rm(folder, { recursive: true, force: true });
}
