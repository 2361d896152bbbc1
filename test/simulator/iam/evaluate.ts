import { type Context, filled, holds, keysOf, variablesIn } from './conditions.ts';
import { listOf, type NamedPolicy, type PolicyDocument, type Statement, statementsOf } from './policy.ts';
import { isAction, isArnLike, isLike } from './wildcards.ts';

/** What a principal wants to do. */
export interface Request {
  /** The ARN of the role, or the name of a service such as `events.amazonaws.com`. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Context;
}

export type Decision = 'allowed' | 'explicitDeny' | 'implicitDeny';

export interface Evaluated {
  readonly decision: Decision;
  /** The ids of the policies with a statement that decided. */
  readonly matched: readonly NamedPolicy[];
}

/** What policies of one kind decide: an explicit denial first, then an allowance, then the implicit denial. */
export function evaluate(policies: readonly NamedPolicy[], request: Request): Evaluated {
  const deciding = (effect: Statement['Effect']) =>
    policies.filter(({ document }) =>
      statementsOf(document).some((one) => one.Effect === effect && applies(one, request)),
    );
  const denying = deciding('Deny');
  if (denying.length > 0) return { decision: 'explicitDeny', matched: denying };
  const allowing = deciding('Allow');
  return { decision: allowing.length > 0 ? 'allowed' : 'implicitDeny', matched: allowing };
}

/** The condition keys of statements about this action and resource for which the request has no value. */
export function missingKeys(policies: readonly NamedPolicy[], request: Request): readonly string[] {
  const statements = policies.flatMap(({ document }) => statementsOf(document));
  const asked = statements
    .filter((one) => isAbout(one, request))
    .flatMap((one) => [...keysOf(one.Condition), ...resourcesOf(one).flatMap(variablesIn)]);
  return [...new Set(asked)].filter((key) => request.context.get(key) === undefined);
}

/** What a resource policy decides about the principal itself; a grant to the account leaves the decision to IAM. */
export function evaluateResourcePolicy(
  document: PolicyDocument | undefined,
  request: Request,
): { readonly decision: Decision; readonly leavesItToIam: boolean } {
  const statements =
    document === undefined ? [] : statementsOf(document).filter((one) => appliesToResource(one, request));
  if (statements.some((one) => one.Effect === 'Deny' && names(one, request.principal)))
    return { decision: 'explicitDeny', leavesItToIam: false };
  const allowing = statements.filter(({ Effect }) => Effect === 'Allow');
  const isAllowed = allowing.some((one) => names(one, request.principal));
  const leavesItToIam = allowing.some(({ Principal }) =>
    principalsIn(Principal).includes(accountOf(request.principal)),
  );
  return { decision: isAllowed ? 'allowed' : 'implicitDeny', leavesItToIam };
}

/**
 * Whether a trust policy lets a service of AWS, such as `ecs-tasks.amazonaws.com`, assume the role. Conditions count only if the context of the
 * request is given.
 */
export function trusts(document: PolicyDocument, service: string, context?: Context): boolean {
  const about = statementsOf(document).filter(
    (one) =>
      isActionOf(one, 'sts:AssumeRole') &&
      (context === undefined || holds(one.Condition, context)) &&
      typeof one.Principal === 'object' &&
      listOf(one.Principal['Service']).includes(service),
  );
  return about.length > 0 && about.every(({ Effect }) => Effect === 'Allow');
}

function applies(statement: Statement, request: Request): boolean {
  return isAbout(statement, request) && holds(statement.Condition, request.context);
}

/** A resource policy stands at its resource, so that a statement may leave it out. */
function appliesToResource(statement: Statement, request: Request): boolean {
  const isAboutIt = resourcesOf(statement).length === 0 || isAbout(statement, request);
  return isAboutIt && isActionOf(statement, request.action) && holds(statement.Condition, request.context);
}

function isAbout(statement: Statement, { action, resource, context }: Request): boolean {
  if (!isActionOf(statement, action)) return false;
  const named = resourcesOf(statement).some((one) => {
    const pattern = variablesIn(one).length === 0 ? one : filled(one, context);
    return pattern !== undefined && isResource(pattern, resource);
  });
  return statement.NotResource === undefined ? named : !named;
}

function isActionOf({ Action, NotAction }: Statement, action: string): boolean {
  const among = (list: Statement['Action']) => listOf(list).some((one) => isAction(one, action));
  return NotAction === undefined ? among(Action) : !among(NotAction);
}

const resourcesOf = ({ Resource, NotResource }: Statement): readonly string[] =>
  listOf(Resource ?? NotResource);

function isResource(pattern: string, arn: string): boolean {
  return pattern === '*' || (pattern.startsWith('arn:') ? isArnLike(pattern, arn) : isLike(pattern, arn));
}

function names({ Principal, NotPrincipal }: Statement, principal: string): boolean {
  const isAmong = (whom: Statement['Principal']) =>
    principalsIn(whom).some((one) => one === '*' || one === principal);
  if (NotPrincipal !== undefined) return !isAmong(NotPrincipal);
  return isAmong(Principal);
}

function principalsIn(whom: Statement['Principal']): readonly string[] {
  if (whom === undefined) return [];
  if (whom === '*') return ['*'];
  const accounts = listOf(whom['AWS']).map((one) =>
    /^\d{12}$/.test(one) ? `arn:aws:iam::${one}:root` : one,
  );
  return [...accounts, ...listOf(whom['Service'])];
}

function accountOf(principal: string): string {
  const [, partition, , , account] = principal.split(':');
  return `arn:${partition}:iam::${account}:root`;
}
