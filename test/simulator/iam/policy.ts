/** A policy as IAM stores it. */
export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: readonly Statement[] | Statement;
}

type OneOrMore = string | readonly string[];
export type Conditions = Readonly<Record<string, Readonly<Record<string, OneOrMore | boolean>>>>;

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: OneOrMore;
  readonly NotAction?: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly NotResource?: OneOrMore;
  readonly Principal?: '*' | Readonly<Record<string, OneOrMore>>;
  readonly NotPrincipal?: '*' | Readonly<Record<string, OneOrMore>>;
  readonly Condition?: Conditions;
}

/** A policy with the name under which results mention it. */
export interface NamedPolicy {
  readonly id: string;
  readonly type: 'role' | 'user-managed' | 'aws-managed';
  readonly document: PolicyDocument;
}

/** The trust policy with which ECS can give a role to tasks. */
export const TRUSTS_TASKS: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
  ],
};

export function statementsOf({ Statement: statements }: PolicyDocument): readonly Statement[] {
  return 'Effect' in statements ? [statements] : statements;
}

export function listOf(value: OneOrMore | boolean | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'object' ? value : [String(value)];
}
