import { DescribeSecretCommand, ListSecretVersionIdsCommand } from '@aws-sdk/client-secrets-manager';
import { expect, it } from 'vitest';
import type { PolicyDocument } from './iam/policy.ts';
import { simulate } from './testing.ts';

const OWNER = '444455556666';
const toRole = (role: string): PolicyDocument => ({
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: '111122223333' },
      Action: 'secretsmanager:DescribeSecret',
      Resource: '*',
      Condition: { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::111122223333:role/${role}` } },
    },
  ],
});

/** A secret of another account, and a caller here whose role is called TESTING. */
async function secretOf(resourcePolicy: PolicyDocument | undefined, more: { readonly region?: string } = {}) {
  const { sim, secrets } = await simulate();
  const { sim: owner } = await simulate({ account: OWNER, ...more });
  sim.join(owner);
  const secret = owner.world.secret({
    name: 'prod/db',
    suffix: 'a1B2c3',
    ...(resourcePolicy !== undefined && { resourcePolicy }),
  });
  return {
    secret,
    describe: (SecretId: string) => secrets.send(new DescribeSecretCommand({ SecretId })),
    versions: (SecretId: string) => secrets.send(new ListSecretVersionIdsCommand({ SecretId })),
  };
}

it('a secret of another account is described to the roles that its policy admits, by full and partial ARN', async () => {
  const { secret, describe, versions } = await secretOf(toRole('TEST*'));
  expect(await describe(secret.arn)).toMatchObject({ ARN: secret.arn, Name: 'prod/db' });
  expect(await describe(secret.partialArn)).toMatchObject({ ARN: secret.arn });
  await expect(versions(secret.arn)).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

it.each([
  ['has no policy', undefined],
  ['admits another role', toRole('other')],
])('a secret of another account that %s is denied, and so is one that does not exist', async (_, policy) => {
  const { secret, describe } = await secretOf(policy);
  for (const id of [secret.arn, secret.arn.replace('prod/db', 'prod/none')])
    await expect(describe(id)).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

it('a secret of another Region is not found', async () => {
  const { secret, describe } = await secretOf(toRole('*'), { region: 'us-east-1' });
  await expect(describe(secret.arn)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
