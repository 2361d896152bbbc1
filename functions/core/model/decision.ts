import type { ServiceArn } from './arn.ts';
import type { Form, RawReference } from './reference.ts';

/** Why a service is left alone (DESIGN §4, in the order in which they are asked). */
export const SKIP_REASONS = [
  'opted-out',
  'out-of-scope',
  'secret-gone',
  'unreadable',
  'pinned',
  'label-not-moved',
  'pull-only',
  'not-active',
  'no-tasks',
  'unsupported-controller',
  'rollout-failed',
  'already-fresh',
  'earlier-wave-failed',
  'cannot-replace',
  'over-cap',
  'possibly-stale',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** Why a service is not redeployed yet. */
export const WAIT_REASONS = [
  'rolling-out',
  'earlier-wave',
  'deployment-in-progress',
  'cooldown',
  'too-often',
] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

export type Verdict =
  | { readonly action: 'redeploy'; readonly reason: null }
  /** `until`, where it is known: the instant from which on it may be redeployed. */
  | { readonly action: 'wait'; readonly reason: WaitReason; readonly until?: number }
  | { readonly action: 'skip'; readonly reason: SkipReason };

/** A reference as reports show it. */
export type ReportedReference = RawReference & {
  readonly form: Form;
  readonly label: string | null;
  readonly versionId: string | null;
};

/** What becomes of one matched service, for all changes together: plain data. */
export type Decision = WithoutUntil<Verdict> & {
  readonly service: ServiceArn;
  /** The cluster's name. */
  readonly cluster: string;
  readonly changeIds: readonly string[];
  readonly wave: number;
  /** What demands the redeploy, or what the verdict is about; none for a service named by hand. */
  readonly references: readonly ReportedReference[];
  /** Only on a service named by hand: it is opted out of what happens by itself, which a person overrules. */
  readonly optedOut?: true;
};

/** A verdict as reports show it. */
type WithoutUntil<Of extends Verdict> = Of extends Verdict ? Omit<Of, 'until'> : never;

export const redeploy: Verdict = { action: 'redeploy', reason: null };
export const wait = (reason: WaitReason, until?: number): Verdict => ({
  action: 'wait',
  reason,
  ...(until !== undefined && { until }),
});
export const skip = (reason: SkipReason): Verdict => ({ action: 'skip', reason });
