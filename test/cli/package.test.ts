import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { expect, it } from 'vitest';
import { z } from 'zod/mini';
import { esbuildOptions } from '../../infra/esbuild-options.mjs';
import { jsonProtocolsAlone, versionsAlone } from '../../infra/lean-sdk.mjs';
import { terminalBundle } from '../support/bundles.ts';

const run = promisify(execFile);
const MEGABYTE = 1_000_000;

const Packed = z.tuple([z.object({ filename: z.string(), size: z.number(), files: z.array(z.unknown()) })]);
const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  bin: z.record(z.string(), z.string()),
  dependencies: z.optional(z.unknown()),
});

it('the terminal is a package without dependencies, below 2 MB, that runs in an empty folder', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'esr-package-'));
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const source = join(folder, 'source');
  await cp(dirname(await terminalBundle()), source, { recursive: true });
  const manifest = Manifest.parse(JSON.parse(await readFile(join(source, 'package.json'), 'utf8')));
  expect(manifest.dependencies).toBeUndefined();
  expect(Object.keys(manifest.bin)).toEqual(['ecs-secret-redeploy', 'esr']);
  // No registry is asked: the package needs nothing from one.
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    npm_config_cache: join(folder, 'cache'),
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
    npm_config_userconfig: devNull,
  };
  const { stdout } = await run('npm', ['pack', '--json', source], { cwd: folder, env });
  const [{ filename, size, files }] = Packed.parse(JSON.parse(stdout));
  expect(size).toBeLessThan(2 * MEGABYTE);
  expect(files.length).toBeGreaterThan(3);
  const empty = await mkdtemp(join(folder, 'empty-'));
  for (const command of Object.keys(manifest.bin)) {
    const ran = await run('npx', ['--yes', `--package=${join(folder, filename)}`, command, '--version'], {
      cwd: empty,
      env,
    });
    expect(ran.stdout).toBe(`${manifest.version}\n`);
  }
});

/** What belongs to the terminal alone: its folders, and the packages that no Lambda needs. */
const TERMINAL_ALONE =
  /\/functions\/(?:cli|aws\/terminal|core\/credentials|runtime\/(?:connect-terminal|stack|credentials|surroundings))\b|\/node_modules\/(?:commander|log-update|string-width|fastest-levenshtein|@aws-sdk\/client-(?:sts|lambda|cloudformation)|@aws-sdk\/credential-providers)\//;

/** Takes the terminal out of the world: a bundle that needs any of it cannot be built. */
const withoutTerminal: Plugin = {
  name: 'without the terminal',
  setup(building) {
    building.onLoad({ filter: TERMINAL_ALONE }, ({ path }) => ({
      errors: [{ text: `${path} is of the terminal` }],
    }));
  },
};

async function bundled(entry: string, folder: string): Promise<ReadonlyMap<string, string>> {
  await build({
    ...esbuildOptions,
    logLevel: 'silent',
    entryPoints: { index: entry },
    outdir: folder,
    plugins: [withoutTerminal, jsonProtocolsAlone, versionsAlone],
  });
  return contentsOf(folder);
}

async function contentsOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.mjs')).sort();
  const read = names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const);
  return new Map(await Promise.all(read));
}

it.for(['on-change', 'on-request', 'on-schedule'])(
  'the bundle of %s has the same bytes where nothing of the terminal exists',
  async (name, context) => {
    const folder = await mkdtemp(join(tmpdir(), 'without-terminal-'));
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const built = join(dirname(dirname(await terminalBundle())), name);
    expect((await stat(built)).isDirectory()).toBe(true);
    expect(await bundled(`functions/${name}.ts`, folder)).toEqual(await contentsOf(built));
  },
);

it('a bundle that needs the terminal is found', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'without-terminal-'));
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await expect(bundled('functions/runtime/connect-terminal.ts', folder)).rejects.toThrow(
    'is of the terminal',
  );
});
