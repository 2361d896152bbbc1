import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  asInTag,
  decodeFromTag,
  encodeForTag,
  hasWrongEscape,
  isLike,
} from '../../../functions/core/model/tag-text.ts';

/** What AWS accepts as the value of a tag (functions/README.md, References). */
const VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

describe('a name in a tag', () => {
  test.each([
    ['prod/db', 'prod/db'],
    ['rds!db-1a2b', 'rds=21db-1a2b'],
    ['rds!cluster-0a', 'rds=21cluster-0a'],
    ['events!connection/x', 'events=21connection/x'],
    ['a=21b', 'a=3D21b'],
    ['a=bc', 'a=3Dbc'],
    ['a=3D', 'a=3D3D'],
    ['a=b', 'a=b'],
    ['a=', 'a='],
    ['a==1!', 'a==1=21'],
    ['=!2', '==212'],
    ['a=f!', 'a=f=21'],
    ['a?b', 'a=3Fb'],
    ['~', '=7E'],
    ['Ünï', 'Ünï'],
  ])('%s is written %s', (name, written) => {
    expect(encodeForTag(name)).toBe(written);
    expect(decodeFromTag(written)).toBe(name);
  });

  test.each([
    ['=2a', '*'],
    ['=2A', '*'],
    ['=3d=3D', '=='],
    ['=3D21', '=21'],
    ['rds?db', 'rds?db'],
    ['=g1', '=g1'],
    ['=2', '=2'],
  ])('%s stands for %s', (written, name) => {
    expect(decodeFromTag(written)).toBe(name);
    expect(hasWrongEscape(written)).toBe(false);
  });

  test.each(['a=20b', 'a=0A', 'a=7f', 'a=80', 'a=bc', 'a=21=00'])(
    'with a wrong escape is found: %s',
    (text) => {
      expect(hasWrongEscape(text)).toBe(true);
    },
  );

  test.each(['a=20b', 'a=0A', 'a=7f', 'a=bc'])('stands for itself with a wrong escape: %s', (text) => {
    expect(decodeFromTag(text)).toBe(text);
  });

  test('can always be written, and is read as it was if each of its characters is printable', () => {
    const anyName = fc.string({ unit: 'grapheme-ascii' }).map((text) => text.replaceAll(' ', '='));
    fc.assert(
      fc.property(anyName, (name) => {
        const written = encodeForTag(name);
        expect(written).toMatch(VALUE);
        expect(hasWrongEscape(written)).toBe(false);
        expect(decodeFromTag(written)).toBe(name);
      }),
      { seed: 1 },
    );
  });

  test('holds what no tag can hold as ?, and no space, which would end it', () => {
    expect(encodeForTag('a b\n😀')).toBe('a?b??');
  });
});

describe('a name with ?', () => {
  test.each([
    ['rds!db', 'rds?db', true],
    ['rds!db', 'rds!db', true],
    ['rds!db*x', 'rds!db?x', true],
    ['rds*db', 'rds!db', false],
    ['rds!db*x', 'rds*db?x', false],
    ['😀!', '??', true],
  ])('is %j named by %j: %s', (text, name, is) => {
    expect(asInTag(text)).toBe(asInTag(name));
    expect(isLike(text, name)).toBe(is);
  });

  test('has one character in its place, and never none', () => {
    expect(asInTag('rds!db')).toBe('rds?db');
    expect(asInTag('rdsdb')).toBe('rdsdb');
  });
});
