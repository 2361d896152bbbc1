import { readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { esbuildOptions } from '../../../infra/esbuild-options.mjs';

/** The clients with which the service reads AWS. The clients with which it sends are loaded later in any case. */
const CLIENTS = {
  ECSClient: '@aws-sdk/client-ecs',
  SecretsManagerClient: '@aws-sdk/client-secrets-manager',
  SSMClient: '@aws-sdk/client-ssm',
};
export const CLIENT_NAMES = Object.keys(CLIENTS);

/** Bundles the baseline into `folder` and returns the path of the bundle. */
export async function bundleBaseline(folder: string): Promise<string> {
  await build({ ...esbuildOptions, entryPoints: { index: 'test/lab/bench/baseline.ts' }, outdir: folder });
  return join(folder, 'index.mjs');
}

/** Bundles only these clients into `folder` and returns the path of the bundle. */
export async function bundleClients(folder: string): Promise<string> {
  const contents = Object.entries(CLIENTS).map(([name, module]) => `export { ${name} } from '${module}';`);
  await build({
    ...esbuildOptions,
    stdin: { contents: contents.join('\n'), resolveDir: process.cwd(), sourcefile: 'clients.js' },
    outdir: folder,
  });
  return join(folder, 'stdin.mjs');
}

/** Bytes that an import of this bundle reads. */
export function bytesLoadedBy(bundle: string): number {
  return loadedBy(bundle).reduce((sum, file) => sum + statSync(file).size, 0);
}

/** Bytes of the whole folder of a bundle. */
export async function bytesIn(folder: string): Promise<number> {
  const files = await readdir(folder);
  return files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}

/** The entry and every chunk that it imports before it runs. */
function loadedBy(bundle: string): readonly string[] {
  const found = new Set([bundle]);
  for (const file of found) {
    for (const [, chunk = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*"(\.\/[^"]+)"/g)) {
      found.add(join(dirname(file), chunk));
    }
  }
  return [...found];
}
