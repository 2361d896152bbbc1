import { existsSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DOCUMENTS, PAGES, read } from './documents.ts';
import { anchorsOf, blocksOf, linksOf, rowsOf, sectionOf } from './markdown.ts';
import { deadLinks, lineOf, openingFaults, personsIn, wordsIn } from './wording.ts';

const readme = read('README.md');
const SCREEN_AND_A_HALF = 75;

describe('README', () => {
  test('is a front page: at most 200 lines and 1,500 words', () => {
    expect(readme.split('\n').length - 1).toBeLessThanOrEqual(200);
    expect(wordsIn(readme)).toBeLessThanOrEqual(1500);
  });

  test('shows in the first screen and a half what it does, the picture, two commands, how to deploy and how to ask', () => {
    const [picture] = blocksOf(readme);
    expect(picture?.text).toContain('from the event to the last old task');
    expect(blocksOf(sectionOf(readme, 'Two commands'))[0]?.text.trim().split('\n')).toHaveLength(2);
    const requests = rowsOf(sectionOf(readme, 'Ask it by hand'), 'request');
    expect(lineOf(readme, requests.at(-1)?.line ?? '')).toBeLessThanOrEqual(SCREEN_AND_A_HALF);
    const sections = ['```text', '## Two commands', '## Deploy it in observe mode', '## Ask it by hand'];
    const lines = sections.map((start) => lineOf(readme, start));
    expect(lines).toEqual(lines.toSorted((a, b) => a - b));
  });

  test('leads to every page', () => {
    expect(PAGES.filter((page) => !linksOf(sectionOf(readme, 'Read on')).includes(page))).toEqual([]);
  });

  test('and the page about security promise the same', () => {
    const promises = sectionOf(read('docs/security.md'), 'What it will never do').trim();
    expect(readme).toContain(promises);
  });
});

describe('the opening', () => {
  test.each([...PAGES, 'CONTRIBUTING.md', 'CHANGELOG.md'])(
    'of %s is the question that it answers, and at most three sentences of answer',
    (page) => {
      expect(openingFaults(read(page))).toEqual([]);
    },
  );

  test.each([
    ['has no question', '# Page\n\nThis page explains much.\n'],
    ['has a question without an answer', '# Page\n\n**What is it?**\n'],
    ['has an answer of four sentences', '# Page\n\n**What is it?** One. Two `a. b`. Three! Four.\n'],
  ])('is found wrong if it %s', (_, page) => {
    expect(openingFaults(page)).toHaveLength(1);
  });

  test('may have code and links with full stops in its sentences', () => {
    expect(openingFaults('# Page\n\n**Why?** See [`a.b`](c.d.md). Then `e. f`. End.\n')).toEqual([]);
  });
});

describe('the words', () => {
  test.each(DOCUMENTS)('of %s speak of services and processes as things', (page) => {
    expect(personsIn(read(page))).toEqual([]);
  });

  test.each(['Whoever comes late', 'to whom', 'Somebody else', 'nobody', 'the services who wait'])(
    '"%s" are found',
    (line) => {
      expect(personsIn(`It is so.\n${line}\n`)).toEqual([line]);
    },
  );
});

const anchors = (file: string): ReadonlySet<string> | undefined => {
  if (!existsSync(file)) return undefined;
  return statSync(file).isFile() && file.endsWith('.md') ? anchorsOf(read(file)) : new Set();
};

describe('the links', () => {
  test.each(DOCUMENTS)('of %s lead somewhere', (page) => {
    expect(deadLinks(read(page), page, anchors)).toEqual([]);
  });

  test('of the front page to each of its files and anchors are found dead once the target is gone', () => {
    const inside = linksOf(readme).filter((target) => !target.startsWith('https:'));
    expect(inside.length).toBeGreaterThan(20);
    for (const target of inside) {
      const [file = '', hash] = target.split('#');
      const broken = hash === undefined ? `${file}x` : `${file}#${hash}x`;
      const page = readme.replace(`](${target})`, `](${broken})`);
      expect(deadLinks(page, 'README.md', anchors)).toContain(broken);
    }
  });

  test.each(['http://example.com', 'https://', 'ftp://example.com/x'])('to %s are found wrong', (target) => {
    expect(deadLinks(`[it](${target})`, 'README.md', anchors)).toEqual([target]);
  });
});

test('every block of code in the documents names its language, so that no command escapes the tests', () => {
  for (const page of ['README.md', ...PAGES, 'CONTRIBUTING.md', 'CHANGELOG.md'])
    for (const { language, section } of blocksOf(read(page)))
      expect(['sh', 'text', 'json', 'yaml'], `${page}, ${section}`).toContain(language);
});

test('every npm script that the documents name exists', () => {
  const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(read('package.json'));
  const named = DOCUMENTS.flatMap((page) =>
    [...read(page).matchAll(/npm (?:run (?:--silent )?)?([a-z:-]+)/g)].map(([, script = '']) => script),
  ).filter((script) => !['ci', 'install', 'pack', 'run'].includes(script));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
});

test('every path of the project that the documents name in code exists', () => {
  const paths = DOCUMENTS.filter((page) => !page.endsWith('/README.md')).flatMap((page) =>
    [...read(page).matchAll(/`((?:functions|infra|events|docs|test|\.ci)\/[\w./-]*)`/g)].map(
      ([, path = '']) => path,
    ),
  );
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
});

test('what a document says is in a file of the sources is declared there', () => {
  const named = ['functions/README.md', 'CONTRIBUTING.md'].flatMap((page) =>
    [...read(page).matchAll(/`(\w+)` in `([\w./-]+\.ts)`/g)].map(([, name = '', path = '']) => ({
      page,
      name,
      path: path.startsWith('functions/') ? path : `functions/${path}`,
    })),
  );
  expect(named.length).toBeGreaterThan(10);
  const isDeclared = ({ name, path }: (typeof named)[number]) =>
    existsSync(path) && new RegExp(`\\b(?:function|const|type|class) ${name}\\b`).test(read(path));
  expect(named.filter((one) => !isDeclared(one))).toEqual([]);
});
