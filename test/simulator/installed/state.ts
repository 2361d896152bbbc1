/** A stack, by the logical ids of its resources: type and physical id. */
export interface StackState {
  readonly name: string;
  readonly resources: ReadonlyMap<string, StackResourceState>;
  readonly template: string;
  readonly createdAt: number;
  status: string;
}

/** `status`: that of the stack when absent. */
export interface StackResourceState {
  readonly type: string;
  readonly physicalId: string;
  readonly status?: string;
}

/** A deployed function. */
export interface FunctionState {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The end of its description, as serverless.yml writes it. */
  readonly version: string;
  /** Each change of its settings is a new one. */
  readonly revision: number;
  readonly role: string;
  /** Active when absent. */
  readonly state?: string;
  /** What an invocation answers; without it, invocations are refused. */
  readonly handle: ((event: unknown) => Promise<unknown>) | undefined;
}

/** A rule with what it sends to. */
export interface RuleState {
  readonly name: string;
  /** `default` when absent. */
  readonly bus?: string | undefined;
  state: string;
  pattern: string;
  targets: readonly Readonly<Record<string, unknown>>[];
}

/** What Lambda takes from a queue. */
export interface SourceState {
  readonly queueArn: string;
  functionArn: string;
  state: string;
  responseTypes: readonly string[];
}

export interface TrailState {
  readonly name: string;
  readonly homeRegion: string;
  isMultiRegion: boolean;
  isLogging: boolean;
  eventSelectors: readonly object[];
  advancedEventSelectors: readonly object[];
}

export interface InstalledState {
  readonly rules: Map<string, RuleState>;
  /** By the ARN of the queue. */
  readonly sources: Map<string, SourceState>;
  readonly trails: Map<string, TrailState>;
  readonly stacks: Map<string, StackState>;
  readonly functions: Map<string, FunctionState>;
}

/** Nothing is installed. */
export function createInstalledState(): InstalledState {
  return {
    stacks: new Map(),
    functions: new Map(),
    rules: new Map(),
    sources: new Map(),
    trails: new Map(),
  };
}
