import { describe, expect, test } from 'vitest';
import type { Change } from '../../../functions/core/model/change.ts';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import { type Held, restoreAdvice } from '../../../functions/core/report/restore.ts';
import { CHANGED_AT, change, PARAMETER, SECRET } from '../../support/build.ts';

const HOUR = 3_600_000;
const LABELS = new Map([
  ['version-1', ['AWSPREVIOUS']],
  ['version-2', ['AWSCURRENT', 'AWSPENDING']],
  ['version-3', ['BLUE']],
]);

function secret(different: Partial<SecretDescription> = {}): Held {
  const description = { arn: SECRET, labelsOf: LABELS, lastChangedAt: CHANGED_AT - 500, ...different };
  return { kind: 'secret', description };
}

const { versionId: _, ...unversioned } = change();

describe('the label of a secret is put back', () => {
  test('by a command that names both versions and the Region', () => {
    expect(restoreAdvice(change(), secret())).toEqual({
      advice: 'restore',
      restore: `aws secretsmanager update-secret-version-stage --region eu-west-1 --secret-id ${SECRET} --version-stage=AWSCURRENT --move-to-version-id=version-1 --remove-from-version-id=version-2`,
    });
  });

  test('also where a rotation came long before a value that a person stored', () => {
    const rotated = secret({ rotationEnabled: true, lastRotatedAt: CHANGED_AT - HOUR });
    expect(restoreAdvice(change(), rotated).advice).toBe('restore');
  });

  test('also where the secret changed last within two seconds of the event', () => {
    const late = (ms: number) => restoreAdvice(change(), secret({ lastChangedAt: CHANGED_AT + ms })).advice;
    expect([late(2_000), late(2_001)]).toEqual(['restore', 'compare-versions']);
  });

  test('unless a rotation ended within two seconds of the event', () => {
    const { lastChangedAt: _changed, ...description } = { arn: SECRET, labelsOf: LABELS, lastChangedAt: 0 };
    const advised = (ms: number) =>
      restoreAdvice(change(), {
        kind: 'secret',
        description: { ...description, lastRotatedAt: CHANGED_AT - ms },
      }).advice;
    expect([advised(2_000), advised(2_001)]).toEqual(['rotate-again', 'compare-versions']);
  });

  test('for a custom label even if a rotation ended at that time: it moves AWSCURRENT alone', () => {
    const held = secret({ lastRotatedAt: CHANGED_AT });
    expect(restoreAdvice(change({ label: 'BLUE', versionId: 'version-3' }), held).advice).toBe(
      'compare-versions',
    );
  });

  test('with every argument quoted that a shell would read otherwise', () => {
    const arn = SECRET.replace('prod/db', 'prod!db');
    const labelsOf = new Map([['$(id)', ['AWSPREVIOUS']], ...[...LABELS].slice(1)]);
    const { restore } = restoreAdvice(change({ arn }), secret({ arn, labelsOf }));
    expect(restore).toContain(` --secret-id '${arn}' `);
    expect(restore).toContain(` '--move-to-version-id=$(id)' `);
  });

  test.each<[string, Change, Held, string]>([
    ['the label has moved on since', change({ versionId: 'version-0' }), secret(), 'newer-version'],
    ['no version has the label any more', change(), secret({ labelsOf: new Map() }), 'newer-version'],
    [
      'a custom label has moved on',
      change({ label: 'BLUE', versionId: 'version-2' }),
      secret(),
      'newer-version',
    ],
    [
      'the label has moved on since a rotation',
      change({ versionId: 'version-0' }),
      secret({ owningService: 'rds' }),
      'newer-version',
    ],
    ['an AWS service owns the secret', change(), secret({ owningService: 'rds' }), 'rotate-again'],
    [
      'an AWS service owns the secret and the version is not known',
      unversioned,
      secret({ owningService: 'rds' }),
      'rotate-again',
    ],
    [
      'a rotation ended at the change',
      change(),
      secret({ rotationEnabled: true, lastRotatedAt: CHANGED_AT - 900, lastChangedAt: CHANGED_AT + HOUR }),
      'rotate-again',
    ],
    [
      'nothing has changed since a rotation, though its event came late',
      change({ changedAt: CHANGED_AT + 60_000 }),
      secret({ rotationEnabled: true, lastRotatedAt: CHANGED_AT - 520 }),
      'rotate-again',
    ],
    [
      'a rotation ended at the change and was switched off since',
      change(),
      secret({ lastRotatedAt: CHANGED_AT }),
      'rotate-again',
    ],
    [
      'the label is a custom one',
      change({ label: 'BLUE', versionId: 'version-3' }),
      secret(),
      'compare-versions',
    ],
    ['the version of the change is not known', unversioned, secret(), 'compare-versions'],
    [
      'there was no version before',
      change(),
      secret({ labelsOf: new Map([['version-2', ['AWSCURRENT']]]) }),
      'compare-versions',
    ],
    [
      'something about the secret has changed since, perhaps AWSPREVIOUS',
      change(),
      secret({ lastChangedAt: CHANGED_AT + 3_000 }),
      'compare-versions',
    ],
    [
      'it is not known when the secret changed last',
      change(),
      secret({ labelsOf: LABELS, lastChangedAt: Infinity }),
      'compare-versions',
    ],
  ])('by no command if %s', (_title, given, held, advice) => {
    expect(restoreAdvice(given, held)).toEqual({ advice });
  });

  test('by no command if AWS does not show the secret', () => {
    expect(restoreAdvice(change(), undefined)).toEqual({ advice: 'compare-versions' });
  });
});

test.each(['prod/db', 'arn:aws:secretsmanager::111122223333:secret:prod/db-a1B2c3'])(
  'of %s the command names no Region, which is not known',
  (arn) => {
    const { restore } = restoreAdvice(change({ arn }), secret({ arn }));
    expect(restore).toContain('update-secret-version-stage --secret-id');
  },
);

test('a secret that was never rotated was not changed by a rotation, whatever else is unknown', () => {
  const { lastChangedAt: _changed, ...description } = { arn: SECRET, labelsOf: LABELS, lastChangedAt: 0 };
  expect(restoreAdvice(change(), { kind: 'secret', description }).advice).toBe('compare-versions');
});

describe('the value of a parameter is put back', () => {
  const parameter = (different: Partial<Extract<Held, { kind: 'parameter' }>> = {}): Held => ({
    kind: 'parameter',
    changedAt: CHANGED_AT - 900,
    version: 5,
    ...different,
  });

  test.each([
    [PARAMETER, '/app/db/password:4'],
    [PARAMETER.replace('app/db/password', 'root'), 'root:4'],
    [PARAMETER.replace('app/db/password', 'a/parameter/b'), '/a/parameter/b:4'],
  ])('from the version before, and the value is not shown: %s', (arn, name) => {
    const { restore } = restoreAdvice(change({ kind: 'parameter', arn }), parameter());
    expect(restore).toBe(
      `aws ssm get-parameter --region eu-west-1 --name=${name} --with-decryption --query 'Parameter.{Name:Name,Value:Value}' --output json | aws ssm put-parameter --region eu-west-1 --overwrite --cli-input-json file:///dev/stdin`,
    );
  });

  test('without a Region, where the change has only its name', () => {
    const { restore } = restoreAdvice(change({ kind: 'parameter', arn: 'root' }), parameter());
    expect(restore).toMatch(/^aws ssm get-parameter --name=root:4 /);
  });

  test('from its first version, and if its event came five seconds late', () => {
    const late = change({ kind: 'parameter', arn: PARAMETER, changedAt: CHANGED_AT + 4_100 });
    const { advice, restore } = restoreAdvice(late, parameter({ version: 2 }));
    expect(advice).toBe('restore');
    expect(restore).toContain('/app/db/password:1 ');
  });

  test.each<[string, Held, string]>([
    ['it has changed again since', parameter({ changedAt: CHANGED_AT + 1 }), 'newer-version'],
    ['it had no version before', parameter({ version: 1 }), 'compare-versions'],
    ['its version is not known', { kind: 'parameter', changedAt: CHANGED_AT }, 'compare-versions'],
    ['it did not change at that instant', parameter({ changedAt: CHANGED_AT - 6_000 }), 'compare-versions'],
  ])('by no command if %s', (_title, held, advice) => {
    expect(restoreAdvice(change({ kind: 'parameter', arn: PARAMETER }), held)).toEqual({ advice });
  });
});
