import { CreateClusterCommand } from '@aws-sdk/client-ecs';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { expect, it } from 'vitest';
import {
  containerOfPage,
  createRole,
  grantReads,
  runService,
  storeValues,
} from '../support/passing-secrets.ts';
import { simulate } from './testing.ts';

const STRANGER = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

it.each([
  { role: 'trusts ECS and may read', running: 1 },
  { role: 'may read and trusts another service', running: 0 },
  { role: 'trusts ECS and may not read', running: 0 },
])('a task whose execution role $role: $running running', async ({ role, running }) => {
  const { sim, clock, ...clients } = await simulate({ rolesMatter: true });
  const stored = await storeValues(clients);
  await clients.ecs.send(new CreateClusterCommand({ clusterName: 'main' }));
  if (role.includes('trusts ECS')) await createRole(clients, 'role');
  else
    await clients.iam.send(new CreateRoleCommand({ RoleName: 'role', AssumeRolePolicyDocument: STRANGER }));
  if (role.includes('may read')) await grantReads(clients, 'role', stored);
  const roleArn = `arn:aws:iam::${sim.account}:role/role`;
  const arn = await runService(clients, 'web', roleArn, containerOfPage(stored));
  clock.advance(60_000);
  expect(sim.heldBy({ arn }).size).toBe(running);
});
