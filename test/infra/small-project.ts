import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A package as it is installed; absent fields have ordinary values. */
export type Installed = {
  readonly code?: string;
  readonly version?: string;
  readonly licence?: string | undefined;
  readonly author?: string;
  /** The text of its LICENSE; undefined if it has none. */
  readonly text?: string | undefined;
  readonly notice?: string;
  readonly lockedVersion?: string;
  readonly integrity?: string;
};

/** Writes a project with one function that uses the packages `used` and `deep` if installed; answers its folder. */
export async function smallProject(
  folder: string,
  installed: Readonly<Record<string, Installed>>,
): Promise<string> {
  const write = async (path: string, content: string) => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), content);
  };
  for (const [path, given] of Object.entries(installed))
    for (const [file, content] of filesOf(path, given)) await write(join(path, file), content);
  const locked = Object.entries(installed).map(([path, given]) => [path, lockedAs(path, given)]);
  await write('package-lock.json', JSON.stringify({ packages: Object.fromEntries(locked) }));
  await write('package.json', '{ "name": "small", "version": "1.0.0", "license": "MIT", "type": "module" }');
  await write('functions/on-change.ts', functionThatUses(Object.keys(installed)));
  return folder;
}

function filesOf(path: string, given: Installed): readonly [string, string][] {
  const name = nameAt(path);
  const { code = `export const ${name} = ['${name}'];`, version = '1.0.0', author, notice } = given;
  const license = 'licence' in given ? given.licence : 'MIT';
  const text = 'text' in given ? given.text : `The licence of ${name}.`;
  const manifest = { name, version, license, author, type: 'module', sideEffects: false, main: 'index.js' };
  return [
    ['index.js', code],
    ['package.json', JSON.stringify(manifest)],
    ...(text === undefined ? [] : [['LICENSE', text] as [string, string]]),
    ...(notice === undefined ? [] : [['NOTICE', notice] as [string, string]]),
  ];
}

function lockedAs(path: string, { version = '1.0.0', lockedVersion = version, integrity }: Installed) {
  const sha512 = createHash('sha512').update(path).digest('base64');
  return { version: lockedVersion, integrity: integrity ?? `sha512-${sha512}` };
}

function functionThatUses(paths: readonly string[]): string {
  const names = ['used', 'deep'].filter((name) => paths.includes(`node_modules/${name}`));
  const imports = names.map((name) => `import { ${name} } from '${name}';`);
  return [...imports, `export const handler = () => [${names.join()}];`].join('\n');
}

const nameAt = (path: string) => path.slice(path.lastIndexOf('/') + 1);
