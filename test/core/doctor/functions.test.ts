import { describe, expect, test } from 'vitest';
import type { Answer, FunctionSettings } from '../../../functions/core/doctor/facts.ts';
import { checkFunction, checkVersions } from '../../../functions/core/doctor/functions.ts';
import { GONE, NOT_KNOWN, RESTORE, shown, type Told, told, UNANSWERED } from './told.ts';

const settings = (different: Partial<FunctionSettings> = {}) =>
  shown<FunctionSettings>({
    variables: {},
    version: '1.2.3',
    code: 'hash',
    modifiedAt: '2026-01-02T03:04:05.678+0000',
    role: 'arn:aws:iam::111122223333:role/one',
    broken: undefined,
    ...different,
  });
const LOOK = 'look at the function in Lambda, then deploy again';

describe('of a function it is said', () => {
  test.each<[string, string | undefined, Answer<FunctionSettings>, Told]>([
    [
      'of which version it is, and since when',
      'esr-on-change',
      settings(),
      ['ok', 'ok', 'version 1.2.3, changed 2026-01-02T03:04', ''],
    ],
    [
      'that its version is unknown',
      'esr-on-change',
      settings({ version: undefined }),
      ['ok', 'ok', 'version unknown, changed 2026-01-02T03:04', ''],
    ],
    [
      'why it cannot run',
      'esr-on-change',
      settings({ broken: 'Inactive' }),
      ['wrong', 'function-broken', 'esr-on-change cannot run: Inactive', LOOK],
    ],
    [
      'why it cannot run, by its id where the stack names none',
      undefined,
      settings({ broken: 'Inactive' }),
      ['wrong', 'function-broken', 'OnChange cannot run: Inactive', LOOK],
    ],
    [
      'that it is gone',
      'esr-on-change',
      GONE,
      ['wrong', 'function-gone', 'there is no function esr-on-change', RESTORE],
    ],
    [
      'that it is gone, by its id where the stack names none',
      undefined,
      GONE,
      ['wrong', 'function-gone', 'there is no function OnChange', RESTORE],
    ],
    ['that nothing is known', 'esr-on-change', UNANSWERED, NOT_KNOWN],
  ])('%s', (_, name, answer, wanted) => {
    const checks = checkFunction({ id: 'OnChange', name }, 'on-change', answer);
    expect(told(checks)).toEqual([wanted]);
    expect(checks[0]?.check).toBe('function on-change');
  });
});

test('functions of one version, or of none, are as they should be', () => {
  expect(
    checkVersions(
      new Map([
        ['on-change', '1'],
        ['on-request', '1'],
      ]),
    ),
  ).toEqual([]);
  expect(checkVersions(new Map())).toEqual([]);
});

test('functions of different versions are named with them', () => {
  const checks = checkVersions(
    new Map([
      ['on-change', '1'],
      ['on-request', undefined],
    ]),
  );
  expect(checks.map(({ check }) => check)).toEqual(['stack']);
  expect(told(checks)).toEqual([
    [
      'warning',
      'versions-differ',
      'the functions have different versions: on-change 1, on-request unknown',
      'deploy the stack again',
    ],
  ]);
});
