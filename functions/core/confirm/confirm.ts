import { parseArn } from '../model/arn.ts';
import {
  type Change,
  CURRENT,
  endOfSecond,
  type IgnoredReason,
  type Notice,
  type NoticeKind,
  PENDING,
  PREVIOUS,
} from '../model/change.ts';
import type { Origin, SecretDescription, SecretVersion } from '../model/secret.ts';
import type { Claim } from './event.ts';

export type Finding =
  | { readonly kind: 'changes'; readonly changes: readonly Change[] }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason }
  /** What the event tells is not visible yet. Secrets Manager reads are eventually consistent. */
  | { readonly kind: 'look-again' };

export type SecretClaim = Exclude<Claim, { kind: 'none' | 'noticed' | 'parameter-changed' }>;

/** For this long after an event, what it tells may still be invisible; later it has been superseded. */
const VISIBLE_WITHIN_MS = 60_000;

/**
 * Holds what an event says of a secret against the secret's metadata as of `now`; `description` is undefined if the
 * secret does not exist.
 */
export function confirmSecret(
  claim: SecretClaim,
  origin: Origin,
  description: SecretDescription | undefined,
  now: number,
): Finding {
  if (isForeign(claim.secret, origin, description)) return { kind: 'ignored', reason: 'elsewhere' };
  const gone = goneNotice(claim.secret, origin, description);
  if (gone !== undefined) return { kind: 'notice', notice: gone };
  if (description === undefined) throw new TypeError('a secret that is not gone has a description');
  const seen = { origin, description, young: now - origin.at < VISIBLE_WITHIN_MS };
  switch (claim.kind) {
    case 'label-moved':
      return labelMoved(seen, claim.label, claim.versionId);
    case 'version-created':
      return versionCreated(seen, claim.versionId, claim.labelled);
    case 'rotated':
      return rotated(seen);
    case 'secret-deleted':
      return seen.young ? { kind: 'look-again' } : { kind: 'ignored', reason: 'restored' };
    default:
      return claim satisfies never;
  }
}

/** A name was looked up here, but the event comes from another Region or account: the secret found is its namesake. */
function isForeign(
  asNamed: string,
  { region, account }: Origin,
  description: SecretDescription | undefined,
): boolean {
  const found = parseArn(description?.arn ?? '');
  if (asNamed.startsWith('arn:') || found === undefined) return false;
  return (region ?? found.region) !== found.region || (account ?? found.account) !== found.account;
}

/** The notice that a secret is not there, or not for long; undefined for one that is. */
export function goneNotice(
  asNamed: string,
  origin: Origin,
  description: SecretDescription | undefined,
): Notice | undefined {
  const { changeId, at, source } = origin;
  const notice = (arn: string, kind: NoticeKind): Notice => ({
    changeId,
    at,
    source,
    kind: 'secret',
    arn,
    notice: kind,
  });
  if (description === undefined) return notice(asNamed, 'not-found');
  return description.deletedAt === undefined ? undefined : notice(description.arn, 'scheduled-for-deletion');
}

/**
 * What a secret's present state amounts to when no event told of it: one change for each label that can move. A
 * version is as old as its creation at least; anything later than that, and not a rotation, is visible only in
 * LastChangedDate, which a tag edit moves just as well.
 */
export function currentChanges(
  origin: Origin,
  description: SecretDescription,
  versions: readonly SecretVersion[],
): readonly Change[] {
  return versions.flatMap((version) =>
    version.labels.filter(startsRedeploys).map((label) => {
      const rotatedAt = label === CURRENT ? (description.lastRotatedAt ?? 0) : 0;
      const certain = endOfSecond(Math.max(version.createdAt, rotatedAt));
      const possibly = isTheRotation(description) ? 0 : endOfSecond(description.lastChangedAt ?? 0);
      return {
        ...changeOf(origin, description, certain, label, version.versionId),
        ...(possibly > certain ? { possiblyUntil: possibly } : {}),
      };
    }),
  );
}

/** A rotation leaves both dates, some milliseconds apart (AWS-FACTS §2.1): then nothing else has changed since. */
function isTheRotation({ lastChangedAt = 0, lastRotatedAt = 0 }: SecretDescription): boolean {
  return Math.abs(lastChangedAt - lastRotatedAt) < 1_000;
}

/** A change of the whole secret, whichever label: everything that refers to it and is older than the origin's instant. */
export function forcedChange(origin: Origin, description: SecretDescription): Change {
  return changeOf(origin, description, origin.at);
}

type Seen = { readonly origin: Origin; readonly description: SecretDescription; readonly young: boolean };

function labelMoved(
  { origin, description, young }: Seen,
  label: string,
  versionId: string | undefined,
): Finding {
  const holder = holderOf(description, label);
  const visible = versionId === undefined ? holder !== undefined : holder === versionId;
  if (!visible && young) return { kind: 'look-again' };
  if (holder === undefined) return { kind: 'ignored', reason: 'label-removed' };
  return changes(changeOf(origin, description, endOfSecond(origin.at), label, versionId ?? holder));
}

/** Also where the label has moved on since: what the version has now, or had as AWSPREVIOUS tells, moved at that call. */
function versionCreated(seen: Seen, versionId: string | undefined, labelled: readonly string[]): Finding {
  const { origin, description, young } = seen;
  if (versionId === undefined) {
    const [label] = labelled;
    return label === undefined
      ? { kind: 'ignored', reason: 'no-new-version' }
      : labelMoved(seen, label, undefined);
  }
  const labels = description.labelsOf.get(versionId) ?? [];
  if (labels.length === 0)
    return young ? { kind: 'look-again' } : { kind: 'ignored', reason: 'no-new-version' };
  const moved = new Set(
    labels.filter((label) => label !== PENDING).map((label) => (label === PREVIOUS ? CURRENT : label)),
  );
  if (moved.size === 0) return { kind: 'ignored', reason: 'pending-label' };
  return changes(
    ...[...moved].map((label) => {
      // Stored under AWSPENDING first: then the label moved when the rotation ended, not when the version was made.
      const rotatedAt = labels.includes(CURRENT) && label === CURRENT ? (description.lastRotatedAt ?? 0) : 0;
      return changeOf(origin, description, endOfSecond(Math.max(origin.at, rotatedAt)), label, versionId);
    }),
  );
}

/** RotationSucceeded comes when the rotation function has returned, some time after the label moved (AWS-FACTS §2.2). */
function rotated({ origin, description, young }: Seen): Finding {
  const { lastRotatedAt, lastChangedAt } = description;
  const notYetVisible = lastRotatedAt !== undefined && lastRotatedAt < origin.at - VISIBLE_WITHIN_MS;
  if (notYetVisible && young) return { kind: 'look-again' };
  const movedAt = lastRotatedAt ?? Math.min(origin.at, lastChangedAt ?? origin.at);
  return changes(
    changeOf(origin, description, endOfSecond(movedAt), CURRENT, holderOf(description, CURRENT)),
  );
}

function changeOf(
  { changeId, source }: Origin,
  description: SecretDescription,
  changedAt: number,
  label?: string,
  versionId?: string,
): Change {
  return {
    changeId,
    kind: 'secret',
    arn: description.arn,
    ...(label === undefined ? {} : { label }),
    ...(versionId === undefined ? {} : { versionId }),
    changedAt,
    source,
    optedOut: description.enabledTag !== undefined && description.enabledTag !== 'true',
    ...(description.enabledTag !== undefined &&
      !['true', 'false'].includes(description.enabledTag) && { invalidTag: true }),
  };
}

function holderOf(description: SecretDescription, label: string): string | undefined {
  return [...description.labelsOf].find(([, labels]) => labels.includes(label))?.[0];
}

const startsRedeploys = (label: string): boolean => label !== PENDING && label !== PREVIOUS;
const changes = (...found: Change[]): Finding => ({ kind: 'changes', changes: found });
