/**
 * How certain it is that an execution role cannot read something, from the strongest on. There is no `can`: a resource
 * policy, a key policy or the network may still refuse what nothing here speaks against.
 */
export const CERTAINTIES = ['cannot', 'probably-cannot', 'unknown', 'nothing-against'] as const;
export type Certainty = (typeof CERTAINTIES)[number];

/** Why a role cannot, or may not be able to, read something. */
export const ACCESS_CAUSES = [
  'role-gone',
  'no-role',
  'resource-gone',
  'no-version',
  'key-unusable',
  'explicit-deny',
  'implicit-deny',
  'organization-deny',
  'resource-policy',
  'key-policy',
  'condition',
  'elsewhere',
  'not-shown',
] as const;
export type AccessCause = (typeof ACCESS_CAUSES)[number];

/** What ECS does with the execution role to resolve a reference. */
export const READ_ACTIONS = ['secretsmanager:GetSecretValue', 'ssm:GetParameters', 'kms:Decrypt'] as const;
export type ReadAction = (typeof READ_ACTIONS)[number];

/** Which kind of policy denies an action. */
export type DeniedBy = 'identity' | 'boundary' | 'organization';

/** A statement of a policy that would allow what is denied. */
export type AllowStatement = {
  readonly Effect: 'Allow';
  readonly Action: ReadAction;
  readonly Resource: string;
};

/** Something that speaks against a role reading what one reference names: plain data, without any value. */
export type AccessFinding = {
  readonly certainty: Exclude<Certainty, 'nothing-against'>;
  readonly cause: AccessCause;
  /** The execution role; null if the task definition names none. */
  readonly role: string | null;
  readonly kind: 'secret' | 'parameter';
  /** The ARN of the resource; of one that AWS does not show, the ARN that the reference stands for. */
  readonly arn: string;
  readonly valueFrom: string;
  /** The action that is denied, or that could not be simulated. */
  readonly action?: ReadAction;
  /** The KMS key that the action is about. */
  readonly key?: string;
  readonly deniedBy?: DeniedBy;
  /** What to add to the policy that denies by allowing nothing. */
  readonly statement?: AllowStatement;
  /** Keys of conditions whose values in a request of ECS are not known here. */
  readonly conditionKeys?: readonly string[];
  /** Why AWS gave no answer, and the permission of the caller that is missing for it. */
  readonly why?: string;
  readonly missingAction?: string;
};

/** Whether the execution role of a service can read what the service refers to, as far as that can be told. */
export type ServiceAccess = {
  readonly certainty: Certainty;
  readonly findings: readonly AccessFinding[];
};

/** AWS gave no answer. `missingAction`: the permission of the caller that is missing. */
export type Unanswered = {
  readonly kind: 'unanswered';
  readonly why: string;
  readonly missingAction?: string;
};

export type RoleFact = { readonly kind: 'exists' | 'gone' } | Unanswered;

/** What IAM's policy simulator says. `missing`: the keys of conditions that it was given no value for. */
export type SimulationFact =
  | { readonly kind: 'allowed' }
  | {
      readonly kind: 'denied';
      readonly explicit: boolean;
      readonly by: DeniedBy;
      readonly missing: readonly string[];
    }
  | Unanswered;

/**
 * A KMS key. `ofAws`: AWS manages it, and its key policy admits every role of the account. `byAlias`: it was found by an
 * alias, which may have named another key when the value was encrypted.
 */
export type KeyFact =
  | {
      readonly kind: 'key';
      readonly arn: string;
      readonly ofAws: boolean;
      readonly usable: boolean;
      readonly byAlias?: true;
    }
  | { readonly kind: 'gone'; readonly byAlias?: true }
  | Unanswered;

/** Whether something exists beside a resource: a resource policy, or a version. */
export type PresenceFact = { readonly kind: 'present' | 'none' } | Unanswered;

/** What AWS shows of a resource that a role is to read. */
export type ResourceFact =
  | {
      readonly kind: 'secret';
      readonly arn: string;
      readonly labelsOf: ReadonlyMap<string, readonly string[]>;
      readonly changedAt: number;
      /** Whether a resource policy is attached. */
      readonly policy: PresenceFact;
      /** The customer's key; undefined: the key that AWS keeps for the store. */
      readonly key: KeyFact | undefined;
      /** Whether the version that the reference names exists without a label, where that was asked. */
      readonly version?: PresenceFact;
    }
  | {
      readonly kind: 'parameter';
      readonly arn: string;
      /** Parameters of the standard tier cannot have a resource policy. */
      readonly policy: PresenceFact;
      readonly key: KeyFact | undefined;
    }
  | { readonly kind: 'gone' }
  /** Of another account or Region, or AWS's own: AWS shows nothing of it here. */
  | { readonly kind: 'elsewhere'; readonly arn: string }
  | Unanswered;

/** One of the context keys of a simulated request, with the type that IAM wants to be told. */
export type ContextEntry = {
  readonly key: string;
  readonly type: 'string' | 'boolean';
  readonly value: string;
};

/** One question to IAM's policy simulator. */
export type Simulation = {
  readonly role: string;
  readonly action: ReadAction;
  readonly resource: string;
  readonly context: readonly ContextEntry[];
};

/** Questions that differ in their resource alone, and their answers by that resource. */
export type Simulations = readonly [Simulation, ...Simulation[]];
export type SimulationFacts = ReadonlyMap<string, SimulationFact>;

/** Whether something speaks against the role reading it; that AWS does not say is no warning. */
export function warnsOf(access: ServiceAccess | undefined): boolean {
  return access?.certainty === 'cannot' || access?.certainty === 'probably-cannot';
}

/** The strongest of the findings. */
export function accessOf(findings: readonly AccessFinding[]): ServiceAccess {
  const certainty = CERTAINTIES.find((one) => findings.some((finding) => finding.certainty === one));
  return { certainty: certainty ?? 'nothing-against', findings };
}
