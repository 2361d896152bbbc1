/** The kinds of resources that a change, or a notice, can be about. */
export const CHANGE_KINDS = ['secret', 'parameter', 'service'] as const;
export const NOTICE_KINDS = ['secret', 'parameter'] as const;

/** This label of this resource moved at this instant. Instants are in milliseconds since the epoch. */
export type Change = {
  readonly changeId: string;
  readonly kind: (typeof CHANGE_KINDS)[number];
  /** Full ARN of the secret or the parameter, or of the service if a service was named by hand. */
  readonly arn: string;
  /** The staging label that moved; absent if the resource counts as a whole (parameters, forced requests). */
  readonly label?: string;
  /** The version that received the label. */
  readonly versionId?: string;
  readonly changedAt: number;
  /** Set if the true instant is not known, and then later: a task that started between the two is possibly stale. */
  readonly possiblyUntil?: number;
  /** What reported the change: an event by its AWS name, `request` or `sweep`. */
  readonly source: string;
  /** The secret's own tag says that no service is redeployed for it. */
  readonly optedOut: boolean;
  /** That tag is neither "true" nor "false". */
  readonly invalidTag?: true;
  /**
   * DescribeSecret was refused, or knows nothing of another account or Region: the change is told by the event or by the
   * request alone, and neither an opt-out nor a confirmation was seen.
   */
  readonly confirmed?: false;
  /** A replica that had not received the version when AWS was last asked: its true instant is later. */
  readonly behind?: true;
  /**
   * Only at a later look: the resource is gone now. `full-arn`: another one answers to its name, so that only a reference
   * by the full ARN finds nothing.
   */
  readonly gone?: 'whole' | 'full-arn';
  /** Only at a later look: it is not known now whether the resource still stands. */
  readonly unsure?: true;
};

/** Whether the value of an `enabled` tag opts out: any value but "true" does. */
export function optedOutBy(enabledTag: string | undefined): boolean {
  return enabledTag !== undefined && enabledTag !== 'true';
}

/** The kinds of notice. The first four mean that the resource is gone: no new task that refers to it can start. */
export const NOTICES = [
  'deleted',
  'scheduled-for-deletion',
  'not-found',
  'expired',
  'expires-soon',
  'rotation-failed',
  'rotation-abandoned',
] as const;
export type NoticeKind = (typeof NOTICES)[number];

/** Something happened to a resource that no redeploy can repair. */
export type Notice = {
  readonly changeId: string;
  readonly kind: (typeof NOTICE_KINDS)[number];
  /** Full ARN if it is known; otherwise the partial ARN or the name that the caller gave. */
  readonly arn: string;
  readonly notice: NoticeKind;
  readonly at: number;
  readonly source: string;
  /** Another, living resource has the name: only references by the full ARN find nothing. */
  readonly fullArnOnly?: true;
};

/** The resource no longer exists or will soon be deleted: no new task that refers to it can start. */
export const GONE: readonly NoticeKind[] = ['deleted', 'scheduled-for-deletion', 'not-found', 'expired'];

/** Whether new tasks that refer to the resource can no longer start. */
export function isGone(notice: Notice): boolean {
  return GONE.includes(notice.notice);
}

/** Whether an event says that the resource is gone, or soon will be. What a request names is told in any case. */
export function isReportedEnd(notice: Notice): boolean {
  return notice.source !== REQUEST && (isGone(notice) || notice.notice === 'expires-soon');
}

/** The event says that it happened where none counts, or contradicts itself about it. */
export const UNTRUSTED = 'untrusted-account';

/** Why an event is not a change. */
export const IGNORED_REASONS = [
  'other-event',
  'failed-call',
  'pending-label',
  'rotation-unfinished',
  'no-value-change',
  'no-new-version',
  'label-removed',
  'parameter-labelled',
  'policy-reminder',
  'restored',
  'elsewhere',
  'hidden',
  UNTRUSTED,
  'not-referenced',
] as const;
export type IgnoredReason = (typeof IGNORED_REASONS)[number];

/**
 * An instant that is known only to the second counts as the end of that second: a task that started within that
 * second is then stale. AWS gives whole seconds in events and milliseconds in all other instants
 * (functions/README.md, Events).
 */
export function endOfSecond(instant: number): number {
  return instant % 1000 === 0 ? instant + 999 : instant;
}

/** Secrets Manager moves these three labels by itself. Every other label belongs to the user. */
export const CURRENT = 'AWSCURRENT';
export const PREVIOUS = 'AWSPREVIOUS';
export const PENDING = 'AWSPENDING';

/** The source of changes that a request asked for; no event reported them. */
export const REQUEST = 'request';

/** What a plan is made for: a change or a notice. */
export type Subject =
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'notice'; readonly notice: Notice };

export function subjectsOf({
  changes,
  notices,
}: {
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
}): readonly Subject[] {
  return [
    ...changes.map((change): Subject => ({ kind: 'change', change })),
    ...notices.map((notice): Subject => ({ kind: 'notice', notice })),
  ];
}

/** The common part of a change and a notice: the resource it is about, and the id under which it is recorded. */
export function about(subject: Subject): Change | Notice {
  return subject.kind === 'change' ? subject.change : subject.notice;
}

/** The source of changes that the sweep found; no event reported them. */
export const SWEEP = 'sweep';
