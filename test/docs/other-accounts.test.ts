import { describe, expect, test } from 'vitest';
import { z } from 'zod/mini';
import { Context } from '../simulator/iam/conditions.ts';
import { evaluateResourcePolicy } from '../simulator/iam/evaluate.ts';
import type { PolicyDocument, Statement } from '../simulator/iam/policy.ts';
import { read } from './documents.ts';
import { blocksOf, sectionOf } from './markdown.ts';

const page = read('docs/other-accounts.md');
const [ofSecret = '{}', ofKey = '{}'] = blocksOf(sectionOf(page, 'Set it up'))
  .filter(({ language }) => language === 'json')
  .map(({ text }) => text);
const HERE = '111122223333';
const KEY = 'arn:aws:kms:eu-west-1:444455556666:key/1';
const SECRET = 'arn:aws:secretsmanager:eu-west-1:444455556666:secret:prod/db-a1B2c3';
const EXECUTION = `arn:aws:iam::${HERE}:role/execution-role-of-the-tasks`;
const OURS = `arn:aws:iam::${HERE}:role/ecs-secret-redeploy-prod-OnChangeRole-1ABC`;

const Document = z.custom<PolicyDocument>();
const policyOfSecret = Document.parse(JSON.parse(ofSecret));
const policyOfKey: PolicyDocument = { Statement: [z.custom<Statement>().parse(JSON.parse(ofKey))] };

/** Whether the owner lets a role do this, provided that the role's own policies do. */
function isAllowed(policy: PolicyDocument, principal: string, action: string): boolean {
  const { decision, leavesItToIam } = evaluateResourcePolicy(policy, {
    principal,
    action,
    resource: action.startsWith('kms:') ? KEY : SECRET,
    context: new Context([['aws:PrincipalArn', [principal]]]),
  });
  return decision === 'allowed' || (decision === 'implicitDeny' && leavesItToIam);
}

describe('the policy that the owner of a secret attaches', () => {
  test.each([
    [OURS, 'secretsmanager:DescribeSecret', true],
    [OURS, 'secretsmanager:ListSecretVersionIds', true],
    [OURS, 'secretsmanager:GetSecretValue', false],
    [OURS, 'secretsmanager:BatchGetSecretValue', false],
    [OURS, 'secretsmanager:PutSecretValue', false],
    [OURS, 'secretsmanager:PutResourcePolicy', false],
    [EXECUTION, 'secretsmanager:GetSecretValue', true],
    [EXECUTION, 'secretsmanager:DescribeSecret', false],
    [`arn:aws:iam::${HERE}:role/other`, 'secretsmanager:DescribeSecret', false],
    [`arn:aws:iam::${HERE}:role/other`, 'secretsmanager:GetSecretValue', false],
    [OURS.replace(HERE, '999900001111'), 'secretsmanager:DescribeSecret', false],
  ])('lets %s do %s: %s', (principal, action, expected) => {
    expect(isAllowed(policyOfSecret, principal, action)).toBe(expected);
  });

  test('goes with a statement of the key, which lets the execution role decrypt and the service nothing', () => {
    for (const action of ['kms:Decrypt', 'kms:DescribeKey']) {
      expect(isAllowed(policyOfKey, EXECUTION, action)).toBe(true);
      expect(isAllowed(policyOfKey, OURS, action)).toBe(false);
    }
    expect(isAllowed(policyOfKey, EXECUTION, 'kms:Encrypt')).toBe(false);
  });
});

test('the page names resources, outputs and alarms that the two templates have', () => {
  const templates = read('infra/other-accounts.yml') + read('infra/forwarder.yml') + read('infra/alarms.yml');
  const named = page.match(/\b(?:Trusted[A-Z]\w+|trusted-[\w-]*\w|ForwarderRole)\b/g) ?? [];
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter((code) => !templates.includes(code))).toEqual([]);
});
