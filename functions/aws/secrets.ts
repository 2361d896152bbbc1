import {
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  ListSecretVersionIdsCommand,
  type SecretsManagerClient,
  type SecretVersionsListEntry,
} from '@aws-sdk/client-secrets-manager';
import type { SecretDescription, SecretVersion } from '../core/confirm.ts';
import type { Secrets } from '../ports.ts';
import { hasCode, readFailed } from './errors.ts';
import { pages } from './pages.ts';

const VERSIONS_A_PAGE = 100;

/** Metadata only: no call made here can return a secret's value (AWS-FACTS §7). */
export function makeSecrets(client: SecretsManagerClient, tagPrefix: string): Secrets {
  return {
    async describe(secret, signal) {
      try {
        const answer = await client.send(new DescribeSecretCommand({ SecretId: secret }), {
          abortSignal: signal,
        });
        return descriptionOf(answer, tagPrefix);
      } catch (error) {
        if (hasCode(error, 'ResourceNotFoundException')) return undefined;
        throw readFailed(`describe secret ${secret}`, error);
      }
    },
    async listVersions(arn, signal) {
      const versions: SecretVersion[] = [];
      try {
        for await (const page of versionPages(client, arn, signal)) versions.push(...page.map(versionOf));
        return versions;
      } catch (error) {
        throw readFailed(`list the versions of secret ${arn}`, error);
      }
    },
  };
}

function versionPages(client: SecretsManagerClient, arn: string, signal: AbortSignal) {
  return pages(async (nextToken) => {
    const asked = { SecretId: arn, MaxResults: VERSIONS_A_PAGE, NextToken: nextToken };
    const answer = await client.send(new ListSecretVersionIdsCommand(asked), { abortSignal: signal });
    return { items: answer.Versions, nextToken: answer.NextToken };
  });
}

function versionOf({
  VersionId = '',
  VersionStages = [],
  CreatedDate,
}: SecretVersionsListEntry): SecretVersion {
  return { versionId: VersionId, labels: VersionStages, createdAt: CreatedDate?.getTime() ?? 0 };
}

/** Keeps what decides and drops the rest: a description and other tags are nobody's business here. */
function descriptionOf(answer: DescribeSecretCommandOutput, tagPrefix: string): SecretDescription {
  const enabledTag = answer.Tags?.find(({ Key }) => Key === `${tagPrefix}:enabled`)?.Value;
  const deletedAt = answer.DeletedDate?.getTime();
  const lastRotatedAt = answer.LastRotatedDate?.getTime();
  const lastChangedAt = answer.LastChangedDate?.getTime();
  return {
    arn: answer.ARN ?? '',
    ...(enabledTag === undefined ? {} : { enabledTag }),
    ...(deletedAt === undefined ? {} : { deletedAt }),
    ...(lastRotatedAt === undefined ? {} : { lastRotatedAt }),
    ...(lastChangedAt === undefined ? {} : { lastChangedAt }),
    labelsOf: new Map(Object.entries(answer.VersionIdsToStages ?? {})),
  };
}
