import { describe, expect, test } from 'vitest';
import type { Change } from '../../../functions/core/model/change.ts';
import { restoreCommand } from '../../../functions/core/report/restore.ts';
import { change, PARAMETER, SECRET } from '../../support/build.ts';

const move = 'aws secretsmanager update-secret-version-stage --secret-id';
const versions = new Map([
  ['version-1', ['AWSPREVIOUS']],
  ['version-2', ['AWSCURRENT', 'AWSPENDING']],
  ['version-3', ['BLUE']],
]);
const { label: _, versionId: __, ...whole } = change();

describe('the command that puts the previous version back', () => {
  test.each<[string, Change, Parameters<typeof restoreCommand>[1], string]>([
    [
      'names both versions',
      change(),
      versions,
      `${SECRET} --version-stage AWSCURRENT --move-to-version-id version-1 --remove-from-version-id version-2`,
    ],
    [
      'is about AWSCURRENT where no label is known',
      whole,
      versions,
      `${SECRET} --version-stage AWSCURRENT --move-to-version-id version-1 --remove-from-version-id version-2`,
    ],
    [
      'has a placeholder for the previous version of a custom label',
      change({ label: 'BLUE' }),
      versions,
      `${SECRET} --version-stage BLUE --move-to-version-id <previous version id> --remove-from-version-id version-3`,
    ],
    [
      'takes the version from the change where the versions of the secret are not known',
      change(),
      undefined,
      `${SECRET} --version-stage AWSCURRENT --move-to-version-id <previous version id> --remove-from-version-id version-2`,
    ],
    [
      'has placeholders for both versions where nothing is known',
      whole,
      new Map(),
      `${SECRET} --version-stage AWSCURRENT --move-to-version-id <previous version id> --remove-from-version-id <current version id>`,
    ],
  ])('%s', (_title, given, labelsOf, command) => {
    expect(restoreCommand(given, labelsOf)).toBe(`${move} ${command}`);
  });

  test.each([
    [PARAMETER, '/app/db/password'],
    [PARAMETER.replace('app/db/password', 'root'), 'root'],
    [PARAMETER.replace('app/db/password', 'a/parameter/b'), '/a/parameter/b'],
    ['named', 'named'],
  ])('for the parameter %s calls it %s', (arn, name) => {
    expect(restoreCommand(change({ kind: 'parameter', arn }), undefined)).toBe(
      `aws ssm get-parameter-history --name ${name} --with-decryption, then: aws ssm put-parameter --overwrite --name ${name} --value <previous value>`,
    );
  });
});
