import type { NamedPolicy, PolicyDocument } from './policy.ts';

/** A role with everything that is attached to it. */
export interface RoleState {
  readonly arn: string;
  readonly name: string;
  readonly policies: readonly NamedPolicy[];
  readonly boundary: NamedPolicy | undefined;
  /** Who may assume it. */
  readonly trust: PolicyDocument;
  readonly createdAt: number;
}

export interface KeyState {
  readonly arn: string;
  readonly id: string;
  readonly aliases: readonly string[];
  readonly manager: 'AWS' | 'CUSTOMER';
  readonly state: string;
  readonly policy: PolicyDocument;
}

/** IAM of one account, and what its organization and its keys say. */
export interface IamState {
  /** By name, which is unique in an account whatever the path. */
  readonly roles: Map<string, RoleState>;
  /** The service control policies of each level, from the root to the account; each level must allow. */
  organization: readonly (readonly NamedPolicy[])[];
  readonly keys: Map<string, KeyState>;
  /** The resource policies of secrets, by their ARN. */
  readonly resourcePolicies: Map<string, PolicyDocument>;
  /** How many results for a resource stand on a page. */
  pageSize: number;
  /** Answers a result for each resource, as IAM did until 2026, with the same decision in each. */
  oldShape: boolean;
}

/** No roles, and no organization. */
export function createIamState(): IamState {
  return {
    roles: new Map(),
    organization: [],
    keys: new Map(),
    resourcePolicies: new Map(),
    pageSize: 100,
    oldShape: false,
  };
}
