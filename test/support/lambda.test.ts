import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { openLog } from '../lab/demo/log.ts';
import { startFunction } from './lambda.ts';

/** Prints its last line when it is told to end, as a function does that has a line under way when it is stopped. */
const BUNDLE = `process.on('SIGTERM', () => process.stdout.write('{"event":"late"}\\n', () => process.exit()));
export const handler = async () => 'done';
`;
const FOLDER = 'dist/prints-late';
const BUNDLE_FOLDER = `${FOLDER}/on-change`;

afterEach(() => rmSync(FOLDER, { recursive: true, force: true }));

test('a function that is stopped has handed on its last line before the log is closed', async () => {
  mkdirSync(BUNDLE_FOLDER, { recursive: true });
  writeFileSync(`${BUNDLE_FOLDER}/index.mjs`, BUNDLE);
  const events: string[] = [];
  const log = openLog(({ event }) => events.push(event));
  let isClosed = false;
  let afterClose = 0;
  const onLine = (line: string) => {
    if (isClosed) afterClose++;
    else log.write(line, 'on-change');
  };
  const one = await startFunction('on-change', { env: {}, onLine }, FOLDER);
  expect(await one.invoke({})).toEqual({ answer: 'done' });
  await one.stop();
  isClosed = true;
  await log.close();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(afterClose).toBe(0);
  expect(events).toEqual(['late']);
  expect(await readFile(log.file, 'utf8')).toContain('{"event":"late"}\n');
});

test('a process that ends during an invocation fails that invocation, with its last lines', async () => {
  mkdirSync(BUNDLE_FOLDER, { recursive: true });
  const dies = `export const handler = async () => { console.log('the last words'); process.exit(1); };`;
  writeFileSync(`${BUNDLE_FOLDER}/index.mjs`, dies);
  const one = await startFunction('on-change', { env: {} }, FOLDER);
  await expect(one.invoke({})).rejects.toThrow('the last words');
  await expect(one.invoke({})).rejects.toThrow('ended without an answer');
  expect(one.isGone()).toBe(true);
});
