import { describe, expect, test } from 'vitest';
import { type CallError, isDenied, type Outcome } from '../../../functions/core/model/outcome.ts';
import { makeReport } from '../../../functions/core/report/report.ts';
import { CHANGED_AT, change, NOW, SECRET, service } from '../../support/build.ts';

const { arn } = service();
const about = { service: arn, cluster: 'main', changeIds: ['change-1'], wave: 0, references: [] };
const refused: CallError = {
  code: 'AccessDeniedException',
  message: 'not allowed',
  retryable: true,
  throttled: false,
};

describe('a report', () => {
  test('shows every instant as text, and the label and version of a change only where they are known', () => {
    const { label, versionId, ...whole } = change({ kind: 'parameter', possiblyUntil: NOW });
    expect([label, versionId]).toEqual(['AWSCURRENT', 'version-2']);
    expect(makeReport([change(), whole], [], [], []).changes).toStrictEqual([
      {
        changeId: 'change-1',
        kind: 'secret',
        arn: SECRET,
        label: 'AWSCURRENT',
        versionId: 'version-2',
        changedAt: new Date(CHANGED_AT).toISOString(),
        source: 'Secret Label Updated',
      },
      {
        changeId: 'change-1',
        kind: 'parameter',
        arn: SECRET,
        changedAt: new Date(CHANGED_AT).toISOString(),
        source: 'Secret Label Updated',
      },
    ]);
  });

  test('contains the notices', () => {
    const notice = {
      changeId: 'n',
      kind: 'secret',
      arn: SECRET,
      notice: 'deleted',
      source: 'DeleteSecret',
    } as const;
    expect(makeReport([], [{ ...notice, at: CHANGED_AT }], [], []).notices).toStrictEqual([
      { ...notice, at: new Date(CHANGED_AT).toISOString() },
    ]);
  });

  test.each<[Outcome, object]>([
    [
      { service: arn, result: 'accepted', deploymentId: 'ecs-svc/2', acceptedAt: NOW },
      { service: arn, result: 'accepted', deploymentId: 'ecs-svc/2' },
    ],
    [
      { service: arn, result: 'not-executed', why: 'plan' },
      { service: arn, result: 'not-executed' },
    ],
    [
      { service: arn, result: 'gone' },
      { service: arn, result: 'gone' },
    ],
    [
      { service: arn, result: 'failed', error: { ...refused, missingAction: 'ecs:UpdateService' } },
      {
        service: arn,
        result: 'failed',
        error: { code: refused.code, message: refused.message, missingAction: 'ecs:UpdateService' },
      },
    ],
    [
      { service: arn, result: 'unknown', error: refused },
      { service: arn, result: 'unknown', error: { code: refused.code, message: refused.message } },
    ],
  ])('shows those fields of an outcome that a reader can use: %j', (outcome, reported) => {
    expect(makeReport([], [], [], [outcome]).outcomes).toStrictEqual([reported]);
  });

  test('counts decisions by their action, and a lost answer as a failed redeploy', () => {
    const decisions = [
      { ...about, action: 'redeploy', reason: null },
      { ...about, action: 'redeploy', reason: null },
      { ...about, action: 'redeploy', reason: null },
      { ...about, action: 'redeploy', reason: null },
      { ...about, action: 'wait', reason: 'cooldown' },
      { ...about, action: 'wait', reason: 'rolling-out' },
      { ...about, action: 'skip', reason: 'pinned' },
    ] as const;
    const outcomes: readonly Outcome[] = [
      { service: arn, result: 'accepted', deploymentId: 'ecs-svc/2', acceptedAt: NOW },
      { service: arn, result: 'failed', error: refused },
      { service: arn, result: 'unknown', error: refused },
      { service: arn, result: 'gone' },
    ];
    expect(makeReport([], [], decisions, outcomes)).toMatchObject({
      decisions,
      summary: { matched: 7, redeploy: 4, wait: 2, skip: 1, accepted: 1, failed: 2 },
    });
  });
});

test.each<[string, Outcome, boolean]>([
  [
    'lacks a permission must be permitted first',
    { service: arn, result: 'failed', error: { ...refused, missingAction: 'x' } },
    true,
  ],
  [
    'failed for another reason needs no permission first',
    { service: arn, result: 'failed', error: refused },
    false,
  ],
  [
    'got no answer needs no permission first',
    { service: arn, result: 'unknown', error: { ...refused, missingAction: 'x' } },
    false,
  ],
])('a call that %s', (_, outcome, denied) => {
  expect(isDenied(outcome)).toBe(denied);
});
