import type { Event } from '../confirm/event.ts';
import type { Way } from '../confirm/trust.ts';
import type { NamedService } from '../model/fleet.ts';
import type { Origin } from '../model/secret.ts';
import type { Scan } from '../read/scan.ts';
import type { Attempt, FollowUp } from './follow-up.ts';

/**
 * What starts the work: a message of the queue, or what a request names. `messageId` is the id of the message in SQS.
 */
export type Trigger =
  | {
      readonly kind: 'event';
      readonly messageId: string;
      readonly event: Event;
      /** `own` if absent. */
      readonly way?: Way;
    }
  | { readonly kind: 'follow-up'; readonly messageId: string; readonly followUp: FollowUp }
  | { readonly kind: 'scan'; readonly messageId: string; readonly scan: Scan }
  | {
      readonly kind: 'secret' | 'parameter';
      readonly origin: Origin;
      readonly name: string;
      readonly force: boolean;
      /** The request says since when tasks are old. */
      readonly dated?: boolean;
    }
  | { readonly kind: 'service'; readonly origin: Origin; readonly named: NamedService };

/** The confirmed content of the triggers of an invocation. */
export type Confirmed = {
  /** Changes that have been looked at before: they need no new confirmation. */
  readonly attempts: readonly Attempt[];
  /** Changes at their first look, with what is to be read for them. */
  readonly scans: readonly OpenScan[];
  /** Services named by hand. Only the read of the fleet shows whether they exist. */
  readonly named: readonly { readonly origin: Origin; readonly named: NamedService }[];
  /** Messages that carry a change or a notice. They are needed until the decisions on it have been made. */
  readonly messageIds: readonly string[];
  /** Messages whose change could not be confirmed because AWS did not answer: SQS must deliver them again. */
  readonly unconfirmed: readonly string[];
  /** Messages whose event reports something that is not visible yet: the event is confirmed again soon. */
  readonly retryLater: readonly string[];
};

/** A scan that begins or continues now, with attempt 0 of each of its changes. */
export type OpenScan = {
  readonly scan: Scan;
  readonly attempts: readonly Attempt[];
  /** The messages that carry its changes and notices. */
  readonly messageIds: readonly string[];
};
