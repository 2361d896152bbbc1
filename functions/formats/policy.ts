import { z } from 'zod/mini';
import type { Condition, Listed, Statement } from '../core/doctor/policy.ts';

const oneOrMore = z.pipe(
  z.union([z.string(), z.array(z.string())]),
  z.transform((value) => (typeof value === 'string' ? [value] : value)),
);
/** Values of conditions may be written as numbers and booleans. */
const Value = z.pipe(z.union([z.string(), z.number(), z.boolean()]), z.transform(String));
const values = z.pipe(
  z.union([Value, z.array(Value)]),
  z.transform((value) => (typeof value === 'string' ? [value] : value)),
);
const Principal = z.union([z.string(), z.record(z.string(), oneOrMore)]);
const StatementShape = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: z.optional(oneOrMore),
  NotAction: z.optional(oneOrMore),
  Resource: z.optional(oneOrMore),
  NotResource: z.optional(oneOrMore),
  Principal: z.optional(Principal),
  NotPrincipal: z.optional(Principal),
  Condition: z.optional(z.record(z.string(), z.record(z.string(), values))),
});
type StatementShape = z.infer<typeof StatementShape>;
const PolicyShape = z.object({ Statement: z.union([z.array(StatementShape), StatementShape]) });

/** The statements of a policy that is written as JSON; undefined: it is no policy. */
export function parsePolicy(text: string): readonly Statement[] | undefined {
  // moto answers the policies that its CloudFormation made in the quotes of Python. IAM takes nothing but JSON.
  return parsed(text) ?? parsed(text.replaceAll("'", '"'));
}

function parsed(json: string): readonly Statement[] | undefined {
  try {
    return statementsOf(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** The same of a policy that is no text. Throws if it is no policy. */
export function statementsOf(policy: unknown): readonly Statement[] {
  const { Statement: statements } = PolicyShape.parse(policy);
  return [statements].flat().map(statementOf);
}

function statementOf(one: StatementShape): Statement {
  const hasPrincipal = one.Principal !== undefined || one.NotPrincipal !== undefined;
  return {
    effect: one.Effect,
    actions: listed(one.Action, one.NotAction),
    resources: listed(one.Resource, one.NotResource),
    principals: hasPrincipal
      ? listed(principalsIn(one.Principal), principalsIn(one.NotPrincipal))
      : undefined,
    conditions: conditionsIn(one.Condition),
  };
}

function listed(those: readonly string[] | undefined, others: readonly string[] | undefined): Listed {
  return others === undefined ? { values: those ?? [], isNot: false } : { values: others, isNot: true };
}

function principalsIn(named: z.infer<typeof Principal> | undefined): readonly string[] | undefined {
  if (named === undefined) return undefined;
  if (typeof named === 'string') return [named];
  return Object.entries(named).flatMap(([kind, names]) =>
    names.map((name) => (name === '*' ? '*' : `${kind}:${name}`)),
  );
}

function conditionsIn(condition: StatementShape['Condition']): readonly Condition[] {
  return Object.entries(condition ?? {}).flatMap(([operator, lines]) =>
    Object.entries(lines).map(([key, wanted]) => ({ operator, key, values: wanted })),
  );
}
