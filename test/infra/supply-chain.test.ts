import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod/mini';
import { build, type Component, componentsOf, packageUrl, problemsIn, readBill } from './bill.ts';
import { removeFolder } from './packaged.ts';
import { type Installed, smallProject } from './small-project.ts';

const FUNCTIONS = ['on-change', 'on-request'] as const;
/** A client that is not published in the version of the others. The terminal alone has it. */
const PUBLISHED_LESS = '@aws-sdk/client-cloudtrail';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'supply-chain-test-'));
});
afterAll(() => removeFolder(folder));

const Versions = z.record(z.string(), z.string());
const Manifest = z.object({
  dependencies: Versions,
  devDependencies: Versions,
  allowScripts: z.record(z.string(), z.boolean()),
});
const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.optional(z.string()),
      integrity: z.optional(z.string()),
      hasInstallScript: z.optional(z.boolean()),
    }),
  ),
});
const { dependencies, devDependencies, allowScripts } = Manifest.parse(await json('package.json'));
const locked = Lock.parse(await json('package-lock.json')).packages;
const direct = { ...dependencies, ...devDependencies };

describe('among the dependencies,', () => {
  test.each(Object.entries(direct))('%s has the exact version %s, also in the lockfile', (name, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(locked[`node_modules/${name}`]?.version).toBe(version);
  });

  test.each(['@aws-sdk/client-', '@aws-lambda-powertools/'])('all of %s* have the same version', (family) => {
    const members = Object.entries(direct).filter(
      ([name]) => name.startsWith(family) && name !== PUBLISHED_LESS,
    );
    expect(members.length).toBeGreaterThan(1);
    expect(new Set(members.map(([, version]) => version)).size).toBe(1);
  });

  test('every package of the lockfile has a SHA-512', () => {
    const { '': ourselves, ...others } = locked;
    expect(ourselves).toBeDefined();
    for (const [path, { integrity }] of Object.entries(others))
      expect(integrity, path).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
  });

  test('each package with an install script is listed in allowScripts, and none may run it', () => {
    const withScripts = Object.entries(locked)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
    expect(Object.keys(allowScripts).sort()).toEqual([...new Set(withScripts)].sort());
    expect(Object.values(allowScripts)).not.toContain(true);
  });
});

describe('the build', () => {
  let built: string;
  beforeAll(async () => {
    built = join(folder, 'built');
    await build('.', built);
  });

  test('writes the same bytes again into any folder', async () => {
    const again = join(folder, 'some/where/else');
    await build('.', again);
    const [first, second] = await Promise.all([contentsOf(built), contentsOf(again)]);
    expect([...first.keys()].length).toBeGreaterThan(10);
    expect(second).toEqual(first);
  });

  test('writes a bill of materials that CycloneDX accepts', async () => {
    const bill = await json(join(built, 'bom.cdx.json'));
    expect(await problemsIn(bill)).toEqual([]);
    expect(
      await problemsIn({ ...(bill as object), components: [{ type: 'libary', name: 'x' }] }),
    ).not.toEqual([]);
  });

  test('lists each package that runs in Lambda with the lockfile’s version and hash, and no build tool', async () => {
    const components = componentsOf(await readBill(built));
    const names = components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)));
    expect(names.filter((name) => name in devDependencies)).toEqual([]);
    for (const { ref, name, version, sha512, purl, licences } of components) {
      expect(locked[ref], ref).toMatchObject({ version, integrity: `sha512-${sha512}` });
      expect(purl).toBe(packageUrl(name, version));
      expect(licences).toHaveLength(1);
    }
  });

  test('has one core of the SDK, although a client has another version, and that client in the terminal alone', async () => {
    const bill = await readBill(built);
    const components = componentsOf(bill);
    const cores = components.filter(({ name }) => name === '@aws-sdk/core' || name === '@smithy/core');
    expect(cores.map(({ name }) => name).sort()).toEqual(['@aws-sdk/core', '@smithy/core']);
    const holders = ['on-change', 'on-request', 'on-schedule', 'cli'].filter((bundle) =>
      heldBy(bundle, bill.dependencies, components).some(({ name }) => name === PUBLISHED_LESS),
    );
    expect(holders).toEqual(['cli']);
  });

  test('records which bundle holds which packages, each with its licence in the bundle', async () => {
    const bill = await readBill(built);
    const components = componentsOf(bill);
    for (const name of FUNCTIONS) {
      const notice = await readFile(join(built, name, 'THIRD-PARTY-LICENCES.txt'), 'utf8');
      const held = heldBy(name, bill.dependencies, components);
      expect(held.map(({ name: library }) => library)).toEqual(
        expect.arrayContaining(['@aws-sdk/client-ecs', '@smithy/core', 'zod']),
      );
      expect(listIn(notice)).toEqual(
        held
          .map(({ name: library, version, licences }) => `${library}@${version}  ${licences.join()}`)
          .sort(),
      );
      expect(notice).toContain((await readFile('node_modules/zod/LICENSE', 'utf8')).trim());
    }
  });
});

describe('in a small project,', () => {
  test('only packages with code in a bundle are listed, not those that are merely installed or imported', async () => {
    const project = await projectOf({
      'node_modules/used': {
        code: `import { deep } from 'deep'; import { shaken } from 'shaken';
          export const used = [deep]; export const left = shaken;`,
      },
      'node_modules/used/node_modules/deep': { code: `export const deep = ['one'];`, version: '2.0.0' },
      'node_modules/deep': { code: `export const deep = ['two'];` },
      'node_modules/shaken': { code: `export const shaken = ['shaken'];` },
      'node_modules/unused': { code: 'export const unused = 1;' },
    });
    const components = componentsOf(await readBill(join(project, 'dist')));
    expect(components.map(({ name, version }) => `${name}@${version}`).sort()).toEqual([
      'deep@1.0.0',
      'deep@2.0.0',
      'used@1.0.0',
    ]);
    expect(
      heldBy('node_modules/used', (await readBill(join(project, 'dist'))).dependencies, components),
    ).toEqual([expect.objectContaining({ ref: 'node_modules/used/node_modules/deep' })]);
  });

  test('a package without a licence text gets the standard text with its author', async () => {
    const project = await projectOf({ 'node_modules/used': { text: undefined, author: 'Jo Doe' } });
    expect(await noticeOf(project)).toMatch(/used@1\.0\.0\n\nMIT License\n\nCopyright \(c\) Jo Doe\n/);
  });

  test('a NOTICE is copied into the bundle', async () => {
    const project = await projectOf({
      'node_modules/used': { licence: 'Apache-2.0', notice: 'Thanks to all.' },
    });
    expect(await noticeOf(project)).toContain('Thanks to all.');
  });

  test.each(['MIT OR Apache-2.0', '(MIT AND ISC)'])('the licence %s is allowed', async (licence) => {
    const project = await projectOf({ 'node_modules/used': { licence } });
    const bill = await readFile(join(project, 'dist/bom.cdx.json'), 'utf8');
    expect(bill).toContain(`"expression": "${licence}"`);
    expect(await problemsIn(JSON.parse(bill))).toEqual([]);
  });

  test.each([
    'GPL-3.0-only',
    'MIT OR GPL-3.0-only',
    'Apache-2.0 WITH LLVM-exception',
    'UNLICENSED',
    '',
    undefined,
  ])('the licence %o fails the build', async (licence) => {
    const message = await failureOf({ 'node_modules/used': { licence } });
    expect(message).toContain('not among those allowed');
    expect(message).toContain('node_modules/used@1.0.0');
  });

  test.each([
    ['another version than the lockfile names', { lockedVersion: '1.0.1' }, 'run "npm ci"'],
    ['no SHA-512 in the lockfile', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, 'no SHA-512'],
    [
      'neither a licence text nor a standard one',
      { licence: 'ISC', text: undefined },
      'brings no text of its licence',
    ],
  ])('%s fails the build', async (_, different, message) => {
    expect(await failureOf({ 'node_modules/used': different })).toContain(message);
  });

  test('the bill of materials has a timestamp only if SOURCE_DATE_EPOCH is set', async () => {
    const project = await projectOf({ 'node_modules/used': {} });
    expect((await readBill(join(project, 'dist'))).metadata.timestamp).toBeUndefined();
    await build(project, join(project, 'dist'), { SOURCE_DATE_EPOCH: '1764000000' });
    expect((await readBill(join(project, 'dist'))).metadata.timestamp).toBe('2025-11-24T16:00:00.000Z');
  });
});

async function projectOf(installed: Readonly<Record<string, Installed>>): Promise<string> {
  const project = await smallProject(await mkdtemp(join(folder, 'project-')), installed);
  await build(project, join(project, 'dist'));
  return project;
}

async function failureOf(installed: Readonly<Record<string, Installed>>): Promise<string> {
  return projectOf(installed).then(
    () => 'it was built',
    (error: unknown) => String(error),
  );
}

const noticeOf = (project: string) =>
  readFile(join(project, 'dist/on-change/THIRD-PARTY-LICENCES.txt'), 'utf8');

/** The lines of the list at the top of a notice, sorted. */
function listIn(notice: string): readonly string[] {
  return (notice.split('\n\n')[0] ?? '').split('\n').slice(1).sort();
}

function heldBy(
  ref: string,
  edges: readonly { readonly ref: string; readonly dependsOn?: readonly string[] | undefined }[],
  components: readonly Component[],
): readonly Component[] {
  const held = edges.find((edge) => edge.ref === ref)?.dependsOn ?? [];
  return components.filter((component) => held.includes(component.ref));
}

async function contentsOf(root: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = files
    .sort()
    .map(async (path): Promise<[string, string]> => [path.slice(root.length), await readFile(path, 'utf8')]);
  return new Map(await Promise.all(read));
}

async function json(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}
