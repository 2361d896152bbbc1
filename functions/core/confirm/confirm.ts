import { looksFull } from '../match/subject-index.ts';
import { parseArn } from '../model/arn.ts';
import {
  type Change,
  CURRENT,
  endOfSecond,
  type IgnoredReason,
  type Notice,
  type NoticeKind,
  optedOutBy,
  PENDING,
  PREVIOUS,
} from '../model/change.ts';
import type { Origin, SecretDescription, SecretVersion } from '../model/secret.ts';
import type { Claim } from './event.ts';

export type Finding =
  | { readonly kind: 'changes'; readonly changes: readonly Change[] }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason }
  /** What the event reports is not visible yet: Secrets Manager reads are eventually consistent. */
  | { readonly kind: 'look-again' };

export type SecretClaim = Exclude<Claim, { kind: 'none' | 'noticed' | 'parameter-changed' }>;

/** What an event reports may be invisible for this long. If it is still invisible later, it has been superseded. */
const VISIBLE_WITHIN_MS = 60_000;

/**
 * Compares what an event says about a secret with the metadata of the secret as of `now`. `description` is undefined
 * if the secret does not exist.
 */
export function confirmSecret(
  claim: SecretClaim,
  origin: Origin,
  description: SecretDescription | undefined,
  now: number,
): Finding {
  if (isForeign(claim.secret, origin, description)) return { kind: 'ignored', reason: 'elsewhere' };
  const gone = goneNotice(claim.secret, origin, description);
  if (gone !== undefined) {
    // Reads lag: a secret that was restored or created a moment ago may still look gone. A deletion says that it is.
    const isDoubtful = isYoungClaim(origin.at, now) && claim.kind !== 'secret-deleted';
    return isDoubtful ? { kind: 'look-again' } : { kind: 'notice', notice: gone };
  }
  if (description === undefined) throw new TypeError('the description of an existing secret is missing');
  const seen = { origin, description, young: isYoungClaim(origin.at, now) };
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

/** Whether what AWS shows may still lag behind what happened at that instant. */
export function isYoungClaim(at: number, now: number): boolean {
  return now - at < VISIBLE_WITHIN_MS;
}

/** Whether a text looks like the full ARN of a secret: it ends in a hyphen and six characters that are no word. */
export function isFullArn(text: string): boolean {
  return parseArn(text)?.service === 'secretsmanager' && looksFull(text);
}

/** Whether the event comes from another Region or account: a secret that was found here then only has the same name. */
function isForeign(
  asNamed: string,
  { region, account }: Origin,
  description: SecretDescription | undefined,
): boolean {
  const found = parseArn(description?.arn ?? '');
  if (asNamed.startsWith('arn:') || found === undefined) return false;
  return (region ?? found.region) !== found.region || (account ?? found.account) !== found.account;
}

/** The notice that a secret does not exist or is scheduled for deletion; undefined for any other secret. */
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
 * The changes that lead to the present state of a secret, if no event reported them: one for each label that can
 * move. The label moved when its version was created, or later. A later move that is not a rotation shows only in
 * LastChangedDate, which an edit of a tag moves as well.
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

/**
 * Whether it is not known which version has the current value: a version is shown without the labels that it must have, or
 * none of them has the label that the secret shows. A secret without a value shows neither, and a version that has no label
 * there either is deprecated (functions/README.md, Events).
 */
export function isUnlabelled({ labelsOf }: SecretDescription, versions: readonly SecretVersion[]): boolean {
  const isCurrent = versions.some(({ labels }) => labels.includes(CURRENT));
  const isShown = [...labelsOf.values()].some((labels) => labels.includes(CURRENT));
  const isDeprecated = (versionId: string) => isShown && (labelsOf.get(versionId) ?? []).length === 0;
  const isBare = ({ versionId, labels }: SecretVersion) => labels.length === 0 && !isDeprecated(versionId);
  return versions.some(isBare) || (isShown && !isCurrent);
}

/** A rotation sets both dates, some milliseconds apart (functions/README.md, Events): nothing has changed since. */
function isTheRotation({ lastChangedAt = 0, lastRotatedAt = 0 }: SecretDescription): boolean {
  return Math.abs(lastChangedAt - lastRotatedAt) < 1_000;
}

/**
 * A change of the whole secret, for any label: it concerns everything that refers to it and is older than the
 * origin's instant.
 */
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
  // A label of the user's can be removed; AWSCURRENT is always at some version, whatever is shown.
  if (holder === undefined && label !== CURRENT) return { kind: 'ignored', reason: 'label-removed' };
  return changes(changeOf(origin, description, endOfSecond(origin.at), label, versionId ?? holder));
}

/**
 * The change counts even if the label has moved on since. The labels that the version has now moved at that call;
 * AWSPREVIOUS shows that the version had AWSCURRENT.
 */
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
  const calledAt = callInstant(seen);
  return changes(
    ...[...moved].map((label) => {
      // If the version was stored under AWSPENDING first, the label moved at the end of the rotation, not at creation.
      const rotatedAt = labels.includes(CURRENT) && label === CURRENT ? (description.lastRotatedAt ?? 0) : 0;
      return changeOf(origin, description, Math.max(calledAt, endOfSecond(rotatedAt)), label, versionId);
    }),
  );
}

/**
 * A call that names the id of its version is idempotent: repeated with the same id it succeeds, CloudTrail reports it,
 * and nothing moves (functions/README.md, Events). So the call that moved something was no later than LastChangedDate.
 * That holds only for a description that is certain to show the event; a younger one may show the change before it.
 */
function callInstant({ origin, description: { lastChangedAt }, young }: Seen): number {
  const calledAt = endOfSecond(origin.at);
  if (young || lastChangedAt === undefined) return calledAt;
  return Math.min(calledAt, lastInstantOfSecond(lastChangedAt));
}

/**
 * RotationSucceeded comes after the rotation function returned, some time after the move (functions/README.md,
 * Events).
 */
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
    optedOut: optedOutBy(description.enabledTag),
    ...(description.enabledTag !== undefined &&
      !['true', 'false'].includes(description.enabledTag) && { invalidTag: true }),
  };
}

function holderOf(description: SecretDescription, label: string): string | undefined {
  return [...description.labelsOf].find(([, labels]) => labels.includes(label))?.[0];
}

const lastInstantOfSecond = (instant: number): number => Math.floor(instant / 1000) * 1000 + 999;
const startsRedeploys = (label: string): boolean => label !== PENDING && label !== PREVIOUS;
const changes = (...found: Change[]): Finding => ({ kind: 'changes', changes: found });
