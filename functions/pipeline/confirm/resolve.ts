import {
  currentChanges,
  type Finding,
  forcedChange,
  goneNotice,
  isFullArn,
  isUnlabelled,
  isYoungClaim,
} from '../../core/confirm/confirm.ts';
import { resourceOf } from '../../core/confirm/event.ts';
import { toldByRequest } from '../../core/confirm/unconfirmed.ts';
import type { Trigger } from '../../core/follow-up/trigger.ts';
import { looksFull, SUFFIX_LENGTH } from '../../core/match/subject-index.ts';
import { parseArn } from '../../core/model/arn.ts';
import {
  type Change,
  endOfSecond,
  type IgnoredReason,
  type Notice,
  type NoticeKind,
} from '../../core/model/change.ts';
import type { ParameterDescription, ParametersFound } from '../../core/model/parameter.ts';
import type { Origin, SecretDescription } from '../../core/model/secret.ts';
import type { Denial } from '../../ports.ts';
import type { StepContext } from '../context.ts';
import { isDenial, isElsewhere, isNotShown, isOfOtherRegion } from './foreign.ts';
import { hasNamesake } from './standing.ts';

export type Found =
  | Exclude<Finding, { kind: 'look-again' | 'ignored' }>
  | {
      readonly kind: 'ignored';
      readonly origin: Origin & { readonly arn: string | undefined };
      readonly reason: IgnoredReason;
      /** What was refused, if the reason is no certain knowledge: an operator has to see it. */
      readonly why?: string;
    }
  | { readonly kind: 'unconfirmed' | 'not-visible' };

export type Describe = (secret: string) => Promise<SecretDescription | undefined>;

/** AWS shows a resource, and not since when its value is what it is. */
export class Untold extends Error {
  override readonly name = 'Untold';
}

export const UNLABELLED = 'Secrets Manager does not say which version has which label';
export const UNDATED = 'Parameter Store does not say when it was modified last';
export const isDated = ({ changedAt }: ParameterDescription): boolean => changedAt > 0;

/** Finds the present state of a resource that a request names, because no event tells when it changed. */
export async function findCurrent(
  trigger: Exclude<Trigger, { kind: 'event' }>,
  describe: Describe,
  run: StepContext,
): Promise<Found> {
  switch (trigger.kind) {
    case 'service':
    case 'follow-up':
    case 'scan':
      return none;
    case 'parameter':
      return currentParameter(trigger, run);
    case 'secret':
      return currentSecret(trigger, describe, run);
    default:
      return trigger satisfies never;
  }
}

type Named = Extract<Trigger, { kind: 'secret' | 'parameter' }>;

async function currentParameter(named: Named, run: StepContext): Promise<Found> {
  const { origin, name, force } = named;
  if (isNotShown(name, run)) return { kind: 'changes', changes: [parameterElsewhere(named)] };
  const parameter = await run.ports.parameters.describe(name, run.reading);
  if (parameter === undefined)
    return { kind: 'notice', notice: noticeOf(origin, 'parameter', name, 'not-found') };
  if (!force && !isDated(parameter)) throw new Untold(`${name}: ${UNDATED}`);
  const changedAt = force ? origin.at : endOfSecond(parameter.changedAt);
  return { kind: 'changes', changes: [parameterChange(origin, parameter.arn, changedAt)] };
}

function parameterElsewhere({ origin, name, force, dated }: Named): Change {
  if (!force && !dated) throw new NotDescribed(`${name} is of another account or Region, or of AWS`);
  return { ...parameterChange(origin, name, origin.at), confirmed: false };
}

async function currentSecret(named: Named, describe: Describe, run: StepContext): Promise<Found> {
  const { origin, name, force } = named;
  const description = await describedOr(named, describe, run);
  if (description !== undefined && 'told' in description)
    return { kind: 'changes', changes: [description.told] };
  const gone = goneNotice(name, origin, description);
  if (gone !== undefined) return { kind: 'notice', notice: await withNamesake(gone, run) };
  if (description === undefined) return none;
  if (force) return { kind: 'changes', changes: [forcedChange(origin, description)] };
  const versions = await run.ports.secrets.listVersions(description.arn, run.reading);
  if (isUnlabelled(description, versions)) throw new Untold(`${name}: ${UNLABELLED}`);
  return { kind: 'changes', changes: currentChanges(origin, description, versions) };
}

/** What AWS shows of the secret, or what the person says of one that AWS does not show here. */
async function describedOr(
  named: Named,
  describe: Describe,
  run: StepContext,
): Promise<SecretDescription | { readonly told: Change } | undefined> {
  const { name } = named;
  try {
    const description = isOfOtherRegion(name, run) ? undefined : await describe(name);
    if (description !== undefined || !isElsewhere(name, run)) return description;
    throw new NotDescribed(`Secrets Manager of this account and Region knows nothing of ${name}`);
  } catch (error) {
    if (!isDenial(error)) throw error;
    const { force, dated, origin } = named;
    const told = force || dated ? toldByRequest(name, origin) : undefined;
    if (told !== undefined && (await isWhole(name, describe, run))) return { told };
    throw error instanceof NotDescribed ? error : new NotDescribed(error.message, { cause: error });
  }
}

/**
 * Whether an ARN that ends in a word, such as `db-secret`, is full: then `db` is the secret's name, and is denied as well.
 */
async function isWhole(arn: string, describe: Describe, run: StepContext): Promise<boolean> {
  if (looksFull(arn)) return true;
  try {
    const named = await describe(arn.slice(0, -SUFFIX_LENGTH));
    return named === undefined ? isElsewhere(arn, run) : named.arn === arn;
  } catch (error) {
    if (!isDenial(error)) throw error;
    return true;
  }
}

/** AWS does not describe it here, and the request does not say what would do without. */
class NotDescribed extends Error implements Denial {
  override readonly name = 'NotDescribed';
  readonly denied = true;

  constructor(message: string, options?: ErrorOptions) {
    super(`${message}; ${INSTEAD}`, options);
  }
}

const INSTEAD =
  'a request that names it by its full ARN and says since when with "at" needs no description: what was created before that instant counts as old';

/** A secret that was deleted by force may have been created anew: then only references by the full ARN find nothing. */
export async function withNamesake(notice: Notice, run: StepContext): Promise<Notice> {
  const isVanished = notice.notice === 'not-found' && isFullArn(notice.arn);
  return isVanished && (await hasNamesake(notice.arn, undefined, run))
    ? { ...notice, fullArnOnly: true }
    : notice;
}

export function noticeOf(
  { changeId, at, source }: Origin,
  kind: Notice['kind'],
  arn: string,
  notice: NoticeKind,
): Notice {
  return { changeId, at, source, kind, arn, notice };
}

const none: Found = { kind: 'changes', changes: [] };

export function parameterChange(
  { changeId, source }: Pick<Origin, 'changeId' | 'source'>,
  arn: string,
  changedAt: number,
): Change {
  return { changeId, kind: 'parameter', arn, changedAt, source, optedOut: false };
}

/** Throws if Parameter Store refused to tell. */
export function deletion(notice: Notice, { found, refused }: ParametersFound, now: number): Finding {
  const refusal = refused.find(({ arn }) => arn === notice.arn);
  if (refusal !== undefined) throw new Error(`cannot describe parameter ${notice.arn}: ${refusal.why}`);
  if (!found.some(({ arn }) => arn === notice.arn)) return { kind: 'notice', notice };
  return isYoungClaim(notice.at, now) ? { kind: 'look-again' } : { kind: 'ignored', reason: 'restored' };
}

/** Which of the parameters exist that events report as deleted: they may have been created again. */
export function deletedParameters(
  triggers: readonly Trigger[],
  { ports, reading }: StepContext,
): () => Promise<ParametersFound> {
  let asked: Promise<ParametersFound> | undefined;
  return () => {
    const arns = triggers.flatMap((trigger) => {
      if (trigger.kind !== 'event') return [];
      const arn = resourceOf(trigger.event);
      return arn === undefined || parseArn(arn)?.service !== 'ssm' ? [] : [arn];
    });
    asked ??= ports.parameters.describeAll([...new Set(arns)], reading);
    return asked;
  };
}
