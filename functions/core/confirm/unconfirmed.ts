import { looksFull, SUFFIXED } from '../match/subject-index.ts';
import { parseArn } from '../model/arn.ts';
import { type Change, endOfSecond, PREVIOUS } from '../model/change.ts';
import type { Origin } from '../model/secret.ts';
import type { Claim, Event } from './event.ts';

/**
 * What an event alone says, where AWS does not describe the secret here: a change for each label that it names. None if it
 * does not say of which secret (by its full ARN), which label moved and to which version.
 */
export function toldByEvent(claim: Claim, kind: Event['kind'], origin: Origin): readonly Change[] {
  if (claim.kind !== 'label-moved' && claim.kind !== 'version-created') return [];
  const { secret, versionId } = claim;
  // The native event has the whole ARN; a caller may have typed a part of it.
  const isFull = kind === 'label-updated' ? SUFFIXED.test(secret) : looksFull(secret);
  if (parseArn(secret)?.service !== 'secretsmanager' || !isFull || versionId === undefined) return [];
  const created = claim.kind === 'version-created' ? claim.labelled : [];
  const moved = created.filter((label) => label !== PREVIOUS);
  return (claim.kind === 'label-moved' ? [claim.label] : moved).map((label) =>
    unconfirmed(secret, endOfSecond(origin.at), origin, { label, versionId }),
  );
}

/** What a person alone says of a secret that is named by its full ARN: it changed at the instant of the request. */
export function toldByRequest(secret: string, origin: Origin): Change | undefined {
  const isFull = parseArn(secret)?.service === 'secretsmanager' && SUFFIXED.test(secret);
  return isFull ? unconfirmed(secret, origin.at, origin) : undefined;
}

/** A change of which nothing but this is known. */
export function unconfirmed(
  arn: string,
  changedAt: number,
  { changeId, source }: Pick<Origin, 'changeId' | 'source'>,
  moved: Partial<Pick<Change, 'label' | 'versionId'>> = {},
): Change {
  return { changeId, kind: 'secret', arn, ...moved, changedAt, source, optedOut: false, confirmed: false };
}
