import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod/mini';

/** The output of `osls package` for serverless.yml: CloudFormation's template and one zip per function. */
export type Packaged = {
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly conditions: Readonly<Record<string, unknown>>;
  /** The names of the files in a function's zip, sorted. */
  readonly filesOf: (functionName: string) => Promise<readonly string[]>;
};

type Resource = {
  readonly Type: string;
  readonly Condition?: string | undefined;
  readonly DependsOn?: unknown;
  readonly Properties?: unknown;
};

/**
 * Packages offline into the folder, with placeholders for the bundles, and reads the result. Takes about five seconds.
 */
export async function packageInto(
  folder: string,
  parameters: Readonly<Record<string, string>> = {},
  stage = 'prod',
): Promise<Packaged> {
  const given = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  const { stdout } = await promisify(execFile)(process.execPath, [
    'infra/package-offline.mjs',
    folder,
    ...given,
    `--stage=${stage}`,
  ]);
  const artifacts = stdout.trim();
  const {
    Resources: resources,
    Outputs: outputs,
    Parameters: settings,
    Conditions: conditions,
  } = Template.parse(
    JSON.parse(await readFile(join(artifacts, 'cloudformation-template-update-stack.json'), 'utf8')),
  );
  return {
    resources,
    outputs: Object.keys(outputs),
    parameters: settings,
    conditions,
    filesOf: async (functionName) => namesInZip(await readFile(join(artifacts, `${functionName}.zip`))),
  };
}

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

const Template = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Condition: z.optional(z.string()),
      DependsOn: z.optional(z.unknown()),
      Properties: z.optional(z.unknown()),
    }),
  ),
  Outputs: z.record(z.string(), z.unknown()),
  Parameters: z.record(z.string(), z.unknown()),
  Conditions: z.record(z.string(), z.unknown()),
});

/** Reads the zip's central directory: 46 bytes an entry, the name's length at 28, extra and comment after the name. */
function namesInZip(zip: Buffer): readonly string[] {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  const names: string[] = [];
  let at = zip.readUInt32LE(end + 16);
  while (zip.readUInt32LE(at) === 0x02014b50) {
    const length = zip.readUInt16LE(at + 28);
    names.push(zip.toString('utf8', at + 46, at + 46 + length));
    at += 46 + length + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return names.sort();
}
