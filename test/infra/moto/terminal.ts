import { type ExecFileOptions, execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod/mini';
import { ANYBODY } from './cloud.ts';

/** An operator's shell in a checkout of the project, whose only AWS is moto. */
export type Terminal = {
  /** The checkout. */
  readonly folder: string;
  /** Runs a line as the documents show it and answers its output; if the line fails, the error contains the output. */
  run(line: string): Promise<string>;
  /** Runs an `aws` command and reads its answer. */
  aws<Schema extends z.ZodMiniType>(command: string, answer: Schema): Promise<z.infer<Schema>>;
  /** Removes the checkout and all files in it. */
  close(): Promise<void>;
};

/** Files that are no part of a checkout, or that commands in it do not need; node_modules is shared. */
const LEFT_OUT = ['.git', 'node_modules', 'dist', '.serverless', 'coverage'];

/** Opens a shell in a copy of the checkout, so that build and packaging do not disturb other processes in this one. */
export async function openTerminal(endpoint: string, region: string): Promise<Terminal> {
  const folder = await mkdtemp(join(tmpdir(), 'deployed-'));
  const root = resolve('.');
  await cp(root, folder, {
    recursive: true,
    filter: (path) => resolve(path, '..') !== root || !LEFT_OUT.includes(basename(path)),
  });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await setForProd(join(folder, 'infra/params.yml'));
  await wrapAws(folder);
  const options = { cwd: folder, env: environment(endpoint, region, folder), maxBuffer: 2 ** 26 };
  const run = (line: string) => ran(line, options);
  return {
    folder,
    run,
    async aws(command, answer) {
      const printed = await run(`aws ${command} --output json`);
      return answer.parse(printed.trim() === '' ? null : JSON.parse(printed));
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Runs a line. osls reports errors on stdout, `aws` on stderr. `--norc` skips the user's .bashrc, which bash also reads
 * if its input is a socket, as it is here.
 */
async function ran(line: string, options: ExecFileOptions): Promise<string> {
  try {
    return String((await promisify(execFile)('bash', ['--norc', '-c', line], options)).stdout);
  } catch (cause) {
    const { stdout, stderr } = Printed.parse(cause);
    throw new Error(`the command failed:\n${line}\nIts output:\n${stdout}\n${stderr}`, { cause });
  }
}
const Printed = z.object({ stdout: z.string(), stderr: z.string() });

/** Writes the settings of this stage to the file that the documents name, without delays that would hold up the test. */
async function setForProd(file: string): Promise<void> {
  const params = await readFile(file, 'utf8');
  const prod = "\nprod:\n  cloudTrailDelaySeconds: 0\n  cooldownSeconds: '0'\n  followUpSeconds: '1'\n";
  await writeFile(file, params + prod);
}

/** `aws sqs` of some versions does not read the endpoint from the environment, so a wrapper passes it as an option. */
async function wrapAws(folder: string): Promise<void> {
  await mkdir(join(folder, 'bin'));
  const script = `#!/bin/sh\nPATH=$PATH_OF_AWS exec aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n`;
  await writeFile(join(folder, 'bin/aws'), script, { mode: 0o755 });
}

/** An environment without the credentials and configuration of the user, in which no call reaches AWS. */
function environment(endpoint: string, region: string, folder: string): NodeJS.ProcessEnv {
  return {
    PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
    PATH_OF_AWS: process.env['PATH'],
    HOME: process.env['HOME'],
    AWS_CONFIG_FILE: join(folder, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'no-credentials'),
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: ANYBODY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ANYBODY.secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_PAGER: '',
    // moto finishes at once; by default osls looks every 5 s.
    SLS_AWS_MONITORING_FREQUENCY: '300',
    npm_config_offline: 'true',
  };
}
