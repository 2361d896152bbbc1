import { describe, expect, test } from 'vitest';
import { asReplicated, mayBeReplicaOf, replicaArn } from '../../../functions/core/confirm/replica.ts';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import { CHANGED_AT, change, NOW, PARAMETER, SECRET } from '../../support/build.ts';

test('a replica has the name and the suffix of its primary in this Region, and nothing is its own replica', () => {
  expect(replicaArn(SECRET.replace('eu-west-1', 'us-east-1'), 'eu-west-1')).toBe(SECRET);
  expect(replicaArn(SECRET, 'eu-west-1')).toBeUndefined();
  expect(replicaArn(PARAMETER, 'us-east-1')).toBeUndefined();
  expect(replicaArn('prod/db', 'us-east-1')).toBeUndefined();
});

test.each([
  ['of a primary in its Region', SECRET.replace('eu-west-1', 'us-east-1'), true],
  ['of a primary that is somewhere, if AWS does not say where', SECRET, true, undefined],
  ['of no primary in another Region, since it was promoted or made there', SECRET, false],
  ['of nothing that has no Region', 'prod/db', false],
])('a secret may be a replica %s', (_, primary, is, ...primaryRegion) => {
  const shown = primaryRegion.length > 0 ? {} : { primaryRegion: 'us-east-1' };
  expect(mayBeReplicaOf(primary, { arn: SECRET, labelsOf: new Map(), ...shown })).toBe(is);
});

describe('a change, as its replica shows it,', () => {
  const told = change({ confirmed: false });
  const replica = (labels: readonly string[], lastChangedAt = CHANGED_AT + 5_002): SecretDescription => ({
    arn: SECRET,
    lastChangedAt,
    labelsOf: new Map([['version-2', labels]]),
  });

  test('is younger than each look that does not show the version, or shows it as pending alone', () => {
    for (const behind of [replica(['AWSPENDING']), { arn: SECRET, labelsOf: new Map<string, string[]>() }])
      expect(asReplicated(told, behind, NOW)).toMatchObject({ behind: true, changedAt: NOW });
  });

  test('is as old as the last change of the replica, whatever was seen before, and whether or not the label has moved on', () => {
    for (const labels of [['AWSCURRENT'], ['AWSPREVIOUS']]) {
      const seen = asReplicated({ ...told, behind: true }, replica(labels), NOW + 60_000);
      expect(seen).toEqual(change({ changedAt: CHANGED_AT + 5_002 }));
    }
    expect(asReplicated(told, replica(['AWSCURRENT'], 1), NOW).changedAt).toBe(CHANGED_AT);
  });

  test('is young as long as it is not known which version it is of', () => {
    const { versionId: _, ...whole } = told;
    expect(asReplicated(whole, replica(['AWSCURRENT']), NOW)).toMatchObject({ behind: true, changedAt: NOW });
  });

  test('is opted out by the tag of the replica', () => {
    const off = { ...replica(['AWSCURRENT']), enabledTag: 'false' };
    expect(asReplicated(told, off, NOW).optedOut).toBe(true);
  });
});
