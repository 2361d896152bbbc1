// Packages the service into a folder of its own, without an AWS account, a network or built functions: placeholders
// stand for the bundles, and beside them are files that must not be packaged. The working tree is not changed, so a
// running test keeps its bundles. As a program: `node infra/package-offline.mjs <folder> [name=value …]`, where
// `name=value` replaces a stage parameter and `--stage=name` the stage.
import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const oslsProgram = createRequire(import.meta.url).resolve('osls/bin/serverless.js');

// This replaces infra/build.mjs. If the plugin did not run it, there would be nothing to package.
const placeholderBuild = `
import { mkdirSync, writeFileSync } from 'node:fs';
for (const name of ['on-change', 'on-request', 'on-schedule']) {
  mkdirSync('dist/' + name, { recursive: true });
  writeFileSync('dist/' + name + '/index.mjs', 'export const handler = async () => undefined;');
  writeFileSync('dist/' + name + '/chunk-PLACE.mjs', 'export {};');
  writeFileSync('dist/' + name + '/THIRD-PARTY-LICENCES.txt', '');
}
writeFileSync('dist/bom.cdx.json', '{}');
`;

/** Copies the files that osls reads into the folder, with a build that writes placeholders. */
export async function copyService(folder) {
  await mkdir(folder, { recursive: true });
  await cp(join(root, 'serverless.yml'), join(folder, 'serverless.yml'));
  await cp(join(root, 'infra'), join(folder, 'infra'), { recursive: true });
  await writeFile(join(folder, 'infra', 'build.mjs'), placeholderBuild);
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
}

/** Runs osls in the folder with exactly this environment; if it fails, the error contains its output. */
export async function osls(args, folder, env) {
  await promisify(execFile)(process.execPath, [oslsProgram, ...args], { cwd: folder, env });
}

/**
 * Writes CloudFormation's template and one zip per function to `<folder>/.serverless` and returns that path;
 * `name=value` replaces a stage parameter.
 */
export async function packageOffline(folder, parameters = [], options = []) {
  await copyService(folder);
  // This environment excludes any credentials of the shell.
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_REGION: 'eu-west-1',
    // osls compiles the schema of serverless.yml and keeps the result under the schema's hash, by default in HOME.
    SLS_SCHEMA_CACHE_BASE_DIR: join(root, 'node_modules', '.cache', 'osls'),
  };
  await osls(['package', ...options, ...parameters.map((given) => `--param=${given}`)], folder, env);
  return join(folder, '.serverless');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, ...given] = process.argv.slice(2);
  if (folder === undefined)
    throw new Error('usage: node infra/package-offline.mjs <folder> [parameter=value …]');
  const options = given.filter((one) => one.startsWith('--'));
  const parameters = given.filter((one) => !one.startsWith('--'));
  process.stdout.write(`${await packageOffline(resolve(folder), parameters, options)}\n`);
}
