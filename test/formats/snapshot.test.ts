import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { NOTHING_SEEN, type Snapshot } from '../../functions/core/read/snapshot.ts';
import { MalformedSnapshot, parseSnapshot, snapshotBytes } from '../../functions/formats/snapshot.ts';
import { NOW, revisionArn, SECRET, service } from '../support/build.ts';

const CLUSTER = service().cluster.arn;
const VALID = { format: 1, revisions: [[revisionArn(), [['secrets', SECRET]]]], clusters: [] };
const zipped = (different: object) => gzipSync(JSON.stringify({ ...VALID, ...different }));
const read = (different: object) => parseSnapshot(zipped(different));
const inCluster = (name: string) => ({ clusters: [[CLUSTER, [[name, [0], []]]]] });
const heard = (different: object) => ({ heard: [{ arn: SECRET, at: NOW, ...different }] });
const written = (different: Partial<Snapshot>): unknown =>
  JSON.parse(gunzipSync(snapshotBytes({ ...NOTHING_SEEN, ...different })).toString());

describe('a snapshot', () => {
  test('is read with what its environments name and what was heard', () => {
    const told = { arn: SECRET, label: 'AWSCURRENT', versionId: 'version-2', at: NOW };
    expect(
      read({ ...inCluster('api'), mentions: [[0, [SECRET, 'rds!db-1a2b']]], heard: [told] }),
    ).toStrictEqual({
      revisions: new Map([[revisionArn(), [{ place: 'secrets', valueFrom: SECRET }]]]),
      clusters: new Map([[CLUSTER, new Map([['api', { revisions: [revisionArn()], own: [] }]])]]),
      mentions: new Map([[revisionArn(), [SECRET, 'rds!db-1a2b']]]),
      heard: [told],
    });
  });

  test('is written as it is read', () => {
    const told = [{ arn: SECRET, label: 'AWSCURRENT', versionId: 'version-2', at: NOW }];
    const whole = { ...VALID, ...inCluster('api'), mentions: [[0, [SECRET]]], heard: told };
    expect(written(parseSnapshot(zipped(whole)))).toEqual(whole);
  });

  test('of an earlier version is read without them', () => {
    expect(read({})).not.toHaveProperty('mentions');
    expect(read({})).not.toHaveProperty('heard');
  });

  test('is read without the revisions of a service that it does not hold', () => {
    const clusters = [[CLUSTER, [['api', [7, 0], []]]]];
    expect(read({ clusters }).clusters.get(CLUSTER)?.get('api')?.revisions).toEqual([revisionArn()]);
  });

  test('is read without the names of a revision that it does not hold', () => {
    expect(read({ mentions: [[1, [SECRET]]] }).mentions).toEqual(new Map());
  });

  test('is written without a revision that is in use and whose references are not known', () => {
    const seen = { revisions: [revisionArn()], own: [] };
    expect(
      written({
        clusters: new Map([[CLUSTER, new Map([['api', seen]])]]),
        mentions: new Map([[revisionArn(), [SECRET]]]),
      }),
    ).toEqual({ format: 1, revisions: [], clusters: [[CLUSTER, [['api', [], []]]]], mentions: [] });
  });

  test.each<[string, object]>([
    ['a name of 255 characters', inCluster('x'.repeat(255))],
    ['a reference of 2048 characters', { revisions: [[revisionArn(), [['also', 'x'.repeat(2048)]]]] }],
    [
      'a label and a version of 256 characters',
      heard({ label: 'x'.repeat(256), versionId: 'x'.repeat(256) }),
    ],
    ['the first instant that counts', heard({ at: 0 })],
    ['the last instant that a date can hold', heard({ at: 8_640_000_000_000_000 })],
    [
      'a thousand secrets that were heard of',
      { heard: Array.from({ length: 1000 }, () => heard({}).heard[0]) },
    ],
  ])('with %s is read', (_, different) => {
    expect(() => read(different)).not.toThrow();
  });
});

describe('an object is no snapshot', () => {
  test.each<[string, object, string]>([
    ['of another format', { format: 2 }, 'format: '],
    ['with a service without a name', inCluster(''), 'clusters.0.1.0.0: '],
    ['with a name of 256 characters', inCluster('x'.repeat(256)), 'clusters.0.1.0.0: '],
    ['with a name of two words', inCluster('two words'), 'clusters.0.1.0.0: '],
    ['with an unknown place', { revisions: [[revisionArn(), [['x', SECRET]]]] }, 'revisions.0.1.0.0: '],
    [
      'with a reference of 2049 characters',
      { revisions: [[revisionArn(), [['also', 'x'.repeat(2049)]]]] },
      'revisions.0.1.0.1: ',
    ],
    [
      'with a mention that may be a password',
      { mentions: [[0, ['hunter2!']]] },
      'mentions.0.1.0: names no resource',
    ],
    ['with a mention of half a revision', { mentions: [[0.5, []]] }, 'mentions.0.0: '],
    ['that heard of what is no ARN', heard({ arn: `x${SECRET}` }), 'heard.0.arn: '],
    [
      'that heard of a parameter',
      heard({ arn: 'arn:aws:ssm:eu-west-1:111122223333:parameter/x' }),
      'heard.0.arn: ',
    ],
    ['that heard of an ARN of 2049 characters', heard({ arn: SECRET.padEnd(2049, 'x') }), 'heard.0.arn: '],
    ['with a label without a name', heard({ label: '' }), 'heard.0.label: '],
    ['with a label of 257 characters', heard({ label: 'x'.repeat(257) }), 'heard.0.label: '],
    ['with a version of 257 characters', heard({ versionId: 'x'.repeat(257) }), 'heard.0.versionId: '],
    ['with an instant before 1970', heard({ at: -1 }), 'heard.0.at: '],
    ['with an instant beyond the range of dates', heard({ at: 8_640_000_000_000_001 }), 'heard.0.at: '],
    [
      'with more secrets than are kept',
      { heard: Array.from({ length: 1001 }, () => heard({}).heard[0]) },
      'heard: ',
    ],
  ])('%s, and the error names the problem', (_, different, problem) => {
    expect(() => read(different)).toThrow(MalformedSnapshot);
    expect(() => read(different)).toThrow(expect.objectContaining({ name: 'MalformedSnapshot' }));
    expect(() => read(different)).toThrow(`the object is not a snapshot: ${problem}`);
  });

  test('if it unpacks to more than 64 MB, of which no more is unpacked', () => {
    const bytes = gzipSync(Buffer.alloc(64_000_001, ' '));
    expect(() => parseSnapshot(bytes)).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' }) }),
    );
  });
});

describe('what could not be read back is not written:', () => {
  test.each([
    ['more than 500,000 values', ','.repeat(500_000)],
    ['more than 64 MB', 'x'.repeat(64_000_000)],
    ['more than 64 MB in fewer characters', '€'.repeat(22_000_000)],
  ])('%s', (_, valueFrom) => {
    const revisions = new Map([[revisionArn(), [{ place: 'also', valueFrom } as const]]]);
    expect(() => snapshotBytes({ ...NOTHING_SEEN, revisions })).toThrow(RangeError);
  });
});
