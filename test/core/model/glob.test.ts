import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { selects } from '../../../functions/core/model/glob.ts';

describe('globs of cluster names', () => {
  test.each([
    [['*'], 'prod', true],
    [[], 'prod', true],
    [['prod-*'], 'prod-eu', true],
    [['prod-*'], 'prod', false],
    [['*-eu'], 'prod-eu', true],
    [['*-eu'], 'prod-eu-2', false],
    [['a*b*c'], 'aXbYbZc', true],
    [['prod-?'], 'prod-1', true],
    [['prod-?'], 'prod-12', false],
    [['prod'], 'prod-eu', false],
    [['*', '!dev-*'], 'dev-1', false],
    [['*', '!dev-*'], 'prod', true],
    [['!dev-*'], 'prod', true],
    [['!dev-*'], 'dev-1', false],
    [['prod.*'], 'prodXeu', false],
    [['dev', 'prod'], 'prod', true],
    [['*', '!dev', '!test'], 'test', false],
    [['prod-*?'], 'prod-', false],
    [['a'], '', false],
    [['?'], '', false],
    [['**'], '', true],
  ] as const)('%o selects %s: %s', (globs, name, selected) => {
    expect(selects(globs, name)).toBe(selected);
  });

  test('select the names that the equivalent regular expression accepts', () => {
    const glob = fc.stringMatching(/^[ab*?]{0,8}$/);
    fc.assert(
      fc.property(glob, fc.stringMatching(/^[ab]{0,8}$/), (pattern, name) => {
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);
        expect(selects([pattern], name)).toBe(expected);
      }),
    );
  });
});
