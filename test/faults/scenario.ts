import type { RolloutSpec } from '../simulator/index.ts';

/**
 * Everything that happens in one run, as plain data: made from a seed, cut down when it fails, printed, replayed. What an
 * entry names and is not there any more is passed over, so that any part of a scenario can be left out.
 */
export type Scenario = {
  /** Of latencies, ids and pauses. */
  readonly seed: number;
  readonly settings: Settings;
  readonly clusters: readonly { readonly name: string; readonly tags: Tags }[];
  readonly resources: readonly Resource[];
  readonly services: readonly ServicePlan[];
  readonly actions: readonly Action[];
  readonly deliveries: readonly Delivery[];
  readonly faults: readonly Fault[];
  readonly deaths: readonly Death[];
};

type Tags = Readonly<Record<string, string>>;

export type Settings = {
  /** The function's environment, beside the queue's URL. */
  readonly env: Tags;
  /** Every event of Secrets Manager, Parameter Store and ECS is put on the queue, not only those that the rules let through. */
  readonly wideRules: boolean;
  /** Invocations that may run at the same time, each in a process of its own. */
  readonly processes: number;
  /** By how much the clock of each process is wrong. */
  readonly skewsMs: readonly number[];
  /** Most messages of a batch, and how long Lambda gathers them. */
  readonly batch: number;
  readonly windowMs: number;
  /** Most items of a page: AWS may give fewer than it was asked for. */
  readonly page: number;
  /** How long a change of a secret stays invisible to DescribeSecret, and to tasks that start. */
  readonly lagMs: number;
  readonly taskLagMs: number;
  /** Batches whose messages are not deleted although they were handled: they are delivered again. */
  readonly undeleted: readonly number[];
};

export type Resource = {
  readonly kind: 'secret' | 'parameter';
  readonly name: string;
  /** Of a secret: its tag `enabled`. */
  readonly enabled?: string;
};

/** How a reference spells its resource; the last two name another one. */
export const SPELLINGS = [
  'full',
  'partial',
  'key',
  'current',
  'previous',
  'blue',
  'pinned',
  'pass-through',
  'elsewhere',
  'older',
] as const;
export type Spelling = (typeof SPELLINGS)[number];

export type Use = {
  readonly of: string;
  readonly as: Spelling;
  readonly in: 'secrets' | 'log' | 'service-connect' | 'fsx' | 'pull' | 'also';
};

export const KINDS = [
  'rolling',
  'daemon',
  'blue-green',
  'linear',
  'canary',
  'express',
  'code-deploy',
  'external',
] as const;

export type ServicePlan = {
  readonly name: string;
  readonly cluster: string;
  readonly kind: (typeof KINDS)[number];
  readonly desired: number;
  readonly uses: readonly Use[];
  /** Runs the same revision as every other service that shares and has these uses. */
  readonly shares?: true;
  readonly percents?: readonly [number, number];
  readonly enabled?: string;
  readonly wave?: number;
  readonly breaker?: true;
  readonly rollout?: RolloutSpec;
  /** How long before the run its PRIMARY was created; a rollout of it may still be under way. */
  readonly ageMs: number;
  readonly inProgress?: true;
};

/** Instants are milliseconds from the beginning of the run. */
export type Action = { readonly at: number } & (
  | {
      readonly do: 'rotate';
      readonly secret: string;
      readonly stepMs: number;
      readonly fails?: 'before' | 'after';
    }
  | { readonly do: 'put' | 'update' | 'edit' | 'rollback' | 'blue'; readonly secret: string }
  | { readonly do: 'delete-secret' | 'restore-secret'; readonly secret: string }
  | { readonly do: 'put-parameter' | 'fail-parameter' | 'remake-parameter'; readonly parameter: string }
  | { readonly do: 'deploy'; readonly service: string; readonly uses?: readonly Use[] }
  | { readonly do: 'scale' | 'replace'; readonly service: string; readonly count: number }
  | { readonly do: 'delete-service'; readonly service: string }
  | { readonly do: 'tag'; readonly service: string; readonly enabled: string }
  | { readonly do: 'behave'; readonly service: string; readonly rollout: RolloutSpec }
  | { readonly do: 'cold-start' }
  | { readonly do: 'garbage'; readonly body: string }
);

/** What becomes of the n-th event that a rule lets through, from 1. */
export type Delivery = {
  readonly event: number;
  readonly delayMs?: number;
  /** Delivered once more, this much later. */
  readonly copyAfterMs?: number;
  readonly dropped?: true;
};

export const FAULT_KINDS = [
  'throttle',
  'server-error',
  'timeout-before',
  'timeout-after',
  'reset-before',
  'reset-after',
  'access-denied',
  'client-error',
  'malformed',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Calls `nth` (from 1) to `nth + times - 1` of an operation, or of all where it is `*`; or all calls within some time. */
export type Fault = { readonly kind: FaultKind; readonly operation: string } & (
  | { readonly nth: number; readonly times: number }
  | { readonly at: number; readonly forMs: number }
);

/** The process ends at a call of an invocation: before it has any effect, or before its answer is heard. Both from 1. */
export type Death = { readonly invocation: number; readonly call: number; readonly after: boolean };
