import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MESSAGE_ELEMENTS } from '../../functions/formats/bounds.ts';
import { BOMBS, packed, START } from '../support/bombs.ts';

describe('a process with a heap of 400 MB', () => {
  let folder = '';
  beforeAll(async () => {
    // Inside node_modules, so that git does not see it.
    folder = await mkdtemp(join(resolve('node_modules'), '.bounds-'));
    await build({
      entryPoints: ['functions/formats/follow-up.ts'],
      outfile: join(folder, 'follow-up.mjs'),
      bundle: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'warning',
    });
    await writeFile(join(folder, 'program.mjs'), PROGRAM);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const survives = async (body: string): Promise<string> => {
    const file = join(folder, 'body.json');
    await writeFile(file, body);
    const program = [join(folder, 'program.mjs'), file];
    const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=400', ...program]);
    return stdout.trim();
  };

  test.each(Object.keys(BOMBS))('survives %s', async (name) => {
    expect(await survives(BOMBS[name] ?? '')).toBe('MalformedFollowUp');
  });

  test('survives the worst that is within the bounds, several times over', async () => {
    const objects = Math.floor(MESSAGE_ELEMENTS / 2) - 10;
    const body = packed(`${START},"followUps":[${'{},'.repeat(objects)}{}]}`);
    expect(await survives(body)).toBe('MalformedFollowUp');
  });
});

const PROGRAM = `
import { readFileSync } from 'node:fs';
import { parseFollowUps } from './follow-up.mjs';
const body = readFileSync(process.argv[2], 'utf8');
let told = 'read';
for (let i = 0; i < 3; i++) {
  try { parseFollowUps(body); } catch (error) { told = error.name; }
}
console.log(told);
`;
