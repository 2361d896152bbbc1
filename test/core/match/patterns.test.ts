import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import { selects } from '../../../functions/core/model/glob.ts';
import { asInTag } from '../../../functions/core/model/tags.ts';
import { asSubject, change, fleet, reference, SECRET, service } from '../../support/build.ts';

/** A name that counts how often one of its characters is read. */
function counted(text: string): { readonly name: string; readonly looks: () => number } {
  let looks = 0;
  const name = new Proxy(Object(text) as object, {
    get(target, key): unknown {
      if (typeof key === 'string' && /^\d+$/.test(key)) looks++;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function'
        ? (...given: readonly unknown[]): unknown => Reflect.apply(value, text, given)
        : value;
    },
  }) as unknown as string;
  return { name, looks: () => looks };
}

describe('a glob', () => {
  test.each([
    ['*a', 'a', 'b'],
    ['*?', 'a', '*b'],
    ['a*', 'a', 'b'],
    ['*a*', 'a', 'b'],
    ['*ab', 'ab', 'c'],
    ['**', 'a', 'b'],
    ['?*', 'a', 'b'],
  ])('that repeats %s takes steps in proportion to its length times that of the name', (part, unit, end) => {
    const glob = part.repeat(500) + end;
    const { name, looks } = counted(unit.repeat(255));
    expect(selects([glob], name)).toBe(false);
    expect(selects([`!${glob}`], name)).toBe(true);
    expect(looks()).toBeLessThanOrEqual(2 * 2 * glob.length * name.length);
  });
});

describe('the text that a tag can hold', () => {
  test.each([
    ['prod/db', 'prod/db'],
    ['rds!db-0a', 'rds?db-0a'],
    ['a*[b]\n\\\u0000', 'a??b????'],
    ['Ünïcode 0 ٣', 'Ünïcode 0 ٣'],
    ['😀', '?'],
    ['\ud800', '?'],
    ['', ''],
  ])('for %j is %j', (text, inTag) => {
    expect(asInTag(text)).toBe(inTag);
  });

  test('matches no more if it is a wildcard in other languages', () => {
    const wild = ['*', 'prod/*', '[a-z]', '.*', '(a+)+$', '?'.repeat(128), 'prod?db'].map((valueFrom) =>
      reference({ place: 'also', valueFrom, container: null }),
    );
    const world = fleet([service({ also: wild })], {});
    expect(match(world, [asSubject(change())], 'ignore')).toEqual([]);
    expect(
      match(world, [asSubject(change({ arn: SECRET.replace('prod/db', 'prod!db') }))], 'ignore'),
    ).toHaveLength(1);
  });
});

/** Every regular expression in functions/, with its file. */
function expressions(): readonly { readonly where: string; readonly expression: RegExp }[] {
  const files = readdirSync('functions', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return files.flatMap((file) => {
    const source = readFileSync(`functions/${file}`, 'utf8').replaceAll(
      /^#!.*|\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/g,
      '',
    );
    const literals = source.matchAll(
      /(?<=[(=,:[!&|?]\s*)\/(?<body>(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+)\/(?<flags>[a-z]*)/g,
    );
    return [...literals].map(({ groups }) => ({
      where: `${file}: /${groups?.['body']}/`,
      expression: new RegExp(groups?.['body'] ?? '', groups?.['flags']),
    }));
  });
}

const EXPRESSIONS = expressions();

/** The parts of texts that an expression may match in many ways. */
const UNITS = [
  'a',
  'A',
  '0',
  ' ',
  '\n',
  '-',
  '/',
  ':',
  '.',
  '_',
  '*',
  '?',
  'arn:',
  'a-',
  'a1B2c3-',
  'rolling ',
  'é',
  '😀',
];
const ENDS = ['', '!', '\n', '-a1B2c', '\u0000'];

describe('a regular expression', () => {
  test('in functions/ is found', () => {
    expect(EXPRESSIONS.length).toBeGreaterThan(12);
    expect(EXPRESSIONS.map(({ where }) => where)).toContain(
      'core/match/subject-index.ts: /-[A-Za-z0-9]{6}$/',
    );
    expect(EXPRESSIONS.map(({ where }) => where)).toContain('core/model/tags.ts: /\\s/');
  });

  test.each(EXPRESSIONS.map(({ where, expression }) => [where, expression] as const))(
    'in %s takes time in proportion to the length of a text',
    (_, expression) => {
      expect(worstGrowth(expression)).toBeLessThan(SUPERLINEAR);
    },
  );

  test.each([
    ['(a+)+$', 'a', 22],
    ['\\s+$', ' ', 3_000],
    ['(?:a|a)*b$', 'a', 22],
  ])('such as /%s/ is found to take more time', (body, unit, length) => {
    expect(worstGrowth(new RegExp(body), [unit], length)).toBeGreaterThan(SUPERLINEAR);
  });
});

/** A text of four times the length takes four times as long, or sixteen times if it is tried from every position. */
const SUPERLINEAR = 10;

/** The factor in time for the worst text if it is four times as long. Texts that take hardly any time do not count. */
function worstGrowth(expression: RegExp, units = UNITS, length = 20_000): number {
  const growths = units.flatMap((unit) =>
    ENDS.map((end) => {
      const text = (times: number) => unit.repeat(Math.ceil((times * length) / unit.length)) + end;
      // Where the number of ways doubles with each character, a short text is enough.
      const [short, long] = length < 100 ? [text(0.25), text(1)] : [text(0.5), text(2)];
      const before = shortest(expression, short);
      const after = shortest(expression, long);
      return after < NO_TIME_MS ? 0 : after / Math.max(before, NO_TIME_MS / 4);
    }),
  );
  return Math.max(...growths);
}

const NO_TIME_MS = 2;

/** The shortest time of several attempts, for other processes use the machine, too. */
function shortest(expression: RegExp, text: string): number {
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    text.replace(expression, '');
    best = Math.min(best, performance.now() - began);
    if (best < NO_TIME_MS / 4) return best;
  }
  return best;
}
