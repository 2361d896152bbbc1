import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod/mini';
import { Context } from '../simulator/iam/conditions.ts';
import { evaluateResourcePolicy } from '../simulator/iam/evaluate.ts';
import type { PolicyDocument, Statement } from '../simulator/iam/policy.ts';
import { stackOf, templateOf } from './cloudformation.ts';
import { packageInto, removeFolder } from './packaged.ts';

const HERE = { account: '111122223333', region: 'eu-west-1', partition: 'aws' };
const TRUSTED = '444455556666';
const TRUSTED_TOO = '777788889999';
const STRANGER = '999900001111';
const ORGANIZATION = 'o-a1b2c3d4e5';
const BUS = 'arn:aws:events:eu-west-1:111122223333:event-bus/ecs-secret-redeploy-prod';

/** The settings with which the stack is packaged. */
const SETTINGS = {
  accounts: { trustedAccounts: `${TRUSTED},${TRUSTED_TOO}` },
  organization: { trustedOrganization: ORGANIZATION },
  both: { trustedAccounts: TRUSTED, trustedOrganization: ORGANIZATION },
  itself: { trustedAccounts: HERE.account },
} as const;
type Setting = keyof typeof SETTINGS;

const folders: string[] = [];
const policies = new Map<Setting, PolicyDocument>();

beforeAll(async () => {
  const settings = ['accounts', 'organization', 'both', 'itself'] as const;
  const made = await Promise.all(settings.map(busPolicy));
  settings.forEach((setting, at) => {
    policies.set(setting, made[at] ?? { Statement: [] });
  });
});
afterAll(() => Promise.all(folders.map(removeFolder)));

const BusPolicy = z.object({
  EventBusName: z.literal('ecs-secret-redeploy-prod'),
  StatementId: z.string(),
  Statement: z.custom<Statement>((one) => z.object({ Effect: z.literal('Allow') }).safeParse(one).success),
});

/** The policy of the bus as EventBridge has it: a statement of each resource of the template. */
async function busPolicy(setting: Setting): Promise<PolicyDocument> {
  const folder = await mkdtemp(join(tmpdir(), 'bus-policy-'));
  folders.push(folder);
  const stack = stackOf(templateOf(await packageInto(folder, SETTINGS[setting])), HERE);
  const statements = stack
    .ofType('AWS::Events::EventBusPolicy')
    .map(({ properties }) => BusPolicy.parse(properties));
  return {
    Version: '2012-10-17',
    Statement: statements.map(({ StatementId, Statement }) => ({ ...Statement, Sid: StatementId })),
  };
}

/** A request as IAM sees it. The keys of the context are those that AWS documents for PutEvents, and the global ones about the caller. */
type Asked = {
  readonly account: string;
  readonly organization?: string;
  /** `events:eventBusInvocation`: true for what a rule forwards, false for PutEvents. */
  readonly byRule?: boolean;
  readonly source?: string;
  readonly principal?: string;
  readonly action?: string;
  readonly resource?: string;
  /** Keys that the request does not have. */
  readonly without?: readonly string[];
  readonly besides?: Readonly<Record<string, readonly string[]>>;
};

function isAdmitted(setting: Setting, asked: Asked): boolean {
  const { account, organization, byRule = true, source = 'aws.secretsmanager', without = [] } = asked;
  const principal = asked.principal ?? `arn:aws:iam::${account}:role/ForwarderRole`;
  const context: Record<string, readonly string[]> = {
    'events:eventBusInvocation': [String(byRule)],
    'events:source': [source],
    'events:detail-type': ['Secret Label Updated'],
    'aws:PrincipalAccount': [account],
    'aws:PrincipalArn': [principal],
    'aws:SecureTransport': ['true'],
    ...(organization !== undefined && { 'aws:PrincipalOrgID': [organization] }),
    ...asked.besides,
  };
  const { decision, leavesItToIam } = evaluateResourcePolicy(policies.get(setting), {
    principal,
    action: asked.action ?? 'events:PutEvents',
    resource: asked.resource ?? BUS,
    context: new Context(Object.entries(context).filter(([key]) => !without.includes(key))),
  });
  // The role of a forwarder may put events on the bus, so what the policy leaves to the account of the role is allowed there.
  return decision === 'allowed' || (decision === 'implicitDeny' && leavesItToIam);
}

const IN_IT = { account: TRUSTED, organization: ORGANIZATION };

describe('the policy of the event bus', () => {
  test.each<readonly [string, boolean, Setting, Asked]>([
    ['a rule of a trusted account', true, 'accounts', { account: TRUSTED }],
    ['a rule of the other trusted account', true, 'accounts', { account: TRUSTED_TOO }],
    ['a rule about parameters', true, 'accounts', { account: TRUSTED, source: 'aws.ssm' }],
    ['a rule of an account of some organization', true, 'accounts', IN_IT],
    ['PutEvents by a principal of a trusted account', false, 'accounts', { account: TRUSTED, byRule: false }],
    [
      'PutEvents under a source of its own',
      false,
      'accounts',
      { account: TRUSTED, byRule: false, source: 'orders.app' },
    ],
    ['a rule about another service of AWS', false, 'accounts', { account: TRUSTED, source: 'aws.ecs' }],
    ['a rule about our own events', false, 'accounts', { account: TRUSTED, source: 'secret-redeploy' }],
    [
      'a source that begins like ours',
      false,
      'accounts',
      { account: TRUSTED, source: 'aws.secretsmanager.evil' },
    ],
    ['a source in other letters', false, 'accounts', { account: TRUSTED, source: 'AWS.SecretsManager' }],
    ['a source of stars', false, 'accounts', { account: TRUSTED, source: '*' }],
    ['a rule of another account', false, 'accounts', { account: STRANGER }],
    [
      'a rule of another account that names a trusted one as its source',
      false,
      'accounts',
      { account: STRANGER, besides: { 'aws:SourceAccount': [TRUSTED] } },
    ],
    [
      'a rule of an account whose id begins like a trusted one',
      false,
      'accounts',
      { account: `${TRUSTED}0` },
    ],
    ['a rule of this account, which is not in the list', false, 'accounts', { account: HERE.account }],
    [
      'a rule of this account in another Region, which is in the list',
      true,
      'itself',
      { account: HERE.account },
    ],
    ['a rule of another account where only this one is in the list', false, 'itself', { account: TRUSTED }],
    [
      'a request that does not say whether a rule made it',
      false,
      'accounts',
      { account: TRUSTED, without: ['events:eventBusInvocation'] },
    ],
    ['a request without a source', false, 'accounts', { account: TRUSTED, without: ['events:source'] }],
    [
      'a request that says nothing',
      false,
      'accounts',
      { account: TRUSTED, without: ['events:eventBusInvocation', 'events:source', 'aws:PrincipalAccount'] },
    ],
    [
      'a rule that would be made on the bus',
      false,
      'accounts',
      { account: TRUSTED, action: 'events:PutRule' },
    ],
    ['a target that would be added', false, 'accounts', { account: TRUSTED, action: 'events:PutTargets' }],
    ['a removal of the policy', false, 'accounts', { account: TRUSTED, action: 'events:RemovePermission' }],
    [
      'a rule for the default bus',
      false,
      'accounts',
      { account: TRUSTED, resource: BUS.replace(/[^/]+$/, 'default') },
    ],
    ['a rule for the bus of another stage', false, 'accounts', { account: TRUSTED, resource: `${BUS}-2` }],
    [
      'a service of AWS without an account',
      false,
      'accounts',
      { account: TRUSTED, principal: 'events.amazonaws.com' },
    ],
    ['a rule of the organization', true, 'organization', IN_IT],
    ['a rule of another account of the organization', true, 'organization', { ...IN_IT, account: STRANGER }],
    [
      'a rule of another organization',
      false,
      'organization',
      { account: TRUSTED, organization: 'o-z9y8x7w6v5' },
    ],
    [
      'a rule of an organization whose id begins like it',
      false,
      'organization',
      { account: TRUSTED, organization: `${ORGANIZATION}0` },
    ],
    ['a rule of an account without an organization', false, 'organization', { account: TRUSTED }],
    ['a rule of an organization of stars', false, 'organization', { account: TRUSTED, organization: 'o-*' }],
    ['PutEvents by a principal of the organization', false, 'organization', { ...IN_IT, byRule: false }],
    [
      'a rule of the organization about another service',
      false,
      'organization',
      { ...IN_IT, source: 'aws.s3' },
    ],
    [
      'a rule of the organization for the default bus',
      false,
      'organization',
      { ...IN_IT, resource: BUS.replace(/[^/]+$/, 'default') },
    ],
    ['with both settings, a trusted account outside of the organization', true, 'both', { account: TRUSTED }],
    [
      'with both settings, an account of the organization that is not in the list',
      true,
      'both',
      { ...IN_IT, account: STRANGER },
    ],
    ['with both settings, neither', false, 'both', { account: STRANGER, organization: 'o-z9y8x7w6v5' }],
    [
      'with both settings, PutEvents of an account that is in both',
      false,
      'both',
      { ...IN_IT, byRule: false },
    ],
  ])('%s: %s (%s)', (_, expected, setting, asked) => {
    expect(isAdmitted(setting, asked)).toBe(expected);
  });

  test('has one statement for each setting, and nothing in it is wider than a name', () => {
    const count = ({ Statement: all }: PolicyDocument) => [all].flat().length;
    expect([...policies].map(([setting, policy]) => [setting, count(policy)])).toEqual([
      ['accounts', 1],
      ['organization', 1],
      ['both', 2],
      ['itself', 1],
    ]);
    const texts = JSON.stringify([...policies.values()]);
    // The star is the principal of the organization, whose accounts the condition names.
    expect(texts.match(/"\*"|\*/g)).toEqual(['"*"', '"*"']);
  });
});
