import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REASONS } from '../../functions/core/plan/reasons.ts';

const known = Object.entries(REASONS).map(([reason, { action }]) => `${action} ${reason}`);
const sorted = (rows: readonly string[]) => rows.toSorted();

test('the schema of reports has exactly the reasons of the table of reasons', () => {
  const published: { $defs: { decision: { oneOf: readonly Alternative[] } } } = JSON.parse(
    readFileSync('functions/schema/report.schema.json', 'utf8'),
  );
  const named = published.$defs.decision.oneOf.flatMap(({ properties: { action, reason } }) =>
    (reason.enum ?? []).map((one) => `${action.const} ${one}`),
  );
  expect(sorted(named)).toEqual(sorted(known));
});

type Alternative = {
  readonly properties: {
    readonly action: { readonly const: string };
    readonly reason: { readonly enum?: readonly string[] };
  };
};

test('no two reasons have the same strength', () => {
  const strengths = Object.values(REASONS).map(({ strength }) => strength);
  expect(new Set(strengths).size).toBe(strengths.length);
});
