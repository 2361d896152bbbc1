import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Ajv, type SchemaObject } from 'ajv';
import { z } from 'zod/mini';

/** Builds a project into a folder, as `npm run build` does; rejects with the output of the build. */
export async function build(
  project: string,
  into: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await promisify(execFile)(process.execPath, [resolve('infra/build.mjs'), resolve(into)], {
    cwd: project,
    env: { PATH: process.env['PATH'], ...env },
  });
}

/** A package of a bill of materials. */
export type Component = {
  /** The folder in which it is installed. */
  readonly ref: string;
  /** With its scope. */
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  /** In base 64, as in a lockfile. */
  readonly sha512: string;
  readonly licences: readonly string[];
};

const Licence = z.union([
  z.object({ license: z.object({ id: z.string() }) }),
  z.object({ expression: z.string() }),
]);

const Bill = z.object({
  metadata: z.object({ timestamp: z.optional(z.string()) }),
  components: z.array(
    z.object({
      'bom-ref': z.string(),
      group: z.optional(z.string()),
      name: z.string(),
      version: z.string(),
      purl: z.string(),
      licenses: z.array(Licence),
      hashes: z.array(z.object({ alg: z.literal('SHA-512'), content: z.string() })),
    }),
  ),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.optional(z.array(z.string())) })),
});

/** The bill of materials in a built folder. */
export async function readBill(built: string) {
  return Bill.parse(JSON.parse(await readFile(join(built, 'bom.cdx.json'), 'utf8')));
}

export function componentsOf({ components }: z.infer<typeof Bill>): readonly Component[] {
  return components.map(({ 'bom-ref': ref, group, name, version, purl, licenses, hashes }) => ({
    ref,
    name: group === undefined ? name : `${group}/${name}`,
    version,
    purl,
    sha512: hashes.map(({ content }) => Buffer.from(content, 'hex').toString('base64')).join(),
    licences: licenses.map((one) => ('expression' in one ? one.expression : one.license.id)),
  }));
}

/** The package URL of an npm package: a scope's `@` is percent-encoded, its `/` is not. */
export function packageUrl(name: string, version: string): string {
  return `pkg:npm/${name.split('/').map(encodeURIComponent).join('/')}@${version}`;
}

/** The violations of CycloneDX's own JSON schema, version 1.6, by a bill of materials. */
export async function problemsIn(bill: unknown): Promise<readonly string[]> {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs'])
    ajv.addSchema(await schema(name), `http://cyclonedx.org/schema/${fileOf(name)}`);
  const validate = ajv.compile(await schema('bom-1.6'));
  if (validate(bill)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** The name of a published schema. The library contains the schemas, which refer to each other by these names. */
const fileOf = (name: string) => `${name}.SNAPSHOT.schema.json`;

async function schema(name: string): Promise<SchemaObject> {
  const path = join('node_modules/@cyclonedx/cyclonedx-library/res/schema', fileOf(name));
  return JSON.parse(await readFile(path, 'utf8')) as SchemaObject;
}
