import type { Input } from './input.ts';

/** The caller as the request names it; its signature is not verified. */
export interface Caller {
  readonly accessKeyId: string;
  readonly userAgent: string;
}

/** One call that reached the simulator. */
export interface Call {
  readonly at: number;
  readonly service: string;
  readonly operation: string;
  /** The request without any value of a secret or parameter, and without an object's bytes. */
  readonly input: Input;
  /** `ok`, an error code, or the effect of a fault on the connection; `pending` until answered. */
  outcome: string;
  readonly accessKeyId: string;
}

/** One deployment of one service, from its beginning to its end. */
export interface DeploymentRecord {
  readonly serviceArn: string;
  readonly deploymentId: string;
  readonly taskDefinition: string;
  readonly createdAt: number;
  /** `world` for a deployment that was built, the access key id for an API call, else the name that the test gave. */
  readonly by: string;
  readonly forced: boolean;
  outcome: 'in-progress' | 'completed' | 'failed' | 'rolled-back' | 'superseded';
  finishedAt: number | undefined;
}

/** The calls and deployments so far, for assertions. It never holds a secret's value. */
export interface Ledger {
  readonly calls: readonly Call[];
  /** Calls that would have disclosed a value, directly or indirectly. All were refused. */
  readonly forbidden: readonly Call[];
  /** Calls of operations that are not modelled. All were refused. */
  readonly unknown: readonly Call[];
  readonly deployments: readonly DeploymentRecord[];
  /** How often an operation was called, e.g. `count('ecs', 'UpdateService')`. */
  count(service: string, operation: string): number;
  /** Every action that a caller ever called, such as `ecs:ListClusters`; `clearCalls` does not affect it. */
  actionsOf(accessKeyId: string): ReadonlySet<string>;
  /** Forgets calls (not deployments), so that a test counts from here. */
  clearCalls(): void;
}

/** The ledger's writing side, for the simulator itself. */
export interface LedgerBook extends Ledger {
  received(call: Call): void;
  refusedAsForbidden(call: Call): void;
  refusedAsUnknown(call: Call): void;
  deploymentStarted(record: DeploymentRecord): void;
  deploymentsOf(serviceArn: string): readonly DeploymentRecord[];
  deployment(serviceArn: string, deploymentId: string): DeploymentRecord | undefined;
}

/** An empty ledger. */
export function createLedger(): LedgerBook {
  const calls: Call[] = [];
  const forbidden: Call[] = [];
  const unknown: Call[] = [];
  const deployments: DeploymentRecord[] = [];
  const byService = new Map<string, DeploymentRecord[]>();
  const actions = new Map<string, Set<string>>();
  return {
    calls,
    forbidden,
    unknown,
    deployments,
    count: (service, operation) =>
      calls.filter((call) => call.service === service && call.operation === operation).length,
    actionsOf: (accessKeyId) => actions.get(accessKeyId) ?? new Set(),
    clearCalls() {
      for (const list of [calls, forbidden, unknown]) list.length = 0;
    },
    received(call) {
      calls.push(call);
      const asked = actions.get(call.accessKeyId) ?? new Set();
      actions.set(call.accessKeyId, asked.add(`${call.service}:${call.operation}`));
    },
    refusedAsForbidden: (call) => void forbidden.push(call),
    refusedAsUnknown: (call) => void unknown.push(call),
    deploymentStarted(record) {
      deployments.push(record);
      const known = byService.get(record.serviceArn);
      if (known === undefined) byService.set(record.serviceArn, [record]);
      else known.push(record);
    },
    deploymentsOf: (serviceArn) => byService.get(serviceArn) ?? [],
    deployment: (serviceArn, deploymentId) =>
      byService.get(serviceArn)?.findLast((record) => record.deploymentId === deploymentId),
  };
}

const VALUES: ReadonlySet<string> = new Set(['SecretString', 'SecretBinary', 'Value', 'Body', 'Headers']);

/** The input without the fields that carry a value. */
export function withoutValues(input: Input): Input {
  return Object.fromEntries(Object.entries(input).filter(([key]) => !VALUES.has(key)));
}
