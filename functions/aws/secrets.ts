import type {
  DescribeSecretCommandOutput,
  SecretListEntry,
  SecretVersionsListEntry,
} from '@aws-sdk/client-secrets-manager';
import type { Refused } from '../core/model/fleet.ts';
import type { SecretDescription, SecretVersion } from '../core/model/secret.ts';
import type { Clock, Secrets } from '../ports.ts';
import { type CallCounts, counted, lazily, reads } from './clients.ts';
import { hasCode, isPermanent, readFailed, refusalOf } from './errors.ts';
import { pages } from './pages.ts';
import { pacedAt } from './rate-limit/quota.ts';

const PAGE = 100;

/** Calls a second: 80 % of the quotas of ListSecretVersionIds and ListSecrets (functions/README.md, Quotas). */
const VERSIONS_RATE = 40;
const LIST_RATE = 80;

/** Metadata only: no call made here can return a secret's value (functions/README.md, Metadata only). */
export function makeSecrets(counts: CallCounts, tagPrefix: string, clock: Clock): Secrets {
  const connected = connection(counts);
  const pacedVersions = pacedAt(VERSIONS_RATE, clock);
  const pacedList = pacedAt(LIST_RATE, clock);
  return {
    describe: (secret, signal) => describe(connected, secret, tagPrefix, signal),
    listVersions: (arn, signal) => listVersions(connected, arn, pacedVersions, signal),
    list: (signal) => list(connected, tagPrefix, pacedList, signal),
  };
}

async function describe(
  connected: Connection,
  secret: string,
  tagPrefix: string,
  signal: AbortSignal,
): Promise<SecretDescription | undefined> {
  try {
    const { client, DescribeSecretCommand } = await connected();
    const command = new DescribeSecretCommand({ SecretId: secret });
    const answer = await client.send(command, { abortSignal: signal });
    if (!answer.ARN) throw new Error('Secrets Manager described it without its ARN');
    return descriptionOf(answer, answer.VersionIdsToStages, tagPrefix);
  } catch (error) {
    if (hasCode(error, 'ResourceNotFoundException')) return undefined;
    throw readFailed(`describe secret ${secret}`, error);
  }
}

async function listVersions(
  connected: Connection,
  arn: string,
  paced: Paced,
  signal: AbortSignal,
): Promise<readonly SecretVersion[]> {
  const versions = new Map<string, SecretVersion>();
  try {
    for await (const page of versionPages(connected, arn, paced, signal))
      for (const one of page.map(versionOf)) versions.set(one.versionId, one);
    return [...versions.values()];
  } catch (error) {
    if (hasCode(error, 'ResourceNotFoundException')) return [];
    throw readFailed(`list the versions of secret ${arn}`, error);
  }
}

async function* list(
  connected: Connection,
  tagPrefix: string,
  paced: Paced,
  signal: AbortSignal,
): AsyncGenerator<readonly SecretDescription[] | Refused, void> {
  try {
    for await (const page of secretPages(connected, paced, signal))
      yield page
        .filter(({ ARN }) => ARN)
        .map((entry) => descriptionOf(entry, entry.SecretVersionsToStages, tagPrefix));
  } catch (error) {
    if (!isPermanent(error)) throw readFailed('list the secrets', error);
    yield refusalOf(error);
  }
}

type Paced = ReturnType<typeof pacedAt>;

type Connection = ReturnType<typeof connection>;

function connection(counts: CallCounts) {
  return lazily(async () => {
    const { SecretsManagerClient, DescribeSecretCommand, ListSecretsCommand, ListSecretVersionIdsCommand } =
      await import('./sdk/secrets-manager.ts');
    const client = counted(new SecretsManagerClient(reads), counts);
    return { client, DescribeSecretCommand, ListSecretsCommand, ListSecretVersionIdsCommand };
  });
}

function versionPages(connected: Connection, arn: string, paced: Paced, signal: AbortSignal) {
  return pages(async (nextToken) => {
    const { client, ListSecretVersionIdsCommand } = await connected();
    const asked = { SecretId: arn, MaxResults: PAGE, NextToken: nextToken };
    const call = () => client.send(new ListSecretVersionIdsCommand(asked), { abortSignal: signal });
    const answer = await paced(signal, call);
    return { items: answer.Versions, nextToken: answer.NextToken };
  });
}

function secretPages(connected: Connection, paced: Paced, signal: AbortSignal) {
  return pages(async (nextToken) => {
    const { client, ListSecretsCommand } = await connected();
    const asked = { IncludePlannedDeletion: true, MaxResults: PAGE, NextToken: nextToken };
    const call = () => client.send(new ListSecretsCommand(asked), { abortSignal: signal });
    const answer = await paced(signal, call);
    return { items: answer.SecretList, nextToken: answer.NextToken };
  });
}

function versionOf({
  VersionId = '',
  VersionStages = [],
  CreatedDate,
}: SecretVersionsListEntry): SecretVersion {
  return { versionId: VersionId, labels: VersionStages, createdAt: CreatedDate?.getTime() ?? 0 };
}

/** Keeps the fields that decisions need and drops the rest, such as the description and all other tags. */
function descriptionOf(
  answer: DescribeSecretCommandOutput | SecretListEntry,
  labelsOf: Readonly<Record<string, string[]>> | undefined,
  tagPrefix: string,
): SecretDescription {
  const enabledTag = answer.Tags?.find(({ Key }) => Key === `${tagPrefix}:enabled`)?.Value;
  const deletedAt = answer.DeletedDate?.getTime();
  const lastRotatedAt = answer.LastRotatedDate?.getTime();
  const lastChangedAt = answer.LastChangedDate?.getTime();
  return {
    arn: answer.ARN ?? '',
    ...(enabledTag === undefined ? {} : { enabledTag }),
    ...(deletedAt === undefined ? {} : { deletedAt }),
    ...(answer.OwningService ? { owningService: answer.OwningService } : {}),
    ...(lastRotatedAt === undefined ? {} : { lastRotatedAt }),
    ...(lastChangedAt === undefined ? {} : { lastChangedAt }),
    ...(answer.RotationEnabled === true && { rotationEnabled: true }),
    ...(answer.PrimaryRegion && { primaryRegion: answer.PrimaryRegion }),
    ...(answer.KmsKeyId && { keyId: answer.KmsKeyId }),
    labelsOf: new Map(Object.entries(labelsOf ?? {})),
  };
}
