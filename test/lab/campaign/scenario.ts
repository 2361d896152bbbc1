import type { PauseHookSpec, RolloutSpec } from '../../simulator/index.ts';

/**
 * Everything that happens in one run, as plain data, which is generated from a seed, shrunk when it fails, printed and
 * replayed. A name that has no resource or service in the scenario is ignored, so that any part can be left out.
 */
export type Scenario = {
  /** The seed of latencies, ids and pauses. */
  readonly seed: number;
  readonly settings: Settings;
  readonly clusters: readonly { readonly name: string; readonly tags: Tags }[];
  readonly resources: readonly Resource[];
  readonly services: readonly ServicePlan[];
  /** Services that refer to nothing that changes, in which the others have to be found. */
  readonly crowds?: readonly Crowd[];
  readonly actions: readonly Action[];
  readonly deliveries: readonly Delivery[];
  readonly faults: readonly Fault[];
  readonly deaths: readonly Death[];
};

export type Crowd = { readonly cluster: string; readonly count: number };

type Tags = Readonly<Record<string, string>>;

export type Settings = {
  /** The function's environment besides the queue's URL. */
  readonly env: Tags;
  /** Puts every event of Secrets Manager, Parameter Store and ECS on the queue, not only those that match the rules. */
  readonly wideRules: boolean;
  /** The number of invocations that may run at the same time, each in a process of its own. */
  readonly processes: number;
  /** The error of each process's clock. */
  readonly skewsMs: readonly number[];
  /** The maximum size of a batch, and how long Lambda gathers its messages. */
  readonly batch: number;
  readonly windowMs: number;
  /** The maximum size of a page: AWS may give fewer items than requested. */
  readonly page: number;
  /** Some pages that have a next one are empty, as AWS permits itself. */
  readonly emptyPages?: true;
  /** How long a change of a secret stays invisible to DescribeSecret, and to tasks that start. */
  readonly lagMs: number;
  readonly taskLagMs: number;
  /** How late ECS shows services, deployments, tags and which tasks there are. */
  readonly ecsLagMs?: number;
  /** The invocations whose messages are not deleted although they were handled; the messages are delivered again. */
  readonly undeleted: readonly number[];
};

/** The settings of a plain run; shrinking leaves out one that is not here. */
export const PLAIN_SETTINGS: Settings = {
  env: {},
  wideRules: false,
  processes: 1,
  skewsMs: [0, 0],
  batch: 10,
  windowMs: 0,
  page: 100,
  lagMs: 0,
  taskLagMs: 0,
  undeleted: [],
};

export type Resource = {
  readonly kind: 'secret' | 'parameter';
  readonly name: string;
  /** A secret's tag `enabled`. */
  readonly enabled?: string;
  /** A secret of another account, whose events are forwarded. */
  readonly foreign?: true;
  /** Its policy denies that it is described. */
  readonly hidden?: true;
};

/** The forms of a reference to a resource; the last two name another resource. */
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
  /** Whether the service runs the same revision as other services with `shares` and the same uses. */
  readonly shares?: true;
  readonly percents?: readonly [number, number];
  readonly enabled?: string;
  readonly wave?: number;
  readonly breaker?: true;
  readonly rollout?: RolloutSpec;
  /** PAUSE hooks, at which its deployments wait for a person or for their time-outs. */
  readonly pauses?: readonly PauseHookSpec[];
  /** The age of PRIMARY when the run begins; with `inProgress` its rollout is still under way. */
  readonly ageMs: number;
  readonly inProgress?: true;
  /** Whether it is created while the scenario is performed, by an action. */
  readonly later?: true;
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
  /** Deletes it at once and creates it some seconds later, with another ARN. */
  | { readonly do: 'recreate-secret'; readonly secret: string }
  | { readonly do: 'tag-secret'; readonly secret: string; readonly enabled: string }
  | { readonly do: 'put-parameter' | 'fail-parameter' | 'remake-parameter'; readonly parameter: string }
  | { readonly do: 'deploy'; readonly service: string; readonly uses?: readonly Use[] }
  | { readonly do: 'scale' | 'replace'; readonly service: string; readonly count: number }
  /** The creation has no effect while the service exists. */
  | { readonly do: 'delete-service'; readonly service: string }
  | { readonly do: 'create-service'; readonly service: string }
  /** Without `enabled` the tag is removed. */
  | { readonly do: 'tag'; readonly service: string; readonly enabled?: string }
  | {
      readonly do: 'retag';
      readonly service: string;
      readonly wave?: number;
      /** The uses that the tag `also` names from now on. */
      readonly also?: readonly Use[];
    }
  | { readonly do: 'behave'; readonly service: string; readonly rollout: RolloutSpec }
  /** The cause that keeps the service's rollouts from succeeding ends. */
  | { readonly do: 'mend'; readonly service: string }
  /** A person continues the service's deployment at its PAUSE hooks, or rolls it back, if it waits there. */
  | { readonly do: 'answer'; readonly service: string; readonly answer: 'CONTINUE' | 'ROLLBACK' }
  | { readonly do: 'cold-start' }
  /** Settings change, so that every process is replaced. An empty text unsets one. */
  | { readonly do: 'configure'; readonly env: Tags }
  /** The version of the code changes: every process is replaced, and the earlier one wrote what is on the queue. */
  | { readonly do: 'upgrade' }
  | { readonly do: 'sweep'; readonly heal: boolean }
  | { readonly do: 'request'; readonly ask: Ask }
  | { readonly do: 'garbage'; readonly body: string }
);

/** A request by hand; resources and services by their names in the scenario. */
export type Ask = {
  readonly action: 'redeploy' | 'plan' | 'uses' | 'stale';
  readonly secret?: string;
  readonly parameter?: string;
  readonly services?: readonly string[];
  readonly force?: true;
  /** In milliseconds from the beginning of the run. */
  readonly at?: number;
};

/** The delivery of the n-th event that matches a rule, counted from 1. */
export type Delivery = {
  readonly event: number;
  readonly delayMs?: number;
  /** The event is delivered again after this time. */
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
  'invalid-parameter',
  'expired-token',
  'malformed',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** The faults by which AWS refuses a call for good; `expired-token` hits only calls that ask for a further page. */
export const REFUSALS: readonly (FaultKind | 'death' | undefined)[] = [
  'client-error',
  'invalid-parameter',
  'expired-token',
];

/** Every read of the functions. */
export const READS = [
  'DescribeSecret',
  'ListSecretVersionIds',
  'ListSecrets',
  'DescribeParameters',
  'ListClusters',
  'DescribeClusters',
  'ListServices',
  'DescribeServices',
  'DescribeTaskDefinition',
  'ListServiceDeployments',
  'DescribeServiceDeployments',
  'ListTasks',
  'DescribeTasks',
  'GetObject',
] as const;

/** The reads that are answered page by page. */
export const PAGED_READS = [
  'ListClusters',
  'ListServices',
  'ListTasks',
  'ListServiceDeployments',
  'ListSecretVersionIds',
  'ListSecrets',
  'DescribeParameters',
] as const;

/** Hits the calls `nth` (from 1) to `nth + times - 1` of an operation (`*`: of all), or all its calls in a period. */
export type Fault = {
  readonly kind: FaultKind;
  readonly operation: string;
  /** Only calls about this cluster, or about something in it, are hit. */
  readonly in?: string;
} & ({ readonly nth: number; readonly times: number } | { readonly at: number; readonly forMs: number });

/**
 * The process ends at a call of an invocation, both counted from 1: before the call has an effect, or `after` its
 * effect but before its answer arrives.
 */
export type Death = { readonly invocation: number; readonly call: number; readonly after: boolean };
