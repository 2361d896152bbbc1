/** A stack, by the logical ids of its resources: type and physical id. */
export interface StackState {
  readonly name: string;
  readonly resources: ReadonlyMap<string, { readonly type: string; readonly physicalId: string }>;
}

/** A deployed function. */
export interface FunctionState {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The end of its description, as serverless.yml writes it. */
  readonly version: string;
  /** Each change of its settings is a new one. */
  readonly revision: number;
  /** What an invocation answers; without it, invocations are refused. */
  readonly handle: ((event: unknown) => Promise<unknown>) | undefined;
}

export interface InstalledState {
  readonly stacks: Map<string, StackState>;
  readonly functions: Map<string, FunctionState>;
}

/** Nothing is installed. */
export function createInstalledState(): InstalledState {
  return { stacks: new Map(), functions: new Map() };
}
