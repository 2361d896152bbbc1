import type { Event } from '../confirm/event.ts';
import type { NamedService } from '../model/fleet.ts';
import type { Origin } from '../model/secret.ts';
import type { Scan } from '../read/scan.ts';
import type { Attempt, FollowUp } from './follow-up.ts';

/** What sets the service to work: a message of the queue, or what a request names. `messageId` is the message's in SQS. */
export type Trigger =
  /** `redelivered`: SQS has delivered the message before. */
  | {
      readonly kind: 'event';
      readonly messageId: string;
      readonly event: Event;
      readonly redelivered: boolean;
    }
  | { readonly kind: 'follow-up'; readonly messageId: string; readonly followUp: FollowUp }
  | { readonly kind: 'scan'; readonly messageId: string; readonly scan: Scan }
  | {
      readonly kind: 'secret' | 'parameter';
      readonly origin: Origin;
      readonly name: string;
      readonly force: boolean;
    }
  | { readonly kind: 'service'; readonly origin: Origin; readonly named: NamedService };

/** What the triggers of an invocation amount to. */
export type Confirmed = {
  /** Changes that have been looked at before: nothing of them needs to be confirmed again. */
  readonly attempts: readonly Attempt[];
  /** Changes that are looked at for the first time, with what is to be read for them. */
  readonly scans: readonly OpenScan[];
  /** Services named by hand: whether they exist shows only when the fleet is read. */
  readonly named: readonly { readonly origin: Origin; readonly named: NamedService }[];
  /** Messages that carry a change or a notice: needed until it has been decided about. */
  readonly messageIds: readonly string[];
  /** Messages whose change could not be confirmed, because AWS did not answer: SQS must deliver them again. */
  readonly unconfirmed: readonly string[];
  /** Messages that tell of what is not visible yet: the event is to be looked at again soon. */
  readonly retryLater: readonly string[];
};

/** A scan that begins now or goes on, with attempt 0 of each of its changes. */
export type OpenScan = {
  readonly scan: Scan;
  readonly attempts: readonly Attempt[];
  /** The messages that its changes and notices came in. */
  readonly messageIds: readonly string[];
};
