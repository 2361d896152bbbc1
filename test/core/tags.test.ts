import { describe, expect, test } from 'vitest';
import { alsoOf, tagWarnings, waveOf } from '../../functions/core/tags.ts';
import { revisionArn, service } from '../build.ts';

const tagged = (entries: Record<string, string>) => service({ tags: new Map(Object.entries(entries)) });

describe('wave', () => {
  test.each([
    [undefined, 0],
    ['0', 0],
    ['2', 2],
    ['-1', 0],
    ['1.5', 0],
    ['canary', 0],
  ])('%s is wave %i', (value, wave) => {
    expect(waveOf(tagged(value === undefined ? {} : { wave: value }))).toBe(wave);
  });
});

test('also names resources over three tags, separated by white space', () => {
  const tags = new Map([
    ['also', ' prod/db  /app/x '],
    ['also-2', 'arn:aws:ssm:eu-west-1:111122223333:parameter/y'],
    ['also-3', 'no'],
  ]);
  expect(alsoOf(tags, revisionArn()).map(({ valueFrom }) => valueFrom)).toEqual([
    'prod/db',
    '/app/x',
    'arn:aws:ssm:eu-west-1:111122223333:parameter/y',
  ]);
});

describe('a value that means nothing is warned of, without repeating it', () => {
  test.each([{ enabled: 'hunter2' }, { wave: 'hunter2' }])('%o', (entries) => {
    const warnings = tagWarnings(tagged(entries));
    expect(warnings).toHaveLength(1);
    expect(JSON.stringify(warnings)).not.toContain('hunter2');
  });

  test('of a cluster as well', () => {
    const odd = service({ cluster: { ...service().cluster, tags: new Map([['enabled', 'off']]) } });
    expect(tagWarnings(odd)).toHaveLength(1);
  });

  test('but not of a value that means something', () => {
    expect(tagWarnings(tagged({ enabled: 'false', wave: '3' }))).toEqual([]);
  });
});
