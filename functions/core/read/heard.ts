import { SUFFIX_LENGTH } from '../match/subject-index.ts';
import type { Change } from '../model/change.ts';
import { nameInArn } from '../model/reference.ts';

/**
 * When an event told last that a label of a secret moved, for secrets that AWS may not describe here: nothing else tells
 * the sweep since when their old values are old.
 */
export type Heard = Pick<Change, 'arn' | 'label' | 'versionId'> & { readonly at: number };

/** Trusted accounts decide how many secrets they have; the snapshot keeps this many, the youngest. */
export const MAX_HEARD = 1_000;

/** What was heard, with these changes; of each label of each secret the last. */
export function withHeard(before: readonly Heard[], changes: readonly Change[]): readonly Heard[] {
  const now = changes.filter(isOfAws).map(({ arn, label, versionId, changedAt }) => ({
    arn,
    ...(label !== undefined && { label }),
    ...(versionId !== undefined && { versionId }),
    at: changedAt,
  }));
  const latest = new Map<string, Heard>();
  for (const one of [...before, ...now]) {
    const key = keyOf(one);
    const known = latest.get(key);
    if (known === undefined || known.at <= one.at) latest.set(key, one);
  }
  return [...latest.values()]
    .toSorted((a, b) => b.at - a.at)
    .slice(0, MAX_HEARD)
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** No label, no version and no ARN of Secrets Manager is longer; with one that is, nothing could be read back. */
const MOST_CHARACTERS = { label: 256, arn: 2048 };

function isOfAws({ arn, label = '', versionId = '', changedAt }: Change): boolean {
  const isShort = Math.max(label.length, versionId.length) <= MOST_CHARACTERS.label;
  return isShort && arn.length <= MOST_CHARACTERS.arn && changedAt >= 0;
}

/** What was heard of the secret that a person names: by its full or its partial ARN, or by its name. */
export function heardOf(asNamed: string, heard: readonly Heard[]): readonly Heard[] {
  const isNamed = ({ arn }: Heard) => {
    const partial = arn.slice(0, -SUFFIX_LENGTH);
    return [arn, partial, nameInArn(partial)].includes(asNamed);
  };
  return heard.filter(isNamed);
}

function keyOf({ arn, label = '' }: Heard): string {
  return `${arn} ${label}`;
}
