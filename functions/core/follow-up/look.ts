import type { ServiceArn, ServiceKey } from '../model/arn.ts';
import type { Decision, Verdict } from '../model/decision.ts';
import type { Service } from '../model/fleet.ts';
import type { Outcome } from '../model/outcome.ts';
import type { BadEnd, ExposureEnd, ShownRollout } from '../model/rollout.ts';
import type { Planned } from '../plan/planned.ts';
import type { OpenService } from './follow-up.ts';
import type { After, Transition } from './seen-rollout.ts';
import type { Unread } from './unread.ts';

/** A service that a change no longer waits for. */
export type Closed = {
  readonly service: ServiceArn;
  readonly cluster: string;
  readonly how: 'fresh' | 'failed' | 'skipped';
  /** The change waited for it after an earlier look. */
  readonly wasOpen: boolean;
  /** The decision that is still to be recorded; undefined if it was recorded when it was made. */
  readonly decision: Decision | undefined;
  /** The service as it is now; undefined if it no longer exists or no longer refers to what changed. */
  readonly now: Service | undefined;
  /** How its deployment came to a bad end, if it did. */
  readonly badEnd?: BadEnd;
  /** The state in which it was seen before, and how long it lasted. */
  readonly after?: After;
};

/** A service that a change waits for, and the reason why the service itself waits. */
export type Waiting = {
  readonly service: ServiceArn;
  readonly cluster: string;
  readonly reason: string;
} & Partial<Pick<ShownRollout, 'state' | 'since'>>;

/** What one look means for one service of one change: its next state, and what is new about it. */
export type Advance = {
  readonly key: ServiceKey;
  readonly next: Kept | Dropped | Unseen;
  /** Set if the service waits for something else than after the look before. */
  readonly transition?: Transition;
  /** The service was redeployed in this look. */
  readonly accepted: boolean;
  /** Set if we lack a permission to redeploy the service. */
  readonly denied?: OpenService;
  /** The wave of a service that waits for an earlier one. */
  readonly heldWave?: number;
};

export type Kept = {
  readonly kind: 'open';
  readonly open: OpenService;
  readonly waiting: Waiting;
  /** Its new tasks have failed for so long, or so often, that a person should look. */
  readonly alarms: boolean;
  /** The instant from which a new look may find something to do, if it is known. */
  readonly until?: number;
  /** The answer to UpdateService was lost. */
  readonly unsure: boolean;
};

export type Dropped = {
  readonly kind: 'closed';
  readonly closed: Closed;
  /** The service may still run on the old value. */
  readonly left: boolean;
  /** The wave of the service, if its redeploy failed. */
  readonly failedWave?: number;
  /** The end of its last old task. */
  readonly exposureEnd?: ExposureEnd;
  /** A redeploy of it that counts towards the cap was not made. */
  readonly notMade?: true;
};

/** The service may refer to the change, and ECS does not show whether it does. */
export type Unseen = { readonly kind: 'unread'; readonly unread: Unread };

/** A result, and what the change waited for before. `own` is the verdict for this change alone. */
export type Look = {
  readonly changeId: string;
  readonly planned: Planned;
  readonly own: Verdict;
  readonly decision: Decision;
  readonly outcome: Outcome | undefined;
  readonly before: OpenService | undefined;
  readonly changedAt: number;
  readonly now: number;
};

/** What the log says about a service, but for the state of its deployment. */
export function logKey({ action, reason }: Verdict | Decision, outcome?: Outcome): string {
  return outcome?.result === 'accepted' ? 'wait rolling-out' : [action, reason].filter(Boolean).join(' ');
}
