import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { COMMANDS, FROM_CLONE_TO_PLAN } from '../infra/moto/commands.ts';
import { faultsOf, TRIED } from './commands.ts';
import { documentedCommands, read } from './documents.ts';

const documented = documentedCommands();

describe('the commands of the documents', () => {
  test.each(documented)('are tried: $page, $section: $text', ({ text }) => {
    const place = TRIED.get(text);
    expect(place, 'no test runs this command').toBeDefined();
    for (const shown of place?.shows ?? []) expect(read(place?.file ?? '')).toContain(shown);
  });

  test('are all that is tried', () => {
    const shown = new Set(documented.map(({ text }) => text));
    expect([...TRIED.keys()].filter((command) => !shown.has(command))).toEqual([]);
  });

  test.each(documented)('name their Region and do not repeat a write: $page, $section', ({ text }) => {
    expect(faultsOf(text)).toEqual([]);
  });

  test.each(documented)('are understood by bash: $page, $section', async ({ text }) => {
    await expect(promisify(execFile)('bash', ['--norc', '-n', '-c', text])).resolves.toBeDefined();
  });

  test('lead from the clone to the plan in at most six', () => {
    expect(FROM_CLONE_TO_PLAN.length).toBeLessThanOrEqual(6);
    expect(FROM_CLONE_TO_PLAN.at(-1)).toContain('decisions');
    expect(FROM_CLONE_TO_PLAN).toContain(COMMANDS.askForPlan);
  });
});

describe('a command is found wrong', () => {
  const aws = [...new Set(documented.map(({ text }) => text))].filter((text) => /\baws |osls/.test(text));
  const once_ = aws.filter((text) => text.includes('AWS_MAX_ATTEMPTS'));

  test.each(aws)('without any one of its Regions: %s', (text) => {
    const regions = [...text.matchAll(/--region \S+/g)];
    for (const { index, 0: region } of regions)
      expect(faultsOf(text.slice(0, index) + text.slice(index + region.length)).join()).toContain('Region');
  });

  test.each(once_)('if a write may be sent twice: %s', (text) => {
    expect(faultsOf(text.replace('AWS_MAX_ATTEMPTS=1 ', ''))).toHaveLength(1);
    expect(faultsOf(text.replace('--cli-read-timeout 0', ''))).toHaveLength(1);
  });

  test.each([
    [' --cli-binary-format raw-in-base64-out --payload fileb:///dev/stdin', '--cli-binary-format'],
    ["--payload '{}'", '--payload'],
    ['--payload file://request.json', '--payload'],
  ])('with %s, which one version does not understand', (option, named) => {
    const invoke = `AWS_MAX_ATTEMPTS=1 aws lambda invoke --region eu-west-1 --cli-read-timeout 0 ${option} out.json`;
    expect(faultsOf(invoke)).toEqual([expect.stringContaining(named)]);
  });

  test('if no test runs it', () => {
    expect(TRIED.has('aws ecs list-clusters --region eu-west-1')).toBe(false);
  });
});

/** The major version of the command, or undefined if there is none. */
function versionOf(command: string): number | undefined {
  try {
    const printed = execFileSync(command, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Number(/^aws-cli\/(\d+)\./.exec(printed)?.[1]);
  } catch {
    return undefined;
  }
}

/** The `aws` commands of this machine; where both versions are installed, the second is usually called `aws2`. */
const INSTALLED = ['aws', 'aws2'].map((command) => ({ command, version: versionOf(command) }));

// Version 2 decodes base64 in the text of a binary option, and in nothing else: what fileb:// reads is not text.
describe.each([1, 2])('version %i of the aws command', (version) => {
  const command = INSTALLED.find((one) => one.version === version)?.command;

  test.skipIf(command === undefined)(
    'hands over the request byte for byte, and asks once even if that fails',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'aws-test-'));
      const asked: string[] = [];
      const server = createServer((incoming, answer) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('end', () => {
          asked.push(Buffer.concat(parts).toString('utf8'));
          answer.writeHead(asked.length === 1 ? 200 : 500, { 'content-type': 'application/json' });
          answer.end('{"decisions":[]}');
        });
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const line = COMMANDS.askForPlan.replace('aws lambda', `${command} --endpoint-url ${endpoint} lambda`);
      const env = {
        PATH: process.env['PATH'],
        HOME: folder,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_ACCESS_KEY_ID: 'testing',
        AWS_SECRET_ACCESS_KEY: 'testing',
      };
      const run = () => promisify(execFile)('bash', ['--norc', '-c', line], { cwd: folder, env });
      await run();
      expect(JSON.parse(await readFile(join(folder, 'answer.json'), 'utf8'))).toEqual({ decisions: [] });
      await expect(run()).rejects.toThrow();
      expect(asked.map((body) => body.trim())).toEqual(Array(2).fill('{"action":"plan","secret":"prod/db"}'));
      server.close();
      await rm(folder, { recursive: true });
    },
  );
});
