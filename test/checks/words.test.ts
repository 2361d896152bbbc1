import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const README = 'functions/README.md';
const readme = readFileSync(README, 'utf8');
const files = readdirSync('functions', { recursive: true, encoding: 'utf8' }).map((file) =>
  join('functions', file),
);
const sources = files
  .filter((file) => file.endsWith('.ts'))
  .map((file) => [file, readFileSync(file, 'utf8')] as const);

/** Lines that contain the expression, as `file: line`. */
function linesWith(expression: RegExp): readonly string[] {
  return sources.flatMap(([file, source]) =>
    source
      .split('\n')
      .filter((line) => expression.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
}

describe('the code', () => {
  test('speaks of services and processes by their nouns', () => {
    expect(linesWith(/\b(?:whoever|whom|somebody|nobody)\b/i)).toEqual([]);
  });

  test('cites no document outside the repository', () => {
    expect(linesWith(/\b(?:DESIGN|HOUSE|AWS-FACTS(?:-2)?|FIELD-CASES)\b/)).toEqual([]);
  });

  test('cites sections that functions/README.md has', () => {
    const sections = new Set([...readme.matchAll(/^##+ (.+)$/gm)].map(([, title]) => title));
    const cited = sources.flatMap(([file, source]) =>
      [
        ...source
          .replaceAll(/\n\s*(?:\*|\/\/)\s*/g, ' ')
          .matchAll(/functions\/README\.md, "?([A-Z][\w ]*?)"?[);,.]/g),
      ].map(([, title = '']) => ({ file, title })),
    );
    expect(cited.length).toBeGreaterThan(10);
    expect(cited.filter(({ title }) => !sections.has(title))).toEqual([]);
  });
});

describe('functions/README.md', () => {
  test('names every folder', () => {
    const folders = new Set(files.filter((file) => file.endsWith('.ts')).map((file) => dirname(file)));
    const missing = [...folders].filter(
      (folder) => folder !== 'functions' && !readme.includes(`${folder.split('/').at(-1)}/`),
    );
    expect(missing).toEqual([]);
  });

  test('names only files that exist', () => {
    const names = new Set(sources.map(([file]) => file.slice(file.lastIndexOf('/') + 1)));
    const named = [...readme.matchAll(/[\w-]+\.ts\b/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !names.has(name) && name !== 'layers.ts')).toEqual([]);
  });

  test('gives the source of every fact about AWS', () => {
    const [, facts = ''] = /\n## AWS facts\n(.*)$/s.exec(readme) ?? [];
    const sections = facts.split(/\n### /).slice(1);
    expect(sections.length).toBeGreaterThan(5);
    expect(sections.filter((section) => !section.includes('https://docs.aws.amazon.com/'))).toEqual([]);
  });
});
