import type { ServiceAccess } from './access.ts';
import type { ServiceArn } from './arn.ts';
import type { Form, RawReference } from './reference.ts';
import type { Rollout, ShownRollout } from './rollout.ts';

/** Why a service is skipped. core/plan/reasons.ts says what follows from each reason. */
export type SkipReason =
  | 'opted-out'
  | 'out-of-scope'
  | 'secret-gone'
  | 'reference-gone'
  | 'cannot-read'
  | 'pinned'
  | 'label-not-moved'
  | 'pull-only'
  | 'not-active'
  | 'no-tasks'
  | 'unsupported-controller'
  | 'rollout-failed'
  | 'already-fresh'
  | 'earlier-wave-failed'
  | 'cannot-replace'
  | 'over-cap'
  | 'possibly-stale';

/** Why a service is not redeployed yet. */
export type WaitReason =
  | 'unreadable'
  | 'rolling-out'
  | 'earlier-wave'
  | 'deployment-in-progress'
  | 'rotation-unfinished'
  | 'cooldown'
  | 'too-often';

export type Verdict =
  | { readonly action: 'redeploy'; readonly reason: null }
  /** `until`: the instant from which the service may be redeployed, if it is known. */
  | {
      readonly action: 'wait';
      readonly reason: WaitReason;
      readonly until?: number;
      /** What the deployment is doing that the service waits for. */
      readonly rollout?: Rollout;
    }
  | { readonly action: 'skip'; readonly reason: SkipReason };

/** A reference as reports show it. */
export type ReportedReference = RawReference & {
  readonly form: Form;
  readonly label: string | null;
  readonly versionId: string | null;
};

/** What may be the matter with a need of a service (core/plan/needs.ts). */
export const OBSTACLES = ['not-found', 'scheduled-for-deletion', 'rotation-unfinished'] as const;

/** A need of a service with which a new task cannot start, or would start with a half-rotated password. */
export type Obstacle = {
  readonly problem: (typeof OBSTACLES)[number];
  readonly kind: 'secret' | 'parameter';
  /** The ARN of the resource; of one that was not found, the ARN that the reference stands for. */
  readonly arn: string;
  readonly valueFrom: string;
};

/** What is done about one matched service for all changes together: plain data. */
export type Decision = WithoutUntil<Verdict> & {
  readonly service: ServiceArn;
  /** The cluster's name. */
  readonly cluster: string;
  readonly changeIds: readonly string[];
  readonly wave: number;
  /** The references that require the redeploy, or that the verdict is about; none for a service named by hand. */
  readonly references: readonly ReportedReference[];
  /** Only for a service named by hand: it is opted out of automatic redeploys, and the request overrules that. */
  readonly optedOut?: true;
  /** What the deployment is doing that the service waits for, if that is worth telling. */
  readonly deployment?: ShownRollout;
  /** What stands against the redeploy; of a service that is redeployed all the same, it is a warning. */
  readonly obstacles?: readonly Obstacle[];
  /** Whether its execution role can read what a new task needs, where that was asked (PREFLIGHT). */
  readonly access?: ServiceAccess;
  /** The redeploy, now or after the wait, stops every running task before a new one runs. */
  readonly interrupts?: true;
};

/** A verdict as reports show it. */
type WithoutUntil<Of extends Verdict> = Of extends Verdict ? Omit<Of, 'until' | 'rollout'> : never;

export const redeploy: Verdict = { action: 'redeploy', reason: null };
export const wait = (reason: WaitReason, until?: number, rollout?: Rollout): Verdict => ({
  action: 'wait',
  reason,
  ...(until !== undefined && { until }),
  ...(rollout !== undefined && { rollout }),
});
export const skip = (reason: SkipReason): Verdict => ({ action: 'skip', reason });
