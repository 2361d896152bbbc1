import { expect, test } from 'vitest';
import { type AccessFinding, accessOf, CERTAINTIES, warnsOf } from '../../../functions/core/model/access.ts';

const finding = (certainty: AccessFinding['certainty']): AccessFinding => ({
  certainty,
  cause: 'no-role',
  role: null,
  kind: 'secret',
  arn: 'a',
  valueFrom: 'a',
});

test('access is as uncertain as the strongest finding, and without one nothing speaks against it', () => {
  const findings = [finding('unknown'), finding('cannot'), finding('probably-cannot')];
  expect(accessOf(findings)).toEqual({ certainty: 'cannot', findings });
  expect(accessOf(findings.slice(0, 1)).certainty).toBe('unknown');
  expect(accessOf([])).toEqual({ certainty: 'nothing-against', findings: [] });
});

test('only what speaks against access is a warning', () => {
  const warned = CERTAINTIES.filter((certainty) => warnsOf({ certainty, findings: [] }));
  expect(warned).toEqual(['cannot', 'probably-cannot']);
  expect(warnsOf(undefined)).toBe(false);
});
