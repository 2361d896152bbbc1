import {
  type EvaluationResult,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import type { Need, RolePolicies } from '../../core/doctor/facts.ts';
import type { SimulationFact } from '../../core/model/access.ts';
import { nameOf } from '../../core/model/arn.ts';
import type { Installation } from '../../ports-doctor.ts';
import { type CallCounts, counted, reads } from '../clients.ts';
import { hasCode } from '../errors.ts';
import { denied } from '../iam.ts';
import { pages } from '../pages.ts';
import { unanswered } from '../unanswered.ts';
import { asked } from './asked.ts';

/** An answer that IAM does not give at the second attempt is read from the policies instead. */
const ATTEMPTS = 2;

/** What the roles of the functions may do: by IAM's policy simulator, or else by the policies themselves. */
export function makeRoleFacts(counts: CallCounts): Pick<Installation, 'permissions'> {
  const simulator = counted(new IAMClient({ ...reads, maxAttempts: ATTEMPTS }), counts);
  const client = counted(new IAMClient(reads), counts);
  return {
    async permissions(role, needs, signal) {
      if (role === '') return { kind: 'unanswered', why: 'the function names no role' };
      try {
        return { kind: 'simulated', answers: await simulated(simulator, role, needs, signal) };
      } catch (error) {
        if (hasCode(error, ...GONE)) return { kind: 'gone' };
        const why = unanswered(`simulate the policies of ${role}`, error, 'iam:SimulatePrincipalPolicy');
        const found = await policiesOf(client, role, signal);
        if (found.kind === 'shown') return { kind: 'read', policies: found.value, why };
        return found.kind === 'gone' || why.missingAction === undefined ? found : why;
      }
    },
  };
}

const GONE = ['NoSuchEntity', 'NoSuchEntityException'];

/** All needs of a role in one question. */
async function simulated(
  client: IAMClient,
  role: string,
  needs: readonly Need[],
  abortSignal: AbortSignal,
): Promise<readonly SimulationFact[]> {
  const question = {
    PolicySourceArn: role,
    ActionNames: [...new Set(needs.map(({ action }) => action))],
    ResourceArns: [...new Set(needs.map(({ resource }) => resource))],
    ContextEntries: contextOf(needs),
    MaxItems: 1000,
  };
  const results: EvaluationResult[] = [];
  const found = pages(async (Marker) => {
    const answer = await client.send(new SimulatePrincipalPolicyCommand({ ...question, Marker }), {
      abortSignal,
    });
    return { items: answer.EvaluationResults, nextToken: answer.IsTruncated ? answer.Marker : undefined };
  });
  for await (const page of found) results.push(...page);
  return needs.map((need) => answerTo(need, results));
}

function contextOf(needs: readonly Need[]) {
  const entries = new Map([
    ...needs.flatMap(({ context }) => [...context]),
    ['aws:securetransport', 'true'] as const,
  ]);
  return [...entries].map(([key, value]) => ({
    ContextKeyName: key,
    ContextKeyType: key === 'aws:securetransport' ? ('boolean' as const) : ('string' as const),
    ContextKeyValues: [value],
  }));
}

/** IAM gives a result for the action with one for each resource, or a result for each of both. */
function answerTo({ action, resource }: Need, results: readonly EvaluationResult[]): SimulationFact {
  const about = results.filter(({ EvalActionName }) => EvalActionName === action);
  const specific = about
    .flatMap(({ ResourceSpecificResults = [] }) => ResourceSpecificResults)
    .find(({ EvalResourceName }) => EvalResourceName === resource);
  const result = about.find(({ EvalResourceName }) => EvalResourceName === resource);
  const decision = specific?.EvalResourceDecision ?? result?.EvalDecision;
  if (decision === undefined) return { kind: 'unanswered', why: `IAM gave no result for ${action}` };
  if (decision === 'allowed') return { kind: 'allowed' };
  return denied(
    decision,
    [specific, result].filter((one) => one !== undefined),
  );
}

/** The policies in the role and beside it, and its permissions boundary. */
function policiesOf(client: IAMClient, role: string, abortSignal: AbortSignal) {
  const RoleName = nameOf(role);
  const options = { abortSignal };
  const question = { attempt: `read the policies of role ${RoleName}`, action: 'iam:GetRole', gone: GONE };
  return asked<RolePolicies>(question, async () => {
    const [{ Role }, { PolicyNames = [] }, { AttachedPolicies = [] }] = await Promise.all([
      client.send(new GetRoleCommand({ RoleName }), options),
      client.send(new ListRolePoliciesCommand({ RoleName }), options),
      client.send(new ListAttachedRolePoliciesCommand({ RoleName }), options),
    ]);
    const boundary = Role?.PermissionsBoundary?.PermissionsBoundaryArn;
    const documents = await Promise.all([
      ...PolicyNames.map((name) => inRole(client, RoleName, name, options)),
      ...AttachedPolicies.map(({ PolicyArn }) => managed(client, PolicyArn, options)),
    ]);
    return {
      documents,
      boundary: boundary === undefined ? undefined : await managed(client, boundary, options),
    };
  });
}

type Options = { readonly abortSignal: AbortSignal };

async function inRole(client: IAMClient, RoleName: string, PolicyName: string, options: Options) {
  const { PolicyDocument = '' } = await client.send(
    new GetRolePolicyCommand({ RoleName, PolicyName }),
    options,
  );
  return decodeURIComponent(PolicyDocument);
}

async function managed(client: IAMClient, PolicyArn: string | undefined, options: Options) {
  const { Policy } = await client.send(new GetPolicyCommand({ PolicyArn }), options);
  const VersionId = Policy?.DefaultVersionId;
  const { PolicyVersion } = await client.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }), options);
  return decodeURIComponent(PolicyVersion?.Document ?? '');
}
