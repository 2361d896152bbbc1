import type { PresenceFact } from '../core/model/access.ts';
import type { Access, Clock } from '../ports.ts';
import { type CallCounts, counted, lazily, pacedReads } from './clients.ts';
import { makeIam } from './iam.ts';
import { makeKeys } from './keys.ts';
import { pages } from './pages.ts';
import { pacedAt } from './rate-limit/quota.ts';
import { unanswered } from './unanswered.ts';

/** Calls a second: 80 % of the quotas of GetResourcePolicy and ListSecretVersionIds (functions/README.md, Quotas). */
const RATE = 40;
const PAGE = 100;

/** What roles may do and what resources let them do, without doing it: no call made here returns a value. */
export function makeAccess(counts: CallCounts, clock: Clock): Access {
  const connected = connection(counts);
  const paced = { policies: pacedAt(RATE, clock), versions: pacedAt(RATE, clock) };
  return {
    ...makeIam(counts, clock),
    key: makeKeys(counts),
    secretPolicy: (arn, signal) => secretPolicy(connected, arn, paced.policies, signal),
    secretVersion: (arn, id, signal) => secretVersion(connected, arn, id, paced.versions, signal),
  };
}

type Connection = ReturnType<typeof connection>;
type Paced = ReturnType<typeof pacedAt>;

function connection(counts: CallCounts) {
  return lazily(async () => {
    const sdk = await import('./sdk/secrets-manager.ts');
    const client = counted(new sdk.SecretsManagerClient(pacedReads()), counts);
    const { GetResourcePolicyCommand, ListSecretVersionIdsCommand } = sdk;
    return { client, GetResourcePolicyCommand, ListSecretVersionIdsCommand };
  });
}

async function secretPolicy(
  connected: Connection,
  arn: string,
  paced: Paced,
  signal: AbortSignal,
): Promise<PresenceFact> {
  try {
    const { client, GetResourcePolicyCommand } = await connected();
    const command = new GetResourcePolicyCommand({ SecretId: arn });
    const { ResourcePolicy } = await paced(signal, () => client.send(command, { abortSignal: signal }));
    return { kind: ResourcePolicy ? 'present' : 'none' };
  } catch (error) {
    const attempted = `ask for the resource policy of secret ${arn}`;
    return unanswered(attempted, error, 'secretsmanager:GetResourcePolicy');
  }
}

async function secretVersion(
  connected: Connection,
  arn: string,
  versionId: string,
  paced: Paced,
  signal: AbortSignal,
): Promise<PresenceFact> {
  try {
    const { client, ListSecretVersionIdsCommand } = await connected();
    const found = pages(async (NextToken) => {
      const asked = { SecretId: arn, IncludeDeprecated: true, MaxResults: PAGE, NextToken };
      const call = () => client.send(new ListSecretVersionIdsCommand(asked), { abortSignal: signal });
      const { Versions, NextToken: nextToken } = await paced(signal, call);
      return { items: Versions, nextToken };
    });
    for await (const page of found)
      if (page.some(({ VersionId }) => VersionId === versionId)) return { kind: 'present' };
    return { kind: 'none' };
  } catch (error) {
    return unanswered(`list the versions of secret ${arn}`, error, 'secretsmanager:ListSecretVersionIds');
  }
}
