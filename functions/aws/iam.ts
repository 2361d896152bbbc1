import type { EvaluationResult, ResourceSpecificResult } from '@aws-sdk/client-iam';
import type {
  DeniedBy,
  RoleFact,
  SimulationFact,
  SimulationFacts,
  Simulations,
  Unanswered,
} from '../core/model/access.ts';
import { nameOf } from '../core/model/arn.ts';
import type { Access, Clock } from '../ports.ts';
import { type CallCounts, counted, lazily, pacedReads } from './clients.ts';
import { hasCode, isDenied, isPermanent } from './errors.ts';
import { pages } from './pages.ts';
import { pacedAt } from './rate-limit/quota.ts';
import { unanswered } from './unanswered.ts';

/** Calls a second: IAM publishes no quota for reads, and the account's other callers share it. */
const RATE = 10;

/** The adapter of IAM, which asks what a role may do and changes nothing. */
export function makeIam(counts: CallCounts, clock: Clock): Pick<Access, 'role' | 'simulate'> {
  const connected = lazily(async () => {
    const { IAMClient, GetRoleCommand, SimulatePrincipalPolicyCommand } = await import('./sdk/iam.ts');
    const client = counted(new IAMClient(pacedReads()), counts);
    return { client, GetRoleCommand, SimulatePrincipalPolicyCommand };
  });
  const paced = pacedAt(RATE, clock);
  const simulator = async (simulations: Simulations, signal: AbortSignal) => {
    const { client, SimulatePrincipalPolicyCommand } = await connected();
    const results: EvaluationResult[] = [];
    const found = pages(async (Marker) => {
      const command = new SimulatePrincipalPolicyCommand({ ...questionOf(simulations), Marker });
      const answer = await paced(signal, () => client.send(command, { abortSignal: signal }));
      return { items: answer.EvaluationResults, nextToken: answer.IsTruncated ? answer.Marker : undefined };
    });
    for await (const page of found) results.push(...page);
    return results;
  };
  return {
    async role(arn, signal) {
      try {
        const { client, GetRoleCommand } = await connected();
        const command = new GetRoleCommand({ RoleName: nameOf(arn) });
        const { Role } = await paced(signal, () => client.send(command, { abortSignal: signal }));
        return sameRole(arn, Role?.Arn ?? '');
      } catch (error) {
        if (hasCode(error, 'NoSuchEntity', 'NoSuchEntityException')) return { kind: 'gone' };
        return unanswered(`look up role ${arn}`, error, 'iam:GetRole');
      }
    },
    simulate: (simulations, signal) => simulateAll(simulator, simulations, signal),
  };
}

type Simulator = (simulations: Simulations, signal: AbortSignal) => Promise<readonly EvaluationResult[]>;

/** A role is found by its name, whatever its path; ECS assumes it by its ARN, which contains the path. */
function sameRole(asked: string, found: string): RoleFact {
  if (asked === found) return { kind: 'exists' };
  return asked.toLowerCase() === found.toLowerCase()
    ? { kind: 'unanswered', why: `the role is spelt ${found}` }
    : { kind: 'gone' };
}

function questionOf(simulations: Simulations) {
  const [{ role, action, context }] = simulations;
  return {
    PolicySourceArn: role,
    ActionNames: [action],
    ResourceArns: simulations.map(({ resource }) => resource),
    ContextEntries: context.map(({ key, type, value }) => ({
      ContextKeyName: key,
      ContextKeyType: type,
      ContextKeyValues: [value],
    })),
  };
}

/**
 * Simulates together what differs in the resource alone. Of several resources IAM tells some things only for all of them together;
 * where these matter, and where one resource spoils the call for the others, each is asked about alone.
 */
async function simulateAll(
  simulator: Simulator,
  simulations: Simulations,
  signal: AbortSignal,
): Promise<SimulationFacts> {
  const [{ role, action }] = simulations;
  const isOne = simulations.length === 1;
  try {
    const results = await simulator(simulations, signal);
    const answers = simulations.map(async (one) => {
      const answer = isOne ? onlyAnswer(results) : answerAmong(results, one.resource);
      return answer === undefined
        ? [...(await simulateAll(simulator, [one], signal))]
        : [[one.resource, answer] as const];
    });
    return new Map((await Promise.all(answers)).flat());
  } catch (error) {
    if (!isOne && isPermanent(error) && !isDenied(error) && !signal.aborted) {
      const alone = await Promise.all(simulations.map((one) => simulateAll(simulator, [one], signal)));
      return new Map(alone.flatMap((answer) => [...answer]));
    }
    const answer = unanswered(`simulate ${action} for role ${role}`, error, 'iam:SimulatePrincipalPolicy');
    return new Map(simulations.map(({ resource }) => [resource, answer] as const));
  }
}

const NO_ANSWER: Unanswered = { kind: 'unanswered', why: 'IAM gave no result for the resource' };

/** The answer about one of several resources; undefined: it has to be asked about alone. */
function answerAmong(results: readonly EvaluationResult[], resource: string): SimulationFact | undefined {
  const of = results.flatMap(({ ResourceSpecificResults = [] }) => ResourceSpecificResults);
  const specific = of.find(({ EvalResourceName }) => EvalResourceName === resource);
  if (specific === undefined) return undefined;
  if (specific.EvalResourceDecision === 'allowed') return { kind: 'allowed' };
  const isTogether = results.some(
    ({ MissingContextValues = [], OrganizationsDecisionDetail }) =>
      MissingContextValues.length > 0 || OrganizationsDecisionDetail?.AllowedByOrganizations === false,
  );
  return isTogether ? undefined : denied(specific.EvalResourceDecision, [specific]);
}

/** The answer about the only resource, which IAM gives for the call, for the resource, or for both. */
function onlyAnswer(results: readonly EvaluationResult[]): SimulationFact {
  const specific = results.flatMap(({ ResourceSpecificResults = [] }) => ResourceSpecificResults);
  const decision = specific[0]?.EvalResourceDecision ?? results[0]?.EvalDecision;
  if (decision === undefined) return NO_ANSWER;
  return decision === 'allowed' ? { kind: 'allowed' } : denied(decision, [...results, ...specific]);
}

type Shown = EvaluationResult | ResourceSpecificResult;

export function denied(decision: string | undefined, shown: readonly Shown[]): SimulationFact {
  const missing = shown.flatMap(({ MissingContextValues = [] }) => MissingContextValues);
  return {
    kind: 'denied',
    explicit: decision === 'explicitDeny',
    by: deniedBy(shown),
    missing: [...new Set(missing)].toSorted(),
  };
}

function deniedBy(shown: readonly Shown[]): DeniedBy {
  const isByOrganization = shown.some(
    (one) =>
      'OrganizationsDecisionDetail' in one &&
      one.OrganizationsDecisionDetail?.AllowedByOrganizations === false,
  );
  if (isByOrganization) return 'organization';
  const isByBoundary = shown.some(
    ({ PermissionsBoundaryDecisionDetail }) =>
      PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false,
  );
  return isByBoundary ? 'boundary' : 'identity';
}
