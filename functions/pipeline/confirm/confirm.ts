import pMap from 'p-map';
import { confirmSecret, type Finding } from '../../core/confirm/confirm.ts';
import { type Claim, claimOf, resourceOf, sourceOf } from '../../core/confirm/event.ts';
import { merged } from '../../core/follow-up/follow-up.ts';
import type { Confirmed, Trigger } from '../../core/follow-up/trigger.ts';
import { type Change, endOfSecond, isGone, type Notice } from '../../core/model/change.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { Origin } from '../../core/model/secret.ts';
import type { StepContext } from '../context.ts';
import { type Describe, type Found, findCurrent, noticeOf, parameterChange } from './resolve.ts';

/** No clock is that wrong: an event from beyond has a broken time. */
const FUTURE_MS = 60_000;

/** Holds each thing asked against what Secrets Manager and Parameter Store say now; one that fails stops no other. */
export async function confirm(asked: readonly Trigger[], run: StepContext): Promise<Confirmed> {
  const describe = remembering((secret: string) => run.ports.secrets.describe(secret, run.reading));
  const findings = await pMap(asked, (one) => find(one, describe, run), {
    concurrency: CONCURRENCY.resources,
  });
  const changes = unique(findings.flatMap((found) => (found.kind === 'changes' ? found.changes : [])));
  const notices = unique(findings.flatMap((found) => (found.kind === 'notice' ? [found.notice] : [])));
  const standing = notices.filter((notice) => !isSuperseded(notice, changes));
  for (const subject of asked.flatMap(known)) run.journal.recalled(subject);
  for (const change of changes) run.journal.received(change);
  for (const found of findings) if (found.kind === 'ignored') run.journal.ignored(found.origin, found.reason);
  for (const notice of notices) if (!standing.includes(notice)) run.journal.ignored(notice, 'restored');
  return {
    changes,
    notices: standing,
    named: asked.flatMap((one) => (one.kind === 'service' ? [one] : [])),
    followUps: merged(asked.flatMap((one) => (one.kind === 'follow-up' ? [one.followUp] : []))),
    redelivered: new Set(
      asked.flatMap((one) => (one.kind === 'event' && one.redelivered ? [one.event.id] : [])),
    ),
    scans: asked.flatMap((one) => (one.kind === 'scan' ? [one.scan] : [])),
    unconfirmed: findings.flatMap((found) => (found.kind === 'unconfirmed' ? [found.messageId] : [])),
    retryLater: findings.flatMap((found) => (found.kind === 'not-visible' ? [found.messageId] : [])),
  };
}

/** What was received by an earlier invocation. */
function known(asked: Trigger): readonly (Change | Notice)[] {
  if (asked.kind === 'follow-up') return asked.followUp.changes;
  return asked.kind === 'scan' ? [...asked.scan.changes, ...asked.scan.notices] : [];
}

async function find(asked: Trigger, describe: Describe, run: StepContext): Promise<Found> {
  if (asked.kind !== 'event') return findCurrent(asked, describe, run);
  const { event, messageId } = asked;
  const { id, time, region, account } = event;
  const origin = { changeId: id, at: time, source: sourceOf(event), region, account };
  try {
    const found = await findClaimed(claimOf(event), origin, describe, run);
    if (found.kind === 'look-again') return { kind: 'not-visible', messageId };
    return found.kind === 'ignored' ? { ...found, origin: { ...origin, arn: resourceOf(event) } } : found;
  } catch (error) {
    run.journal.error('the message comes back: its change could not be confirmed', error, {
      changeId: event.id,
    });
    return { kind: 'unconfirmed', messageId };
  }
}

async function findClaimed(
  claim: Claim,
  origin: Origin,
  describe: Describe,
  { ports: world }: StepContext,
): Promise<Finding> {
  if (claim.kind === 'none') return { kind: 'ignored', reason: claim.reason };
  if (origin.at > world.clock.now() + FUTURE_MS) {
    throw new RangeError(`the event's time, ${new Date(origin.at).toISOString()}, has not been yet`);
  }
  switch (claim.kind) {
    case 'noticed':
      return {
        kind: 'notice',
        notice: noticeOf(origin, claim.resource, claim.arn, claim.notice),
      };
    case 'parameter-changed':
      return { kind: 'changes', changes: [parameterChange(origin, claim.arn, endOfSecond(origin.at))] };
    case 'label-moved':
    case 'version-created':
    case 'rotated':
    case 'secret-deleted': {
      const description = await describe(claim.secret);
      return confirmSecret(claim, origin, description, world.clock.now());
    }
    default:
      return claim satisfies never;
  }
}

/** Deleted and made again: what came later counts. */
function isSuperseded(notice: Notice, changes: readonly Change[]): boolean {
  return isGone(notice) && changes.some(({ arn, changedAt }) => arn === notice.arn && changedAt >= notice.at);
}

/** The same event delivered twice is one change. */
function unique<T extends Change | Notice>(subjects: readonly T[]): readonly T[] {
  return [...new Map(subjects.map((subject) => [JSON.stringify(subject), subject])).values()];
}

function remembering<T>(ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (key) => {
    const answer = asked.get(key) ?? ask(key);
    asked.set(key, answer);
    return answer;
  };
}
