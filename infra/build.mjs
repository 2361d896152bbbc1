// Bundles each Lambda function into dist/<function>/index.mjs, and the terminal into dist/cli, an npm package without
// dependencies. A bundle includes the AWS SDK, so that the tested code is the code that runs. It is split, so that chunks
// which Lambda never loads (credential providers for laptops) do not slow a cold start. Beside the code stand the licences
// and the bill of materials. `node infra/build.mjs <folder>` names another folder than dist/. The same sources give the
// same bytes.
import { existsSync } from 'node:fs';
import { chmod, copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { packagesIn } from './bundled-packages.mjs';
import { esbuildOptions } from './esbuild-options.mjs';
import { jsonProtocolsAlone, versionsAlone } from './lean-sdk.mjs';
import { refuseUnknownLicences, thirdPartyNotice } from './licences.mjs';
import { billOfMaterials } from './sbom.mjs';

const FUNCTIONS = ['on-change', 'on-request', 'on-schedule'];
const TERMINAL = 'cli';

const [, , folder = 'dist'] = process.argv;
await rm(folder, { recursive: true, force: true });
const bundles = [];
for (const name of [...FUNCTIONS, TERMINAL].filter((candidate) => existsSync(`functions/${candidate}.ts`))) {
  const packages = await packagesIn(await bundle(name));
  refuseUnknownLicences(packages);
  await writeFile(join(folder, name, 'THIRD-PARTY-LICENCES.txt'), await thirdPartyNotice(packages));
  bundles.push({ name, packages });
}
await writeFile(join(folder, 'bom.cdx.json'), await billOfMaterials(bundles));
if (existsSync(join(folder, TERMINAL))) await makePackage(join(folder, TERMINAL));

/** Bundles one function or the terminal; answers esbuild's metafile, which lists the inputs of each output. */
async function bundle(name) {
  const { metafile } = await build({
    ...esbuildOptions,
    entryPoints: { index: `functions/${name}.ts` },
    outdir: join(folder, name),
    metafile: true,
    // The terminal alone asks CloudFormation and STS, which do not speak JSON.
    plugins: name === TERMINAL ? [versionsAlone] : [jsonProtocolsAlone, versionsAlone],
  });
  return metafile;
}

/** What `npm pack` needs besides the bundle. The bundle holds every dependency. */
async function makePackage(path) {
  const { name, version, description, license, engines, bin } = JSON.parse(
    await readFile('package.json', 'utf8'),
  );
  const own = Object.fromEntries(Object.keys(bin).map((command) => [command, 'index.mjs']));
  const manifest = { name, version, description, license, type: 'module', engines, bin: own };
  await writeFile(join(path, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await copyFile('LICENSE', join(path, 'LICENSE'));
  await copyFile('docs/cli.md', join(path, 'README.md'));
  await chmod(join(path, 'index.mjs'), 0o755);
}
