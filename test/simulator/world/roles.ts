import type { Aws } from '../aws.ts';
import { type NamedPolicy, type Statement, TRUSTS_TASKS } from '../iam/policy.ts';
import { arnOf } from '../place.ts';
import type { KeyRef, KeySpec, RoleRef, RoleSpec } from './specs.ts';

/** A role that tasks can have, without permissions unless the spec has policies. A role of the same name takes the place of an earlier one. */
export function buildRole(aws: Aws, spec: RoleSpec): RoleRef {
  const { name = `role-${aws.iam.roles.size + 1}`, path = '/', inline = [], managed = {}, boundary } = spec;
  const { partition, account } = aws.place;
  const arn = `arn:${partition}:iam::${account}:role${path}${name}`;
  aws.iam.roles.set(name, {
    arn,
    name,
    policies: [
      ...inline.map((one, i) => policy(`${name}-inline-${i}`, [one], 'role')),
      ...Object.entries(managed).map(([id, statements]) => policy(id, statements, 'user-managed')),
    ],
    boundary: boundary && policy('boundary', boundary, 'user-managed'),
    trust: spec.trust ?? TRUSTS_TASKS,
    createdAt: aws.now(),
  });
  return { arn, name };
}

/** A customer's key, unless the spec says otherwise. */
export function buildKey(aws: Aws, spec: KeySpec): KeyRef {
  const id = aws.ids.uuid();
  const arn = arnOf(aws.place, 'kms', `key/${id}`);
  const { partition, account } = aws.place;
  const byDefault: Statement = {
    Effect: 'Allow',
    Principal: { AWS: `arn:${partition}:iam::${account}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
  aws.iam.keys.set(arn, {
    arn,
    id,
    aliases: spec.aliases ?? [],
    manager: spec.manager ?? 'CUSTOMER',
    state: spec.state ?? 'Enabled',
    policy: { Version: '2012-10-17', Statement: spec.policy ?? [byDefault] },
  });
  return { arn, id };
}

export function buildOrganization({ iam }: Aws, levels: readonly (readonly Statement[])[]): void {
  iam.organization = levels.map((statements, i) => [policy(`scp-${i}`, statements, 'user-managed')]);
}

function policy(id: string, statements: readonly Statement[], type: NamedPolicy['type']): NamedPolicy {
  return { id, type, document: { Version: '2012-10-17', Statement: statements } };
}
