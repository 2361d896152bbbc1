import pMap from 'p-map';
import {
  confirmSecret,
  currentChanges,
  type Finding,
  forcedChange,
  goneNotice,
  type Origin,
  type SecretDescription,
} from '../../core/confirm/confirm.ts';
import { type Claim, claimOf, type Event, resourceOf, sourceOf } from '../../core/confirm/event.ts';
import { type FollowUp, merged } from '../../core/follow-up/follow-up.ts';
import {
  type Change,
  endOfSecond,
  type IgnoredReason,
  isGone,
  type Notice,
  type NoticeKind,
} from '../../core/model/change.ts';
import type { Reading } from '../../core/read/scan.ts';
import type { NamedService } from '../../ports.ts';
import type { Run } from '../run.ts';

/** What AWS told or a person asked for. `key` tells it from its neighbours: the message's id. */
export type Asked =
  | { readonly asked: 'event'; readonly key: string; readonly event: Event; readonly again: boolean }
  | {
      readonly asked: 'secret' | 'parameter';
      readonly origin: Origin;
      readonly name: string;
      readonly force: boolean;
    }
  | { readonly asked: 'service'; readonly origin: Origin; readonly named: NamedService }
  | { readonly asked: 'follow-up'; readonly key: string; readonly followUp: FollowUp }
  | { readonly asked: 'reading'; readonly key: string; readonly reading: Reading };

export type Confirmed = {
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  /** Services named by hand: whether they are there shows only when the fleet is read. */
  readonly named: readonly { readonly origin: Origin; readonly named: NamedService }[];
  /** Changes that have been looked at before: nothing of them needs to be confirmed again. */
  readonly followUps: readonly FollowUp[];
  /** Changes for which a part of the fleet has been read. */
  readonly readings: readonly Reading[];
  /** Keys of messages that must come back: Secrets Manager did not answer. */
  readonly unconfirmed: readonly string[];
  /** Changes whose message has come back before. */
  readonly again: ReadonlySet<string>;
  /** Keys of messages that must be looked at again: what they tell is not visible yet. */
  readonly notVisible: readonly string[];
};

const CONCURRENCY = 16;
/** No clock is that wrong: an event from beyond has a broken time. */
const FUTURE_MS = 60_000;

/** Holds each thing asked against what Secrets Manager and Parameter Store say now; one that fails stops no other. */
export async function confirm(asked: readonly Asked[], run: Run): Promise<Confirmed> {
  const describe = remembering((secret: string) => run.world.secrets.describe(secret, run.reading));
  const findings = await pMap(asked, (one) => find(one, describe, run), { concurrency: CONCURRENCY });
  const changes = unique(findings.flatMap((found) => (found.finding === 'changes' ? found.changes : [])));
  const notices = unique(findings.flatMap((found) => (found.finding === 'notice' ? [found.notice] : [])));
  const standing = notices.filter((notice) => !isSuperseded(notice, changes));
  for (const subject of asked.flatMap(known)) run.journal.recalled(subject);
  for (const change of changes) run.journal.received(change);
  for (const found of findings)
    if (found.finding === 'ignored') run.journal.ignored(found.origin, found.reason);
  for (const notice of notices) if (!standing.includes(notice)) run.journal.ignored(notice, 'restored');
  return {
    changes,
    notices: standing,
    named: asked.flatMap((one) => (one.asked === 'service' ? [one] : [])),
    followUps: merged(asked.flatMap((one) => (one.asked === 'follow-up' ? [one.followUp] : []))),
    again: new Set(asked.flatMap((one) => (one.asked === 'event' && one.again ? [one.event.id] : []))),
    readings: asked.flatMap((one) => (one.asked === 'reading' ? [one.reading] : [])),
    unconfirmed: findings.flatMap((found) => (found.finding === 'unconfirmed' ? [found.key] : [])),
    notVisible: findings.flatMap((found) => (found.finding === 'not-visible' ? [found.key] : [])),
  };
}

/** What was received by an earlier invocation. */
function known(asked: Asked): readonly (Change | Notice)[] {
  if (asked.asked === 'follow-up') return asked.followUp.changes;
  return asked.asked === 'reading' ? [...asked.reading.changes, ...asked.reading.notices] : [];
}

type Found =
  | Exclude<Finding, { finding: 'look-again' | 'ignored' }>
  | {
      readonly finding: 'ignored';
      readonly origin: Origin & { readonly arn: string | undefined };
      readonly reason: IgnoredReason;
    }
  | { readonly finding: 'unconfirmed' | 'not-visible'; readonly key: string };
type Describe = (secret: string) => Promise<SecretDescription | undefined>;

async function find(asked: Asked, describe: Describe, run: Run): Promise<Found> {
  if (asked.asked !== 'event') return findCurrent(asked, describe, run);
  const { event, key } = asked;
  const { id, time, region, account } = event;
  const origin = { changeId: id, at: time, source: sourceOf(event), region, account };
  try {
    const found = await findClaimed(claimOf(event), origin, describe, run);
    if (found.finding === 'look-again') return { finding: 'not-visible', key };
    return found.finding === 'ignored' ? { ...found, origin: { ...origin, arn: resourceOf(event) } } : found;
  } catch (error) {
    run.journal.trouble('the message comes back: its change could not be confirmed', error, {
      changeId: event.id,
    });
    return { finding: 'unconfirmed', key };
  }
}

async function findClaimed(
  claim: Claim,
  origin: Origin,
  describe: Describe,
  { world }: Run,
): Promise<Finding> {
  if (claim.claim === 'none') return { finding: 'ignored', reason: claim.reason };
  if (origin.at > world.clock.now() + FUTURE_MS) {
    throw new RangeError(`the event's time, ${new Date(origin.at).toISOString()}, has not been yet`);
  }
  switch (claim.claim) {
    case 'noticed':
      return {
        finding: 'notice',
        notice: noticeOf(origin, claim.kind, claim.arn, claim.notice),
      };
    case 'parameter-changed':
      return { finding: 'changes', changes: [parameterChange(origin, claim.arn, endOfSecond(origin.at))] };
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

/** What a person asks about is taken as it is now, no event having told when it moved. */
export async function findCurrent(
  asked: Exclude<Asked, { asked: 'event' }>,
  describe: Describe,
  run: Run,
): Promise<Found> {
  switch (asked.asked) {
    case 'service':
    case 'follow-up':
    case 'reading':
      return none;
    case 'parameter': {
      const { origin } = asked;
      const parameter = await run.world.parameters.describe(asked.name, run.reading);
      if (parameter === undefined) {
        return {
          finding: 'notice',
          notice: noticeOf(origin, 'parameter', asked.name, 'not-found'),
        };
      }
      const changedAt = asked.force ? origin.at : endOfSecond(parameter.changedAt);
      return { finding: 'changes', changes: [parameterChange(origin, parameter.arn, changedAt)] };
    }
    case 'secret': {
      const { origin } = asked;
      const description = await describe(asked.name);
      const gone = goneNotice(asked.name, origin, description);
      if (gone !== undefined || description === undefined)
        return gone ? { finding: 'notice', notice: gone } : none;
      if (asked.force) return { finding: 'changes', changes: [forcedChange(origin, description)] };
      const versions = await run.world.secrets.listVersions(description.arn, run.reading);
      return { finding: 'changes', changes: currentChanges(origin, description, versions) };
    }
    default:
      return asked satisfies never;
  }
}

function noticeOf(
  { changeId, at, source }: Origin,
  kind: Notice['kind'],
  arn: string,
  notice: NoticeKind,
): Notice {
  return { changeId, at, source, kind, arn, notice };
}

const none: Found = { finding: 'changes', changes: [] };

export function parameterChange(
  { changeId, source }: Pick<Origin, 'changeId' | 'source'>,
  arn: string,
  changedAt: number,
): Change {
  return { changeId, kind: 'parameter', arn, changedAt, source, optedOut: false };
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
