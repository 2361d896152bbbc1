import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { serviceArn } from '../../../functions/core/model/arn.ts';
import type { Decision, ReportedReference } from '../../../functions/core/model/decision.ts';
import type { Outcome } from '../../../functions/core/model/outcome.ts';
import { makeReport } from '../../../functions/core/report/report.ts';
import { shortened, shortenedUses } from '../../../functions/core/report/shorten.ts';
import { change, revisionArn, SECRET } from '../../support/build.ts';
import { schema } from '../../support/schemas.ts';

const isReport = schema('report');
const isUses = schema('uses');
const size = (value: unknown) => JSON.stringify(value).length;
const arn = (i: number) => serviceArn(`arn:aws:ecs:eu-west-1:111122223333:service/main/api-${i}`);
const reference: ReportedReference = {
  taskDefinition: revisionArn(),
  container: 'app',
  place: 'secrets',
  valueFrom: `${SECRET}:password::`,
  form: 'full-arn',
  label: null,
  versionId: null,
};
const references = Array.from({ length: 6 }, () => reference);

function report(count: number, fresh = 0) {
  const decisions = Array.from({ length: count + fresh }, (_, i): Decision => {
    const about = { service: arn(i), cluster: 'main', changeIds: ['change-1'], wave: 0, references };
    return i < count
      ? { ...about, action: 'redeploy', reason: null }
      : { ...about, action: 'skip', reason: 'already-fresh' };
  });
  const outcomes = decisions.slice(0, count).map(({ service }): Outcome => {
    return { service, result: 'accepted', deploymentId: 'ecs-svc/1', acceptedAt: 0 };
  });
  return makeReport([change()], [], decisions, outcomes);
}

describe('an answer that is too large', () => {
  test('names only the changes of the services that it still names', () => {
    const about = { cluster: 'main', wave: 0, references } as const;
    const decisions: readonly Decision[] = [
      { ...about, service: arn(0), changeIds: ['change-1'], action: 'redeploy', reason: null },
      { ...about, service: arn(1), changeIds: ['change-2'], action: 'redeploy', reason: null },
      { ...about, service: arn(2), changeIds: ['change-3'], action: 'skip', reason: 'already-fresh' },
    ];
    const changes = ['change-1', 'change-2', 'change-3'].map((changeId) => change({ changeId }));
    const whole = makeReport(changes, [], decisions, []);
    const idsOf = (most: number) => shortened(whole, most).changes.map(({ changeId }) => changeId);
    expect(idsOf(size(whole) - 1)).toEqual(['change-1', 'change-2']);
    const bare = { ...whole, decisions: decisions.map((one) => ({ ...one, references: [] })) };
    const both = size(shortened(bare, size(bare) - 1)) + '"referencesLeftOut":12,'.length;
    expect(idsOf(both)).toEqual(['change-1', 'change-2']);
    expect(idsOf(both - 1)).toEqual(['change-1']);
  });

  test('counts no references where there are none to leave out', () => {
    const whole = report(20);
    const bare = { ...whole, decisions: whole.decisions.map((one) => ({ ...one, references: [] })) };
    const short = shortened(bare, size(bare) - 1);
    expect(short.decisionsLeftOut).toBeGreaterThan(0);
    expect(short).not.toHaveProperty('referencesLeftOut');
  });

  test('names the outcomes and the stale services only of the services that it still names', () => {
    const whole = report(60);
    const all = whole.decisions.map(({ service }) => ({ service, changeIds: ['change-1'], references: [] }));
    const withStale = { ...whole, stale: { certain: all.slice(0, 40), possibly: all.slice(40) } };
    const { decisions, outcomes, stale } = shortened(withStale, 12_000);
    const named = decisions.map(({ service }) => service);
    expect(named.length).toBeGreaterThan(5);
    expect(named.length).toBeLessThan(40);
    expect(outcomes.map(({ service }) => service)).toEqual(named);
    expect(stale.certain.map(({ service }) => service)).toEqual(named);
    expect(stale.possibly).toEqual([]);
  });

  test('loses the fresh services first, and counts them', () => {
    const whole = report(100, 100);
    const short = shortened(whole, size(report(100)) + 50);
    expect(short.decisions).toHaveLength(100);
    expect(short.decisions[0]?.references).toHaveLength(6);
    expect(short).toMatchObject({ freshLeftOut: 100, summary: whole.summary });
    expect(short.referencesLeftOut).toBeUndefined();
  });

  test('then loses its references, and counts them', () => {
    const short = shortened(report(2_500, 10), 1_000_000);
    expect(short.decisions).toHaveLength(2_500);
    expect(short).toMatchObject({ freshLeftOut: 10, referencesLeftOut: 15_000 });
    expect(short.outcomes).toHaveLength(2_500);
  });

  test('then ends earlier, and counts the rest', () => {
    const short = shortened(report(2_500), 100_000);
    expect(size(short)).toBeLessThanOrEqual(100_000);
    expect(size(short)).toBeGreaterThan(99_000);
    expect(short.decisions.length + (short.decisionsLeftOut ?? 0)).toBe(2_500);
    expect(short.outcomes).toHaveLength(short.decisions.length);
    expect(short.summary).toMatchObject({ matched: 2_500, accepted: 2_500 });
  });

  test('fits whatever the limit, keeps its summary, and follows the schema', () => {
    assert(
      property(integer({ min: 700, max: 60_000 }), integer({ min: 0, max: 40 }), (most, fresh) => {
        const short = shortened(report(30, fresh), most);
        expect(size(short)).toBeLessThanOrEqual(most);
        expect(short.summary.matched).toBe(30 + fresh);
        expect(isReport(short) ? [] : isReport.errors).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('stays as it is where it fits', () => {
    const whole = report(3, 3);
    expect(shortened(whole, size(whole))).toBe(whole);
  });
});

test('an answer to uses loses its references first, then its end, and counts both', () => {
  const uses = Array.from({ length: 500 }, (_, i) => ({
    service: arn(i),
    cluster: 'main',
    optedOut: false,
    references,
  }));
  const whole = { uses, notCovered: 'x' };
  expect(shortenedUses(whole, size(whole))).toBe(whole);
  const bare = shortenedUses(whole, 100_000);
  expect(bare).toMatchObject({ referencesLeftOut: 3_000 });
  expect(bare.uses).toHaveLength(500);
  const short = shortenedUses(whole, 10_000);
  expect(size(short)).toBeLessThanOrEqual(10_000);
  expect(short.uses.length + (short.usesLeftOut ?? 0)).toBe(500);
  for (const one of [whole, bare, short]) expect(isUses(one) ? [] : isUses.errors).toEqual([]);
});

test('an answer to uses loses its mentions before anything else, and counts them', () => {
  const mentions = [{ service: arn(0), cluster: 'main', optedOut: false, container: 'app', arn: SECRET }];
  const answer = {
    uses: [{ service: arn(1), cluster: 'main', optedOut: false, references }],
    notCovered: 'x',
  };
  const short = { ...answer, mentionsLeftOut: 1 };
  expect(shortenedUses({ ...answer, mentions }, size(short))).toEqual(short);
  const bare = shortenedUses({ ...answer, mentions }, size(short) - 1);
  expect(bare).toEqual({ ...short, uses: [{ ...answer.uses[0], references: [] }], referencesLeftOut: 6 });
  expect(shortenedUses(answer, size(answer) - 1)).not.toHaveProperty('mentionsLeftOut');
});
