import type { SimulationFact, Unanswered } from '../model/access.ts';

/** What AWS answers about one thing: that it is gone is an answer, and so is that there is none. */
export type Answer<T> =
  | { readonly kind: 'shown'; readonly value: T }
  | { readonly kind: 'gone' }
  | Unanswered;

/** A stack as CloudFormation describes it. Instants are in milliseconds. */
export type StackFact = {
  readonly name: string;
  readonly status: string;
  readonly createdAt: number;
  readonly parameters: ReadonlyMap<string, string>;
};

/** What CloudFormation made, by its id in the template. */
export type StackResource = { readonly type: string; readonly physicalId: string };
export type StackResources = ReadonlyMap<string, StackResource>;
/** `id`: the ARN of the stack. */
export type StackListing = { readonly id: string; readonly resources: StackResources };

/** The settings of a deployed function. */
export type FunctionSettings = {
  readonly variables: Readonly<Record<string, string>>;
  /** Undefined: it does not say one. */
  readonly version: string | undefined;
  /** The hash of its code. */
  readonly code: string;
  /** When any of it was changed last. */
  readonly modifiedAt: string;
  /** The ARN of the role with which it runs. */
  readonly role: string;
  /** What keeps it from running, in AWS's words for its state; undefined: nothing does. */
  readonly broken: string | undefined;
};

/** A function to which Lambda hands the messages of a queue. */
export type EventSource = {
  /** Its ARN, with a version or an alias if it has one. */
  readonly functionArn: string;
  readonly state: string;
  readonly reportsItemFailures: boolean;
};

/** A rule of the default event bus; `pattern` is the JSON of its event pattern. */
export type RuleFact = { readonly name: string; readonly state: string; readonly pattern: string };

export type TargetFact = {
  readonly arn: string;
  /** The ARN of the queue for what cannot be delivered. */
  readonly deadLetters: string | undefined;
  /** It hands on something else than the event. */
  readonly changesEvents: boolean;
};

/** How many messages of a queue can be received, are hidden by a receiver, or are due later. */
export type QueueCount = {
  readonly arn: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
};

/** The same with what it lets in, as the JSON of its policy, and where it puts what was returned too often. */
export type QueueFact = QueueCount & {
  readonly policy: string | undefined;
  readonly deadLetters: string | undefined;
};

/** The policies of a role, as JSON; `boundary`: what its permissions boundary says. */
export type RolePolicies = { readonly documents: readonly string[]; readonly boundary: string | undefined };

/** Something that a function does with its role. `context`: the keys of conditions that its request has. */
export type Need = {
  readonly action: string;
  readonly resource: string;
  readonly context: ReadonlyMap<string, string>;
};

/** What IAM's simulator says about each need, in their order; where it says nothing, the policies themselves. */
export type RoleFact =
  | { readonly kind: 'simulated'; readonly answers: readonly SimulationFact[] }
  | { readonly kind: 'gone' }
  | { readonly kind: 'read'; readonly policies: RolePolicies; readonly why: Unanswered }
  | Unanswered;

/** A trail of CloudTrail that reaches this Region. */
export type TrailFact = {
  readonly name: string;
  readonly isLogging: Answer<boolean>;
  /** Whether it records the management events that write. */
  readonly records: Answer<boolean>;
};

export type Alarm = {
  readonly name: string;
  readonly state: string;
  readonly since: number;
  readonly description: string;
};

/** The stored snapshot. `modifiedAt` in milliseconds. */
export type SnapshotFact =
  | { readonly kind: 'stored'; readonly modifiedAt: number; readonly bytes: number }
  | { readonly kind: 'none' | 'bucket-gone' }
  | Unanswered;

export type Intervals = { readonly since: number; readonly intervalSeconds: number };
export type Metric = {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
};
/** `at`: the begin of the interval, in milliseconds. */
export type Sum = { readonly at: number; readonly value: number };
