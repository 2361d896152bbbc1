import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../functions/core/doctor/policy.ts';
import { parsePolicy } from '../../../functions/formats/policy.ts';
import { Context } from '../../simulator/iam/conditions.ts';
import { evaluate } from '../../simulator/iam/evaluate.ts';
import type { Statement } from '../../simulator/iam/policy.ts';

const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:changes';
const RULE = 'arn:aws:events:eu-west-1:111122223333:rule/one';

function decided(statements: object, context: Readonly<Record<string, string>> = {}, principal?: string) {
  const parsed = parsePolicy(JSON.stringify({ Statement: statements }));
  if (parsed === undefined) throw new Error('it is no policy');
  const request = { action: 'sqs:SendMessage', resource: QUEUE, context: new Map(Object.entries(context)) };
  return decide(parsed, { ...request, ...(principal !== undefined && { principal }) });
}

const allow = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: QUEUE };
const deny = { ...allow, Effect: 'Deny' };
const when = (Condition: object) => ({ ...allow, Condition });

describe('a policy decides', () => {
  test.each([
    ['what it allows', allow, 'allowed'],
    ['what it allows with patterns', { ...allow, Action: 'SQS:Send*', Resource: 'arn:*:ch?nges' }, 'allowed'],
    ['what it does not name', { ...allow, Action: 'sqs:ReceiveMessage' }, 'denied'],
    [
      'what it allows of everything else',
      { Effect: 'Allow', NotAction: 'sqs:DeleteQueue', NotResource: '*:other' },
      'allowed',
    ],
    ['what it excepts', { Effect: 'Allow', NotAction: 'sqs:*', Resource: '*' }, 'denied'],
    ['what it denies as well', [allow, deny], 'denied'],
    ['a condition that holds', when({ ArnEquals: { 'aws:SourceArn': RULE } }), 'allowed'],
    ['a condition with a pattern', when({ ArnLike: { 'aws:SourceArn': ['no', 'arn:*:rule/*'] } }), 'allowed'],
    ['a condition that does not hold', when({ StringEquals: { 'aws:SourceArn': 'other' } }), 'denied'],
    ['a negated condition', when({ StringNotEquals: { 'aws:SourceArn': 'other' } }), 'allowed'],
    [
      'a negated condition that does not hold',
      when({ StringNotLike: { 'aws:SourceArn': 'arn:*' } }),
      'denied',
    ],
    [
      'one of two conditions that does not hold',
      when({ StringLike: { 'aws:SourceArn': '*' }, Bool: { 'aws:SecureTransport': false } }),
      'denied',
    ],
    ['a key of which nothing is known', when({ StringEquals: { 'aws:SourceVpce': 'v' } }), 'unsure'],
    ['an operator of which nothing is known', when({ NumericLessThan: { 'aws:SourceArn': 3 } }), 'unsure'],
    ['a variable', when({ StringEquals: { 'aws:SourceArn': `\${aws:SourceVpce}` } }), 'unsure'],
    [
      'a denial of which nothing is known',
      [allow, { ...deny, Condition: { Bool: { 'aws:Other': true } } }],
      'unsure',
    ],
    [
      'a denial that does not hold',
      [allow, { ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      'allowed',
    ],
    ['a denial of something else', [allow, { ...deny, Action: 'sqs:DeleteQueue' }], 'allowed'],
    [
      'a denial that depends on what is not known',
      [{ ...deny, Condition: { Bool: { 'aws:Other': true } } }],
      'denied',
    ],
    [
      'something else on a condition of which nothing is known',
      { ...when({ Bool: { 'aws:Other': true } }), Action: 'sqs:DeleteQueue' },
      'denied',
    ],
    [
      'a text in any case',
      when({ StringEqualsIgnoreCase: { 'aws:SourceArn': RULE.toUpperCase() } }),
      'allowed',
    ],
    ['another text in any case', when({ StringEqualsIgnoreCase: { 'aws:SourceArn': 'x' } }), 'denied'],
    [
      'a text that is wanted in the same case',
      when({ StringEquals: { 'aws:SourceArn': RULE.toUpperCase() } }),
      'denied',
    ],
    ['a truth in any case', when({ Bool: { 'aws:SecureTransport': 'True' } }), 'allowed'],
    ['another truth', when({ Bool: { 'aws:SecureTransport': 'False' } }), 'denied'],
    [
      'any of several values',
      when({ 'ForAnyValue:StringEquals': { 'aws:SourceArn': ['x', RULE] } }),
      'allowed',
    ],
    [
      'all of several values',
      when({ 'ForAllValues:StringEquals': { 'aws:SourceArn': ['x', RULE] } }),
      'allowed',
    ],
    ['a key that may be absent', when({ StringEqualsIfExists: { 'aws:SourceArn': RULE } }), 'allowed'],
    [
      'an operator that only ends like another',
      when({ IfExistsStringEquals: { 'aws:SourceArn': RULE } }),
      'unsure',
    ],
    [
      'an operator with more in its middle',
      when({ 'StringForAnyValue:Equals': { 'aws:SourceArn': RULE } }),
      'unsure',
    ],
    [
      'one variable among its values',
      when({ StringEquals: { 'aws:SourceArn': ['x', `\${aws:SourceVpce}`] } }),
      'unsure',
    ],
    ['nothing', [], 'denied'],
  ])('%s', (_, statements, decision) => {
    expect(decided(statements, { 'aws:sourcearn': RULE, 'aws:securetransport': 'true' })).toBe(decision);
  });

  test.each([
    ['a service', { Service: ['events.amazonaws.com', 'sns.amazonaws.com'] }, 'allowed'],
    ['everyone', '*', 'allowed'],
    ['everyone in another form', { AWS: '*' }, 'allowed'],
    ['another service', { Service: 'sns.amazonaws.com' }, 'denied'],
    ['an account', { AWS: '111122223333' }, 'denied'],
  ])('of a resource about %s', (_, Principal, decision) => {
    expect(decided({ ...allow, Principal }, {}, 'Service:events.amazonaws.com')).toBe(decision);
  });

  test('of a resource about everyone else', () => {
    const one = { ...allow, NotPrincipal: { Service: 'sns.amazonaws.com' } };
    expect(decided(one, {}, 'Service:events.amazonaws.com')).toBe('allowed');
    expect(decided(one, {}, 'Service:sns.amazonaws.com')).toBe('denied');
  });

  test('as the simulated IAM does, where it decides for certain', () => {
    const actions = ['sqs:SendMessage', 'sqs:*', '*', 'sqs:Receive*', 'SQS:sendmessage'];
    const resources = [QUEUE, '*', 'arn:aws:sqs:*:*:changes', 'arn:aws:sqs:eu-west-1:111122223333:other'];
    const conditions = [
      undefined,
      { StringEquals: { 'aws:SourceArn': RULE } },
      { StringNotEquals: { 'aws:SourceArn': RULE } },
      { ArnLike: { 'aws:SourceArn': 'arn:aws:events:*:*:rule/*' } },
      { Bool: { 'aws:SecureTransport': 'false' } },
    ];
    const statement = fc.record({
      Effect: fc.constantFrom<'Allow' | 'Deny'>('Allow', 'Allow', 'Deny'),
      Action: fc.constantFrom(...actions),
      Resource: fc.constantFrom(...resources),
      Condition: fc.constantFrom(...conditions),
    });
    const context = { 'aws:SourceArn': RULE, 'aws:SecureTransport': 'true' };
    const known = new Context(Object.entries(context).map(([key, value]) => [key, [value]]));
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 5 }), (drawn) => {
        const statements: Statement[] = drawn.map(({ Condition, ...one }) => ({
          ...one,
          ...(Condition && { Condition }),
        }));
        const request = { principal: '', action: 'sqs:SendMessage', resource: QUEUE, context: known };
        const named = [{ id: 'any', type: 'role', document: { Statement: statements } } as const];
        const truth = evaluate(named, request).decision === 'allowed' ? 'allowed' : 'denied';
        const lower = Object.fromEntries(
          Object.entries(context).map(([key, value]) => [key.toLowerCase(), value]),
        );
        expect(decided(statements, lower)).toBe(truth);
      }),
    );
  });
});

test.each(['', 'no policy', '{}', '[]', '{"Statement":[{"Effect":"Perhaps"}]}'])(
  '%s is no policy',
  (text) => {
    expect(parsePolicy(text)).toBeUndefined();
  },
);

test('a statement of a trust policy names no resource', () => {
  const trust = { Statement: { Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' } };
  expect(parsePolicy(JSON.stringify(trust))?.[0]?.resources).toEqual({ values: [], isNot: false });
});

test('a policy in single quotes, as moto answers it, is one', () => {
  expect(parsePolicy("{'Statement': {'Effect': 'Allow', 'Action': '*', 'Resource': '*'}}")).toHaveLength(1);
});
