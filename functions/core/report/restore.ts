import { parseArn } from '../model/arn.ts';
import { type Change, CURRENT, PREVIOUS } from '../model/change.ts';

/**
 * The command with which a person restores the previous version of what changed. The command is printed and never run.
 * `labelsOf` holds the versions of a secret that carry labels. Without it, the person must look up the version.
 */
export function restoreCommand(
  change: Change,
  labelsOf: ReadonlyMap<string, readonly string[]> | undefined,
): string {
  if (change.kind === 'parameter') return restoreParameter(change);
  const label = change.label ?? CURRENT;
  const versionWith = (wanted: string) =>
    [...(labelsOf ?? [])].find(([, labels]) => labels.includes(wanted))?.[0];
  const previous = label === CURRENT ? versionWith(PREVIOUS) : undefined;
  const move = `--move-to-version-id ${previous ?? '<previous version id>'}`;
  const remove = `--remove-from-version-id ${versionWith(label) ?? change.versionId ?? '<current version id>'}`;
  return `aws secretsmanager update-secret-version-stage --secret-id ${change.arn} --version-stage ${label} ${move} ${remove}`;
}

function restoreParameter({ arn }: Change): string {
  const bare = parseArn(arn)?.resource.replace(/^parameter\//, '') ?? arn;
  const name = bare.includes('/') ? `/${bare}` : bare;
  return `aws ssm get-parameter-history --name ${name} --with-decryption, then: aws ssm put-parameter --overwrite --name ${name} --value <previous value>`;
}
