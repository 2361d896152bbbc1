import { z } from 'zod/mini';
import type { Aws, Operations } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { type Input, isRecord, requiredText, text } from '../input.ts';
import { page } from '../paging.ts';
import { Context } from './conditions.ts';
import { type Simulated, simulate } from './decide.ts';
import type { Decision } from './evaluate.ts';
import type { NamedPolicy, PolicyDocument } from './policy.ts';
import type { IamState, RoleState } from './state.ts';

/** IAM: roles with the policies that stand in them, and what such a role may do. */
export const IAM: Operations = {
  CreateRole: ({ iam, place }, input, { at }) => {
    const name = requiredText(input, 'RoleName');
    if (roleNamed(iam, name) !== undefined)
      throw new AwsError('EntityAlreadyExists', `Role with name ${name} already exists.`, 409);
    const role: RoleState = {
      arn: `arn:${place.partition}:iam::${place.account}:role${text(input, 'Path') ?? '/'}${name}`,
      name,
      policies: [],
      boundary: undefined,
      trust: documentIn(input, 'AssumeRolePolicyDocument'),
      createdAt: at,
    };
    iam.roles.set(name, role);
    return { Role: rendered(role) };
  },

  PutRolePolicy: ({ iam }, input) => {
    const role = needRole(iam, input);
    const id = requiredText(input, 'PolicyName');
    const policy = { id, type: 'role', document: documentIn(input, 'PolicyDocument') } as const;
    const others = role.policies.filter((one) => one.id !== id);
    iam.roles.set(role.name, { ...role, policies: [...others, policy] });
    return {};
  },

  DeleteRolePolicy: ({ iam }, input) => {
    const role = needRole(iam, input);
    const id = requiredText(input, 'PolicyName');
    iam.roles.set(role.name, { ...role, policies: role.policies.filter((one) => one.id !== id) });
    return {};
  },

  DeleteRole: ({ iam }, input) => {
    iam.roles.delete(needRole(iam, input).name);
    return {};
  },

  GetRole: ({ iam }, input) => ({ Role: rendered(needRole(iam, input)) }),

  ListRolePolicies: ({ iam }, input) => ({
    PolicyNames: needRole(iam, input)
      .policies.filter(({ type }) => type === 'role')
      .map(({ id }) => id),
    IsTruncated: false,
  }),

  GetRolePolicy: ({ iam }, input) => {
    const role = needRole(iam, input);
    const name = requiredText(input, 'PolicyName');
    const policy = role.policies.find(({ id }) => id === name);
    if (policy === undefined) throw new AwsError('NoSuchEntity', `There is no policy ${name}.`, 404);
    return { RoleName: role.name, PolicyName: name, PolicyDocument: encoded(policy.document) };
  },

  ListAttachedRolePolicies: (aws, input) => ({
    AttachedPolicies: needRole(aws.iam, input)
      .policies.filter(({ type }) => type !== 'role')
      .map(({ id }) => ({ PolicyName: id, PolicyArn: policyArn(aws, id) })),
    IsTruncated: false,
  }),

  GetPolicy: (aws, input) => {
    const { id } = needPolicy(aws, input);
    return { Policy: { PolicyName: id, Arn: policyArn(aws, id), DefaultVersionId: 'v1' } };
  },

  GetPolicyVersion: (aws, input) => {
    const { document } = needPolicy(aws, input);
    return { PolicyVersion: { VersionId: 'v1', IsDefaultVersion: true, Document: encoded(document) } };
  },

  SimulatePrincipalPolicy: (aws, input) => {
    const source = requiredText(input, 'PolicySourceArn');
    const role = [...aws.iam.roles.values()].find(({ arn }) => arn === source);
    if (role === undefined) throw noSuchRole(source);
    const actions = membersOf(input, 'ActionNames');
    const resources = membersOf(input, 'ResourceArns');
    for (const one of resources)
      if (one !== '*' && !/^arn:[\w-]+:[\w-]+:[\w-]*:\d*:.+$/.test(one))
        throw new AwsError('InvalidInput', `Invalid Resource ARN: ${one}`);
    return aws.iam.oldShape
      ? inOldShape(aws, role, actions, resources, input)
      : byAction(aws, role, actions, resources, input);
  },
};

/** Names of roles differ by more than upper and lower case. */
const roleNamed = ({ roles }: IamState, name: string): RoleState | undefined =>
  [...roles.values()].find((one) => one.name.toLowerCase() === name.toLowerCase());

function needRole(iam: IamState, input: Input): RoleState {
  const name = requiredText(input, 'RoleName');
  const role = roleNamed(iam, name);
  if (role === undefined) throw noSuchRole(name);
  return role;
}

const encoded = (document: PolicyDocument): string => encodeURIComponent(JSON.stringify(document));

function policyArn({ place }: Aws, id: string): string {
  return `arn:${place.partition}:iam::${place.account}:policy/${id}`;
}

/** A managed policy, or a permissions boundary, of any role. */
function needPolicy(aws: Aws, input: Input): NamedPolicy {
  const arn = requiredText(input, 'PolicyArn');
  const all = [...aws.iam.roles.values()].flatMap(({ policies, boundary }) =>
    [...policies, boundary ?? []].flat(),
  );
  const found = all.find(({ id, type }) => type !== 'role' && policyArn(aws, id) === arn);
  if (found === undefined) throw new AwsError('NoSuchEntity', `Policy ${arn} does not exist.`, 404);
  return found;
}

function rendered({ arn, name, trust, createdAt, boundary }: RoleState): object {
  return {
    ...(boundary !== undefined && {
      PermissionsBoundary: {
        PermissionsBoundaryType: 'Policy',
        PermissionsBoundaryArn: arn.replace(/:role\/.*$/, `:policy/${boundary.id}`),
      },
    }),
    Path: arn.slice(arn.indexOf('/'), arn.lastIndexOf('/') + 1),
    RoleName: name,
    RoleId: 'AROASIMULATED',
    Arn: arn,
    CreateDate: new Date(createdAt).toISOString(),
    AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(trust)),
  };
}

const Document = z.custom<PolicyDocument>((value) => isRecord(value) && 'Statement' in value);

function documentIn(input: Input, field: string): PolicyDocument {
  try {
    return Document.parse(JSON.parse(requiredText(input, field)));
  } catch {
    throw new AwsError('MalformedPolicyDocument', `${field} is not a policy.`);
  }
}

type Of = readonly [Aws, RoleState, readonly string[], readonly string[], Input];

/** One result for each action: the strictest decision of all resources, and that of each resource by itself. */
function byAction(...[aws, role, actions, resources, input]: Of): object {
  const context = contextIn(input);
  const { items, nextToken } = page(resources, {
    scope: `simulate ${role.arn} ${actions.join()} ${resources.join()}`,
    token: text(input, 'Marker'),
    size: Math.min(aws.iam.pageSize, Number(text(input, 'MaxItems') ?? 100)),
    defaultSize: 100,
    maxSize: 1000,
    invalidToken: 'InvalidInput',
  });
  const results = actions.map((action) => {
    const all = resources.map((resource) =>
      simulate(aws.iam, role, { principal: role.arn, action, resource, context }),
    );
    const shown = items.flatMap((resource) => {
      const one = all[resources.indexOf(resource)];
      return one === undefined ? [] : [specific(resource, one)];
    });
    return { ...together(action, all), EvalResourceName: '*', ResourceSpecificResults: shown };
  });
  return { EvaluationResults: results, IsTruncated: nextToken !== undefined, Marker: nextToken };
}

function inOldShape(...[aws, role, actions, resources, input]: Of): object {
  const context = contextIn(input);
  const results = actions.flatMap((action) => {
    const all = resources.map((resource) =>
      simulate(aws.iam, role, { principal: role.arn, action, resource, context }),
    );
    return resources.map((resource) => ({ ...together(action, all), EvalResourceName: resource }));
  });
  return { EvaluationResults: results, IsTruncated: false };
}

const BY_STRICTNESS: readonly Decision[] = ['explicitDeny', 'implicitDeny', 'allowed'];

function together(action: string, all: readonly Simulated[]): object {
  const decision = BY_STRICTNESS.find((one) => all.some((of) => of.decision === one)) ?? 'implicitDeny';
  const deciding = all.filter((one) => one.decision === decision);
  const organizations = all.flatMap(({ allowedByOrganization }) => allowedByOrganization ?? []);
  return {
    EvalActionName: action,
    EvalDecision: decision,
    MatchedStatements: deciding.flatMap(matchedIn),
    MissingContextValues: [...new Set(all.flatMap(({ missing }) => missing))],
    ...(organizations.length > 0 && {
      OrganizationsDecisionDetail: { AllowedByOrganizations: organizations.every(Boolean) },
    }),
    ...boundaryIn(all),
  };
}

function specific(resource: string, one: Simulated): object {
  return {
    EvalResourceName: resource,
    EvalResourceDecision: one.decision,
    MatchedStatements: matchedIn(one),
    MissingContextValues: one.missing,
    ...boundaryIn([one]),
  };
}

function boundaryIn(all: readonly Simulated[]): object {
  const known = all.flatMap(({ allowedByBoundary }) => allowedByBoundary ?? []);
  return known.length === 0
    ? {}
    : { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: known.every(Boolean) } };
}

function matchedIn({ matched }: Simulated): readonly object[] {
  return matched.map(({ id, type }) => ({
    SourcePolicyId: id,
    SourcePolicyType: type === 'role' ? 'IAM Policy' : type,
    StartPosition: { Line: 1, Column: 1 },
    EndPosition: { Line: 1, Column: 2 },
  }));
}

/** `Name.member.1`, `Name.member.2`, … of a form. */
function membersOf(input: Input, name: string): readonly string[] {
  return Object.keys(input)
    .filter((key) => new RegExp(`^${name}\\.member\\.\\d+$`).test(key))
    .map((key) => requiredText(input, key));
}

function contextIn(input: Input): Context {
  const entries: (readonly [string, readonly string[]])[] = [];
  for (let i = 1; ; i++) {
    const key = text(input, `ContextEntries.member.${i}.ContextKeyName`);
    if (key === undefined) return new Context(entries);
    const values = membersOf(input, `ContextEntries\\.member\\.${i}\\.ContextKeyValues`);
    entries.push([key, values]);
  }
}

function noSuchRole(name: string): AwsError {
  return new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
}
