import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { startFunction } from './lambda.ts';
import { openLog } from './log.ts';

/** Far more than a pipe holds, printed after the answer: it is still on its way when the process is stopped. */
const LINES = 20_000;
const BUNDLE = `export const handler = async () => {
  setImmediate(() => { for (let i = 0; i < ${LINES}; i++) process.stdout.write('{"event":"late","n":' + i + '}\\n'); });
  return 'done';
};`;
const FOLDER = 'dist/prints-late';

afterEach(() => rmSync(FOLDER, { recursive: true, force: true }));

test('a function that is stopped has handed on its last line before the log is closed', async () => {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/index.mjs`, BUNDLE);
  let heard = 0;
  const log = openLog(() => heard++);
  let isClosed = false;
  let afterClose = 0;
  const one = startFunction('prints-late', {}, (line) => {
    if (isClosed) afterClose++;
    else log.write(line, 'prints-late');
  });
  expect(await one.invoke({})).toBe('done');
  await one.stop();
  isClosed = true;
  await log.close();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(afterClose).toBe(0);
  expect(heard).toBeGreaterThan(0);
  expect((await readFile(log.file, 'utf8')).split('\n').length).toBeGreaterThan(heard);
});
