import type * as Installed from './core/doctor/facts.ts';
import type { KeyFact, PresenceFact, RoleFact, SimulationFacts, Simulations } from './core/model/access.ts';
import type { ClusterArn, ServiceArn, ServiceKey } from './core/model/arn.ts';
import type { StoppedTask } from './core/model/failure.ts';
import type { Fleet, NamedFleet, NamedService, Refused, Service } from './core/model/fleet.ts';
import type { Outcome } from './core/model/outcome.ts';
import type { ParameterDescription, ParametersFound } from './core/model/parameter.ts';
import type { SecretDescription, SecretVersion } from './core/model/secret.ts';
import type { Evidence, Question } from './core/plan/evidence.ts';
import type { Task } from './core/plan/freshness.ts';
import type { FleetPart } from './core/read/scan.ts';
import type { OwnEvent } from './core/report/own-event.ts';

/** Every access of this software to the outside world. Instants are milliseconds since the epoch. */
export type Ports = {
  readonly clock: Clock;
  readonly ecs: Ecs;
  readonly secrets: Secrets;
  readonly parameters: Parameters;
  /** The queue that takes follow-ups; without it, a change is looked at once and never followed. */
  readonly queue: Queue | undefined;
  /** The store of the fleet's snapshot; undefined: no snapshot is kept. */
  readonly snapshots: Snapshots | undefined;
  readonly eventBus: EventBus;
  readonly access: Access;
};

/** Our share of the ECS quotas: calls a second and burst, for each group of reads and for UpdateService. */
export type Rates = {
  readonly readRate: number;
  readonly readBurst: number;
  readonly updateRate: number;
  readonly updateBurst: number;
};

export type Clock = {
  now(): number;
  /** Rejects once the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

/**
 * Reads throw `ReadFailed` when throttling, 5xx, network errors or AccessDenied outlast their retries, or when `signal`
 * is aborted because the time for reading is over. A resource that was deleted meanwhile is left out of the answer.
 */
export type Ecs = {
  /** The selected clusters; a cluster is selected if every list of globs selects it. */
  listClusters(globs: readonly (readonly string[])[], signal: AbortSignal): Promise<readonly ClusterArn[]>;
  /**
   * All services of the selected clusters, with the revisions in use. A cluster is selected if every list of globs
   * selects it. If the time for reading ends before all clusters are read, the answer names the remaining ones.
   */
  readFleet(
    globs: readonly (readonly string[])[],
    signal: AbortSignal,
    options?: ReadOptions,
  ): Promise<FleetPart>;
  readNamed(
    services: readonly NamedService[],
    globs: readonly (readonly string[])[],
    signal: AbortSignal,
  ): Promise<NamedFleet>;
  /**
   * These services, by name or ARN, as they are now, with their own tags and the tags of their clusters, and with the
   * revisions that they use now, where `wantsRevisions` holds.
   */
  readThese(
    services: ReadonlyMap<ClusterArn, readonly string[]>,
    wantsRevisions: (service: Service) => boolean,
    signal: AbortSignal,
  ): Promise<Fleet>;
  /** Reads at most ten services of one cluster again, right before a write; deleted services are left out. */
  recheck(services: readonly Service[], signal: AbortSignal): Promise<ReadonlyMap<ServiceKey, Recheck>>;
  /** Reads what DescribeServices does not tell about one service. */
  answer(question: Question, signal: AbortSignal): Promise<Evidence>;
  /**
   * The running tasks of all services of a cluster; why ECS refused to show them; undefined: the cluster is gone.
   */
  tasksIn(
    cluster: ClusterArn,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ServiceKey, readonly Task[]> | Refused | undefined>;
  /**
   * The tasks of the service that have stopped within the last hour, or are told to stop; none if the service is gone; why
   * ECS refused to show them.
   */
  stoppedTasks(service: Service, signal: AbortSignal): Promise<readonly StoppedTask[] | Refused>;
  /**
   * Waits for at least one permit to call UpdateService and answers how many it acquired, up to `most`; 0 once the
   * signal is aborted.
   */
  acquireUpdates(most: number, signal: AbortSignal): Promise<number>;
  /**
   * UpdateService with forceNewDeployment and nothing else; every answer, and a missing one too, becomes an outcome.
   * Undefined: ECS makes no deployment of the service until one of those under way has ended.
   */
  forceNewDeployment(service: Service): Promise<Outcome | undefined>;
};

export type ReadOptions = {
  /** Reads these clusters only, in this order. */
  readonly only?: readonly ClusterArn[];
  /** The read continues another: what a permission is missing for is unread, even if that is everything. */
  readonly continues?: true;
  /** Reads these clusters before the others. */
  readonly first?: readonly ClusterArn[];
  /** Called with a few services at a time, and their revisions, as soon as they are read. */
  readonly onPart?: (part: Fleet) => void;
};

/** What an error tells that a read was refused because a permission is missing. */
export type Denial = { readonly denied: boolean };

/** A service as it is now, or why ECS refused to describe it. */
export type Recheck = { readonly service: Service } | { readonly refused: string };

export type Queue = {
  /** `delaySeconds` is at most 900. */
  send(body: string, delaySeconds: number): Promise<void>;
};

export type EventBus = {
  /**
   * Sends at most as many own events as one call takes. Answers an error code for each refused event; throws if the
   * call fails.
   */
  put(events: readonly OwnEvent[], signal: AbortSignal): Promise<readonly string[]>;
};

export type Secrets = {
  /** By name, partial ARN or full ARN; undefined: the secret does not exist. */
  describe(secret: string, signal: AbortSignal): Promise<SecretDescription | undefined>;
  /** The versions that carry a label; none if the secret no longer exists. */
  listVersions(arn: string, signal: AbortSignal): Promise<readonly SecretVersion[]>;
  /**
   * Every secret of this account and Region, page by page, including those scheduled for deletion; the listing may be
   * five minutes late. The last item tells if Secrets Manager refused to list them to the end.
   */
  list(signal: AbortSignal): AsyncIterable<readonly SecretDescription[] | Refused>;
};

export type Parameters = {
  /** By name or ARN; undefined: the parameter does not exist. */
  describe(parameter: string, signal: AbortSignal): Promise<ParameterDescription | undefined>;
  /** By ARN, many in one call; parameters that do not exist are in neither list. */
  describeAll(arns: readonly string[], signal: AbortSignal): Promise<ParametersFound>;
};

/** What a role may do, without doing it. An answer that AWS does not give is an answer, too: nothing here throws. */
export type Access = {
  /** Whether there is a role of exactly this ARN. */
  role(arn: string, signal: AbortSignal): Promise<RoleFact>;
  simulate(simulations: Simulations, signal: AbortSignal): Promise<SimulationFacts>;
  /** A KMS key, by its id, its alias or the ARN of either. */
  key(id: string, signal: AbortSignal): Promise<KeyFact>;
  /** Whether a resource policy is attached to the secret. */
  secretPolicy(arn: string, signal: AbortSignal): Promise<PresenceFact>;
  /** Whether the secret has this version, with or without a label. */
  secretVersion(arn: string, versionId: string, signal: AbortSignal): Promise<PresenceFact>;
};

/** The place of the fleet's snapshot; `pathStyle`: the bucket's name is part of the path, not of the host name. */
export type SnapshotPlace = { readonly bucket: string; readonly pathStyle: boolean };

/** The stored snapshot, whose bytes are untrusted: they may have been tampered with. Both calls throw if S3 fails. */
export type Snapshots = {
  /** The bytes and a mark that identifies their version; undefined: no snapshot is stored. */
  get(signal: AbortSignal): Promise<{ readonly bytes: Uint8Array; readonly version: string } | undefined>;
  /**
   * Writes only if the stored version is `replaces` (undefined: if no version is stored). Answers the new version;
   * undefined: another version was stored meanwhile, and nothing was written.
   */
  put(bytes: Uint8Array, replaces: string | undefined): Promise<string | undefined>;
};

/** The credentials and the Region of the caller at a terminal. */
export type Caller = {
  /** Throws if neither a flag nor the environment nor a profile names a Region. */
  region(): Promise<string>;
  /** Throws if no link of the SDK's chain gives credentials; the error may hold a piece of what a link has read. */
  credentials(): Promise<void>;
  /** The number of the account. Throws ReadFailed. */
  account(signal: AbortSignal): Promise<string>;
};

export type Stacks = {
  /** The physical ids of a stack's resources by their logical ids; undefined: no such stack. Throws ReadFailed. */
  resources(stack: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined>;
};

export type Functions = {
  /** Throws ReadFailed. */
  settings(name: string, signal: AbortSignal): Promise<Installed.FunctionSettings>;
  /**
   * Invokes a function without waiting for its end, and never a second time. Answers the id of the invocation. Throws
   * ReadFailed, also if the answer was lost: then the function may run all the same.
   */
  invokeLater(name: string, event: object): Promise<string>;
  /**
   * Sets environment variables of a function and leaves its other settings as they are. Throws ReadFailed, also if another
   * caller has changed the function in the meantime.
   */
  setVariables(name: string, variables: Readonly<Record<string, string>>): Promise<void>;
};

/** What CloudWatch knows of the service. Both throw ReadFailed. */
export type Monitoring = {
  /** These alarms, by name; those that do not exist are left out. */
  alarms(names: readonly string[], signal: AbortSignal): Promise<readonly Installed.Alarm[]>;
  /** The sums of each metric in the intervals since an instant, the youngest first; only those above 0. */
  sums(
    metrics: readonly Installed.Metric[],
    intervals: Installed.Intervals,
    signal: AbortSignal,
  ): Promise<readonly (readonly Installed.Sum[])[]>;
};

/** A queue of the service, by its URL. Both throw ReadFailed. */
export type Queues = {
  count(url: string, signal: AbortSignal): Promise<Installed.QueueCount>;
  /** Starts to move every message of a dead-letter queue back to the queues from which they came. */
  redrive(arn: string): Promise<void>;
};

/** A tag of a service; `value` undefined removes it. Throws ReadFailed. */
export type TagService = (service: ServiceArn, key: string, value: string | undefined) => Promise<void>;
