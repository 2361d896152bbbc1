import { parseArn } from '../model/arn.ts';
import { type Change, CURRENT, PREVIOUS } from '../model/change.ts';
import type { SecretDescription } from '../model/secret.ts';
import type { Advised } from './advice.ts';
import { commandLine } from './shell.ts';

/** What AWS shows now of the resource that changed. Metadata only; instants are in milliseconds. */
export type Held =
  | { readonly kind: 'secret'; readonly description: SecretDescription }
  | { readonly kind: 'parameter'; readonly changedAt: number; readonly version?: number };

/**
 * Whether it helps to put the previous version back, and the command that does it, which is printed and never run. The
 * previous version is the one as of the change: if it is not known for certain, there is no command.
 */
export function restoreAdvice(change: Change, held: Held | undefined): Advised {
  switch (held?.kind) {
    case undefined:
      return { advice: 'compare-versions' };
    case 'secret':
      return adviceOnSecret(change, held.description);
    case 'parameter':
      return adviceOnParameter(change, held);
    default:
      return held satisfies never;
  }
}

/** An event and the instant that AWS records for the same change lie this close together. */
const TOLERANCE_MS = 2_000;

function adviceOnSecret(change: Change, description: SecretDescription): Advised {
  const { arn, label = CURRENT, versionId, changedAt } = change;
  const holder = holderOf(description, label);
  if (versionId !== undefined && holder !== versionId) return { advice: 'newer-version' };
  if (label === CURRENT && isMadeByRotation(change, description)) return { advice: 'rotate-again' };
  const previous = holderOf(description, PREVIOUS);
  // AWSPREVIOUS tells of AWSCURRENT alone, and only if nothing about the secret has changed since.
  const isAsLeft = (description.lastChangedAt ?? Infinity) <= changedAt + TOLERANCE_MS;
  if (label !== CURRENT || versionId === undefined || previous === undefined || !isAsLeft)
    return { advice: 'compare-versions' };
  return { advice: 'restore', restore: moveLabel(arn, label, previous, versionId) };
}

function holderOf({ labelsOf }: SecretDescription, wanted: string): string | undefined {
  return [...labelsOf].find(([, labels]) => labels.includes(wanted))?.[0];
}

/**
 * LastRotatedDate is the instant at which a rotation moved AWSCURRENT, and until something else changes LastChangedDate
 * equals it (functions/README.md, Events). A rotation may be reported later than it happened.
 */
function isMadeByRotation(
  { changedAt }: Change,
  { owningService, lastRotatedAt, lastChangedAt }: SecretDescription,
): boolean {
  if (owningService !== undefined) return true;
  if (lastRotatedAt === undefined) return false;
  return [changedAt, lastChangedAt ?? changedAt].some((at) => Math.abs(at - lastRotatedAt) <= TOLERANCE_MS);
}

function moveLabel(arn: string, label: string, to: string, from: string): string {
  return commandLine([
    'aws',
    'secretsmanager',
    'update-secret-version-stage',
    ...regionOf(arn),
    '--secret-id',
    arn,
    `--version-stage=${label}`,
    `--move-to-version-id=${to}`,
    `--remove-from-version-id=${from}`,
  ]);
}

/** The events of a parameter carry whole seconds, and come within a few seconds. */
const SAME_CHANGE_MS = 5_000;

/** Versions of a parameter are numbered without gaps. */
function adviceOnParameter(
  { arn, changedAt }: Change,
  held: Extract<Held, { readonly kind: 'parameter' }>,
): Advised {
  if (held.changedAt > changedAt) return { advice: 'newer-version' };
  const { version = 1 } = held;
  if (version < 2 || held.changedAt < changedAt - SAME_CHANGE_MS) return { advice: 'compare-versions' };
  return { advice: 'restore', restore: putPrevious(arn, version - 1) };
}

/** The value goes from one call to the other, and neither to the terminal nor to the list of processes. */
function putPrevious(arn: string, version: number): string {
  const bare = parseArn(arn)?.resource.replace(/^parameter\//, '') ?? arn;
  const name = bare.includes('/') ? `/${bare}` : bare;
  const aws = ['aws', 'ssm'];
  const found = [...regionOf(arn), `--name=${name}:${version}`, '--with-decryption'];
  const shown = ['--query', 'Parameter.{Name:Name,Value:Value}', '--output', 'json'];
  const put = [...aws, 'put-parameter', ...regionOf(arn), '--overwrite'];
  return [
    commandLine([...aws, 'get-parameter', ...found, ...shown]),
    commandLine([...put, '--cli-input-json', 'file:///dev/stdin']),
  ].join(' | ');
}

/** The option that names the Region of the resource, without which the command asks the one that the person has set. */
export function regionOf(arn: string): readonly string[] {
  const region = parseArn(arn)?.region;
  return region === undefined || region === '' ? [] : ['--region', region];
}
