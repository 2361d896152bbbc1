import { confirmSecret, type Finding, type SecretClaim } from '../../core/confirm/confirm.ts';
import { claimOf, type Event, resourceOf, sourceOf } from '../../core/confirm/event.ts';
import { contradictsItself, isTrusted, placed, type Way } from '../../core/confirm/trust.ts';
import { toldByEvent } from '../../core/confirm/unconfirmed.ts';
import type { Trigger } from '../../core/follow-up/trigger.ts';
import { parseArn } from '../../core/model/arn.ts';
import { type Change, endOfSecond, isGone, UNTRUSTED } from '../../core/model/change.ts';
import type { ParametersFound } from '../../core/model/parameter.ts';
import type { Origin } from '../../core/model/secret.ts';
import type { StepContext } from '../context.ts';
import {
  deniedElsewhere,
  isDenial,
  isElsewhere,
  isOfOtherRegion,
  isToBeBelieved,
  toldTooLittle,
} from './foreign.ts';
import { changesOfReplicas } from './replica.ts';
import {
  type Describe,
  deletion,
  type Found,
  findCurrent,
  noticeOf,
  parameterChange,
  withNamesake,
} from './resolve.ts';

/** No clock is that wrong: an event further in the future has a broken time. */
const FUTURE_MS = 60_000;

/** What is asked once for all triggers. */
export type Ask = { readonly describe: Describe; readonly deleted: () => Promise<ParametersFound> };

/** What the trigger says, as far as AWS says it, too. */
export async function find(trigger: Trigger, ask: Ask, run: StepContext): Promise<Found> {
  if (trigger.kind !== 'event') return findCurrent(trigger, ask.describe, run);
  const { way = 'own' } = trigger;
  const event = way === 'forwarded' ? placed(trigger.event, homePartition(run)) : trigger.event;
  const { id, time, region, account } = event;
  const origin = { changeId: id, at: time, source: sourceOf(event), region, account };
  const named = { ...origin, arn: resourceOf(event) };
  if (!counts(event, way, run)) return { kind: 'ignored', origin: named, reason: UNTRUSTED };
  try {
    const found = await findClaimed({ event, way }, origin, ask, run);
    if (found.kind === 'look-again') return { kind: 'not-visible' };
    if (found.kind === 'notice') return { ...found, notice: await withNamesake(found.notice, run) };
    if (found.kind === 'ignored') return { ...found, origin: named };
    const replicas = way === 'own' ? [] : await changesOfReplicas(found.changes, ask.describe, run);
    return { ...found, changes: [...found.changes, ...replicas] };
  } catch (error) {
    const without = notDescribed(error, { ...trigger, event }, named, run);
    if (without !== undefined) return without;
    run.journal.error('cannot confirm the change; SQS will deliver the message again', error, {
      changeId: event.id,
    });
    return { kind: 'unconfirmed' };
  }
}

/** Without trust, what another account reports counts as far as AWS confirms it, and nothing comes over an event bus. */
function counts(event: Event, way: Way, { trust }: StepContext): boolean {
  if (trust !== undefined) return isTrusted(event, way, trust);
  return way === 'own' && !contradictsItself(event);
}

/** What follows from an event about a secret that may not be described; undefined: it has to be tried again. */
function notDescribed(
  error: unknown,
  { event, way = 'own' }: Extract<Trigger, { kind: 'event' }>,
  named: Origin & { readonly arn: string | undefined },
  run: StepContext,
): Found | undefined {
  const isTold = isDenial(error) && isToBeBelieved(event, way, run);
  const changes = isTold ? toldByEvent(claimOf(event), event.kind, named) : [];
  if (changes.length > 0) return { kind: 'changes', changes };
  const elsewhere = deniedElsewhere(error, event, run);
  if (elsewhere !== undefined) return { kind: 'ignored', origin: named, reason: 'elsewhere', why: elsewhere };
  const hidden = toldTooLittle(error);
  return hidden === undefined ? undefined : { kind: 'ignored', origin: named, reason: 'hidden', why: hidden };
}

async function findClaimed(
  { event, way }: { readonly event: Event; readonly way: Way },
  origin: Origin,
  ask: Ask,
  run: StepContext,
): Promise<Finding> {
  const { ports } = run;
  const claim = claimOf(event);
  if (claim.kind === 'none') return { kind: 'ignored', reason: claim.reason };
  if (origin.at > ports.clock.now() + FUTURE_MS) {
    throw new RangeError(`the time of the event, ${new Date(origin.at).toISOString()}, is in the future`);
  }
  switch (claim.kind) {
    case 'noticed': {
      const notice = noticeOf(origin, claim.resource, claim.arn, claim.notice);
      if (isGone(notice) && isElsewhere(notice.arn, run)) return { kind: 'ignored', reason: 'elsewhere' };
      // No event alone says that a secret is gone: its deletion is confirmed like a change.
      return isGone(notice)
        ? deletion(notice, await ask.deleted(), ports.clock.now())
        : { kind: 'notice', notice };
    }
    case 'parameter-changed':
      return { kind: 'changes', changes: [parameterChange(origin, claim.arn, endOfSecond(origin.at))] };
    case 'label-moved':
    case 'version-created':
    case 'rotated':
    case 'secret-deleted':
      return findSecret({ claim, kind: event.kind, way }, origin, ask, run);
    default:
      return claim satisfies never;
  }
}

async function findSecret(
  { claim, kind, way }: { readonly claim: SecretClaim; readonly kind: Event['kind']; readonly way: Way },
  origin: Origin,
  ask: Ask,
  run: StepContext,
): Promise<Finding> {
  // A description is as old as the question: the answer may take seconds.
  const askedAt = run.ports.clock.now();
  const isAsked = !isOfOtherRegion(claim.secret, run);
  const description = isAsked ? await ask.describe(claim.secret) : undefined;
  if (description === undefined && isElsewhere(claim.secret, run))
    return toldOfElsewhere(way === 'forwarded' ? toldByEvent(claim, kind, origin) : []);
  return confirmSecret(claim, origin, description, askedAt);
}

function toldOfElsewhere(changes: readonly Change[]): Finding {
  return changes.length > 0 ? { kind: 'changes', changes } : { kind: 'ignored', reason: 'elsewhere' };
}

/** Forwarded events come from the partition of this stack: EventBridge forwards to no other. */
function homePartition({ trust }: StepContext): { readonly partition: string } {
  return { partition: parseArn(trust?.queueArn ?? '')?.partition ?? 'aws' };
}
