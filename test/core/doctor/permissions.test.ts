import { describe, expect, test } from 'vitest';
import type { Need, RoleFact } from '../../../functions/core/doctor/facts.ts';
import { checkPermissions } from '../../../functions/core/doctor/permissions.ts';
import type { SimulationFact } from '../../../functions/core/model/access.ts';
import { parsePolicy } from '../../../functions/formats/policy.ts';
import { GONE, NOT_KNOWN, RESTORE, type Told, told, UNANSWERED } from './told.ts';

const need = (action: string): Need => ({ action, resource: 'r', context: new Map() });
const NEEDS = ['ecs:UpdateService', 'sqs:SendMessage', 'sqs:SendMessage'].map(need);
const LOGS = need('logs:PutLogEvents');

const missing = (actions: string): Told => [
  'wrong',
  'permission-missing',
  `role may not ${actions}`,
  'grant it again as infra/roles.yml does, or find what denies it (docs/operate.md, What doctor finds)',
];
const unsure = (actions: string): Told => [
  'warning',
  'permission-unsure',
  `whether role may ${actions} depends on conditions that are not known here`,
  'look at the conditions of its policies',
];
const SIMULATED: Told = ['ok', 'ok', 'IAM allows everything that it does', ''];
const READ: Told = [
  'ok',
  'ok',
  "its policies allow everything that it calls (IAM's policy simulator gave no answer)",
  '',
];
const UNREADABLE: Told = ['warning', 'not-shown', 'not known: a policy of role cannot be read', 'ask again'];

function found(fact: RoleFact, needs = NEEDS): readonly Told[] {
  const checks = checkPermissions('on-change', 'role', needs, fact, parsePolicy);
  expect(new Set(checks.map(({ check }) => check))).toEqual(new Set(['permissions of on-change']));
  return told(checks);
}

const allowed: SimulationFact = { kind: 'allowed' };
const denied = (...keys: readonly string[]): SimulationFact => ({
  kind: 'denied',
  explicit: false,
  by: 'identity',
  missing: keys,
});
const simulated = (...answers: readonly SimulationFact[]): RoleFact => ({ kind: 'simulated', answers });

describe('what IAM simulates is told:', () => {
  test.each<[string, RoleFact, readonly Told[]]>([
    ['that it allows everything', simulated(allowed, allowed, allowed), [SIMULATED]],
    [
      'what it denies, each action once',
      simulated(denied(), denied(), denied()),
      [missing('ecs:UpdateService, sqs:SendMessage')],
    ],
    [
      'what depends on keys that are not known',
      simulated(denied('aws:x'), allowed, allowed),
      [unsure('ecs:UpdateService')],
    ],
    [
      'what it denies beside what is not known',
      simulated(denied('aws:x'), allowed, denied()),
      [missing('sqs:SendMessage'), unsure('ecs:UpdateService')],
    ],
    ['that an answer is lacking', simulated(allowed, allowed), [unsure('sqs:SendMessage')]],
    ['that one of the questions has no answer', simulated(denied(), UNANSWERED, allowed), [NOT_KNOWN]],
    [
      'that the role is gone',
      GONE,
      [['wrong', 'role-gone', 'role does not exist: the function cannot run', RESTORE]],
    ],
    ['that nothing is known', UNANSWERED, [NOT_KNOWN]],
  ])('%s', (_, fact, wanted) => {
    expect(found(fact)).toEqual(wanted);
  });
});

type Statements = readonly object[];
const policy = (...statements: Statements) => JSON.stringify({ Statement: statements });
const may = (Action: string, different: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource: '*',
  ...different,
});
const BOTH = [policy(may('ecs:*')), policy(may('sqs:*'))];
const SOMETIMES = { Condition: { StringEquals: { 'aws:other': 'x' } } };
const read = (documents: readonly string[], boundary?: string, missingAction?: string): RoleFact => ({
  kind: 'read',
  policies: { documents, boundary },
  why: { ...UNANSWERED, ...(missingAction !== undefined && { missingAction }) },
});

describe('where IAM simulates nothing, the policies tell', () => {
  test.each<[string, RoleFact, readonly Told[]]>([
    ['that all of them together allow everything', read(BOTH), [READ]],
    ['what none of them allows', read([policy(may('ecs:*'))]), [missing('sqs:SendMessage')]],
    [
      'what one of them denies',
      read([...BOTH, policy(may('ecs:*', { Effect: 'Deny' }))]),
      [missing('ecs:UpdateService')],
    ],
    [
      'what depends on a condition',
      read([policy(may('ecs:*', SOMETIMES)), policy(may('sqs:*'))]),
      [unsure('ecs:UpdateService')],
    ],
    ['that a boundary allows it as well', read(BOTH, policy(may('*'))), [READ]],
    ['what a boundary does not allow', read(BOTH, policy(may('ecs:*'))), [missing('sqs:SendMessage')]],
    [
      'what a boundary allows under a condition',
      read(BOTH, policy(may('*', SOMETIMES))),
      [unsure('ecs:UpdateService, sqs:SendMessage')],
    ],
    [
      'what a boundary does not allow, whatever else is not known',
      read([policy(may('*', SOMETIMES))], policy(may('ecs:*'))),
      [missing('sqs:SendMessage'), unsure('ecs:UpdateService')],
    ],
    [
      'that a boundary alone gives no permission',
      read([], policy(may('*'))),
      [missing('ecs:UpdateService, sqs:SendMessage')],
    ],
    ['that a boundary cannot be read', read(BOTH, 'no JSON'), [UNREADABLE]],
    ['that one of them cannot be read', read([...BOTH, 'no JSON']), [UNREADABLE]],
    [
      'that the permission to simulate is missing, although they allow everything',
      read(BOTH, undefined, 'iam:SimulatePrincipalPolicy'),
      [
        [
          'warning',
          'not-shown',
          'not known: the permission iam:SimulatePrincipalPolicy is missing',
          'allow iam:SimulatePrincipalPolicy to the role of these credentials (docs/security.md)',
        ],
      ],
    ],
    [
      'what they do not allow, although the permission to simulate is missing',
      read([policy(may('ecs:*'))], undefined, 'iam:SimulatePrincipalPolicy'),
      [missing('sqs:SendMessage')],
    ],
  ])('%s', (_, fact, wanted) => {
    expect(found(fact)).toEqual(wanted);
  });

  test('nothing about logs, whose groups a policy names in more than one form', () => {
    expect(found(read(BOTH), [...NEEDS, LOGS])).toEqual([READ]);
    expect(found(simulated(allowed, allowed, allowed, denied()), [...NEEDS, LOGS])).toEqual([
      missing('logs:PutLogEvents'),
    ]);
  });
});
