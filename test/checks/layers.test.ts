import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readImports, wrongWay } from './layers.ts';

const core = readdirSync('functions/core', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `functions/core/${file}`);

describe('layers', () => {
  test('imports point one way', () => {
    const imports = readImports();
    expect(imports.size).toBeGreaterThan(30);
    expect(wrongWay(imports)).toEqual([]);
  });

  test.each([
    ['functions/core/plan/plan.ts', '@aws-sdk/client-ecs'],
    ['functions/core/plan/plan.ts', 'node:fs'],
    ['functions/core/plan/plan.ts', 'functions/telemetry/journal.ts'],
    ['functions/commands/redeploy.ts', 'functions/aws/ecs/ecs.ts'],
    ['functions/aws/ecs/ecs.ts', 'functions/commands/redeploy.ts'],
    ['functions/on-change.ts', '@aws-sdk/client-sqs'],
  ])('an import of %s from %s is found', (file, imported) => {
    expect(wrongWay(new Map([[file, [imported]]]))).toEqual([`${file} → ${imported}`]);
  });

  test('a file in no layer is found', () => {
    expect(wrongWay(new Map([['functions/helpers/text.ts', []]]))).toHaveLength(1);
  });
});

/** No clock, no environment, no log, no waiting: what core says depends on what it is given and on nothing else. */
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bprocess\b|\bconsole\b|\bawait\b|\basync\b|\bPromise\b|Math\.random|\bsetTimeout\b|\bfetch\(/;
const withoutComments = (source: string) => source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');

describe('core is pure', () => {
  test.each(core)('%s', (file) => {
    expect(withoutComments(readFileSync(file, 'utf8'))).not.toMatch(IMPURE);
  });

  test.each(['const now = Date.now();', 'await later();', 'console.log(1)', 'process.env.MODE'])(
    '%s would be found',
    (line) => {
      expect(line).toMatch(IMPURE);
    },
  );
});

test('config.ts alone reads the environment', () => {
  const files = readdirSync('functions', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const readers = files.filter((file) =>
    /process\.env/.test(withoutComments(readFileSync(`functions/${file}`, 'utf8'))),
  );
  expect(readers).toEqual(['runtime/config.ts']);
});

test('no file is a monster', () => {
  const files = readdirSync('functions', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const long = files.filter((file) => readFileSync(`functions/${file}`, 'utf8').split('\n').length > 260);
  expect(long).toEqual([]);
  expect(readFileSync('functions/commands/redeploy.ts', 'utf8').split('\n').length).toBeLessThan(70);
});
