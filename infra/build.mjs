// Bundles each Lambda function into dist/<function>/index.mjs. A bundle includes the AWS SDK, so that the tested code
// is the code that runs. It is split, so that chunks which Lambda never loads (credential providers for laptops) do not
// slow a cold start. Beside the code stand the licences and the bill of materials. `node infra/build.mjs <folder>`
// names another folder than dist/. The same sources give the same bytes.
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { packagesIn } from './bundled-packages.mjs';
import { esbuildOptions } from './esbuild-options.mjs';
import { leanSdk } from './lean-sdk.mjs';
import { refuseUnknownLicences, thirdPartyNotice } from './licences.mjs';
import { billOfMaterials } from './sbom.mjs';

const FUNCTIONS = ['on-change', 'on-request', 'on-schedule'];

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

/** Bundles one function; answers esbuild's metafile, which lists the inputs of each output. */
async function bundle(name) {
  const { metafile } = await build({
    ...esbuildOptions,
    entryPoints: { index: `functions/${name}.ts` },
    outdir: join(folder, name),
    metafile: true,
    plugins: [leanSdk],
  });
  return metafile;
}
