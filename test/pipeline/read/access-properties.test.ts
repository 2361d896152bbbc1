import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Certainty } from '../../../functions/core/model/access.ts';
import type { Statement } from '../../simulator/iam/policy.ts';
import { canRead, startPreflight } from '../../support/preflight.ts';

const GET = 'secretsmanager:GetSecretValue';
const ACTIONS = [
  GET,
  'secretsmanager:*',
  'secretsmanager:Get?ecretValue',
  'secretsmanager:DescribeSecret',
  '*',
  'kms:Decrypt',
  'kms:*',
];
const RESOURCES = [
  '*',
  'arn:aws:secretsmanager:*:*:secret:prod/*',
  'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/one-??????',
  'arn:aws:secretsmanager:eu-west-1:111122223333:secret:dev/*',
  'arn:aws:kms:*:111122223333:key/*',
];
/** Keys that the simulation is given, and keys that only the request of ECS has. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'aws:RequestedRegion': ['eu-west-1', 'us-*'],
  'aws:PrincipalArn': ['arn:aws:iam::111122223333:role/*', 'arn:aws:iam::*:role/other'],
  'kms:ViaService': ['secretsmanager.eu-west-1.amazonaws.com', 'ssm.eu-west-1.amazonaws.com'],
  'aws:SourceVpce': ['vpce-1', 'vpce-2'],
  'aws:ResourceTag/team': ['payments', 'search'],
  'secretsmanager:VersionStage': ['AWSCURRENT', 'BLUE'],
};
const OPERATORS = [
  'StringEquals',
  'StringNotEquals',
  'StringLike',
  'StringNotLikeIfExists',
  'StringEqualsIfExists',
  'ForAnyValue:StringLike',
  'ForAllValues:StringEquals',
  'ArnLike',
  'ArnNotLike',
];

const condition = fc.oneof(
  fc.constantFrom(...Object.keys(VALUES)).chain((key) =>
    fc.record({
      operator: fc.constantFrom(...OPERATORS),
      key: fc.constant(key),
      value: fc.constantFrom(...(VALUES[key] ?? [])),
    }),
  ),
  fc.record({
    operator: fc.constant('Null'),
    key: fc.constantFrom(...Object.keys(VALUES)),
    value: fc.constantFrom('true', 'false'),
  }),
  fc.record({
    operator: fc.constant('Bool'),
    key: fc.constantFrom('aws:SecureTransport', 'aws:ViaAWSService'),
    value: fc.constantFrom('true', 'false'),
  }),
);

/** Half of all statements have no condition, so that some denials are certain. */
const statement: fc.Arbitrary<Statement> = fc
  .record({
    Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
    actions: fc.record({
      key: fc.constantFrom('Action', 'Action', 'Action', 'NotAction'),
      value: fc.constantFrom(...ACTIONS),
    }),
    resources: fc.record({
      key: fc.constantFrom('Resource', 'Resource', 'NotResource'),
      value: fc.constantFrom(...RESOURCES),
    }),
    condition: fc.option(condition),
  })
  .map(({ Effect, actions, resources, condition: one }) => ({
    Effect,
    [actions.key]: actions.value,
    [resources.key]: resources.value,
    ...(one && { Condition: { [one.operator]: { [one.key]: one.value } } }),
  }));

const EVERYTHING: Statement = { Effect: 'Allow', Action: '*', Resource: '*' };
const READS: Statement = { Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' };
const principal = fc.constantFrom('exec', 'other', 'root', 'all');
/** Half of all statements at a resource grant everything, so that some roles read by them alone. */
const atResource = fc.record({
  of: fc.oneof(fc.constant(EVERYTHING), statement),
  principal,
  isNot: fc.constantFrom(false, false, false, true),
});

const situation = fc.record({
  inline: fc
    .tuple(fc.constantFrom([], [EVERYTHING], [READS]), fc.array(statement, { maxLength: 3 }))
    .map(([first, others]) => [...first, ...others]),
  boundary: fc.option(fc.array(statement, { minLength: 1, maxLength: 2 }), { freq: 3 }),
  resourcePolicy: fc.option(fc.array(atResource, { minLength: 1, maxLength: 2 }), { freq: 2 }),
  keyPolicy: fc.option(fc.array(atResource, { minLength: 1, maxLength: 2 }), { freq: 2 }),
  name: fc.constantFrom('prod/one', 'prod/two', 'dev/db-secret'),
  unseen: fc.record({
    'aws:SourceVpce': fc.constantFrom<readonly string[]>(['vpce-1'], ['vpce-2']),
    'aws:ResourceTag/team': fc.constantFrom<readonly string[]>(['payments'], ['search']),
    'aws:ViaAWSService': fc.constantFrom<readonly string[]>(['true'], ['false']),
  }),
});

const SITUATIONS = 160;

test.for<readonly [string, readonly (readonly Statement[])[]]>([
  ['without an organization', []],
  ['in an organization that allows everything', [[EVERYTHING]]],
  [
    'in an organization that admits requests through one endpoint',
    [
      [
        EVERYTHING,
        {
          Effect: 'Deny',
          Action: 'kms:*',
          Resource: '*',
          Condition: { StringNotEqualsIfExists: { 'aws:SourceVpce': 'vpce-1' } },
        },
      ],
      [
        {
          Effect: 'Allow',
          NotAction: 'iam:*',
          Resource: '*',
          Condition: { StringEqualsIfExists: { 'aws:RequestedRegion': 'eu-west-1' } },
        },
      ],
    ],
  ],
])('%s no role that can read is said not to, whatever its policies', async ([, organization]) => {
  const { sim, ask } = await startPreflight();
  const { world, account } = sim;
  world.organization(organization);
  const policyOf = (
    statements: readonly { readonly of: Statement; readonly principal: string; readonly isNot: boolean }[],
    role: string,
  ) =>
    statements.map(({ of, principal: whom, isNot }): Statement => {
      const arn =
        {
          exec: role,
          other: `arn:aws:iam::${account}:role/other`,
          root: `arn:aws:iam::${account}:root`,
          all: '*',
        }[whom] ?? '*';
      return { ...of, [isNot && of.Effect === 'Deny' ? 'NotPrincipal' : 'Principal']: { AWS: arn } };
    });
  const samples = fc.sample(situation, { numRuns: SITUATIONS, seed: 20261129 });
  const asked = samples.map(({ inline, boundary, resourcePolicy, keyPolicy, name, unseen }, i) => {
    const role = world.role({ name: `r-${i}`, inline, ...(boundary && { boundary }) });
    const key = keyPolicy === null ? undefined : world.key({ policy: policyOf(keyPolicy, role.arn) });
    const secret = world.secret({
      name: `${name}-${i}`.replace(/-\d+$/, i % 2 === 0 ? `/${i}` : `${i}`),
      ...(key && { kmsKeyId: key.arn }),
      ...(resourcePolicy && { resourcePolicy: { Statement: policyOf(resourcePolicy, role.arn) } }),
    });
    world.service({ cluster: 'main', name: `s-${i}`, secrets: [secret.arn], executionRole: role.arn });
    return { service: `main/s-${i}`, key: key?.arn, unseen };
  });
  const { services } = await ask(asked.map(({ service }) => service));
  const seen = new Map<Certainty, number>();
  const wrong = services.flatMap(({ service, references: [reference] }) => {
    const one = asked.find((of) => service.endsWith(`/${of.service}`));
    if (reference === undefined || one === undefined) throw new Error('each service has a reference');
    seen.set(reference.certainty, (seen.get(reference.certainty) ?? 0) + 1);
    const isWrong = reference.certainty === 'cannot' && canRead(sim, reference, one.key, one.unseen);
    return isWrong ? [reference] : [];
  });
  expect(wrong).toEqual([]);
  for (const certainty of ['cannot', 'unknown', 'nothing-against'] as const)
    expect(seen.get(certainty) ?? 0, certainty).toBeGreaterThan(5);
});
