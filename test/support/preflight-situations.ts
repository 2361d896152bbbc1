import type { AccessCause, Certainty } from '../../functions/core/model/access.ts';
import type { Statement } from '../simulator/iam/policy.ts';
import type { Simulator, World } from '../simulator/index.ts';
import type { Unseen } from './preflight.ts';

const GET = 'secretsmanager:GetSecretValue';
const PARAMETERS = 'ssm:GetParameters';
const DECRYPT = 'kms:Decrypt';
const DAY = 86_400_000;

type Condition = Statement['Condition'];
type Spec = {
  readonly role?: string;
  readonly valueFrom: string;
  /** The key that encrypts it, if that is a customer's. */
  readonly key?: string;
  readonly unseen?: Unseen;
};

/** A role and a reference: what the preflight has to say, and whether a task could read it in truth. */
export type Situation = {
  readonly title: string;
  readonly certainty: Certainty;
  readonly cause?: AccessCause;
  readonly reads: boolean;
  readonly build: (sim: Simulator) => Spec;
};

const allow = (
  Action: string | readonly string[],
  Resource: string | readonly string[] = '*',
  Condition?: Condition,
): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});
const deny = (
  Action: string | readonly string[],
  Resource: string | readonly string[] = '*',
  Condition?: Condition,
): Statement => ({
  ...allow(Action, Resource, Condition),
  Effect: 'Deny',
});

const secret = (world: World, spec: Parameters<World['secret']>[0] = {}) =>
  world.secret({ name: 'prod/db', ...spec });

/** A role with these statements, and a reference to the secret by its full ARN. */
function withRole(
  { world }: Simulator,
  inline: readonly Statement[],
  more: Parameters<World['role']>[0] & {
    readonly secret?: Parameters<World['secret']>[0];
    readonly unseen?: Unseen;
  } = {},
): Spec {
  const { secret: spec, unseen, ...role } = more;
  const { arn: valueFrom } = secret(world, spec);
  return { role: world.role({ name: 'exec', inline, ...role }).arn, valueFrom, ...(unseen && { unseen }) };
}

const toRole = (account: string, name = 'exec') => ({ AWS: `arn:aws:iam::${account}:role/${name}` });
const resourcePolicy = (statement: Statement) => ({ Version: '2012-10-17', Statement: [statement] });

/** The secret is encrypted with a customer's key. */
function withKey(
  { world }: Simulator,
  inline: readonly Statement[],
  key: Parameters<World['key']>[0] = {},
  named: (key: { arn: string; id: string }) => string = ({ arn }) => arn,
): Spec {
  const made = world.key(key);
  const { arn: valueFrom } = secret(world, { kmsKeyId: named(made) });
  return { role: world.role({ name: 'exec', inline }).arn, valueFrom, key: made.arn };
}

export const SITUATIONS: readonly Situation[] = [
  {
    title: 'an inline policy allows the one secret',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) => withRole(sim, [allow(GET, 'arn:aws:secretsmanager:*:*:secret:prod/*')]),
  },
  {
    title: 'a managed policy allows everything of Secrets Manager',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) =>
      withRole(sim, [], {
        managed: { 'arn:aws:iam::aws:policy/SecretsManagerReadWrite': [allow('secretsmanager:*')] },
      }),
  },
  {
    title: 'a policy ends in -??????, and the reference is a partial ARN',
    certainty: 'nothing-against',
    reads: true,
    build: ({ world }) => ({
      role: world.role({
        inline: [allow(GET, 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-??????')],
      }).arn,
      valueFrom: secret(world).partialArn,
    }),
  },
  {
    title: 'the name of the secret ends like a suffix',
    certainty: 'nothing-against',
    reads: true,
    build: ({ world }) => ({
      role: world.role({
        inline: [allow(GET, 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-secret-??????')],
      }).arn,
      valueFrom: world.secret({ name: 'db-secret' }).partialArn,
    }),
  },
  {
    title: 'the role does not exist',
    certainty: 'cannot',
    cause: 'role-gone',
    reads: false,
    build: ({ world, account }) => ({
      role: `arn:aws:iam::${account}:role/gone`,
      valueFrom: secret(world).arn,
    }),
  },
  {
    title: 'the role exists under another path',
    certainty: 'cannot',
    cause: 'role-gone',
    reads: false,
    build: (sim) => ({
      ...withRole(sim, [allow(GET)], { path: '/team/' }),
      role: `arn:aws:iam::${sim.account}:role/exec`,
    }),
  },
  {
    title: 'the role is registered by path and name',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) => ({ ...withRole(sim, [allow(GET)], { path: '/team/' }), role: '/team/exec' }),
  },
  {
    title: 'the role has a path, and it is the right one',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) => withRole(sim, [allow(GET)], { path: '/team/a+b=c/' }),
  },
  {
    title: 'the role belongs to another account',
    certainty: 'unknown',
    cause: 'elsewhere',
    reads: false,
    build: ({ world }) => ({ role: 'arn:aws:iam::444455556666:role/exec', valueFrom: secret(world).arn }),
  },
  {
    title: 'the task definition names no execution role',
    certainty: 'probably-cannot',
    cause: 'no-role',
    reads: false,
    build: ({ world }) => ({ valueFrom: secret(world).arn }),
  },
  {
    title: 'nothing allows it, and the secret has no resource policy',
    certainty: 'cannot',
    cause: 'implicit-deny',
    reads: false,
    build: (sim) => withRole(sim, []),
  },
  {
    title: 'another secret alone is allowed',
    certainty: 'cannot',
    cause: 'implicit-deny',
    reads: false,
    build: (sim) =>
      withRole(sim, [allow(GET, 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/other-??????')]),
  },
  {
    title: 'the policy names the partial ARN, which no request has',
    certainty: 'cannot',
    cause: 'implicit-deny',
    reads: false,
    build: (sim) =>
      withRole(sim, [allow(GET, 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db')]),
  },
  {
    title: 'DescribeSecret alone is allowed',
    certainty: 'cannot',
    cause: 'implicit-deny',
    reads: false,
    build: (sim) => withRole(sim, [allow('secretsmanager:Describe*')]),
  },
  {
    title: 'the action is written in other letters',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) => withRole(sim, [allow('SecretsManager:getsecretvalue')]),
  },
  {
    title: 'nothing allows it but the resource policy of the secret',
    certainty: 'probably-cannot',
    cause: 'resource-policy',
    reads: true,
    build: (sim) =>
      withRole(sim, [], {
        secret: {
          resourcePolicy: resourcePolicy({
            Effect: 'Allow',
            Principal: toRole(sim.account),
            Action: GET,
            Resource: '*',
          }),
        },
      }),
  },
  {
    title: 'the resource policy allows another role',
    certainty: 'probably-cannot',
    cause: 'resource-policy',
    reads: false,
    build: (sim) =>
      withRole(sim, [], {
        secret: {
          resourcePolicy: resourcePolicy({
            Effect: 'Allow',
            Principal: toRole(sim.account, 'other'),
            Action: GET,
            Resource: '*',
          }),
        },
      }),
  },
  {
    title: 'the role is allowed, and the resource policy denies it',
    certainty: 'nothing-against',
    reads: false,
    build: (sim) =>
      withRole(sim, [allow(GET)], {
        secret: {
          resourcePolicy: resourcePolicy({
            Effect: 'Deny',
            NotPrincipal: toRole(sim.account, 'other'),
            Action: GET,
            Resource: '*',
          }),
        },
      }),
  },
  {
    title: 'a statement denies it',
    certainty: 'cannot',
    cause: 'explicit-deny',
    reads: false,
    build: (sim) => withRole(sim, [allow(GET), deny(GET)]),
  },
  {
    title: 'a denial counts, whatever the resource policy allows',
    certainty: 'cannot',
    cause: 'explicit-deny',
    reads: false,
    build: (sim) =>
      withRole(sim, [deny('secretsmanager:Get*')], {
        secret: {
          resourcePolicy: resourcePolicy({ Effect: 'Allow', Principal: '*', Action: GET, Resource: '*' }),
        },
      }),
  },
  {
    title: 'everything but Secrets Manager is allowed by NotAction',
    certainty: 'cannot',
    cause: 'implicit-deny',
    reads: false,
    build: (sim) => withRole(sim, [{ Effect: 'Allow', NotAction: 'secretsmanager:*', Resource: '*' }]),
  },
  {
    title: 'everything but IAM is allowed by NotAction',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) =>
      withRole(sim, [{ Effect: 'Allow', NotAction: ['iam:*', 'organizations:*'], Resource: '*' }]),
  },
  {
    title: 'a denial of everything but one folder, by NotResource, spares the secret',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) =>
      withRole(sim, [
        allow('*'),
        { Effect: 'Deny', Action: GET, NotResource: 'arn:aws:secretsmanager:*:*:secret:prod/*' },
      ]),
  },
  {
    title: 'a denial of everything but another folder, by NotResource, hits the secret',
    certainty: 'cannot',
    cause: 'explicit-deny',
    reads: false,
    build: (sim) =>
      withRole(sim, [
        allow('*'),
        { Effect: 'Deny', Action: GET, NotResource: 'arn:aws:secretsmanager:*:*:secret:dev/*' },
      ]),
  },
  {
    title: 'the tag of the secret decides, which the simulator does not know, and it is the right one',
    certainty: 'unknown',
    cause: 'condition',
    reads: true,
    build: (sim) =>
      withRole(sim, [allow(GET, '*', { StringEquals: { 'aws:ResourceTag/team': 'payments' } })], {
        unseen: { 'aws:ResourceTag/team': ['payments'] },
      }),
  },
  {
    title: 'the tag of the secret decides, and it is another one',
    certainty: 'unknown',
    cause: 'condition',
    reads: false,
    build: (sim) =>
      withRole(sim, [allow(GET, '*', { StringEquals: { 'secretsmanager:ResourceTag/team': 'payments' } })], {
        unseen: { 'secretsmanager:ResourceTag/team': ['search'] },
      }),
  },
  {
    title: 'a denial outside one endpoint looks certain to the simulator, and tasks use the endpoint',
    certainty: 'unknown',
    cause: 'condition',
    reads: true,
    build: (sim) =>
      withRole(sim, [allow(GET), deny('*', '*', { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } })], {
        unseen: { 'aws:SourceVpce': ['vpce-1'] },
      }),
  },
  {
    title: 'a denial outside some addresses, with IfExists',
    certainty: 'unknown',
    cause: 'condition',
    reads: true,
    build: (sim) =>
      withRole(sim, [allow(GET), deny('*', '*', { NotIpAddressIfExists: { 'aws:SourceIp': '10.0.0.1' } })], {
        unseen: { 'aws:SourceIp': ['10.0.0.1'] },
      }),
  },
  {
    title: 'a denial unless a key is there, by Null',
    certainty: 'unknown',
    cause: 'condition',
    reads: true,
    build: (sim) =>
      withRole(sim, [allow(GET), deny(GET, '*', { Null: { 'aws:SourceVpc': 'true' } })], {
        unseen: { 'aws:SourceVpc': ['vpc-1'] },
      }),
  },
  {
    title: 'a denial of plain HTTP does not concern ECS',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) => withRole(sim, [allow(GET), deny('*', '*', { Bool: { 'aws:SecureTransport': 'false' } })]),
  },
  {
    title: 'the Region is a condition, and it is the right one',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) =>
      withRole(sim, [
        allow(GET, '*', { StringEquals: { 'aws:RequestedRegion': ['eu-west-1', 'eu-north-1'] } }),
      ]),
  },
  {
    title: 'the Region is a condition, and it is another one',
    certainty: 'cannot',
    cause: 'implicit-deny',
    reads: false,
    build: (sim) =>
      withRole(sim, [allow(GET, '*', { 'ForAnyValue:StringLike': { 'aws:RequestedRegion': 'us-*' } })]),
  },
  {
    title: 'the ARN of the role is a condition of a denial that spares it',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) =>
      withRole(sim, [
        allow(GET),
        deny(GET, '*', { ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/ex*' } }),
      ]),
  },
  {
    title: 'the stage of the version is a condition',
    certainty: 'unknown',
    cause: 'condition',
    reads: true,
    build: (sim) =>
      withRole(sim, [
        allow(GET, '*', { 'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': 'AWSCURRENT' } }),
      ]),
  },
  {
    title: 'a permissions boundary does not allow it',
    certainty: 'cannot',
    cause: 'implicit-deny',
    reads: false,
    build: (sim) => withRole(sim, [allow(GET)], { boundary: [allow(['logs:*', 'ecr:*'])] }),
  },
  {
    title: 'a permissions boundary denies it',
    certainty: 'cannot',
    cause: 'explicit-deny',
    reads: false,
    build: (sim) =>
      withRole(sim, [allow(GET)], {
        boundary: [allow('*'), deny(GET, 'arn:aws:secretsmanager:*:*:secret:prod/*')],
      }),
  },
  {
    title: 'a permissions boundary allows it on a condition that is not known',
    certainty: 'unknown',
    cause: 'condition',
    reads: true,
    build: (sim) =>
      withRole(sim, [allow(GET)], {
        boundary: [allow('*', '*', { StringEquals: { 'aws:SourceVpce': 'vpce-1' } })],
        unseen: { 'aws:SourceVpce': ['vpce-1'] },
      }),
  },
  {
    title: 'a service control policy denies it on a condition that IAM does not show',
    certainty: 'probably-cannot',
    cause: 'organization-deny',
    reads: true,
    build: (sim) => {
      sim.world.organization([
        [allow('*'), deny('*', '*', { StringNotEqualsIfExists: { 'aws:SourceVpce': 'vpce-1' } })],
      ]);
      return withRole(sim, [allow(GET)], { unseen: { 'aws:SourceVpce': ['vpce-1'] } });
    },
  },
  {
    title: 'a service control policy of the account allows other services only',
    certainty: 'probably-cannot',
    cause: 'organization-deny',
    reads: false,
    build: (sim) => {
      sim.world.organization([
        [allow('*')],
        [{ Effect: 'Allow', NotAction: 'secretsmanager:*', Resource: '*' }],
      ]);
      return withRole(sim, [allow(GET)]);
    },
  },
  {
    title: 'every level of the organization allows it',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) => {
      sim.world.organization([
        [allow('*')],
        [allow('*'), deny('*', '*', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:root' } })],
      ]);
      return withRole(sim, [allow(GET)]);
    },
  },
  {
    title: 'the default key policy leaves a customer key to IAM, and IAM does not allow it',
    certainty: 'unknown',
    cause: 'key-policy',
    reads: false,
    build: (sim) => withKey(sim, [allow(GET)]),
  },
  {
    title: 'the key policy alone allows the role',
    certainty: 'unknown',
    cause: 'key-policy',
    reads: true,
    build: (sim) =>
      withKey(sim, [allow(GET)], {
        policy: [{ Effect: 'Allow', Principal: toRole(sim.account), Action: DECRYPT, Resource: '*' }],
      }),
  },
  {
    title: 'the key may be used through Secrets Manager, for this secret',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) =>
      withKey(sim, [
        allow(GET),
        allow(DECRYPT, 'arn:aws:kms:*:*:key/*', {
          StringEquals: {
            'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com',
            'kms:CallerAccount': sim.account,
          },
          StringLike: { 'kms:EncryptionContext:SecretARN': 'arn:aws:secretsmanager:*:*:secret:prod/*' },
        }),
      ]),
  },
  {
    title: 'the key is named by an alias, and the policy names the key',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) =>
      withKey(
        sim,
        [allow(GET), allow(DECRYPT, 'arn:aws:kms:eu-west-1:111122223333:key/*')],
        { aliases: ['alias/db'] },
        () => 'alias/db',
      ),
  },
  {
    title: 'a statement denies the use of the key',
    certainty: 'cannot',
    cause: 'explicit-deny',
    reads: false,
    build: (sim) => withKey(sim, [allow(['secretsmanager:*', 'kms:*']), deny('kms:*')]),
  },
  {
    title: 'a statement denies the use of the key, and an older version may be encrypted with another one',
    certainty: 'probably-cannot',
    cause: 'explicit-deny',
    reads: false,
    build: ({ world }) => {
      const { arn: kmsKeyId } = world.key();
      const versions = [{}, { id: 'old', labels: ['BLUE'] }];
      const { arn } = secret(world, { kmsKeyId, versions });
      const role = world.role({ inline: [allow(GET), deny(DECRYPT)] });
      return { role: role.arn, valueFrom: `${arn}::BLUE:`, key: kmsKeyId };
    },
  },
  {
    title: 'a statement denies the use of keys by the names of their aliases, which are not known',
    certainty: 'unknown',
    cause: 'condition',
    reads: true,
    build: (sim) => ({
      ...withKey(sim, [
        allow('*'),
        deny(DECRYPT, '*', { 'ForAnyValue:StringNotLike': { 'kms:ResourceAliases': 'alias/db' } }),
        deny(DECRYPT, '*', { Null: { 'kms:ResourceAliases': 'true' } }),
      ]),
      unseen: { 'kms:ResourceAliases': ['alias/db'] },
    }),
  },
  {
    title: 'the key is about to be deleted',
    certainty: 'cannot',
    cause: 'key-unusable',
    reads: true,
    build: (sim) => withKey(sim, [allow('*')], { state: 'PendingDeletion' }),
  },
  {
    title: 'the alias by which the key is named is gone, and the value was encrypted with the key behind it',
    certainty: 'probably-cannot',
    cause: 'key-unusable',
    reads: true,
    build: (sim) => withKey(sim, [allow('*')], {}, () => 'alias/gone'),
  },
  {
    title: 'the alias names another key by now, whose use is denied',
    certainty: 'probably-cannot',
    cause: 'explicit-deny',
    reads: true,
    build: (sim) => {
      const other = sim.world.key({ aliases: ['alias/db'] });
      return withKey(sim, [allow('*'), deny(DECRYPT, other.arn)], {}, () => 'alias/db');
    },
  },
  {
    title: 'the key is managed by AWS, although it is named by its ARN',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) => ({ ...withKey(sim, [allow(GET)], { manager: 'AWS' }), key: '' }),
  },
  {
    title: 'the key of another account',
    certainty: 'unknown',
    cause: 'key-policy',
    reads: true,
    build: ({ world }) => ({
      role: world.role({ inline: [allow(GET)] }).arn,
      valueFrom: secret(world, { kmsKeyId: 'arn:aws:kms:eu-west-1:444455556666:key/1' }).arn,
    }),
  },
  {
    title: 'a parameter is allowed by the folder of its name',
    certainty: 'nothing-against',
    reads: true,
    build: ({ world }) => ({
      role: world.role({ inline: [allow(PARAMETERS, 'arn:aws:ssm:eu-west-1:111122223333:parameter/app/*')] })
        .arn,
      valueFrom: world.parameter({ name: '/app/db/password' }).name,
    }),
  },
  {
    title: 'GetParameter is allowed, and ECS calls GetParameters',
    certainty: 'cannot',
    cause: 'implicit-deny',
    reads: false,
    build: ({ world }) => ({
      role: world.role({ inline: [allow(['ssm:GetParameter', 'ssm:GetParametersByPath'])] }).arn,
      valueFrom: world.parameter({ name: '/app/db/password' }).arn,
    }),
  },
  {
    title: 'a parameter of the advanced tier may have a resource policy',
    certainty: 'probably-cannot',
    cause: 'resource-policy',
    reads: false,
    build: ({ world }) => ({
      role: world.role().arn,
      valueFrom: world.parameter({ name: '/app/db', tier: 'Advanced' }).arn,
    }),
  },
  {
    title: 'a parameter of the root, encrypted with a key for which the role has no permission',
    certainty: 'unknown',
    cause: 'key-policy',
    reads: false,
    build: ({ world }) => {
      const key = world.key();
      return {
        role: world.role({ inline: [allow(PARAMETERS, 'arn:aws:ssm:*:*:parameter/token')] }).arn,
        valueFrom: world.parameter({ name: 'token', keyId: key.id }).name,
        key: key.arn,
      };
    },
  },
  {
    title: 'the secret is in another account, and the role is allowed: the other account decides, too',
    certainty: 'unknown',
    cause: 'elsewhere',
    reads: false,
    build: ({ world }) => ({
      role: world.role({ inline: [allow('*')] }).arn,
      valueFrom: 'arn:aws:secretsmanager:eu-west-1:444455556666:secret:shared/db-Ab1cD2',
    }),
  },
  {
    title: 'the secret is in another account, and the role is not allowed',
    certainty: 'probably-cannot',
    cause: 'elsewhere',
    reads: false,
    build: ({ world }) => ({
      role: world.role().arn,
      valueFrom: 'arn:aws:secretsmanager:eu-west-1:444455556666:secret:shared/db-Ab1cD2',
    }),
  },
  {
    title: 'the secret is in another account, and its ARN is a partial one',
    certainty: 'unknown',
    cause: 'elsewhere',
    reads: false,
    build: ({ world }) => ({
      role: world.role({ inline: [allow(GET, 'arn:aws:secretsmanager:*:*:secret:shared/db-??????')] }).arn,
      valueFrom: 'arn:aws:secretsmanager:eu-west-1:444455556666:secret:shared/db',
    }),
  },
  {
    title: 'a secret of another Region',
    certainty: 'unknown',
    cause: 'elsewhere',
    reads: true,
    build: ({ world }) => ({
      role: world.role({ inline: [allow(GET)] }).arn,
      valueFrom: 'arn:aws:secretsmanager:eu-north-1:111122223333:secret:prod/db-Ab1cD2',
    }),
  },
  {
    title: 'a secret passed through Parameter Store needs both actions',
    certainty: 'probably-cannot',
    cause: 'implicit-deny',
    reads: true,
    build: ({ world }) => {
      const { name } = secret(world);
      return {
        role: world.role({ inline: [allow(GET)] }).arn,
        valueFrom: `/aws/reference/secretsmanager/${name}`,
      };
    },
  },
  {
    title: 'the secret does not exist',
    certainty: 'cannot',
    cause: 'resource-gone',
    reads: false,
    build: ({ world, account }) => ({
      role: world.role().arn,
      valueFrom: `arn:aws:secretsmanager:eu-west-1:${account}:secret:gone-Ab1cD2`,
    }),
  },
  {
    title: 'no version has the label that the reference follows',
    certainty: 'cannot',
    cause: 'no-version',
    reads: true,
    build: (sim) => {
      const spec = withRole(sim, [allow(GET)]);
      return { ...spec, valueFrom: `${spec.valueFrom}::BLUE:` };
    },
  },
  {
    title: 'no version has the label, and the secret was changed just now',
    certainty: 'probably-cannot',
    cause: 'no-version',
    reads: true,
    build: (sim) => {
      const spec = withRole(sim, [allow(GET)], { secret: { lastChangedAt: Date.UTC(2026, 10, 22, 3) } });
      return { ...spec, valueFrom: `${spec.valueFrom}::BLUE:` };
    },
  },
  {
    title: 'the version that the reference names does not exist',
    certainty: 'cannot',
    cause: 'no-version',
    reads: true,
    build: (sim) => {
      const spec = withRole(sim, [allow(GET)]);
      return { ...spec, valueFrom: `${spec.valueFrom}:::gone` };
    },
  },
  {
    title: 'the version that the reference names has lost its label, and still exists',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) => {
      const versions = [{ id: 'new' }, { id: 'old', labels: [], createdAt: Date.UTC(2026, 10, 1) - DAY }];
      const spec = withRole(sim, [allow(GET)], { secret: { versions } });
      return { ...spec, valueFrom: `${spec.valueFrom}:::old` };
    },
  },
  {
    title: 'the label and the version that the reference names are not of the same version',
    certainty: 'cannot',
    cause: 'no-version',
    reads: true,
    build: (sim) => {
      const versions = [{ id: 'new' }, { id: 'old', labels: ['AWSPREVIOUS'] }];
      const spec = withRole(sim, [allow(GET)], { secret: { versions } });
      return { ...spec, valueFrom: `${spec.valueFrom}::AWSCURRENT:old` };
    },
  },
  {
    title: 'a JSON key cannot be known',
    certainty: 'nothing-against',
    reads: true,
    build: (sim) => {
      const spec = withRole(sim, [allow(GET)]);
      return { ...spec, valueFrom: `${spec.valueFrom}:password::` };
    },
  },
  {
    title: 'names with every character that AWS allows',
    certainty: 'nothing-against',
    reads: true,
    build: ({ world }) => ({
      role: world.role({
        name: 'r+=,.@-_1',
        path: '/a.b/c@d/',
        inline: [allow(GET, 'arn:aws:secretsmanager:*:*:secret:rds!db/_+=.@-*')],
      }).arn,
      valueFrom: world.secret({ name: 'rds!db/_+=.@-x' }).arn,
    }),
  },
];
