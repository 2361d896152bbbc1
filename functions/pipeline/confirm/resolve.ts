import { currentChanges, type Finding, forcedChange, goneNotice } from '../../core/confirm/confirm.ts';
import type { Asked } from '../../core/follow-up/trigger.ts';
import {
  type Change,
  endOfSecond,
  type IgnoredReason,
  type Notice,
  type NoticeKind,
} from '../../core/model/change.ts';
import type { Origin, SecretDescription } from '../../core/model/secret.ts';
import type { StepContext } from '../context.ts';

export type Found =
  | Exclude<Finding, { finding: 'look-again' | 'ignored' }>
  | {
      readonly finding: 'ignored';
      readonly origin: Origin & { readonly arn: string | undefined };
      readonly reason: IgnoredReason;
    }
  | { readonly finding: 'unconfirmed' | 'not-visible'; readonly key: string };

export type Describe = (secret: string) => Promise<SecretDescription | undefined>;

/** What a person asks about is taken as it is now, no event having told when it moved. */
export async function findCurrent(
  asked: Exclude<Asked, { asked: 'event' }>,
  describe: Describe,
  run: StepContext,
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

export function noticeOf(
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
