import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { Plant } from './plants.ts';

/** A program for worker threads. */
export type Bundle = { readonly file: string; remove(): Promise<void> };

/** Bundles the worker's program, with a planted defect if one is given. Throws if the defect does not fit. */
export async function bundleWorker(plant: Plant | undefined): Promise<Bundle> {
  // The folder is inside node_modules, so that the program finds the project's packages and git ignores it.
  const folder = await mkdtemp(join(resolve('node_modules'), '.faults-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const file = join(folder, 'worker.mjs');
  try {
    await build({
      entryPoints: ['test/lab/campaign/worker.ts'],
      outfile: file,
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'silent',
      plugins: plant === undefined ? [] : [planting(plant)],
    });
    return { file, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function planting({ name, file, find, put }: Plant): Plugin {
  return {
    name: `plant ${name}`,
    setup(bundling) {
      bundling.onLoad({ filter: new RegExp(`/${file.replaceAll('.', '\\.')}$`) }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const parts = source.split(find);
        if (parts.length !== 2)
          throw new Error(
            `cannot plant the defect ${name}: ${file} must have this text once, but has it ${parts.length - 1} times: ${find}`,
          );
        return { contents: parts.join(put), loader: 'ts' };
      });
    },
  };
}
