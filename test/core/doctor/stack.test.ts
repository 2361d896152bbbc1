import { describe, expect, test } from 'vitest';
import type { Blueprint } from '../../../functions/core/doctor/blueprint.ts';
import { checkStack, checkTemplate } from '../../../functions/core/doctor/stack.ts';
import { GONE, NOT_KNOWN, shown, type Told, told, UNANSWERED } from './told.ts';

const SOUGHT = { stack: 'esr-prod', where: 'eu-west-1' };
const WHY = 'its events in CloudFormation say why';
const stack = (status: string) =>
  shown({ name: 'esr-prod', status, createdAt: 0, parameters: new Map<string, string>() });
const finding = (status: string) => `esr-prod is ${status}, version 1.2.3`;

const fine = (status: string): Told => ['ok', 'ok', `${status}, version 1.2.3`, ''];
const rolledBack = (status: string): Told => [
  'warning',
  'stack-rolled-back',
  `${finding(status)}: its last deployment failed, and the one before is in place`,
  `deploy it again; ${WHY}`,
];
const changing = (status: string): Told => [
  'warning',
  'stack-changing',
  `${finding(status)}: what is found here may be half done`,
  'ask again when it has ended',
];
const failed =
  (todo: string) =>
  (status: string): Told => ['wrong', 'stack-failed', finding(status), `${todo}; ${WHY}`];
const anew = failed('delete the stack, then deploy it again');

test.each<[string, (status: string) => Told]>([
  ['CREATE_COMPLETE', fine],
  ['UPDATE_COMPLETE', fine],
  ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', fine],
  ['IMPORT_COMPLETE', fine],
  ['UPDATE_ROLLBACK_COMPLETE', rolledBack],
  ['IMPORT_ROLLBACK_COMPLETE', rolledBack],
  ['CREATE_IN_PROGRESS', changing],
  ['UPDATE_ROLLBACK_IN_PROGRESS', changing],
  ['DELETE_IN_PROGRESS', changing],
  ['REVIEW_IN_PROGRESS', anew],
  ['CREATE_FAILED', anew],
  ['ROLLBACK_COMPLETE', anew],
  ['UPDATE_FAILED', failed('deploy it again')],
  ['UPDATE_ROLLBACK_FAILED', failed('continue the rollback in CloudFormation, then deploy it again')],
])('a stack that is %s is told so, with what helps', (status, wanted) => {
  const checks = checkStack(stack(status), SOUGHT, '1.2.3');
  expect(told(checks)).toEqual([wanted(status)]);
  expect(checks[0]?.check).toBe('stack');
});

test('a stack whose functions name no version is of an unknown one', () => {
  expect(told(checkStack(stack('UPDATE_COMPLETE'), SOUGHT))).toEqual([
    ['ok', 'ok', 'UPDATE_COMPLETE, version unknown', ''],
  ]);
});

test('a stack that is not there, or is not shown, is told so', () => {
  const gone = checkStack(GONE, SOUGHT);
  expect(told(gone)).toEqual([
    [
      'wrong',
      'not-installed',
      'there is no stack esr-prod in eu-west-1',
      'deploy it (docs/deploy.md), or name another one with --stage or --stack',
    ],
  ]);
  const unanswered = checkStack(UNANSWERED, SOUGHT);
  expect(told(unanswered)).toEqual([NOT_KNOWN]);
  expect([...gone, ...unanswered].map(({ check }) => check)).toEqual(['stack', 'stack']);
});

const RULES = [
  'SecretLabelUpdatedRule',
  'ParameterChangedRule',
  'ParameterExpiresRule',
  'CloudTrailRotationRule',
  'CloudTrailCallRule',
];
const QUEUES = ['ChangeQueue', 'CloudTrailQueue', 'ChangeDeadLetterQueue', 'RuleDeadLetterQueue'];
const FUNCTIONS = [
  'OnDashchangeLambdaFunction',
  'OnDashrequestLambdaFunction',
  'OnDashscheduleLambdaFunction',
];

function blueprint(without: readonly string[] = []): Blueprint {
  const left = (ids: readonly string[]) => ids.filter((id) => !without.includes(id));
  return {
    rules: left(RULES).map((id) => ({
      id,
      name: id,
      bus: undefined,
      arn: id,
      isEnabled: true,
      pattern: {},
      targets: [],
    })),
    queues: left(QUEUES).map((id) => ({ id, url: id, arn: `arn of ${id}`, deadLetters: undefined })),
    functions: left(FUNCTIONS).map((id) => ({ id, name: id, arn: id, needs: [] })),
    sources: left(['source of ChangeQueue', 'source of CloudTrailQueue']).map((id) => ({
      queue: id.replace('source', 'arn'),
      functionArn: 'f',
      reportsItemFailures: true,
    })),
    alarms: [],
    bucket: undefined,
  };
}

describe('a template', () => {
  test('that has everything is as it should be', () => {
    expect(checkTemplate(blueprint())).toEqual([]);
  });

  test.each<readonly [string, readonly string[]]>([
    ...[...RULES, ...QUEUES.slice(2), ...FUNCTIONS].map((id) => [id, [id]] as const),
    ['an event source for ChangeQueue', ['source of ChangeQueue']],
    ['ChangeQueue, an event source for ChangeQueue', ['ChangeQueue']],
    [
      'ParameterExpiresRule, CloudTrailQueue, OnDashrequestLambdaFunction, an event source for CloudTrailQueue',
      ['OnDashrequestLambdaFunction', 'CloudTrailQueue', 'ParameterExpiresRule'],
    ],
  ])('that lacks %s is incomplete', (missing, without) => {
    const checks = checkTemplate(blueprint(without));
    expect(checks.map(({ check }) => check)).toEqual(['stack']);
    expect(told(checks)).toEqual([
      [
        'wrong',
        'incomplete',
        `its template lacks ${missing}`,
        'deploy it with the version of the service that this terminal has',
      ],
    ]);
  });
});
