import type { SimulationFact } from '../model/access.ts';
import { type Check, judged, notShown, ok, warning, wrong } from './check.ts';
import type { Need, RoleFact } from './facts.ts';
import { type Decision, decide, type Statement } from './policy.ts';
import type { ReadPolicy } from './queues.ts';
import { RESTORE } from './rules.ts';

/** Whether the role of a function lets it do what it does. */
export function checkPermissions(
  name: string,
  role: string,
  needs: readonly Need[],
  fact: RoleFact,
  readPolicy: ReadPolicy,
): readonly Check[] {
  const check = `permissions of ${name}`;
  switch (fact.kind) {
    case 'unanswered':
      return [notShown(check, fact)];
    case 'gone':
      return [wrong(check, 'role-gone', `${role} does not exist: the function cannot run`, RESTORE)];
    case 'simulated':
      return simulated(check, role, needs, fact.answers);
    case 'read':
      return read(check, role, needs, fact, readPolicy);
    default:
      return fact satisfies never;
  }
}

type Judged = readonly (readonly [need: Need, decision: Decision])[];

function simulated(
  check: string,
  role: string,
  needs: readonly Need[],
  answers: readonly SimulationFact[],
): readonly Check[] {
  const unanswered = answers.find((one) => one.kind === 'unanswered');
  if (unanswered !== undefined) return [notShown(check, unanswered)];
  const decisions = needs.map((need, i) => [need, decisionOf(answers[i])] as const);
  return judged(check, faultsOf(check, role, decisions), 'IAM allows everything that it does');
}

/** A denial that depends on a key of which nothing is known here may be none. */
function decisionOf(answer: SimulationFact | undefined): Decision {
  if (answer?.kind !== 'denied') return answer?.kind === 'allowed' ? 'allowed' : 'unsure';
  return answer.missing.length === 0 ? 'denied' : 'unsure';
}

/**
 * A policy names a log group in more than one form, which texts do not tell apart; whether its records are written is
 * left to IAM's own simulator.
 */
const isComparable = ({ action }: Need): boolean => !action.startsWith('logs:');

function read(
  check: string,
  role: string,
  needs: readonly Need[],
  { policies, why }: Extract<RoleFact, { readonly kind: 'read' }>,
  readPolicy: ReadPolicy,
): readonly Check[] {
  const documents = [...policies.documents, ...(policies.boundary === undefined ? [] : [policies.boundary])];
  if (documents.some((one) => readPolicy(one) === undefined))
    return [notShown(check, { kind: 'unanswered', why: `a policy of ${role} cannot be read` })];
  const statements = allOf(policies.documents, readPolicy);
  const boundary = policies.boundary === undefined ? undefined : allOf([policies.boundary], readPolicy);
  const decisions = needs
    .filter(isComparable)
    .map((need) => [need, weaker(decide(statements, need), boundary && decide(boundary, need))] as const);
  const faults = faultsOf(check, role, decisions);
  if (faults.length > 0) return faults;
  if (why.missingAction !== undefined) return [notShown(check, why)];
  return [ok(check, "its policies allow everything that it calls (IAM's policy simulator gave no answer)")];
}

const allOf = (documents: readonly string[], readPolicy: ReadPolicy): readonly Statement[] =>
  documents.flatMap((one) => readPolicy(one) ?? []);

function weaker(decision: Decision, boundary: Decision = 'allowed'): Decision {
  if (decision === 'denied' || boundary === 'denied') return 'denied';
  return decision === 'unsure' ? decision : boundary;
}

function faultsOf(check: string, role: string, decisions: Judged): readonly Check[] {
  const actions = (wanted: Decision) => [
    ...new Set(decisions.flatMap(([{ action }, decision]) => (decision === wanted ? [action] : []))),
  ];
  const [denied, unsure] = [actions('denied'), actions('unsure')];
  return [
    ...(denied.length === 0
      ? []
      : [
          wrong(
            check,
            'permission-missing',
            `${role} may not ${denied.join(', ')}`,
            `grant it again as infra/roles.yml does, or find what denies it (docs/operate.md, What doctor finds)`,
          ),
        ]),
    ...(unsure.length === 0
      ? []
      : [
          warning(
            check,
            'permission-unsure',
            `whether ${role} may ${unsure.join(', ')} depends on conditions that are not known here`,
            'look at the conditions of its policies',
          ),
        ]),
  ];
}
