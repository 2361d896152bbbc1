import type { Event } from '../confirm/event.ts';
import type { Change, Notice } from '../model/change.ts';
import type { NamedService } from '../model/fleet.ts';
import type { Origin } from '../model/secret.ts';
import type { Scan } from '../read/scan.ts';
import type { FollowUp } from './follow-up.ts';

/** What AWS told or a person asked for. `key` tells it from its neighbours: the message's id. */
export type Trigger =
  | {
      readonly kind: 'event';
      readonly messageId: string;
      readonly event: Event;
      readonly redelivered: boolean;
    }
  | {
      readonly kind: 'secret' | 'parameter';
      readonly origin: Origin;
      readonly name: string;
      readonly force: boolean;
    }
  | { readonly kind: 'service'; readonly origin: Origin; readonly named: NamedService }
  | { readonly kind: 'follow-up'; readonly messageId: string; readonly followUp: FollowUp }
  | { readonly kind: 'scan'; readonly messageId: string; readonly scan: Scan };

export type Confirmed = {
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  /** Services named by hand: whether they are there shows only when the fleet is read. */
  readonly named: readonly { readonly origin: Origin; readonly named: NamedService }[];
  /** Changes that have been looked at before: nothing of them needs to be confirmed again. */
  readonly followUps: readonly FollowUp[];
  /** Changes for which a part of the fleet has been read. */
  readonly scans: readonly Scan[];
  /** Keys of messages that must come back: Secrets Manager did not answer. */
  readonly unconfirmed: readonly string[];
  /** Changes whose message has come back before. */
  readonly redelivered: ReadonlySet<string>;
  /** Keys of messages that must be looked at again: what they tell is not visible yet. */
  readonly retryLater: readonly string[];
};
