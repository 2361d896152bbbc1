import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { bundleClients, bytesIn, bytesLoadedBy, CLIENT_NAMES } from './bundles.ts';

/** The bundle of on-change compared with a bundle of only the SDK clients with which it reads AWS. */
export type ImportTime = {
  readonly node: string;
  readonly clients: readonly string[];
  readonly onChange: Measured;
  readonly clientsAlone: Measured;
  /** The ratio of the medians. */
  readonly ratio: number;
};

type Measured = {
  /** Median over fresh processes. */
  readonly importMs: number;
  /** The size of what an import reads. */
  readonly loadedKb: number;
  /** Including the chunks that are loaded later or never. */
  readonly totalKb: number;
};

const ROUNDS = 15;

/** Measures in fresh processes, alternately, so that other load of the machine affects both alike. */
export async function measureImports(dist: string): Promise<ImportTime> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-clients-'));
  try {
    const onChange = resolve(dist, 'on-change', 'index.mjs');
    const alone = await bundleClients(folder);
    const times: Record<'onChange' | 'alone', number[]> = { onChange: [], alone: [] };
    for (let round = 0; round < ROUNDS; round++) {
      times.onChange.push(await importMs(onChange));
      times.alone.push(await importMs(alone));
    }
    const measured = async (bundle: string, all: readonly number[]): Promise<Measured> => ({
      importMs: median(all),
      loadedKb: bytesLoadedBy(bundle) / 1024,
      totalKb: (await bytesIn(dirname(bundle))) / 1024,
    });
    return {
      node: process.version,
      clients: CLIENT_NAMES,
      onChange: await measured(onChange, times.onChange),
      clientsAlone: await measured(alone, times.alone),
      ratio: median(times.onChange) / median(times.alone),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const run = promisify(execFile);

async function importMs(bundle: string): Promise<number> {
  const url = JSON.stringify(pathToFileURL(bundle).href);
  const program = `const from = performance.now(); await import(${url}); console.log(performance.now() - from); process.exit();`;
  const environment = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
    env: environment,
  });
  return Number(stdout.trim().split('\n').at(-1));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
