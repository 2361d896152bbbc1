// Bundles each Lambda function into dist/<function>/index.mjs: the AWS SDK included, so that what is tested is what
// runs, and split, so that chunks which Lambda never loads (credential providers for laptops) cost no cold start.
// Beside the code: whose code it is, under which licence. Another folder than dist/ can be named:
// `node infra/build.mjs <folder>`. The same sources give the same bytes.
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { packagesIn } from './bundled-packages.mjs';
import { leanSdk } from './lean-sdk.mjs';
import { refuseUnknownLicences, thirdPartyNotice } from './licences.mjs';
import { billOfMaterials } from './sbom.mjs';

const FUNCTIONS = ['on-change', 'on-request', 'on-schedule'];

// Dependencies in CommonJS call `require`, which an ES module does not have.
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

const [, , folder = 'dist'] = process.argv;
await rm(folder, { recursive: true, force: true });
const bundles = [];
for (const name of FUNCTIONS.filter((candidate) => existsSync(`functions/${candidate}.ts`))) {
  const packages = await packagesIn(await bundle(name));
  refuseUnknownLicences(packages);
  await writeFile(join(folder, name, 'THIRD-PARTY-LICENCES.txt'), await thirdPartyNotice(packages));
  bundles.push({ name, packages });
}
await writeFile(join(folder, 'bom.cdx.json'), await billOfMaterials(bundles));

/** Answers esbuild's account of what went where. */
async function bundle(name) {
  const { metafile } = await build({
    entryPoints: { index: `functions/${name}.ts` },
    outdir: join(folder, name),
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
    // They stand, whole, in the notice.
    legalComments: 'none',
    banner: { js: requireBanner },
    metafile: true,
    logLevel: 'warning',
    plugins: [leanSdk],
  });
  return metafile;
}
