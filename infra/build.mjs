// Bundles each Lambda function into dist/<function>/index.mjs: the AWS SDK included, so that what is tested is what
// runs, and split, so that chunks which Lambda never loads (credential providers for laptops) cost no cold start.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

const FUNCTIONS = ['on-change', 'on-request', 'on-schedule'];

// Dependencies in CommonJS call `require`, which an ES module does not have.
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

await rm('dist', { recursive: true, force: true });
for (const name of FUNCTIONS.filter((candidate) => existsSync(`functions/${candidate}.ts`))) {
  await build({
    entryPoints: { index: `functions/${name}.ts` },
    outdir: `dist/${name}`,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    lineLimit: 160,
    legalComments: 'none',
    banner: { js: requireBanner },
    logLevel: 'warning',
  });
}
