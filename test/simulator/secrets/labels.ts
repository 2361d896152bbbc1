import { AwsError, invalidParameter } from '../errors.ts';
import type { SecretVersion } from './state.ts';

/** A label that moved to a version. */
export interface LabelMove {
  readonly label: string;
  readonly versionId: string;
}

/** The versions after the move of labels, and the moves. */
export interface Relabelled {
  readonly versions: readonly SecretVersion[];
  readonly moves: readonly LabelMove[];
}

/** The version that carries `label`. */
export function holderOf(versions: readonly SecretVersion[], label: string): SecretVersion | undefined {
  return versions.find((version) => version.labels.includes(label));
}

/** Attaches labels to a version and takes them from their former versions; AWSPREVIOUS follows AWSCURRENT. */
export function attachLabels(
  versions: readonly SecretVersion[],
  labels: readonly string[],
  versionId: string,
): Relabelled {
  let after = versions;
  const moves: LabelMove[] = [];
  for (const label of labels) {
    const from = holderOf(after, label);
    if (from?.id === versionId) continue;
    after = place(after, label, versionId);
    moves.push({ label, versionId });
    if (label === 'AWSCURRENT' && from !== undefined) after = place(after, 'AWSPREVIOUS', from.id);
  }
  return { versions: after, moves };
}

/** Moves a label as UpdateSecretVersionStage does, with its rules about naming the version that loses the label. */
export function moveLabel(
  versions: readonly SecretVersion[],
  label: string,
  from: string | undefined,
  to: string | undefined,
): Relabelled {
  for (const id of [from, to]) {
    if (id !== undefined && !versions.some((version) => version.id === id)) {
      throw new AwsError(
        'ResourceNotFoundException',
        "Secrets Manager can't find the specified secret version.",
      );
    }
  }
  const holder = holderOf(versions, label);
  if (holder !== undefined && holder.id !== to && holder.id !== from) {
    throw invalidParameter(
      `The parameter RemoveFromVersionId must be specified as ${holder.id}, which has the staging label ${label}.`,
    );
  }
  if (holder?.id !== from && from !== undefined) {
    throw invalidParameter(`The staging label ${label} is currently not attached to version ${from}.`);
  }
  if (to !== undefined) return attachLabels(versions, [label], to);
  if (label === 'AWSCURRENT') {
    throw invalidParameter('You can only move staging label AWSCURRENT to a different secret version.');
  }
  return { versions: place(versions, label, undefined), moves: [] };
}

function place(
  versions: readonly SecretVersion[],
  label: string,
  versionId: string | undefined,
): readonly SecretVersion[] {
  return versions.map((version) => {
    const others = version.labels.filter((candidate) => candidate !== label);
    if (version.id === versionId) return { ...version, labels: [...others, label] };
    return others.length === version.labels.length ? version : { ...version, labels: others };
  });
}
