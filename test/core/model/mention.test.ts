import { describe, expect, test } from 'vitest';
import { namedIn } from '../../../functions/core/model/mention.ts';
import { PARAMETER, SECRET } from '../../support/build.ts';

describe('a value of an environment names a resource', () => {
  test.each([
    [SECRET, SECRET],
    [SECRET.slice(0, -7), SECRET.slice(0, -7)],
    [`${SECRET}:password::`, SECRET],
    [`${SECRET}:::`, SECRET],
    [`${SECRET}:password:blue:version-2`, SECRET],
    [SECRET.replace('prod/db', 'rds!cluster-0a'), SECRET.replace('prod/db', 'rds!cluster-0a')],
    [SECRET.replace('arn:aws:', 'arn:aws-us-gov:'), SECRET.replace('arn:aws:', 'arn:aws-us-gov:')],
    [PARAMETER, PARAMETER],
    [`${PARAMETER}:3`, PARAMETER],
    [`${PARAMETER}:blue-2`, PARAMETER],
    [PARAMETER.replace('arn:aws:', 'arn:aws-cn:'), PARAMETER.replace('arn:aws:', 'arn:aws-cn:')],
    ['rds!db-1a2b', 'rds!db-1a2b'],
    ['events!connection/x/0a1b', 'events!connection/x/0a1b'],
    ['redshift!ns-admin', 'redshift!ns-admin'],
  ])('if it is %s', (value, named) => {
    expect(namedIn(value)).toBe(named);
  });

  test('however long it is, up to 2,048 characters', () => {
    const fields = ':'.repeat(3);
    const filled = `${SECRET}${fields.slice(1)}${'x'.repeat(2_048 - SECRET.length - 3)}:`;
    expect(filled).toHaveLength(2_048);
    expect(namedIn(filled)).toBe(SECRET);
    expect(namedIn(filled.replace('x', 'xx'))).toBeUndefined();
  });

  test.each([
    ['', 'an empty text'],
    ['prod/db', 'a bare name'],
    ['P@ssword!1', 'a password with !'],
    ['hunter!2', 'a word and !'],
    ['rds!', 'the beginning of a name'],
    ['xrds!db-1', 'another beginning'],
    ['rds!db 1', 'a name with a space'],
    [` ${SECRET}`, 'an ARN after a space'],
    [`${SECRET}\n`, 'an ARN and the end of a line'],
    [`{"arn":"${SECRET}"}`, 'an ARN within a text'],
    [`${SECRET},${SECRET}`, 'a list of ARNs'],
    [`${SECRET}:password`, 'an ARN and a field too few'],
    [`x${SECRET}`, 'an ARN after a letter'],
    [`x${PARAMETER}`, 'an ARN of a parameter after a letter'],
    [`${PARAMETER} `, 'an ARN of a parameter before a space'],
    [`${SECRET}:a:b:c:d`, 'an ARN and a field too many'],
    [`${SECRET}:${'x'.repeat(3_000)}::`, 'an ARN and a text that is too long'],
    ['arn:aws:s3:::bucket', 'an ARN of another service'],
    [PARAMETER.replace('parameter/', 'document/'), 'an ARN of another kind'],
    ['arn:aws:secretsmanager:eu-west-1:1:secret:x', 'an ARN of no account'],
  ])('not if it is %j: %s', (value) => {
    expect(namedIn(value)).toBeUndefined();
  });
});
