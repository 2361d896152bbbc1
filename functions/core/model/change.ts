/** What moved: this label of this resource, at this instant. Instants are milliseconds since the epoch. */
export type Change = {
  readonly changeId: string;
  readonly kind: 'secret' | 'parameter' | 'service';
  /** Full ARN of the secret, the parameter or (a service named by hand) the service. */
  readonly arn: string;
  /** The staging label that moved; absent where the resource as a whole counts (parameters, forced requests). */
  readonly label?: string;
  /** The version that received the label. */
  readonly versionId?: string;
  readonly changedAt: number;
  /** Later than `changedAt` where the true instant is not known: a task started between the two is stale only possibly. */
  readonly possiblyUntil?: number;
  /** The event or request it was learned from, in AWS's words. */
  readonly source: string;
  /** The secret's own tag says that nothing is to be redeployed for it. */
  readonly optedOut: boolean;
  /** That tag is neither "true" nor "false". */
  readonly invalidTag?: true;
};

/** What a notice may say. The first four mean that the resource is gone and no new task that refers to it can start. */
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

/** Something happened to a resource that no redeploy can mend. */
export type Notice = {
  readonly changeId: string;
  readonly kind: 'secret' | 'parameter';
  /** Full ARN where it is known; otherwise the partial ARN or the name by which somebody called it. */
  readonly arn: string;
  readonly notice: NoticeKind;
  readonly at: number;
  readonly source: string;
};

/** The resource exists no more, or will soon not: no new task that refers to it can start. */
export const GONE: readonly NoticeKind[] = ['deleted', 'scheduled-for-deletion', 'not-found', 'expired'];

/** Whether a task that refers to the resource can no longer start. */
export function isGone(notice: Notice): boolean {
  return GONE.includes(notice.notice);
}

/** Why an event is no change. */
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
] as const;
export type IgnoredReason = (typeof IGNORED_REASONS)[number];

/**
 * An instant that is known only to the second counts as the end of that second, so that a task started within it is
 * stale. AWS sends events with whole seconds and the other instants with milliseconds.
 */
export function endOfSecond(instant: number): number {
  return instant % 1000 === 0 ? instant + 999 : instant;
}

/** Secrets Manager moves these three labels by itself; every other label is the user's own. */
export const CURRENT = 'AWSCURRENT';
export const PREVIOUS = 'AWSPREVIOUS';
export const PENDING = 'AWSPENDING';

/** The source of changes that no event told of. */
export const REQUEST = 'request';

/** What a plan is made for: something that moved, or something that is gone. */
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

/** What a change and a notice have in common: the resource that each is about, and the id under which it is recorded. */
export function about(subject: Subject): Change | Notice {
  return subject.kind === 'change' ? subject.change : subject.notice;
}

/** The source of changes that nobody told of: the sweep found them. */
export const SWEEP = 'sweep';
