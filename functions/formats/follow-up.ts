import { gunzipSync, gzipSync } from 'node:zlib';
import type * as z from 'zod/mini';
import type { FollowUp } from '../core/follow-up/follow-up.ts';
import type { Trigger } from '../core/follow-up/trigger.ts';
import type { Unread } from '../core/follow-up/unread.ts';
import { nameOf } from '../core/model/arn.ts';
import type { Change } from '../core/model/change.ts';
import type { Scan } from '../core/read/scan.ts';
import {
  hasMoreElements,
  MESSAGE_ELEMENTS,
  MESSAGE_UNPACKED_BYTES,
  OversizedFollowUp,
  shareUnpacked,
} from './bounds.ts';
import { carried, envelope } from './follow-up-shape.ts';
import { grouped, openIn, writtenRollouts } from './open-services.ts';
import { checkedBy, firstProblems } from './problems.ts';

/**
 * The format of the message in which follow-ups travel through the queue. The version is raised when older code can no
 * longer read the message. Newer code reads all earlier versions, because messages survive an upgrade. A message
 * carries the lowest version that can express it, so that a return to older code loses as few messages as possible.
 * Version 2 adds a scan that has not begun; version 3 adds what ECS does not show, of which older code would take a change
 * for settled; version 4 adds that a change is followed beyond its time limit, which older code would end at once; version 5
 * adds a wave that was denied, whose later ones older code would let go. What was seen missing, what the cap kept from being
 * redeployed, that a change is not confirmed, and when all was tried last, is in every version: older code knows nothing of it and reads the rest.
 */
export const FOLLOW_UP_VERSION = 5;
const FIRST_VERSION = 1;
const NOT_BEGUN_VERSION = 2;
const UNREAD_VERSION = 3;
const LIMIT_VERSION = 4;

/** A follow-up that this code cannot read; SQS delivers it again and finally moves it to the dead-letter queue. */
export class MalformedFollowUp extends Error {
  override readonly name = 'MalformedFollowUp';
}

/** Whether a message is a follow-up, even one that cannot be read. */
export const isFollowUp = (body: string): boolean => body.startsWith(START);

/** The content of a follow-up message. */
export type Carried = { readonly followUps: readonly FollowUp[]; readonly scans: readonly Scan[] };

/** Throws MalformedFollowUp, for a body that unpacks to more than a message of ours as well. */
export function parseFollowUps(body: string): Carried {
  const raw = parsed(body);
  const { data: outside } = checkedBy(envelope, raw);
  const version = outside?.version ?? FIRST_VERSION;
  if (version > FOLLOW_UP_VERSION)
    throw new MalformedFollowUp(
      `the follow-up has format version ${version}, but this code reads versions up to ${FOLLOW_UP_VERSION}; deploy the newer code again, then redrive the dead-letter queue`,
    );
  const { data, error } = checkedBy(
    carried,
    outside?.gzip === undefined ? raw : parsed(unpacked(outside.gzip)),
  );
  if (data === undefined) throw new MalformedFollowUp(`the follow-up is malformed: ${firstProblems(error)}`);
  return { followUps: data.followUps.map(followUpIn), scans: data.readings.map(scanIn) };
}

/** What a message of follow-ups starts. Throws as above. */
export function triggersIn(body: string, messageId: string): readonly Trigger[] {
  const { followUps, scans } = parseFollowUps(body);
  return [
    ...followUps.map((followUp): Trigger => ({ kind: 'follow-up', messageId, followUp })),
    ...scans.map((scan): Trigger => ({ kind: 'scan', messageId, scan })),
  ];
}

type Read = z.infer<typeof carried>;

function followUpIn({ rollouts, missing, ...followUp }: Read['followUps'][number]): FollowUp {
  const open = openIn(followUp.open, rollouts);
  return {
    ...followUp,
    triedAt: followUp.triedAt ?? followUp.firstHandledAt,
    open,
    unread: unreadIn(followUp.unread),
    ...(missing && { missing: missing.map(([id, at]) => ({ id, at })) }),
  };
}

function unreadIn({ services, clusters }: Read['followUps'][number]['unread']): readonly Unread[] {
  return [
    ...clusters.map(([cluster, except]) => ({ cluster, except })),
    ...services.flatMap(([cluster, names]) => names.map((name) => ({ cluster, name }))),
  ];
}

function scanIn({ left, matched, started, unread: refused, ...scan }: Read['readings'][number]): Scan {
  return {
    ...scan,
    remaining: left,
    unread: refused.map(([arn, why]) => ({ arn, cluster: nameOf(arn), why })),
    matched: matched.flatMap(([cluster, names]) => names.map((name) => ({ cluster, name }))),
    started: started.flatMap(([cluster, services]) =>
      services.map(([name, deploymentId]) => ({ cluster, name, deploymentId })),
    ),
  };
}

/** The body of a message that carries these follow-ups. */
export function followUpBody(followUps: readonly FollowUp[]): string {
  const version = Math.max(FIRST_VERSION, ...followUps.map(versionOf));
  return message(version, `"followUps":[${followUps.map(written).join(',')}]`);
}

function versionOf({ unread: all, limitRecorded, deniedWave }: FollowUp): number {
  if (deniedWave !== null) return FOLLOW_UP_VERSION;
  if (limitRecorded) return LIMIT_VERSION;
  return all.length > 0 ? UNREAD_VERSION : FIRST_VERSION;
}

/** The body of a message that carries a scan of the fleet, for a later invocation to continue or begin. */
export function scanBody(scan: Scan): string {
  const { changes, notices, firstHandledAt, matched, started, remaining, unread: refused } = scan;
  const body = JSON.stringify({
    changes: changes.map(writtenChange),
    notices,
    firstHandledAt,
    matched: grouped(matched, ({ name }) => name),
    started: grouped(started, ({ name, deploymentId }) => [name, deploymentId]),
    left: remaining,
    ...(refused.length > 0 && { unread: refused.map(({ arn, why }) => [arn, why]) }),
  });
  const least = remaining === 'all' ? NOT_BEGUN_VERSION : FIRST_VERSION;
  const version = refused.length > 0 ? UNREAD_VERSION : least;
  return message(version, `"followUps":[],"readings":[${body}]`);
}

/**
 * Compresses a body that is too large; names are repetitive. A change is never split: its waves depend on each other.
 * Throws OversizedFollowUp, because a message that nothing can read would be lost without a word.
 */
function message(version: number, fields: string): string {
  const body = `${START}${version},${fields}}`;
  if (shareUnpacked(body) > 1) throw new OversizedFollowUp(body.length);
  if (Buffer.byteLength(body) <= MESSAGE_BYTES) return body;
  return `${START}${version},"gzip":"${gzipSync(body).toString('base64')}"}`;
}

/** Below SQS's limit of 1 MiB (functions/README.md, Queue and Lambda). */
export const MESSAGE_BYTES = 900_000;

/** How much of a message the follow-up takes, packed or unpacked; those whose sum is at most 1 fit into one message. */
export function shareOfMessage(followUp: FollowUp): number {
  const unpackedShare = shareUnpacked(`${START}${FIRST_VERSION},"followUps":[${written(followUp)}]}`);
  if (unpackedShare > 1) return unpackedShare;
  return Math.max(unpackedShare, Buffer.byteLength(followUpBody([followUp])) / MESSAGE_BYTES);
}

const START = '{"kind":"follow-up","version":';

/**
 * Writes field by field, so that other fields, which a change has in this process only, do not travel. JSON leaves out what
 * is undefined.
 */
function written(followUp: FollowUp): string {
  const { changeId, changes, firstHandledAt, hop, open, tally, denied, failedWave, missing = [] } = followUp;
  const shortened = grouped(open, (one) => [one.name, one.deploymentId, one.ours, one.lastLogged]);
  const fields = {
    firstHandledAt,
    hop,
    open: shortened,
    tally,
    denied,
    failedWave,
    ...writtenUnread(followUp),
    ...(followUp.deniedWave !== null && { deniedWave: followUp.deniedWave }),
    ...(followUp.triedAt !== firstHandledAt && { triedAt: followUp.triedAt }),
    ...(followUp.limitRecorded && { limitRecorded: true }),
    ...(followUp.knownEnd !== null && { knownEnd: followUp.knownEnd }),
    ...(followUp.exposureEnd !== null && { exposureEnd: followUp.exposureEnd }),
    ...writtenRollouts(open),
    ...(followUp.notMade > 0 && { notMade: followUp.notMade }),
    ...(missing.length > 0 && { missing: missing.map(({ id, at }) => [id, at]) }),
  };
  return JSON.stringify({ changeId, changes: changes.map(writtenChange), ...fields });
}

function writtenUnread({ unread: all, givenUp }: FollowUp): object {
  if (all.length === 0) return {};
  const services = all.flatMap((one) => ('name' in one ? [one] : []));
  const clusters = all.flatMap((one) => ('except' in one ? [[one.cluster, one.except]] : []));
  return {
    unread: { services: grouped(services, ({ name }) => name), clusters },
    ...(givenUp && { givenUp }),
  };
}

function writtenChange(one: Change): object {
  const { changeId, kind, arn, label, versionId, changedAt, possiblyUntil } = one;
  const { source, optedOut, confirmed, behind } = one;
  return {
    changeId,
    kind,
    arn,
    label,
    versionId,
    changedAt,
    possiblyUntil,
    source,
    optedOut,
    confirmed,
    behind,
  };
}

function unpacked(packed: string): string {
  try {
    const bytes = Buffer.from(packed, 'base64');
    return gunzipSync(bytes, { maxOutputLength: MESSAGE_UNPACKED_BYTES }).toString();
  } catch (cause) {
    const most = `${MESSAGE_UNPACKED_BYTES / 1_000_000} MB`;
    throw new MalformedFollowUp(
      `the gzip data of the follow-up cannot be unpacked, or unpacks to more than ${most}`,
      { cause },
    );
  }
}

function parsed(body: string): unknown {
  if (hasMoreElements(body, MESSAGE_ELEMENTS))
    throw new MalformedFollowUp(
      `the follow-up has more than ${MESSAGE_ELEMENTS} values, which none of ours has`,
    );
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new MalformedFollowUp('the follow-up is not JSON', { cause });
  }
}
