import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { startFunction } from './lambda.ts';
import { openLog } from './log.ts';

/** Prints its last line when it is told to end, as a function does that has a line under way when it is stopped. */
const BUNDLE = `process.on('SIGTERM', () => process.stdout.write('{"event":"late"}\\n', () => process.exit()));
export const handler = async () => 'done';
`;
const FOLDER = 'dist/prints-late';

afterEach(() => rmSync(FOLDER, { recursive: true, force: true }));

test('a function that is stopped has handed on its last line before the log is closed', async () => {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/index.mjs`, BUNDLE);
  const events: string[] = [];
  const log = openLog(({ event }) => events.push(event));
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
  expect(events).toEqual(['late']);
  expect(await readFile(log.file, 'utf8')).toContain('{"event":"late"}\n');
});
