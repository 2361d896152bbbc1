import type { Aws } from '../aws.ts';
import { type Decision, evaluate, evaluateResourcePolicy, missingKeys, type Request } from './evaluate.ts';
import type { NamedPolicy, PolicyDocument } from './policy.ts';
import type { IamState, RoleState } from './state.ts';

/** What IAM's policy simulator says: no resource policy takes part. */
export interface Simulated {
  readonly decision: Decision;
  readonly matched: readonly NamedPolicy[];
  /** Without the keys that only service control policies ask for, as on AWS. */
  readonly missing: readonly string[];
  readonly allowedByOrganization: boolean | undefined;
  readonly allowedByBoundary: boolean | undefined;
}

export function simulate({ organization }: IamState, role: RoleState, request: Request): Simulated {
  const byOrganization = decisionOf(organization, request);
  const allowedByOrganization = organization.length === 0 ? undefined : byOrganization === 'allowed';
  if (allowedByOrganization === false)
    return {
      decision: byOrganization,
      matched: [],
      missing: [],
      allowedByOrganization,
      allowedByBoundary: undefined,
    };
  const identity = evaluate(role.policies, request);
  const boundary = role.boundary === undefined ? undefined : evaluate([role.boundary], request).decision;
  const decision = both(identity.decision, boundary ?? 'allowed');
  return {
    decision,
    matched: identity.decision === decision ? identity.matched : [],
    missing: missingKeys(
      [...role.policies, ...(role.boundary === undefined ? [] : [role.boundary])],
      request,
    ),
    allowedByOrganization,
    allowedByBoundary: boundary === undefined ? undefined : boundary === 'allowed',
  };
}

/** Every level of the organization must allow, and none may deny. */
function decisionOf(levels: IamState['organization'], request: Request): Decision {
  const decisions = levels.map((policies) => evaluate(policies, request).decision);
  if (decisions.includes('explicitDeny')) return 'explicitDeny';
  return decisions.includes('implicitDeny') ? 'implicitDeny' : 'allowed';
}

function both(a: Decision, b: Decision): Decision {
  if (a === 'explicitDeny' || b === 'explicitDeny') return 'explicitDeny';
  return a === 'allowed' && b === 'allowed' ? 'allowed' : 'implicitDeny';
}

/** What a request of ECS meets, resource policies included: the truth that no simulator knows. */
export function isAllowed(aws: Aws, request: Request): boolean {
  const role = [...aws.iam.roles.values()].find(({ arn }) => arn === request.principal);
  if (role === undefined) return false;
  const { decision, allowedByOrganization, allowedByBoundary } = simulate(aws.iam, role, request);
  const policy = policyOf(aws, request.resource);
  const atResource = evaluateResourcePolicy(policy?.document, request);
  if (decision === 'explicitDeny' || atResource.decision === 'explicitDeny') return false;
  if (allowedByOrganization === false) return false;
  const bySelf = decision === 'allowed' && (policy?.alone !== true || atResource.leavesItToIam);
  return bySelf || (atResource.decision === 'allowed' && allowedByBoundary !== false);
}

/** `alone`: without a grant in the key policy no policy of IAM counts. */
function policyOf(
  { iam }: Aws,
  resource: string,
): { readonly document: PolicyDocument; readonly alone: boolean } | undefined {
  const key = iam.keys.get(resource);
  if (key !== undefined) return { document: key.policy, alone: true };
  const document = iam.resourcePolicies.get(resource);
  return document === undefined ? undefined : { document, alone: false };
}
