import { describe, expect, test } from 'vitest';
import { alsoOf, alsoWarnings, tagWarnings, waveOf } from '../../../functions/core/model/tags.ts';
import { PARAMETER, reference, revisionArn, SECRET, service } from '../../support/build.ts';

const tagged = (entries: Record<string, string>) => service({ tags: new Map(Object.entries(entries)) });

describe('the tag wave', () => {
  test.each([
    [undefined, 0],
    ['0', 0],
    ['2', 2],
    ['12', 12],
    ['999999', 999_999],
    ['1000000', 0],
    ['', 0],
    ['2a', 0],
    ['a2', 0],
    ['-1', 0],
    ['1.5', 0],
    ['canary', 0],
  ])('with the value %s means wave %i', (value, wave) => {
    expect(waveOf(tagged(value === undefined ? {} : { wave: value }))).toBe(wave);
  });
});

test('the tag also names resources, separated by white space, in up to three tags', () => {
  const tags = new Map([
    ['also', ' prod/db  /app/x '],
    ['also-1', 'prod/cache\t\n/app/y'],
    ['also-2', 'arn:aws:ssm:eu-west-1:111122223333:parameter/y'],
    ['also-3', 'no'],
  ]);
  expect(alsoOf(tags, revisionArn())).toEqual(
    ['prod/db', '/app/x', 'prod/cache', '/app/y', 'arn:aws:ssm:eu-west-1:111122223333:parameter/y'].map(
      (valueFrom) => ({ taskDefinition: revisionArn(), container: null, place: 'also', valueFrom }),
    ),
  );
  expect(alsoOf(new Map(), revisionArn())).toEqual([]);
});

describe('a warning', () => {
  const { arn, cluster } = service();
  const off = { tag: 'enabled', problem: 'neither "true" nor "false": it counts as false' };
  const odd = { tag: 'wave', problem: 'not an integer from 0: it counts as 0' };

  test.each([
    [{ enabled: 'hunter2' }, {}, [{ arn, ...off }]],
    [{ wave: 'hunter2' }, {}, [{ arn, ...odd }]],
    [{}, { enabled: 'off' }, [{ arn: cluster.arn, ...off }]],
    [
      { enabled: 'TRUE', wave: '' },
      { enabled: '' },
      [
        { arn, ...off },
        { arn: cluster.arn, ...off },
        { arn, ...odd },
      ],
    ],
    [{}, { wave: 'odd' }, []],
  ])(
    'names the invalid tags of a service with %o in a cluster with %o, without their values',
    (own, ofCluster, warnings) => {
      const both = service({
        tags: new Map(Object.entries(own)),
        cluster: { ...cluster, tags: new Map(Object.entries(ofCluster)) },
      });
      expect(tagWarnings(both)).toEqual(warnings);
    },
  );

  const alsoTagged = (tags: Record<string, string>) => {
    const own = new Map(Object.entries(tags));
    return service({ tags: own, also: alsoOf(own, revisionArn()).map((one) => reference(one)) });
  };
  const wrong = {
    problem:
      'a "=" before two hex digits that are the code of no character of a name: it counts as "=", which is written "=3D"',
  };
  const nothing = {
    problem: 'an ARN that is neither that of a secret nor that of a parameter: it names nothing',
  };

  test.each([
    [{ also: 'rds=20db' }, [{ arn, tag: 'also', ...wrong }]],
    [{ also: 'x', 'also-1': 'y key=bc' }, [{ arn, tag: 'also-1', ...wrong }]],
    [{ 'also-2': 'arn:aws:s3:::bucket' }, [{ arn, tag: 'also-2', ...nothing }]],
    [
      { also: `${PARAMETER} ${SECRET}:key`, 'also-1': 'x=7F' },
      [
        { arn, tag: 'also', ...nothing },
        { arn, tag: 'also-1', ...wrong },
      ],
    ],
    [{ also: `rds=21db rds?db k=v k=3Dab ${SECRET}`, 'also-3': 'x=00' }, []],
  ])('names the tags of %o that name nothing, without their values', (tags, warnings) => {
    expect(alsoWarnings(alsoTagged(tags))).toEqual(warnings);
    expect(tagWarnings(alsoTagged(tags))).toEqual(warnings);
  });

  test('is not given for a valid value', () => {
    expect(tagWarnings(tagged({ enabled: 'false', wave: '3' }))).toEqual([]);
    expect(tagWarnings(tagged({ enabled: 'true' }))).toEqual([]);
  });
});
