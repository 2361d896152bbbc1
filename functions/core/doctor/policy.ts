import { matchesGlob } from '../model/glob.ts';

/** A policy of a role or of a queue, in one form: lists everywhere. */
export type Statement = {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Listed;
  readonly resources: Listed;
  /** Of a policy of a resource: `Service:NAME`, `AWS:NAME`, or `*` for all. Undefined in a policy of a role. */
  readonly principals: Listed | undefined;
  readonly conditions: readonly Condition[];
};
/** What a statement lists, or, `isNot`, everything but that. */
export type Listed = { readonly values: readonly string[]; readonly isNot: boolean };
export type Condition = {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
};

export type PolicyRequest = {
  readonly action: string;
  readonly resource: string;
  /** Of a request that a resource policy decides about. */
  readonly principal?: string;
  readonly context: ReadonlyMap<string, string>;
};

/** `unsure`: it depends on a condition about which nothing is known here. */
export type Decision = 'allowed' | 'denied' | 'unsure';

/**
 * What the statements together decide: a denial prevails, and what nothing allows is denied
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
 */
export function decide(statements: readonly Statement[], request: PolicyRequest): Decision {
  const sure = (effect: Statement['effect']) => (one: Statement) =>
    one.effect === effect && isAbout(one, request) && meets(one, request) === true;
  const unsure = (effect: Statement['effect']) => (one: Statement) =>
    one.effect === effect && isAbout(one, request) && meets(one, request) === undefined;
  if (statements.some(sure('Deny'))) return 'denied';
  const isAllowed = statements.some(sure('Allow'));
  if (!isAllowed && !statements.some(unsure('Allow'))) return 'denied';
  return isAllowed && !statements.some(unsure('Deny')) ? 'allowed' : 'unsure';
}

function isAbout(
  { actions, resources, principals }: Statement,
  { action, resource, principal = '' }: PolicyRequest,
): boolean {
  const isAction = (pattern: string) => matchesGlob(pattern.toLowerCase(), action.toLowerCase());
  const isPrincipal = (one: string) => one === '*' || one === principal;
  return (
    isListed(actions, isAction) &&
    isListed(resources, (pattern) => matchesGlob(pattern, resource)) &&
    (principals === undefined || isListed(principals, isPrincipal))
  );
}

function isListed({ values, isNot }: Listed, matches: (value: string) => boolean): boolean {
  return values.some(matches) !== isNot;
}

/** Undefined: it depends on a key or an operator that is not known here. */
function meets({ conditions }: Statement, { context }: PolicyRequest): boolean | undefined {
  const met = conditions.map((one) => isMet(one, context));
  if (met.includes(false)) return false;
  return met.includes(undefined) ? undefined : true;
}

type Test = (wanted: string, found: string) => boolean;

const same: Test = (wanted, found) => wanted.toLowerCase() === found.toLowerCase();

const OPERATORS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['StringEquals', (wanted, found) => wanted === found],
  ['StringEqualsIgnoreCase', same],
  ['StringLike', matchesGlob],
  ['ArnEquals', matchesGlob],
  ['ArnLike', matchesGlob],
  ['Bool', same],
]);

function isMet(
  { operator, key, values }: Condition,
  context: ReadonlyMap<string, string>,
): boolean | undefined {
  const found = context.get(key.toLowerCase());
  // Each key has one value here, so that any of its values are all of them.
  const name = operator.replace(/^For(?:Any|All)Values?:/, '').replace(/IfExists$/, '');
  const test = OPERATORS.get(name) ?? OPERATORS.get(name.replace('Not', ''));
  if (found === undefined || test === undefined || values.some((one) => one.includes('${'))) return undefined;
  return values.some((wanted) => test(wanted, found)) === OPERATORS.has(name);
}
