import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const INSTALLED = 'node_modules/';

/**
 * The npm packages with at least one byte in a bundle, sorted by folder, without other installed packages and without
 * those that esbuild read and left out. Each has its metadata and the folders of the bundled packages whose modules it
 * imports (`imports`). Throws if package-lock.json and the installed packages differ, or if the lockfile has no
 * SHA-512.
 */
export async function packagesIn({ inputs, outputs }) {
  const included = Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  );
  const folders = [...new Set(included.map(([path]) => folderOf(path)))].filter((one) => one !== undefined);
  const { packages: locked } = await readJson('package-lock.json');
  const imports = importsBetween(folders, inputs);
  return Promise.all(
    folders.sort().map(async (folder) => ({
      ...agreed(folder, locked[folder], await readJson(join(folder, 'package.json'))),
      imports: [...imports.get(folder)].sort(),
    })),
  );
}

/** `node_modules/a/node_modules/@b/c/d/e.js` → `node_modules/a/node_modules/@b/c`; undefined for our own modules. */
function folderOf(path) {
  const start = path.lastIndexOf(INSTALLED);
  if (start === -1) return undefined;
  const [scopeOrName, name] = path.slice(start + INSTALLED.length).split('/');
  const fullName = scopeOrName.startsWith('@') ? `${scopeOrName}/${name}` : scopeOrName;
  return path.slice(path.indexOf(INSTALLED), start + INSTALLED.length) + fullName;
}

function importsBetween(folders, inputs) {
  const imports = new Map(folders.map((folder) => [folder, new Set()]));
  for (const [path, module] of Object.entries(inputs)) {
    const importer = folderOf(path);
    for (const imported of module.imports.map((one) => folderOf(one.path)))
      if (imported !== importer && imports.has(imported)) imports.get(importer)?.add(imported);
  }
  return imports;
}

function agreed(folder, locked, { name, version, license, author }) {
  if (locked?.version !== version)
    throw new Error(
      `${folder}: ${version} is installed, package-lock.json says ${locked?.version}: run "npm ci"`,
    );
  const [, sha512] = /(?:^|\s)sha512-(\S+)/.exec(locked.integrity ?? '') ?? [];
  if (sha512 === undefined) throw new Error(`${folder}: package-lock.json has no SHA-512 of it`);
  return {
    folder,
    name,
    version,
    licence: license,
    holder: author?.name ?? author ?? `the authors of ${name}`,
    sha512: Buffer.from(sha512, 'base64').toString('hex'),
  };
}

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}
